import { invariant } from '../../shared/assert.ts'
import type { Client } from '../execution/client.ts'
import type { Executor } from '../execution/executor.ts'
import type { Propagation } from '../execution/propagation.ts'
import type { Database, Handle } from '../keyspace/database.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import { BufferPool } from '../memory/buffer-pool.ts'
import { copyBytes } from '../memory/byte-slice.ts'
import { NONE, SlabExhaustedError } from '../memory/slab.ts'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { EngineReplyError, type Reply, ValueWriter } from '../protocol/value-writer.ts'
import type { WaitingCalls } from './waiting-calls.ts'

const POOL_CHUNK_BYTES = 262_144
/** OBJ_ENCODING_EMBSTR_SIZE_LIMIT and one. */
const RAW_BYTES_MIN = 45

/** Text is UTF-8. Bytes are read and not kept. */
export type EngineText = string | Uint8Array

export interface EmbeddedSetOptions {
  readonly ttlMs?: number
  readonly onlyIfAbsent?: boolean
}

export interface EmbeddedClientParts {
  readonly executor: Executor
  readonly keyspace: Keyspace
  readonly propagation: Propagation
  readonly client: Client
  readonly waitingCalls: WaitingCalls
}

/**
 * Commands from within the process: no socket, no promise. Every call goes through the executor, but
 * those that a cache hit waits for: reads, and writes within a value. With a log these return before it is written, in
 * the same turn of the event loop; `callAsync` is what waits for the disk (`appendfsync always`).
 */
export class EmbeddedClient {
  readonly #executor: Executor
  readonly #keyspace: Keyspace
  readonly #propagation: Propagation
  readonly #client: Client
  readonly #waitingCalls: WaitingCalls
  readonly #argv = new ArgumentVector()
  readonly #writer = new ValueWriter()
  readonly #pool = new BufferPool(POOL_CHUNK_BYTES)
  #isInStep = false

  constructor(parts: EmbeddedClientParts) {
    this.#executor = parts.executor
    this.#keyspace = parts.keyspace
    this.#propagation = parts.propagation
    this.#client = parts.client
    this.#waitingCalls = parts.waitingCalls
  }

  /** The engine's instant, read anew. */
  nowMs(): number {
    this.#executor.beginTurn()
    return this.#keyspace.nowMs
  }

  /** Any command; text is UTF-8. An error reply is an EngineReplyError among the values, not thrown. */
  call(...argv: readonly (EngineText | number)[]): Reply {
    this.#argv.load(argv)
    return this.#execute()
  }

  /**
   * As `call`, but a command that waits (BLPOP) does, and with `appendfsync always` the promise resolves once what the
   * call has written is on the disk. It resolves with an error reply, too, and never rejects. Each such call is a client of its own: it sees neither MULTI nor WATCH of this one.
   */
  callAsync(...argv: readonly (EngineText | number)[]): Promise<Reply> {
    return this.#waitingCalls.call(this.#client.databaseIndex, argv)
  }

  /**
   * Resolves once all that was written before is in the log, and with `appendfsync always` on the disk; `undefined` when
   * there is nothing to wait for. Rejects with an EngineReplyError when the disk refuses what `always` promises.
   */
  written(): Promise<void> | undefined {
    return this.#waitingCalls.written()
  }

