import type { ValueCodec } from '../execution/persistence-service.ts'
import type { Database } from '../keyspace/database.ts'
import { CommandEncoder } from '../protocol/command-encoder.ts'

const REPLACE = 'REPLACE'
/** Behind the payload: the line's end, and the word as a bulk string. */
const LINE_END_BYTES = 2
const REPLACE_BYTES = `$${REPLACE.length}\r\n${REPLACE}\r\n`.length

export interface RestoreRequestOptions {
  readonly database: Database
  readonly values: ValueCodec
  readonly replaces: boolean
  readonly nowMs: number
}

/** A key on its way, as it was when it was sent. */
export interface SentKey {
  readonly key: Buffer
  /** Undefined for one that is to go: it was deleted here after it had been sent. */
  readonly value: { readonly payload: Uint8Array; readonly expiresAtMs: number } | undefined
}

/** The commands that bring keys to a target, and what they say. */
export class RestoreRequest {
  readonly #options: RestoreRequestOptions
  readonly #encoder = new CommandEncoder()
  readonly #places: { key: Buffer; start: number; end: number; expiresAtMs: number }[] = []

  constructor(options: RestoreRequestOptions) {
    this.#options = options
  }

  /** Another command, in front of the keys. */
  command(...parts: readonly (string | number | Uint8Array)[]): void {
    this.#encoder.command(parts)
  }

  /** False when the key is not there; nothing is added then. */
  restore(key: Buffer): boolean {
    const { database, nowMs, replaces, values } = this.#options
    const record = database.peek(key, 0, key.length)
    if (record === 0) return false
    const expiresAtMs = database.expiresAtMs(record)
    const ttlMs = expiresAtMs > 0 ? Math.max(1, expiresAtMs - nowMs) : 0
    const { bytes, length } = values.dump(database, record)
    const payload = bytes.subarray(0, length)
    this.command('RESTORE', key, ttlMs, payload, ...(replaces ? [REPLACE] : []))
    const end = this.#encoder.length - LINE_END_BYTES - (replaces ? REPLACE_BYTES : 0)
    this.#places.push({ key, start: end - length, end, expiresAtMs })
    return true
  }

  /** The key was sent before, and has gone since. */
  remove(key: Buffer): void {
    this.command('DEL', key)
    this.#places.push({ key, start: 0, end: 0, expiresAtMs: 0 })
  }

  get bytes(): Uint8Array {
    return this.#encoder.bytes.subarray(0, this.#encoder.length)
  }

  /** In the order of their answers. */
  get keys(): readonly SentKey[] {
    const { bytes } = this.#encoder
    return this.#places.map(({ key, start, end, expiresAtMs }) => ({
      key,
      value: end === 0 ? undefined : { payload: bytes.subarray(start, end), expiresAtMs },
    }))
  }
}
