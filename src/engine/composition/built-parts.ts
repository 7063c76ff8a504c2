import { randomBytes } from 'node:crypto'
import { Acl } from '../acl/acl.ts'
import { describeClient } from '../commands/client-description.ts'
import { COMMANDS } from '../commands/table.ts'
import type { CompleteOptions } from '../engine-options.ts'
import type { Client } from '../execution/client.ts'
import { ClientMemory } from '../execution/client-memory.ts'
import { ClientPause } from '../execution/client-pause.ts'
import { ClientRegistry } from '../execution/client-registry.ts'
import { CommandTable } from '../execution/command-table.ts'
import type { EngineServices } from '../execution/context.ts'
import { DebugSettings } from '../execution/debug-settings.ts'
import { Executor } from '../execution/executor.ts'
import { busyGuard, memoryGuard, postponingGuard, writeErrorGuard } from '../execution/guards.ts'
import { LargeChanges } from '../execution/large-changes.ts'
import { Propagation } from '../execution/propagation.ts'
import { Shutdown } from '../execution/shutdown.ts'
import { Turn } from '../execution/turn.ts'
import { MemoryUse } from '../introspection/memory-use.ts'
import { ActiveExpiry } from '../keyspace/active-expiry.ts'
import { Eviction } from '../keyspace/eviction.ts'
import { Keyspace } from '../keyspace/keyspace.ts'
import { Migrations } from '../migration/migrations.ts'
import { CommitGate } from '../persistence/commit-gate.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { Channels } from '../pubsub/channels.ts'
import { Replication } from '../replication/replication.ts'
import { renamedCommands } from '../runtime-config/renamed-commands.ts'
import type { RuntimeConfig } from '../runtime-config/runtime-config.ts'
import { Scripting } from '../scripting/scripting.ts'
import { connectToPrimary, connectToTarget } from '../server/connect-to-peer.ts'
import { RespServer } from '../server/resp-server.ts'
import { readConfig } from './config.ts'
import { otherBytes, uncountedBytes } from './other-bytes.ts'
import type { EngineParts, Storage, SwitchedGuards } from './parts.ts'
import { joinServices } from './services.ts'
import { buildStorage, checksSums } from './storage.ts'

/** Builds the parts and joins them: those that need one another get it by functions, called once all are there. */
export class BuiltParts implements EngineParts {
  readonly runId = randomBytes(20).toString('hex')
  readonly options: CompleteOptions
  readonly config: RuntimeConfig
  readonly keyspace: Keyspace
  readonly eviction: Eviction
  readonly expiry: ActiveExpiry
  readonly memory: MemoryUse
  readonly turn = new Turn()
  readonly clients = new ClientRegistry()
  readonly clientMemory: ClientMemory
  readonly channels = new Channels()
  readonly pause = new ClientPause()
  readonly largeChanges: LargeChanges
  readonly debug = new DebugSettings()
  readonly propagation = new Propagation()
  readonly commands: CommandTable
  readonly guards: SwitchedGuards
  readonly scripting: Scripting
  readonly storage: Storage
  readonly replication: Replication
  readonly migrations: Migrations
  readonly acl: Acl
  readonly services: EngineServices
  readonly executor: Executor
  readonly server: RespServer
  readonly gate: CommitGate
  readonly shutdown: Shutdown
  scriptStep: NodeJS.Immediate | undefined

