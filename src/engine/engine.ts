import { randomBytes } from 'node:crypto'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Random } from '../shared/random.ts'
import { COMMANDS } from './commands/table.ts'
import { engineSections } from './engine-info.ts'
import { Client } from './execution/client.ts'
import { CommandTable } from './execution/command-table.ts'
import type { EngineServices } from './execution/context.ts'
import { Executor } from './execution/executor.ts'
import { Propagation } from './execution/propagation.ts'
import { formatInfo } from './introspection/info.ts'
import { MemoryUse } from './introspection/memory-use.ts'
import { ActiveExpiry } from './keyspace/active-expiry.ts'
import { Eviction, MAXMEMORY_POLICIES } from './keyspace/eviction.ts'
import { Keyspace } from './keyspace/keyspace.ts'
import { RuntimeConfig } from './runtime-config/runtime-config.ts'
import { EmbeddedClient } from './server/embedded-client.ts'
import { RespServer } from './server/resp-server.ts'

/** Share of a cycle that active expiry may take: 25 % at effort 1, and 2 % more for each step, as in Redis. */
const EXPIRY_SHARE = 0.25
const EXPIRY_SHARE_PER_EFFORT = 0.02
/** However rare cycles are, one never holds the event loop longer. */
const EXPIRY_SLICE_MS_MAX = 5
/** What a cycle moves of growing tables (server.c, incrementallyRehash). */
const REHASH_SLICE_MS = 1
const REHASH_BATCH = 128
/** What is taken back of flushed keys between two turns of the event loop. */
const RECLAIM_SLICE_MS = 1
const RECLAIM_BATCH = 128

export interface EngineOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Names and values as in redis.conf; what is absent has Redis' default. */
  readonly directives?: ReadonlyMap<string, string>
}

/** A Redis-compatible database in this process; over TCP as well once `listen` is called. */
export class Engine {
  readonly runId = randomBytes(20).toString('hex')
  readonly #replicationId = randomBytes(20).toString('hex')
  readonly #options: EngineOptions
  readonly #config: RuntimeConfig
  readonly #keyspace: Keyspace
  readonly #eviction: Eviction
  readonly #expiry: ActiveExpiry
  readonly #memory: MemoryUse
  readonly #executor: Executor
  readonly #server: RespServer
  readonly #services: EngineServices
  #nextClientId = 1
  #isExpiryOn = true
  #cycle: NodeJS.Timeout | undefined
  #reclaiming: NodeJS.Immediate | undefined

