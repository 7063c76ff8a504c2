import { createHash } from 'node:crypto'
import { Redis, type RedisOptions } from 'ioredis'
import type { Awaitable } from '../shared/awaitable.ts'
import type { Logger } from '../shared/logger.ts'
import { Confirmations } from './confirmations.ts'
import { replyErrorOf, storeErrorOf } from './remote-errors.ts'
import type { ReplicationDemand } from './replication-demand.ts'
import {
  type Procedure,
  type ProcedureArgument,
  type ProcedureReply,
  type SetOptions,
  type Store,
  StoreError,
} from './store.ts'
import { nameOfAddress, type RemoteAddress, tlsOfAddress } from './store-url.ts'

export interface RemoteStoreOptions {
  readonly address: RemoteAddress
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
  /** Commands waiting for the server's answer; more are refused. */
  readonly commandsMax: number
  /** What `confirm` waits for; nothing unless given. */
  readonly replication?: ReplicationDemand | undefined
  readonly log: Logger
  /** The client to speak through; ioredis on a socket of its own unless told. */
  readonly createClient?: (options: RedisOptions) => Redis
}

const REPLICATION_SECTIONS = ['replication', 'stats'] as const
const WAIT_KEY = 'gerbang:wait'
const WAIT_KEY_LIFE_MS = 60_000
/** What has been given up may say its last words for so long. */
const DISCONNECT_MS_MAX = 100
const RECONNECT_DELAY_MS = 50
const RECONNECT_DELAY_MAX_MS = 2_000

/**
 * The store on a Redis, Valkey or Gerbang engine behind a socket. A lost connection is taken up again in the
 * background; what is asked meanwhile fails at once instead of queueing, and what was on its way when the
 * connection broke is never sent twice: a limit must not count a request two times.
 */
export class RemoteStore implements Store {
  readonly name: string
  readonly #redis: Redis
  /** For what is written; a connection of its own where WAIT holds it up, which would hold up who reads, too. */
  readonly #writer: Redis
  readonly #confirmations: Confirmations | undefined
  readonly #commandsMax: number
  readonly #log: Logger
  /** SHA-1 of each procedure's Lua body, which is its name on the server. */
  readonly #digests = new WeakMap<object, string>()
  #commandCount = 0
  #isGivenUp = false
  /** Why the last attempt to connect failed; ioredis tells it to listeners only. */
  #connectionError: Error | undefined

  constructor(options: RemoteStoreOptions) {
    const createClient = options.createClient ?? ((redisOptions) => new Redis(redisOptions))
    this.name = nameOfAddress(options.address)
    this.#commandsMax = options.commandsMax
    this.#log = options.log
    this.#redis = createClient(clientOptions(options, options.commandTimeoutMs))
    this.#reportConnection(this.#redis)
    const { replication: demand } = options
    if (demand === undefined) {
      this.#writer = this.#redis
      return
    }
    // Behind the question of others, and its own.
    const timeoutMs = options.commandTimeoutMs + 2 * demand.timeoutMs
    this.#writer = createClient(clientOptions(options, timeoutMs))
    this.#reportConnection(this.#writer)
    const doubtMs = 2 * timeoutMs
    this.#confirmations = new Confirmations({ redis: this.#writer, demand, doubtMs })
  }