  /** Throws a DirectiveError for directives that redis-server would refuse. */
  constructor(options: CompleteOptions) {
    const { clock, log, random } = options
    this.options = options
    this.config = readConfig(options)
    this.keyspace = new Keyspace({ databaseCount: this.config.integer('databases'), random })
    this.keyspace.advance(clock.nowMs())
    this.eviction = new Eviction({
      keyspace: this.keyspace,
      clock,
      otherBytes: () => otherBytes(this) - uncountedBytes(this),
    })
    this.expiry = new ActiveExpiry(this.keyspace, clock)
    this.memory = new MemoryUse(
      this.keyspace,
      () => otherBytes(this),
      () => process.memoryUsage.rss(),
    )
    this.clientMemory = new ClientMemory({
      clients: this.clients,
      log,
      tracking: () => this.services.tracking,
    })
    this.largeChanges = new LargeChanges({
      keyspace: this.keyspace,
      onSwitched: (isTaken) => this.services.guards.switch(this.guards.largeChanges, isTaken),
      onTryAgain: () => setImmediate(() => this.executor.resume(() => this.#tryAgain())),
    })
    this.guards = {
      memory: memoryGuard(this.eviction),
      pause: postponingGuard(this.pause),
      writeError: writeErrorGuard(() => this.storage.persistence.writeError),
      busy: busyGuard(() => this.scripting.busyError),
      largeChanges: postponingGuard(this.largeChanges),
    }
    this.scripting = this.#newScripting()
    this.replication = this.#newReplication()
    this.migrations = new Migrations({
      connect: (address) => connectToTarget(this.config, address),
      turn: this.turn,
      services: () => this.services,
      executor: () => this.executor,
    })
    this.storage = buildStorage(this)
    this.commands = new CommandTable(
      COMMANDS,
      renamedCommands(options.configuration?.renamedCommands ?? [], COMMANDS),
    )
    this.acl = this.#newAcl()
    this.shutdown = this.#newShutdown()
    this.services = joinServices(this)
    this.scripting.resolveFlags(this.commands)
    this.executor = new Executor(this.services, this.turn)
    this.gate = new CommitGate(this.storage.appendLog)
    this.server = new RespServer({
      executor: this.executor,
      turn: this.turn,
      gate: this.gate,
      config: this.config,
      log,
      clients: this.clients,
      clientMemory: this.clientMemory,
      isOpen: () => this.acl.isOpen,
      onReplicaReply: (client, argv, error) => this.replication.replied(client, argv, error),
    })
  }

  resumeSoon(): void {
    this.replication.resumeSoon()
    this.migrations.resumeSoon()
  }

  #tryAgain(): void {
    this.pause.tryAgain()
    this.resumeSoon()
  }

  #newScripting(): Scripting {
    return new Scripting({
      services: () => this.services,
      log: this.options.log,
      schedule: (step) => {
        this.scriptStep = setImmediate(() => this.executor.resume(step))
      },
      onBusy: (isBusy) => {
        this.services.guards.switch(this.guards.busy, isBusy)
        this.keyspace.freeze(isBusy || this.pause.isPaused)
        if (!isBusy) this.resumeSoon()
      },
    })
  }

  #newReplication(): Replication {
    const { log, onFatal, random } = this.options
    return new Replication({
      random,
      log,
      onFatal,
      turn: this.turn,
      copies: () => this.storage.files,
      checksSums: () => checksSums(this),
      load: (request) => this.storage.copyLoader.load(request),
      describeClient: (client, argv) => this.#describe(client, argv),
      connect: (address) => connectToPrimary(this.config, address),
      port: () => this.#portForReplication(),
      processId: process.pid,
      services: () => this.services,
      executor: () => this.executor,
    })
  }

  /** What a primary tells others of this replica (replication.c, syncWithMaster). */
  #portForReplication(): number {
    const { config, server } = this
    const encrypted = config.value('tls-replication') === 'yes' ? config.integer('tls-port') : 0
    return encrypted || server.port || config.integer('port')
  }

  #newShutdown(): Shutdown {
    return new Shutdown({
      services: () => this.services,
      end: this.options.onShutdown,
      inTurn: (task) => {
        this.executor.beginTurn()
        task()
        this.executor.settle()
      },
    })
  }

  #newAcl(): Acl {
    return new Acl({
      commands: this.commands.originals,
      clients: this.clients,
      config: this.config,
      log: this.options.log,
      nowMs: () => this.keyspace.nowMs,
      describeClient: (client, argv) => this.#describe(client, argv),
    })
  }

  /** As CLIENT LIST has it. */
  #describe(client: Client, argv: ArgumentVector): string {
    const { nowMs } = this.keyspace
    return describeClient({ argv, client, nowMs, services: this.services }, client)
  }
}
