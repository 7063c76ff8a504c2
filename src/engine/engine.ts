import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { type Clock, systemClock } from '../shared/clock.ts'
import { type Logger, silentLogger } from '../shared/logger.ts'
import { type Random, systemRandom } from '../shared/random.ts'
import { Acl } from './acl/acl.ts'
import { describeClient } from './commands/client-description.ts'
import { COMMANDS } from './commands/table.ts'
import { Blocking } from './execution/blocking.ts'
import { CallTimer } from './execution/call-timer.ts'
import { Client } from './execution/client.ts'
import { ClientMemory } from './execution/client-memory.ts'
import { ClientPause } from './execution/client-pause.ts'
import { ClientRegistry } from './execution/client-registry.ts'
import { CommandTable } from './execution/command-table.ts'
import type { EngineServices } from './execution/context.ts'
import { DebugSettings } from './execution/debug-settings.ts'
import { Executor } from './execution/executor.ts'
import { type Guard, GuardList } from './execution/guard.ts'
import {
  aclGuard,
  authenticationGuard,
  busyGuard,
  loadingGuard,
  memoryGuard,
  monitorGuard,
  pauseGuard,
  subscriberGuard,
  transactionGuard,
  writeErrorGuard,
} from './execution/guards.ts'
import type { ListeningService } from './execution/listening-service.ts'
import { Monitors } from './execution/monitors.ts'
import { AUDIENCE, Propagation, type PropagationSink } from './execution/propagation.ts'
import { Tracking } from './execution/tracking.ts'
import { Transactions } from './execution/transactions.ts'
import { Turn } from './execution/turn.ts'
import { engineSections } from './info/engine-sections.ts'
import { formatInfo } from './introspection/info.ts'
import { LatencyMonitor } from './introspection/latency-monitor.ts'
import { MemoryUse } from './introspection/memory-use.ts'
import { SlowLog } from './introspection/slow-log.ts'
import { ActiveExpiry } from './keyspace/active-expiry.ts'
import type { RemovalTimer } from './keyspace/database.ts'
import { Eviction, MAXMEMORY_POLICIES } from './keyspace/eviction.ts'
import type { ModificationListener, PresenceListener } from './keyspace/key-events.ts'
import { Keyspace } from './keyspace/keyspace.ts'
import { Migrations } from './migration/migrations.ts'
import { AppendOnlyLog } from './persistence/append-only-log.ts'
import { CommitGate } from './persistence/commit-gate.ts'
import { DumpPayloads } from './persistence/dump-payload.ts'
import { Persistence, type PersistenceOptions } from './persistence/persistence.ts'
import { RdbFiles } from './persistence/rdb-files.ts'
import { ValueReader } from './persistence/value-reader.ts'
import { ValueWriter } from './persistence/value-writer.ts'
import { replyErrors, rewriteFailed } from './protocol/reply-errors.ts'
import { RespWriter } from './protocol/resp-writer.ts'
import { Channels } from './pubsub/channels.ts'
import { KeyspaceNotifications } from './pubsub/keyspace-notifications.ts'
import { CopyLoader } from './replication/copy-loader.ts'
import { FullCopy } from './replication/full-copy.ts'
import type { CopySource } from './replication/primary.ts'
import { Replication } from './replication/replication.ts'
import { replicationFields } from './replication/replication-fields.ts'
import { replicaClientGuard } from './replication/role-guard.ts'
import type { ServerConfiguration } from './runtime-config/conf-file.ts'
import { DirectiveError } from './runtime-config/directive-line.ts'
import { renamedCommands } from './runtime-config/renamed-commands.ts'
import { rewriteConfFile } from './runtime-config/rewrite-file.ts'
import { RuntimeConfig } from './runtime-config/runtime-config.ts'
import { Scripting } from './scripting/scripting.ts'
import { connectToPrimary, connectToTarget } from './server/connect-to-peer.ts'
import { EmbeddedClient } from './server/embedded-client.ts'
import { RespServer } from './server/resp-server.ts'
import { WaitingCalls } from './server/waiting-calls.ts'
import { ENGINE_VERSION } from './version.ts'