  async start(): Promise<void> {
    try {
      for (const redis of this.#connections) {
        await redis.connect()
        await redis.ping()
      }
    } catch (error) {
      await this.stop()
      throw storeErrorOf(this.#connectionError ?? error, this.name)
    }
  }

  stop(): Promise<void> {
    this.disconnect()
    return Promise.resolve()
  }

  /**
   * In the background, again and again until it stands; `start` fails instead when it does not stand at once. Resolves
   * when the first attempt is over.
   */
  async connect(): Promise<void> {
    // Why it failed is told to listeners.
    await Promise.allSettled(this.#connections.map((redis) => redis.connect()))
  }

  /** For good. What is under way fails, even if it is answered yet: it may have been another's turn by then. */
  disconnect(): void {
    this.#isGivenUp = true
    this.#confirmations?.stop()
    for (const redis of this.#connections) redis.disconnect()
  }

  async ping(): Promise<void> {
    await this.#send(() => this.#redis.ping())
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    return (await this.#send(() => this.#redis.getBuffer(key))) ?? undefined
  }

  async getMany(keys: readonly Buffer[]): Promise<readonly (Buffer | undefined)[]> {
    if (keys.length === 0) return []
    const values = await this.#send(() => this.#redis.mgetBuffer([...keys]))
    return values.map((value) => value ?? undefined)
  }

  async set(key: Buffer, value: Uint8Array, options: SetOptions = {}): Promise<boolean> {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    const { ttlMs, onlyIfAbsent = false } = options
    const reply = await this.#send(() => {
      if (ttlMs === undefined) {
        return onlyIfAbsent ? this.#writer.set(key, bytes, 'NX') : this.#writer.set(key, bytes)
      }
      if (onlyIfAbsent) return this.#writer.set(key, bytes, 'PX', ttlMs, 'NX')
      return this.#writer.set(key, bytes, 'PX', ttlMs)
    })
    return reply === 'OK'
  }

  async delete(keys: readonly Buffer[]): Promise<number> {
    if (keys.length === 0) return 0
    return await this.#send(() => this.#writer.del(...keys))
  }

  async touch(key: Buffer, ttlMs: number): Promise<boolean> {
    return (await this.#send(() => this.#writer.pexpire(key, ttlMs))) === 1
  }

  async run<Result>(
    procedure: Procedure<Result>,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): Promise<Result> {
    const rest = [keys.length, ...keys, ...args]
    const reply = await this.#send(async () => {
      try {
        return await this.#writer.callBuffer('EVALSHA', [this.#digest(procedure), ...rest])
      } catch (error) {
        // The first call since the server started, or since SCRIPT FLUSH: EVAL teaches it the body.
        if (replyErrorOf(error)?.kind !== 'NOSCRIPT') throw error
        return await this.#writer.callBuffer('EVAL', [procedure.lua, ...rest])
      }
    })
    return procedure.decode(toProcedureReply(reply, procedure.name))
  }

  confirm(): Awaitable<void> {
    return this.#confirmations?.confirm()
  }

  async info(): Promise<string> {
    return await this.#send(() => this.#redis.info())
  }

  /** INFO of who follows this server, and of how often somebody came. */
  async replicationInfo(): Promise<string> {
    return await this.#send(() => this.#redis.info(...REPLICATION_SECTIONS))
  }

  /**
   * Until so many replicas have all that was written before the call, by whomever, or the time is over; and INFO as it
   * is then. What comes after it on this connection waits as long.
   */
  async waitForReplicas(
    count: number,
    timeoutMs: number,
  ): Promise<{ readonly acknowledged: number; readonly info: string }> {
    return await this.#send(async () => {
      // WAIT is for what its own connection has written.
      const [, acknowledged, info] = await Promise.all([
        this.#redis.set(WAIT_KEY, '', 'PX', WAIT_KEY_LIFE_MS),
        this.#redis.wait(count, Math.ceil(timeoutMs)),
        this.#redis.info(...REPLICATION_SECTIONS),
      ])
      return { acknowledged, info }
    })
  }

  get #connections(): readonly Redis[] {
    return this.#writer === this.#redis ? [this.#redis] : [this.#redis, this.#writer]
  }

  async #send<T>(command: () => Promise<T>): Promise<T> {
    if (this.#commandCount >= this.#commandsMax) {
      throw new StoreError(
        'refused',
        `${this.#commandCount} commands already wait for ${this.name}`,
      )
    }
    this.#commandCount += 1
    try {
      const reply = await command()
      if (this.#isGivenUp) {
        throw new StoreError('unreachable', `the connection to ${this.name} was given up`)
      }
      return reply
    } catch (error) {
      throw storeErrorOf(error, this.name)
    } finally {
      this.#commandCount -= 1
    }
  }

  #digest(procedure: Procedure<unknown>): string {
    const known = this.#digests.get(procedure)
    if (known !== undefined) return known
    const digest = createHash('sha1').update(procedure.lua).digest('hex')
    this.#digests.set(procedure, digest)
    return digest
  }

  /** One line when the connection is lost and one when it is back, not one per attempt. */
  #reportConnection(redis: Redis): void {
    let isLost = false
    // Without a listener ioredis prints to the console. The commands themselves carry the error.
    redis.on('error', (error: Error) => {
      this.#connectionError = error
      this.#log.debug({ store: this.name, reason: error.message }, 'store connection failed')
    })
    redis.on('reconnecting', () => {
      if (!isLost) this.#log.warn({ store: this.name }, 'lost the connection to the store')
      isLost = true
    })
    redis.on('ready', () => {
      if (isLost) this.#log.info({ store: this.name }, 'the connection to the store is back')
      isLost = false
    })
  }
}

function clientOptions(options: RemoteStoreOptions, commandTimeoutMs: number): RedisOptions {
  const { host, port, username, password, database } = options.address
  return {
    host,
    port,
    db: database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...tlsOfAddress(options.address),
    lazyConnect: true,
    connectionName: 'gerbang',
    connectTimeout: options.connectTimeoutMs,
    disconnectTimeout: DISCONNECT_MS_MAX,
    commandTimeout: commandTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) =>
      Math.min(RECONNECT_DELAY_MS * 2 ** Math.min(attempt, 10), RECONNECT_DELAY_MAX_MS),
  }
}

function toProcedureReply(reply: unknown, procedureName: string): ProcedureReply {
  if (reply === null || typeof reply === 'number' || Buffer.isBuffer(reply)) return reply
  if (Array.isArray(reply)) return reply.map((item) => toProcedureReply(item, procedureName))
  throw new StoreError('refused', `procedure ${procedureName} replied with a ${typeof reply}`)
}