  /**
   * What is called from now on is one step, until `endStep`: logs and replicas are told of it in one piece, as of a
   * script, and no other client's commands run in between. Steps do not nest.
   */
  beginStep(): void {
    invariant(!this.#isInStep, 'steps do not nest')
    this.#isInStep = true
    this.#propagation.beginStep()
  }

  endStep(): void {
    this.#isInStep = false
    this.#propagation.endStep()
    this.#executor.settle()
  }

  /** The value in bytes of the caller's own. Throws for a key that holds no string. */
  get(key: EngineText): Buffer | undefined {
    this.#executor.beginTurn()
    return this.#copy(toBytes(key))
  }

  /** The value as UTF-8 text. Throws for a key that holds no string. */
  getText(key: EngineText): string | undefined {
    return this.view(key)?.toString()
  }

  /** In the order of `keys`, all at one instant. */
  getMany(keys: readonly EngineText[]): (Buffer | undefined)[] {
    this.#executor.beginTurn()
    const values: (Buffer | undefined)[] = []
    for (const key of keys) values.push(this.#copy(toBytes(key)))
    return values
  }

  /** The value where it lies: valid until the next call. */
  view(key: EngineText): Buffer | undefined {
    this.#executor.beginTurn()
    const database = this.#keyspace.database(this.#client.databaseIndex)
    const record = this.#findString(database, toBytes(key))
    if (record === NONE) return undefined
    const bytes = database.bytes(record)
    return Buffer.from(
      bytes.buffer,
      bytes.byteOffset + database.valueStart(record),
      database.valueLength(record),
    )
  }

  /** False when `onlyIfAbsent` found the key. Throws what Redis would answer, such as OOM. */
  set(key: EngineText, value: EngineText, options?: EmbeddedSetOptions): boolean {
    const argv = this.#argv
    argv.begin()
    argv.addWord('SET')
    argv.add(key)
    argv.add(value)
    if (options?.ttlMs !== undefined) {
      argv.addWord('PX')
      argv.addWord(String(options.ttlMs))
    }
    if (options?.onlyIfAbsent === true) argv.addWord('NX')
    return this.#orThrow(this.#execute()) !== null
  }

  setRange(key: EngineText, offset: number, bytes: Uint8Array): void {
    if (this.#overwrite(toBytes(key), offset, bytes)) return
    const argv = this.#argv
    argv.begin()
    argv.addWord('SETRANGE')
    argv.add(key)
    argv.addWord(String(offset))
    argv.add(bytes)
    this.#orThrow(this.#execute())
  }

  /** False when the key is not there. */
  expire(key: EngineText, ttlMs: number): boolean {
    return this.#orThrow(this.call('PEXPIRE', key, ttlMs)) === 1
  }

  delete(keys: readonly EngineText[]): number {
    const deleted = this.#orThrow(this.call('DEL', ...keys))
    return typeof deleted === 'number' ? deleted : 0
  }

  /**
   * SETRANGE within a value, which moves and allocates nothing, while nobody is to hear of the command: what a
   * rate limit does on every request, at a third of the cost. False when it has to be the command.
   */
  #overwrite(key: Uint8Array, offset: number, bytes: Uint8Array): boolean {
    if (this.#propagation.isHeard || this.#keyspace.events.isHeard) return false
    this.#executor.beginTurn()
    const database = this.#keyspace.database(this.#client.databaseIndex)
    const record = database.findForWrite(key, 0, key.length)
    if (record === NONE || !database.isString(record)) return false
    const length = database.valueLength(record)
    // A short value is an embedded string, or an integer, and becomes a raw one.
    if (length < RAW_BYTES_MIN || offset + bytes.length > length) return false
    const at = database.valueStart(record) + offset
    copyBytes(database.bytes(record), at, bytes, 0, bytes.length)
    this.#propagation.changes += 1
    return true
  }

  #copy(key: Uint8Array): Buffer | undefined {
    const database = this.#keyspace.database(this.#client.databaseIndex)
    const record = this.#findString(database, key)
    if (record === NONE) return undefined
    const length = database.valueLength(record)
    const value = this.#pool.take(length)
    copyBytes(value, 0, database.bytes(record), database.valueStart(record), length)
    return value
  }

  #findString(database: Database, key: Uint8Array): Handle {
    const record = database.find(key, 0, key.length)
    if (record !== NONE && !database.isString(record)) this.#orThrow(this.call('GET', key))
    return record
  }

  #execute(): Reply {
    this.#executor.beginTurn()
    try {
      this.#executor.execute(this.#client, this.#argv, this.#writer)
    } catch (error) {
      this.#writer.take()
      if (!(error instanceof SlabExhaustedError)) throw error
      this.#executor.error(this.#writer, replyErrors.outOfMemory)
    }
    this.#executor.endTurn()
    if (!this.#isInStep) this.#executor.settle()
    return this.#writer.take()
  }

  #orThrow(reply: Reply): Exclude<Reply, EngineReplyError> {
    if (reply instanceof EngineReplyError) throw reply
    return reply
  }
}

function toBytes(text: EngineText): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text
}