  /** Throws a DirectiveError for directives that redis-server would refuse. */
  constructor(options: EngineOptions) {
    const { clock, random } = options
    this.#options = options
    this.#config = new RuntimeConfig(options.directives ?? new Map())
    this.#keyspace = new Keyspace({ databaseCount: this.#config.integer('databases'), random })
    this.#keyspace.advance(clock.nowMs())
    const otherBytes = (): number => this.#server.bufferBytes
    this.#eviction = new Eviction({ keyspace: this.#keyspace, clock, otherBytes })
    this.#expiry = new ActiveExpiry(this.#keyspace, clock)
    this.#memory = new MemoryUse(this.#keyspace, otherBytes, () => process.memoryUsage.rss())
    this.#services = this.#joinServices()
    this.#executor = new Executor(this.#services)
    this.#server = new RespServer({
      executor: this.#executor,
      config: this.#config,
      log: options.log,
      newClient: (address) => this.#newClient(address),
    })
    this.#followDirectives()
  }

  /** Starts the cycle that takes due keys away. */
  start(): Promise<void> {
    const hz = Math.min(500, Math.max(1, this.#config.integer('hz')))
    this.#cycle = setInterval(() => this.#runCycle(1_000 / hz), 1_000 / hz)
    this.#cycle.unref()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    clearInterval(this.#cycle)
    clearImmediate(this.#reclaiming)
    await this.#server.close()
  }

  /** Serves RESP over TCP; gives the port, which is chosen for 0. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ port: number }> {
    return this.#server.listen(address)
  }

  /** A caller in this process: needs no password. */
  client(): EmbeddedClient {
    return new EmbeddedClient({
      executor: this.#executor,
      keyspace: this.#keyspace,
      propagation: this.#services.propagation,
      client: this.#newClient(),
    })
  }

  /** The text of INFO. */
  info(...sections: readonly string[]): string {
    return this.#services.info(sections)
  }

  #joinServices(): EngineServices {
    const propagation = new Propagation()
    const sections = engineSections({
      runId: this.runId,
      replicationId: this.#replicationId,
      startedMs: this.#options.clock.nowMs(),
      keyspace: this.#keyspace,
      eviction: this.#eviction,
      expiry: this.#expiry,
      memory: this.#memory,
      config: this.#config,
      propagation,
      executor: () => this.#executor,
      server: () => this.#server,
      commands: () => this.#services.commands,
    })
    return {
      keyspace: this.#keyspace,
      eviction: this.#eviction,
      clock: this.#options.clock,
      config: this.#config,
      commands: new CommandTable(COMMANDS),
      propagation,
      clients: () => this.#server.clients(),
      info: (asked) => formatInfo(sections, asked),
      memoryStats: () => this.#memory.stats(),
      resetStatistics: () => this.#resetStatistics(),
      setActiveExpiry: (isOn) => {
        this.#isExpiryOn = isOn
      },
    }
  }

  #followDirectives(): void {
    const config = this.#config
    const { settings } = this.#keyspace.access
    config.onValue('maxmemory', (value) => {
      this.#eviction.maxmemoryBytes = Number(value)
    })
    config.onValue('maxmemory-policy', (value) => {
      this.#eviction.policy = MAXMEMORY_POLICIES.find((policy) => policy === value) ?? 'noeviction'
      settings.mode = value.endsWith('-lfu') ? 'lfu' : 'lru'
    })
    config.onValue('maxmemory-samples', (value) => {
      this.#eviction.samples = Number(value)
    })
    config.onValue('lfu-log-factor', (value) => {
      settings.lfuLogFactor = Number(value)
    })
    config.onValue('lfu-decay-time', (value) => {
      settings.lfuDecayMinutes = Number(value)
    })
  }

  /** Without an address: for a caller in this process. */
  #newClient(address?: string): Client {
    const id = this.#nextClientId
    this.#nextClientId += 1
    const isEmbedded = address === undefined
    return new Client({
      id,
      address: address ?? 'embedded:0',
      nowMs: this.#options.clock.nowMs(),
      isAuthenticated: isEmbedded || this.#config.value('requirepass') === '',
      isEmbedded,
    })
  }

  #runCycle(cycleMs: number): void {
    this.#executor.beginTurn()
    this.#server.sample(this.#executor.stats.commandsProcessed)
    this.#memory.sample()
    this.#eviction.makeRoom()
    this.#rehash()
    if (this.#keyspace.hasGarbage) this.#reclaim()
    if (!this.#isExpiryOn) return
    const effort = this.#config.integer('active-expire-effort') - 1
    const share = EXPIRY_SHARE + effort * EXPIRY_SHARE_PER_EFFORT
    this.#expiry.run(Math.min(EXPIRY_SLICE_MS_MAX, cycleMs * share))
  }

  /** Tables that nobody writes to any more get to their end, too. */
  #rehash(): void {
    const endsAtMs = this.#options.clock.monotonicMs() + REHASH_SLICE_MS
    while (this.#keyspace.rehash(REHASH_BATCH)) {
      if (this.#options.clock.monotonicMs() >= endsAtMs) return
    }
  }

  /** A slice now and the next one after the sockets have had their turn. */
  #reclaim(): void {
    const endsAtMs = this.#options.clock.monotonicMs() + RECLAIM_SLICE_MS
    do this.#keyspace.freeGarbage(RECLAIM_BATCH)
    while (this.#keyspace.hasGarbage && this.#options.clock.monotonicMs() < endsAtMs)
    clearImmediate(this.#reclaiming)
    if (this.#keyspace.hasGarbage) this.#reclaiming = setImmediate(() => this.#reclaim())
  }

  #resetStatistics(): void {
    this.#keyspace.resetStatistics()
    this.#executor.resetStatistics()
    this.#services.commands.resetStatistics()
    this.#server.resetStatistics()
  }
}
