import { createHash } from 'node:crypto'
import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Random } from '../../shared/random.ts'
import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { Store } from '../../store/index.ts'
import { GatewayError } from '../errors.ts'
import { sessionKey } from '../keys.ts'
import { decodeSessionRecord, encodeSessionRecord, type SessionRecord } from './session-record.ts'

export interface SessionStoreOptions {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly ttlMs: number
  /** Sessions whose decoded records are remembered. */
  readonly sessionsMax: number
}

/** Without what the store itself decides. */
export type NewSession = Omit<SessionRecord, 'createdAtMs'>

export interface CreatedSession {
  /** What the cookie holds; known to nobody but the browser. */
  readonly id: string
  readonly record: SessionRecord
}

interface Remembered {
  readonly key: Buffer
  bytes: Buffer | undefined
  record: SessionRecord | undefined
}

const ID_BYTES = 32
const ID = /^[\w-]{43}$/

/**
 * Sessions in the store, under the SHA-256 of their ids: reading the store gives nobody a cookie. Each
 * request reads its record, so that a deleted session has ended at once, on every gateway of the store;
 * only decoding is saved, while the bytes stay the same.
 */
export class SessionStore {
  readonly #options: SessionStoreOptions
  readonly #remembered: TwoGenerationMap<string, Remembered>
  #createdCount = 0
  #deletedCount = 0

  constructor(options: SessionStoreOptions) {
    this.#options = options
    this.#remembered = new TwoGenerationMap(options.sessionsMax)
  }

  get createdCount(): number {
    return this.#createdCount
  }

  get deletedCount(): number {
    return this.#deletedCount
  }

  /** `session.expiresAtMs` is that of its token; the session's own end is not later. */
  async create(session: NewSession): Promise<CreatedSession> {
    const { store, clock, random, ttlMs } = this.#options
    const id = random.bytes(ID_BYTES).toString('base64url')
    const createdAtMs = clock.nowMs()
    const expiresAtMs = Math.min(createdAtMs + ttlMs, session.expiresAtMs)
    const record = { ...session, createdAtMs, expiresAtMs }
    const lifeMs = Math.max(Math.floor(expiresAtMs - createdAtMs), 1)
    try {
      await store.set(keyOf(id), encodeSessionRecord(record), { ttlMs: lifeMs })
    } catch (error) {
      throw unavailable(error)
    }
    this.#createdCount += 1
    return { id, record }
  }

  /** The record of a live session, the same object while it is unchanged; `undefined` for any other id. */
  read(id: string): Awaitable<SessionRecord | undefined> {
    if (!ID.test(id)) return undefined
    const remembered = this.#remembered.get(id) ?? {
      key: keyOf(id),
      bytes: undefined,
      record: undefined,
    }
    try {
      const bytes = this.#options.store.get(remembered.key)
      if (!isPromise(bytes)) return this.#decode(id, remembered, bytes)
      return bytes.then(
        (value) => this.#decode(id, remembered, value),
        (error: unknown) => {
          throw unavailable(error)
        },
      )
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** False when there was no such session. */
  async delete(id: string): Promise<boolean> {
    if (!ID.test(id)) return false
    this.#remembered.delete(id)
    try {
      const isDeleted = (await this.#options.store.delete([keyOf(id)])) === 1
      if (isDeleted) this.#deletedCount += 1
      return isDeleted
    } catch (error) {
      throw unavailable(error)
    }
  }

  #decode(
    id: string,
    remembered: Remembered,
    bytes: Buffer | undefined,
  ): SessionRecord | undefined {
    if (bytes === undefined) {
      this.#remembered.delete(id)
      return undefined
    }
    if (remembered.bytes === undefined || !remembered.bytes.equals(bytes)) {
      remembered.bytes = bytes
      remembered.record = decodeSessionRecord(bytes)
      this.#remembered.set(id, remembered)
    }
    const { record } = remembered
    return record !== undefined && record.expiresAtMs > this.#options.clock.nowMs()
      ? record
      : undefined
  }
}

function keyOf(id: string): Buffer {
  return sessionKey(createHash('sha256').update(id).digest('base64url'))
}

/** Who cannot be looked up is not let in. */
function unavailable(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause
  return new GatewayError('store-unavailable', 'sessions cannot be read or written just now', {
    cause,
    headers: { 'retry-after': '1' },
  })
}