/** Share of a cycle that active expiry may take: 25 % at effort 1, and 2 % more for each step, as in Redis. */
const EXPIRY_SHARE = 0.25
const EXPIRY_SHARE_PER_EFFORT = 0.02
/** However rare cycles are, one never holds the event loop longer. */
const EXPIRY_SLICE_MS_MAX = 5
/** What a cycle moves of growing tables (server.c, incrementallyRehash). */
const REHASH_SLICE_MS = 1
const REHASH_BATCH = 128
/** Longer ones Node.js takes for no time at all. */
const TIMER_MS_MAX = 2 ** 31 - 1
/** What is taken back of flushed keys between two turns of the event loop. */
const RECLAIM_SLICE_MS = 1
const RECLAIM_BATCH = 128

interface Codec {
  readonly writer: ValueWriter
  readonly reader: ValueReader
}

interface JoinedParts {
  readonly commands: CommandTable
  readonly debug: DebugSettings
  readonly pause: ClientPause
  readonly propagation: Propagation
}

/** An engine within another program. */
const NO_SAVE_POINTS = { name: 'save', words: [''] }

export interface EngineOptions {
  /** The system's without one. */
  readonly clock?: Clock
  readonly random?: Random
  /** Nothing is logged without one. */
  readonly log?: Logger
  /** Names and values as in redis.conf; what is absent has Redis' default. */
  readonly directives?: Readonly<Record<string, string>>
  /** What redis.conf and the command line said; `directives` win over it. */
  readonly configuration?: ServerConfiguration
  /** Ends the process the engine is the point of: SHUTDOWN. Refused without it. */
  readonly onShutdown?: () => void
  /** Reads and writes the files that `dir`, `dbfilename` and others name; without it nothing is kept on disk. */
  readonly isPersistent?: boolean
}

