import type { Awaitable } from '../shared/awaitable.ts'
import type { Sharing } from './sharing.ts'

/**
 * The port between the gateway and the database behind it. Two adapters keep one contract
 * (test/contract/store.contract.ts): the embedded engine, which answers at once, and a Redis, Valkey or
 * Gerbang engine behind a socket, which answers with promises.
 *
 * Keys are bytes; the caller keeps a key's Buffer to look it up again without encoding it anew. Values
 * handed out belong to the caller. Every failure of the store itself is a `StoreError`.
 */
export interface Store {
  /** `embedded`, or the remote's address without credentials: for logs and statistics. */
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
  ping(): Awaitable<void>
  get(key: Buffer): Awaitable<Buffer | undefined>
  /** In the order of `keys`. One round trip. */
  getMany(keys: readonly Buffer[]): Awaitable<readonly (Buffer | undefined)[]>
  /** False when `onlyIfAbsent` found the key present. */
  set(key: Buffer, value: Uint8Array, options?: SetOptions): Awaitable<boolean>
  /** How many of the keys existed. */
  delete(keys: readonly Buffer[]): Awaitable<number>
  /** From now on the key lives for so long; false when it is not there. */
  touch(key: Buffer, ttlMs: number): Awaitable<boolean>
  /** One atomic step. The keys share a hash tag, so that a cluster can run it. */
  run<Result>(
    procedure: Procedure<Result>,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): Awaitable<Result>
  /**
   * Resolves once all that was written before the call is what everyone reads, from copies as well, and is where the
   * store was told to have it before anybody relies on it: on the disk, or in replicas. At once where there are no
   * copies and it was told nothing. Rejects with `unconfirmed`: everyone reads it, and it may be lost.
   */
  confirm(): Awaitable<void>
  /** The text of INFO, as Redis words it. */
  info(): Awaitable<string>
  /** `undefined` when there are no copies of it. */
  readonly sharing?: Sharing
}

export interface SetOptions {
  /** A positive integer; without it the key stays until it is deleted or evicted. */
  readonly ttlMs?: number
  readonly onlyIfAbsent?: boolean
}

/** Bytes of the caller's are only read. */
export type ProcedureArgument = string | number | Buffer

/** As Lua sees it: a string of bytes. */
export function argumentBytes(argument: ProcedureArgument | undefined): Buffer {
  return Buffer.isBuffer(argument) ? argument : Buffer.from(String(argument ?? ''))
}

export type ProcedureReply = number | null | Buffer | readonly ProcedureReply[]

/**
 * One atomic operation with two bodies of the same meaning: `run` for the embedded engine, `lua` for a
 * Redis server. The contract suite runs both with the same calls and compares replies and keys.
 * `lua` takes its time from `redis.call('TIME')`, `run` from `database.nowMs()`: never from the caller.
 */
export interface Procedure<Result> {
  readonly name: string
  readonly lua: string
  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): ProcedureReply
  decode(reply: ProcedureReply): Result
}

/** What the native body of a procedure works on. Nothing else runs between its calls. */
export interface ProcedureDatabase {
  nowMs(): number
  /** A view into the engine's memory, valid until the next call on this database. */
  get(key: Buffer): Buffer | undefined
  set(key: Buffer, value: Uint8Array, ttlMs?: number): void
  /** Overwrites bytes of a string from `offset` on, zero-filling a gap. */
  setRange(key: Buffer, offset: number, bytes: Uint8Array): void
  expire(key: Buffer, ttlMs: number): void
  delete(key: Buffer): boolean
}

export type StoreErrorCode = 'unreachable' | 'timeout' | 'refused' | 'out-of-memory' | 'unconfirmed'

/** The store failed, or refused what was asked. `cause` has the client's own error. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
