import { type EmbeddedClient, EngineReplyError } from '../engine/index.ts'
import type { Awaitable } from '../shared/awaitable.ts'
import { checkReplicas, type ReplicationDemand, unconfirmed } from './replication-demand.ts'
import {
  type Procedure,
  type ProcedureArgument,
  type ProcedureDatabase,
  type SetOptions,
  type Store,
  StoreError,
} from './store.ts'

/**
 * The store on an engine in this process. It answers at once: no method but `start`, `stop` and `confirm` returns a
 * promise, so that a cache hit stays in one turn of the event loop. The engine's own life is not its concern.
 */
export class EmbeddedStore implements Store {
  readonly name = 'embedded'
  readonly #client: EmbeddedClient
  readonly #replication: ReplicationDemand | undefined
  readonly #database: EmbeddedProcedureDatabase

  /** `replication`: what `confirm` waits for beside the engine's own disk. */
  constructor(client: EmbeddedClient, replication?: ReplicationDemand) {
    this.#client = client
    this.#replication = replication
    this.#database = new EmbeddedProcedureDatabase(client)
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  /** As Redis has it, an engine that cannot write its files refuses this, too. */
  ping(): void {
    const reply = this.#client.call('PING')
    if (reply instanceof EngineReplyError) throw storeErrorOf(reply)
  }

  get(key: Buffer): Buffer | undefined {
    try {
      return this.#client.get(key)
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  getMany(keys: readonly Buffer[]): readonly (Buffer | undefined)[] {
    try {
      return this.#client.getMany(keys)
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  set(key: Buffer, value: Uint8Array, options?: SetOptions): boolean {
    try {
      return this.#client.set(key, value, options)
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  delete(keys: readonly Buffer[]): number {
    if (keys.length === 0) return 0
    try {
      return this.#client.delete(keys)
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  touch(key: Buffer, ttlMs: number): boolean {
    try {
      return this.#client.expire(key, ttlMs)
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  run<Result>(
    procedure: Procedure<Result>,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): Result {
    this.#client.beginStep()
    try {
      this.#database.freezeTime()
      // Within the step: what it answers may lie in the engine's memory.
      return procedure.decode(procedure.run(this.#database, keys, args))
    } catch (error) {
      throw storeErrorOf(error)
    } finally {
      this.#client.endStep()
    }
  }

  confirm(): Awaitable<void> {
    const written = this.#client.written()
    if (this.#replication !== undefined) return this.#replicated(this.#replication, written)
    return written?.catch((error: unknown) => {
      throw unconfirmed(messageOf(error))
    })
  }

  async #replicated(
    { replicas, timeoutMs }: ReplicationDemand,
    written: Promise<void> | undefined,
  ): Promise<void> {
    try {
      await written
    } catch (error) {
      throw unconfirmed(messageOf(error))
    }
    const reply = await this.#client.callAsync('WAIT', replicas, timeoutMs)
    checkReplicas(reply, replicas)
  }

  info(): string {
    const reply = this.#client.call('INFO')
    if (typeof reply === 'string') return reply
    if (Buffer.isBuffer(reply)) return reply.toString()
    throw new StoreError('refused', 'the engine did not answer INFO with text')
  }
}

/** One for the life of the store: procedures run to their end, one at a time. */
class EmbeddedProcedureDatabase implements ProcedureDatabase {
  readonly #client: EmbeddedClient
  #nowMs = 0

  constructor(client: EmbeddedClient) {
    this.#client = client
  }

  /** A procedure sees one instant from its first line to its last, as TIME does within a Lua script. */
  freezeTime(): void {
    this.#nowMs = this.#client.nowMs()
  }

  nowMs(): number {
    return this.#nowMs
  }

  get(key: Buffer): Buffer | undefined {
    return this.#client.view(key)
  }

  set(key: Buffer, value: Uint8Array, ttlMs?: number): void {
    this.#client.set(key, value, ttlMs === undefined ? undefined : { ttlMs })
  }

  setRange(key: Buffer, offset: number, bytes: Uint8Array): void {
    this.#client.setRange(key, offset, bytes)
  }

  expire(key: Buffer, ttlMs: number): void {
    this.#client.expire(key, ttlMs)
  }

  delete(key: Buffer): boolean {
    return this.#client.delete([key]) === 1
  }
}

/** What the engine refuses becomes a StoreError; anything else is a bug and stays what it is. */
function storeErrorOf(error: unknown): unknown {
  if (!(error instanceof EngineReplyError)) return error
  const code = error.message.startsWith('OOM') ? 'out-of-memory' : 'refused'
  return new StoreError(code, `the engine refused a command: ${error.message}`, { cause: error })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