/** A Redis-compatible database in this process; over TCP as well once `listen` is called. */
export class Engine {
  readonly runId = randomBytes(20).toString('hex')
  readonly #options: EngineOptions & Required<Pick<EngineOptions, 'clock' | 'random' | 'log'>>
  readonly #config: RuntimeConfig
  readonly #keyspace: Keyspace
  readonly #eviction: Eviction
  readonly #expiry: ActiveExpiry
  readonly #memory: MemoryUse
  readonly #executor: Executor
  readonly #server: RespServer
  readonly #services: EngineServices
  readonly #scripting: Scripting
  readonly #acl: Acl
  readonly #busyGuard: Guard
  readonly #turn = new Turn()
  readonly #replication: Replication
  readonly #migrations: Migrations
  readonly #codec: Codec
  readonly #copyLoader: CopyLoader
  readonly #clients = new ClientRegistry()
  readonly #clientMemory: ClientMemory
  readonly #channels = new Channels()
  readonly #memoryGuard: Guard
  readonly #pauseGuard: Guard
  readonly #writeErrorGuard: Guard
  readonly #persistence: Persistence
  readonly #invalidate: ModificationListener = (_index, key) =>
    this.#services.tracking.invalidate(key)
  readonly #timeRemoval: RemovalTimer = (reason, remove) => {
    const { clock } = this.#options
    const sinceMs = clock.monotonicMs()
    remove()
    const event = reason === 'expired' ? 'expire-del' : 'eviction-del'
    this.#services.latency.sample(event, clock.monotonicMs() - sinceMs, this.#keyspace.nowMs)
  }
  #waking: NodeJS.Timeout | undefined
  #cycle: NodeJS.Timeout | undefined
  #reclaiming: NodeJS.Immediate | undefined
  /** Of a script that takes long. */
  #scriptStep: NodeJS.Immediate | undefined

  /** Throws a DirectiveError for directives that redis-server would refuse. */
  constructor(given: EngineOptions = {}) {
    const options = { clock: systemClock, random: systemRandom, log: silentLogger, ...given }
    const { clock, random } = options
    this.#options = options
    this.#config = new RuntimeConfig([
      ...(options.isPersistent === true ? [] : [NO_SAVE_POINTS]),
      ...(options.configuration?.directives ?? []),
      ...Object.entries(options.directives ?? {}).map(([name, value]) => ({
        name,
        words: [value],
      })),
    ])
    for (const [name, off] of [
      ['save', ''],
      ['appendonly', 'no'],
    ] as const) {
      if (options.isPersistent === true || this.#config.value(name) === off) continue
      throw new DirectiveError(`'${name}': ${replyErrors.disabledReason}`)
    }
    this.#keyspace = new Keyspace({ databaseCount: this.#config.integer('databases'), random })
    this.#keyspace.advance(clock.nowMs())
    const otherBytes = (): number =>
      this.#server.bufferBytes +
      this.#services.transactions.memory.bytes +
      this.#services.blocking.memory.bytes +
      this.#channels.memory.bytes +
      this.#services.tracking.bytes
    this.#eviction = new Eviction({ keyspace: this.#keyspace, clock, otherBytes })
    this.#expiry = new ActiveExpiry(this.#keyspace, clock)
    this.#memory = new MemoryUse(this.#keyspace, otherBytes, () => process.memoryUsage.rss())
    this.#clientMemory = new ClientMemory({
      clients: this.#clients,
      log: options.log,
      tracking: () => this.#services.tracking,
    })
    const pause = new ClientPause()
    this.#memoryGuard = memoryGuard(this.#eviction)
    this.#pauseGuard = pauseGuard(pause)
    this.#writeErrorGuard = writeErrorGuard(() => this.#persistence.writeError)
    this.#busyGuard = busyGuard(() => this.#scripting.busyError)
    this.#scripting = new Scripting({
      services: () => this.#services,
      log: options.log,
      schedule: (step) => {
        this.#scriptStep = setImmediate(() => this.#executor.resume(step))
      },
      onBusy: (isBusy) => {
        this.#services.guards.switch(this.#busyGuard, isBusy)
        this.#keyspace.freeze(isBusy || this.#services.pause.isPaused)
        if (!isBusy) this.#resumeSoon()
      },
    })
    this.#codec = this.#newCodec()
    this.#copyLoader = new CopyLoader({
      clock,
      values: this.#codec.reader,
      checksSums: () => this.#config.isOn('rdbchecksum'),
      services: () => this.#services,
    })
    this.#replication = new Replication({
      random,
      log: options.log,
      turn: this.#turn,
      copy: this.#copySource(),
      load: (source, isCancelled) => this.#copyLoader.load(source, isCancelled),
      connect: (address) => connectToPrimary(this.#config, address),
      port: () => this.#server.port || this.#config.integer('port'),
      processId: process.pid,
      services: () => this.#services,
      executor: () => this.#executor,
    })
    this.#migrations = new Migrations({
      connect: (address) => connectToTarget(this.#config, address),
      turn: this.#turn,
      services: () => this.#services,
      executor: () => this.#executor,
    })
    const debug = new DebugSettings()
    const propagation = new Propagation()
    const files = this.#newFiles(debug)
    const appendLog = this.#newLog(files, propagation)
    this.#persistence = this.#newPersistence({ appendLog, files, propagation })
    const commands = new CommandTable(
      COMMANDS,
      renamedCommands(options.configuration?.renamedCommands ?? [], COMMANDS),
    )
    this.#acl = this.#newAcl(commands)
    this.#services = this.#joinServices({ commands, debug, pause, propagation })
    this.#scripting.resolveFlags(commands)
    this.#executor = new Executor(this.#services, this.#turn)
    this.#server = new RespServer({
      executor: this.#executor,
      turn: this.#turn,
      gate: new CommitGate(appendLog),
      config: this.#config,
      log: options.log,
      clients: this.#clients,
      clientMemory: this.#clientMemory,
      isOpen: () => this.#acl.isOpen,
    })
    for (const { name, unused } of this.#config.unusedDirectives) {
      options.log.warn({ directive: name }, `${name} has no effect: ${unused}`)
    }
    this.#followDirectives()
    this.#followClients()
    this.#replication.join()
    this.#acl.define(options.configuration?.users ?? [])
  }

  /** Starts the cycle that takes due keys away. Rejects with a DirectiveError when the file of users is wrong. */
  start(): Promise<void> {
    const error = this.#config.value('aclfile') === '' ? undefined : this.#acl.load()
    if (error !== undefined) {
      const reason = `Aborting Redis startup because of ACL errors: ${error}`
      return Promise.reject(new DirectiveError(reason))
    }
    const hz = Math.min(500, Math.max(1, this.#config.integer('hz')))
    this.#cycle = setInterval(() => this.#runCycle(1_000 / hz), 1_000 / hz)
    this.#cycle.unref()
    // What is on disk comes first.
    if (!this.#persistence.isLoading) this.#follow()
    return Promise.resolve()
  }

  /**
   * Loads what is on disk; until then commands are refused with LOADING. Rejects when it cannot be loaded: an engine
   * that went on would overwrite it.
   */
  async load(): Promise<void> {
    await this.#persistence.load()
    this.#follow()
  }

  async stop(): Promise<void> {
    await this.#persistence.stop()
    clearInterval(this.#cycle)
    clearImmediate(this.#reclaiming)
    clearImmediate(this.#scriptStep)
    clearTimeout(this.#waking)
    this.#replication.stop()
    this.#migrations.stop()
    this.#releaseCallers()
    await this.#server.close()
  }

  /**
   * Serves RESP over TCP at this address, or without one as `bind`, `port`, `tls-port` and `unixsocket` say;
   * gives the port, which is chosen for 0.
   */
  listen(address?: { readonly host: string; readonly port: number }): Promise<{ port: number }> {
    return address === undefined ? this.#server.listenAsConfigured() : this.#server.listen(address)
  }

  /** A caller in this process: needs no password. */
  client(): EmbeddedClient {
    return new EmbeddedClient({
      executor: this.#executor,
      keyspace: this.#keyspace,
      propagation: this.#services.propagation,
      waitingCalls: new WaitingCalls({
        executor: this.#executor,
        clients: this.#clients,
        clientsMax: () => this.#config.integer('maxclients'),
      }),
      client: this.#clients.add({
        address: 'embedded:0',
        nowMs: this.#options.clock.nowMs(),
        isEmbedded: true,
      }),
    })
  }

  /** `sink` hears of every change from now on, in order, as commands that do it again. */
  onEffect(sink: PropagationSink): void {
    this.#services.propagation.addSink(sink, 'log')
  }

  /** The text of INFO. */
  info(...sections: readonly string[]): string {
    return this.#services.info(sections)
  }

  /** The primary that the configuration names. */
  #follow(): void {
    this.#executor.beginTurn()
    this.#replication.start()
    this.#executor.settle()
  }

  #newAcl(commands: CommandTable): Acl {
    return new Acl({
      commands: commands.originals,
      clients: this.#clients,
      config: this.#config,
      log: this.#options.log,
      nowMs: () => this.#keyspace.nowMs,
      describeClient: (client, argv) => {
        const nowMs = this.#keyspace.nowMs
        return describeClient({ argv, client, nowMs, services: this.#services }, client)
      },
    })
  }

  #newCodec(): Codec {
    const { collections, structures } = this.#keyspace
    return {
      writer: new ValueWriter(structures),
      reader: new ValueReader({
        collections,
        structures,
        listFill: () => this.#config.integer('list-max-listpack-size'),
      }),
    }
  }

  #newFiles(debug: DebugSettings): RdbFiles {
    const { clock, log } = this.#options
    return new RdbFiles({
      ...this.#codec,
      keyspace: this.#keyspace,
      config: this.#config,
      clock,
      log,
      libraries: this.#scripting,
      version: ENGINE_VERSION,
      usedBytes: () => this.#memory.usedBytes,
      checksSums: () => !debug.skipsChecksums,
      processId: process.pid,
    })
  }

  #newLog(files: RdbFiles, propagation: Propagation): AppendOnlyLog {
    const { clock, log } = this.#options
    const client = new Client({
      id: 0,
      address: 'log:0',
      nowMs: clock.nowMs(),
      isEmbedded: true,
    })
    client.isReplaying = true
    const reply = new RespWriter()
    return new AppendOnlyLog({
      config: this.#config,
      clock,
      log,
      propagation,
      files,
      replay: (argv) => {
        const command = this.#services.commands.find(argv)
        if (command === undefined || command.subcommands.length > 0) return false
        this.#executor.runNested(client, { command, argv, reply })
        reply.clear()
        return true
      },
      onStatus: () => this.#persistence.tellWriteError(),
    })
  }

  #newPersistence(
    parts: Pick<PersistenceOptions, 'appendLog' | 'files' | 'propagation'>,
  ): Persistence {
    const { clock, isPersistent = false, log } = this.#options
    const keyspace = this.#keyspace
    const { propagation } = parts
    return new Persistence({
      ...parts,
      keyspace,
      config: this.#config,
      clock,
      log,
      isEnabled: isPersistent,
      beginTurn: () => this.#executor.beginTurn(),
      onReplay: (isReplaying) => {
        keyspace.keepDue(isReplaying)
        propagation.audience = isReplaying ? AUDIENCE.none : AUDIENCE.all
      },
      onLoading: (isLoading) => this.#services.guards.switch(loadingGuard, isLoading),
      onWriteError: (isError) => this.#services.guards.switch(this.#writeErrorGuard, isError),
      emptied: () => {
        keyspace.flushAll()
        this.#scripting.flushLibraries()
      },
    })
  }

  #joinServices({ commands, debug, pause, propagation }: JoinedParts): EngineServices {
    const { clock } = this.#options
    const slowLog = new SlowLog()
    const latency = new LatencyMonitor()
    const nowMs = (): number => this.#keyspace.nowMs
    const sections = engineSections({
      runId: this.runId,
      replicationFields: () =>
        replicationFields(this.#replication, this.#config, this.#keyspace.nowMs),
      startedMs: this.#options.clock.nowMs(),
      keyspace: this.#keyspace,
      eviction: this.#eviction,
      expiry: this.#expiry,
      memory: this.#memory,
      config: this.#config,
      persistence: () => this.#persistence,
      configFile: this.#options.configuration?.path ?? '',
      executor: () => this.#executor,
      server: () => this.#server,
      services: () => this.#services,
    })
    return {
      keyspace: this.#keyspace,
      eviction: this.#eviction,
      clock: this.#options.clock,
      config: this.#config,
      commands,
      propagation,
      clients: this.#clients,
      clientMemory: this.#clientMemory,
      blocking: new Blocking(this.#keyspace),
      transactions: new Transactions(this.#keyspace),
      channels: this.#channels,
      pause,
      slowLog,
      latency,
      timer: new CallTimer({ clock, slowLog, latency, nowMs }),
      monitors: new Monitors(),
      tracking: new Tracking({
        clients: this.#clients,
        turn: this.#turn,
        onSwitched: (isOn) => this.#keyspace.events.onModification(this.#invalidate, isOn),
      }),
      scripting: this.#scripting,
      values: new DumpPayloads({
        ...this.#codec,
        compresses: () => this.#config.value('rdbcompression') === 'yes',
        checksSums: () => !debug.skipsChecksums,
      }),
      persistence: this.#persistence,
      acl: this.#acl,
      // In the order Redis asks (server.c, processCommand).
      guards: new GuardList([
        authenticationGuard,
        transactionGuard,
        aclGuard(() => this.#acl),
        this.#memoryGuard,
        this.#writeErrorGuard,
        this.#replication.guards.write,
        subscriberGuard,
        this.#replication.guards.stale,
        loadingGuard,
        this.#replication.guards.copy,
        this.#busyGuard,
        monitorGuard,
        replicaClientGuard,
        this.#pauseGuard,
      ]),
      nested: {
        run: (client, call) => this.#executor.runNested(client, call),
        reject: (command, text) => this.#executor.rejectNested(command, text),
        errorIsCounted: () => this.#executor.errorIsCounted(),
      },
      info: (asked) => formatInfo(sections, asked),
      memoryStats: () => this.#memory.stats(),
      resetStatistics: () => this.#resetStatistics(),
      rewriteConfig: () => this.#rewriteConfig(),
      shutdown: this.#options.onShutdown,
      debug,
      log: this.#options.log,
      replication: this.#replication,
      migration: this.#migrations,
      listening: this.#listening,
    }
  }

  #copySource(): CopySource {
    const config = this.#config
    const copy = new FullCopy({
      keyspace: this.#keyspace,
      writer: this.#codec.writer,
      version: ENGINE_VERSION,
      usedBytes: () => this.#memory.usedBytes,
      libraries: () => this.#scripting.libraryCodes(),
      compresses: () => config.isOn('rdbcompression'),
      hasSum: () => config.isOn('rdbchecksum'),
    })
    return (request) => copy.write(request)
  }

  /** The server is made when the services are joined. */
  get #listening(): ListeningService {
    const listening = (): ListeningService => this.#server.listening
    return {
      get isChanged() {
        return listening().isChanged
      },
      apply: (done) => listening().apply((failure) => this.#executor.resume(() => done(failure))),
    }
  }

  /** The error's text when redis.conf could not be written. */
  #rewriteConfig(): string | undefined {
    const path = this.#options.configuration?.path
    if (path === undefined) return replyErrors.noConfigFile
    try {
      const users = this.#config.value('aclfile') === '' ? this.#acl.userLines() : undefined
      rewriteConfFile({ path: resolve(path), config: this.#config, users })
      this.#options.log.info({ path }, 'CONFIG REWRITE executed with success.')
      return undefined
    } catch (error) {
      this.#options.log.warn({ err: error, path }, 'CONFIG REWRITE failed')
      return rewriteFailed(error instanceof Error ? error.message : String(error))
    }
  }

  #followDirectives(): void {
    const config = this.#config
    const { settings } = this.#keyspace.access
    const { limits } = this.#keyspace.collections
    config.onValue('hash-max-listpack-entries', (value) => {
      limits.hashListpackEntriesMax = Number(value)
    })
    config.onValue('hash-max-listpack-value', (value) => {
      limits.hashListpackValueBytesMax = Number(value)
    })
    config.onValue('set-max-intset-entries', (value) => {
      limits.setIntSetEntriesMax = Number(value)
    })
    config.onValue('zset-max-listpack-entries', (value) => {
      limits.sortedSetListpackEntriesMax = Number(value)
    })
    config.onValue('zset-max-listpack-value', (value) => {
      limits.sortedSetListpackValueBytesMax = Number(value)
    })
    config.onValue('list-compress-depth', (value) => {
      this.#keyspace.structures.lists.compressDepth = Number(value)
    })
    const { limits: streamLimits } = this.#keyspace.structures.streams
    config.onValue('stream-node-max-bytes', (value) => {
      streamLimits.nodeBytesMax = Number(value)
    })
    config.onValue('stream-node-max-entries', (value) => {
      streamLimits.nodeEntriesMax = Number(value)
    })
    config.onValue('maxmemory', (value) => {
      this.#eviction.maxmemoryBytes = Number(value)
      this.#services.guards.switch(this.#memoryGuard, Number(value) > 0)
    })
    config.onValue('maxmemory-policy', (value) => {
      this.#eviction.policy = MAXMEMORY_POLICIES.find((policy) => policy === value) ?? 'noeviction'
      settings.mode = value.endsWith('-lfu') ? 'lfu' : 'lru'
    })
    config.onValue('maxmemory-samples', (value) => {
      this.#eviction.samples = Number(value)
    })
    const notifications = new KeyspaceNotifications(this.#keyspace.events, this.#channels)
    config.onValue('notify-keyspace-events', (value) => notifications.configure(value))
    config.onValue('lfu-log-factor', (value) => {
      settings.lfuLogFactor = Number(value)
    })
    config.onValue('busy-reply-threshold', (value) => {
      this.#scripting.busyThresholdMs = Number(value)
    })
    config.onValue('lfu-decay-time', (value) => {
      settings.lfuDecayMinutes = Number(value)
    })
    for (const name of ['maxmemory', 'maxmemory-clients']) {
      config.onValue(name, () => {
        this.#clientMemory.configure(config.value('maxmemory-clients'), config.integer('maxmemory'))
      })
    }
    this.#followIntrospection()
  }

  #followIntrospection(): void {
    const config = this.#config
    const { latency, slowLog, timer, tracking } = this.#services
    config.onValue('slowlog-log-slower-than', (value) => {
      slowLog.thresholdUsec = Number(value)
      timer.chooseAccuracy()
    })
    config.onValue('slowlog-max-len', (value) => {
      slowLog.lengthMax = Number(value)
    })
    config.onValue('latency-monitor-threshold', (value) => {
      latency.thresholdMs = Number(value)
      timer.chooseAccuracy()
      const isWatched = latency.thresholdMs > 0
      this.#eviction.onEvent = isWatched
        ? (event, ms) => latency.sample(event, ms, this.#keyspace.nowMs)
        : undefined
      this.#keyspace.timeRemovals(isWatched ? this.#timeRemoval : undefined)
    })
    config.onValue('latency-tracking', (value) => {
      timer.keepsHistograms = value === 'yes'
    })
    config.onValue('tracking-table-max-keys', (value) => {
      tracking.keysMax = Number(value)
    })
  }

  /** Who has gone, who waits, who is put off: their state lies with those who serve them. */
  #followClients(): void {
    const { blocking, channels, guards, monitors, pause, tracking, transactions } = this.#services
    this.#clients.onRemoved((client) => {
      blocking.forget(client)
      pause.forget(client)
      transactions.discard(client)
      channels.unsubscribeAll(client)
      monitors.remove(client)
      tracking.disable(client)
    })
    this.#clients.onReset((client) => {
      transactions.discard(client)
      channels.unsubscribeAll(client)
      monitors.remove(client)
      tracking.disable(client)
    })
    guards.switch(this.#pauseGuard, false)
    guards.switch(this.#busyGuard, false)
    this.#persistence.begin()
    pause.onChange((isPaused) => {
      guards.switch(this.#pauseGuard, isPaused)
      this.#keyspace.freeze(isPaused || this.#scripting.busyError !== undefined)
      this.#wakeForDeadline()
      if (!isPaused) this.#resumeSoon()
    })
    blocking.onNextDeadline(() => this.#wakeForDeadline())
    const { events } = this.#keyspace
    const touch: ModificationListener = (index, key) => transactions.touch(index, key)
    transactions.onWatching((isWatching) => events.onModification(touch, isWatching))
    const see: PresenceListener = (...key) => blocking.keyReady(...key)
    blocking.onWaiting((isWaiting) => {
      events.onPresence = isWaiting ? see : undefined
    })
    this.#keyspace.onRemoval((reason, index, key) => this.#onRemoval(reason, index, key))
  }

  /** What a pause or a script held back: what the primary says, and answers of targets. */
  #resumeSoon(): void {
    this.#replication.resumeSoon()
    this.#migrations.resumeSoon()
  }

  /** A key that nobody deleted is gone, and others are told that it was deleted. */
  #onRemoval(reason: 'expired' | 'evicted', index: number, key: Uint8Array): void {
    const { events } = this.#keyspace
    if (events.wants(reason)) events.onEvent?.(reason, reason, index, key)
    events.modified(index, key, 0, key.length)
    this.#services.propagation.removed(index, key)
  }

  /** One timer for the deadline that comes next: a late one is set again, an early one finds nothing to do. */
  #wakeForDeadline(): void {
    const { blocking, pause } = this.#services
    const nextMs = Math.min(
      blocking.nextDeadlineMs ?? Number.POSITIVE_INFINITY,
      pause.endsAtMs ?? Number.POSITIVE_INFINITY,
    )
    clearTimeout(this.#waking)
    if (nextMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(1, nextMs - this.#options.clock.nowMs()))
    this.#waking = setTimeout(() => {
      this.#giveUpWaiting()
      this.#wakeForDeadline()
    }, delayMs)
    this.#waking.unref()
  }

  /** Calls of this process that still wait; connections are closed. */
  #releaseCallers(): void {
    for (const client of this.#clients) {
      if (client.isEmbedded) this.#services.blocking.unblock(client, replyErrors.stopped)
    }
    this.#executor.settle()
  }

  #giveUpWaiting(): void {
    this.#executor.beginTurn()
    this.#executor.giveUpWaiting()
    this.#executor.settle()
  }

  #runCycle(cycleMs: number): void {
    if (this.#services.debug.isCyclePaused) return
    this.#executor.beginTurn()
    this.#executor.giveUpWaiting()
    this.#replication.advance()
    this.#migrations.advance(this.#keyspace.nowMs)
    this.#clientMemory.sample()
    this.#server.sample(this.#executor.stats.commandsProcessed)
    this.#memory.sample()
    this.#services.tracking.limit()
    this.#eviction.makeRoom()
    this.#rehash()
    if (this.#keyspace.hasGarbage) this.#reclaim()
    this.#persistence.runCycle(this.#keyspace.nowMs)
    const mayExpire = !this.#services.debug.isExpiryOff && !this.#persistence.isLoading
    if (mayExpire && this.#keyspace.mayExpire) this.#expire(cycleMs)
    this.#executor.settle()
  }

  #expire(cycleMs: number): void {
    const effort = this.#config.integer('active-expire-effort') - 1
    const share = EXPIRY_SHARE + effort * EXPIRY_SHARE_PER_EFFORT
    const { spentMs } = this.#expiry
    this.#expiry.run(Math.min(EXPIRY_SLICE_MS_MAX, cycleMs * share))
    const { latency } = this.#services
    latency.sample('expire-cycle', this.#expiry.spentMs - spentMs, this.#keyspace.nowMs)
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
    this.#clientMemory.evictedClients = 0
    this.#keyspace.resetStatistics()
    this.#executor.resetStatistics()
    this.#services.commands.resetStatistics()
    this.#server.resetStatistics()
  }
}
