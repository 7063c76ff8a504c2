import { invariant } from '../../shared/assert.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { LatencyMonitor } from '../introspection/latency-monitor.ts'
import type { MemoryStat } from '../introspection/memory-use.ts'
import type { SlowLog } from '../introspection/slow-log.ts'
import type { Collections } from '../keyspace/collections.ts'
import type { Database, Handle } from '../keyspace/database.ts'
import type { Eviction } from '../keyspace/eviction.ts'
import type { EventClass } from '../keyspace/key-events.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import type { Structures } from '../structures/structures.ts'
import type { ValueType } from '../structures/value.ts'
import type { AclService } from './acl-service.ts'
import { secondsToDeadline } from './block-timeout.ts'
import type { Blocking, BlockRequest } from './blocking.ts'
import type { CallTimer } from './call-timer.ts'
import type { ChannelService } from './channel-service.ts'
import type { Client } from './client.ts'
import type { ClientMemory } from './client-memory.ts'
import type { ClientPause } from './client-pause.ts'
import type { ClientRegistry } from './client-registry.ts'
import type { Command } from './command.ts'
import type { CommandTable } from './command-table.ts'
import type { DebugSettings } from './debug-settings.ts'
import type { GuardList } from './guard.ts'
import type { LargeChanges } from './large-changes.ts'
import type { ListeningService } from './listening-service.ts'
import type { MigrationService } from './migration-service.ts'
import type { Monitors } from './monitors.ts'
import type { PersistenceService, ValueCodec } from './persistence-service.ts'
import type { Effect, Propagation } from './propagation.ts'
import type { ReplicationService } from './replication-service.ts'
import type { ScriptingService } from './scripting-service.ts'
import type { Shutdown } from './shutdown.ts'
import type { Tracking } from './tracking.ts'
import type { Transactions } from './transactions.ts'

const SCRATCH_BYTES = 32

/** The key is there and is of another type; the error has been written. */
export const WRONG_TYPE = -1

/** Who asks for a change, and when. */
export interface ConfigAccess {
  readonly mayChangeProtected: boolean
  readonly isLoading: boolean
}

/** Settings a command may ask for or change. */
export interface ConfigService {
  /** Name and value of every directive a glob matches, in the table's order. */
  get(globs: readonly string[]): readonly (readonly [name: string, value: string])[]
  /** All or nothing; the error's text when something is wrong. */
  set(
    pairs: readonly (readonly [name: string, value: string])[],
    access?: ConfigAccess,
  ): string | undefined
  /** Takes a value that a command has decided on, such as REPLICAOF, immutable or not. */
  replace(name: string, value: string): void
  /** Whether its value is a secret, to be shown nowhere. */
  isSensitive(name: string): boolean
  value(name: string): string
  integer(name: string): number
  /** Calls `listener` now, and after each change. */
  onValue(name: string, listener: (value: string) => void): void
  /** Puts a changed value into effect, once per directive; the reason when that cannot be done. */
  onApply(name: string, applier: (value: string) => string | undefined): void
}

/** Commands that run other commands: EXEC, scripts. */
export interface NestedExecution {
  /**
   * Runs a command within the running one, as `client` (whose database it sees), answering on `reply`. No guard
   * is asked; `argv` and what the running command holds stay valid.
   */
  run(client: Client, call: NestedCall): void
  /** A command that may not run within the running one: it is counted as refused, and the error with the others. */
  reject(command: Command | undefined, text: string): void
  /** The error that the running command replies with was counted when it came up within it. */
  errorIsCounted(): void
}

export interface NestedCall {
  readonly command: Command
  readonly argv: ArgumentVector
  readonly reply: ReplyWriter
}

/** What commands need of an engine beyond its keys. `engine.ts` joins it. */
export interface EngineServices {
  readonly keyspace: Keyspace
  readonly eviction: Eviction
  readonly clock: Clock
  readonly config: ConfigService
  readonly commands: CommandTable
  readonly propagation: Propagation
  readonly clients: ClientRegistry
  readonly clientMemory: ClientMemory
  readonly blocking: Blocking
  readonly pause: ClientPause
  readonly largeChanges: LargeChanges
  readonly guards: GuardList
  readonly nested: NestedExecution
  readonly transactions: Transactions
  readonly scripting: ScriptingService
  readonly values: ValueCodec
  readonly persistence: PersistenceService
  readonly acl: AclService
  readonly channels: ChannelService
  readonly timer: CallTimer
  readonly slowLog: SlowLog
  readonly latency: LatencyMonitor
  readonly monitors: Monitors
  readonly tracking: Tracking
  readonly debug: DebugSettings
  readonly log: Logger
  info(sections: readonly string[]): string
  memoryStats(): readonly MemoryStat[]
  resetStatistics(): void
  readonly shutdown: Shutdown
  /** Writes redis.conf anew, with default values too if `isWhole`; the error's text when that cannot be done. */
  rewriteConfig(isWhole?: boolean): string | undefined
  readonly replication: ReplicationService
  readonly migration: MigrationService
  readonly listening: ListeningService
}

/**
 * What a command runs with. One object per executor, filled anew for each command: commands keep nothing
 * of it.
 */
export class CommandContext {
  readonly services: EngineServices
  readonly keyspace: Keyspace
  /** Room for the digits of an integer that becomes a value. */
  readonly scratch = new Uint8Array(SCRATCH_BYTES)
  #argv: ArgumentVector | undefined
  #reply: ReplyWriter | undefined
  #client: Client | undefined
  #database: Database | undefined

  constructor(services: EngineServices) {
    this.services = services
    this.keyspace = services.keyspace
  }

  get argv(): ArgumentVector {
    invariant(this.#argv !== undefined, 'a command is running')
    return this.#argv
  }

  get reply(): ReplyWriter {
    invariant(this.#reply !== undefined, 'a command is running')
    return this.#reply
  }

  get client(): Client {
    invariant(this.#client !== undefined, 'a command is running')
    return this.#client
  }

  get database(): Database {
    invariant(this.#database !== undefined, 'a command is running')
    return this.#database
  }

  /** The instant of this turn. */
  get nowMs(): number {
    return this.keyspace.nowMs
  }

  /** What expires before this is gone: the same instant, but for commands of a log, which say themselves what goes. */
  get dueMs(): number {
    return this.keyspace.dueMs
  }

  begin(client: Client, argv: ArgumentVector, reply: ReplyWriter): void {
    this.#argv = argv
    this.#reply = reply
    this.#client = client
    this.#database = this.keyspace.database(client.databaseIndex)
  }

  /** Whether an effect would be heard: commands may spare themselves to word one otherwise. */
  get isPropagating(): boolean {
    return this.services.propagation.isHeard
  }

  /** What hashes and sets are read and written with. */
  get collections(): Collections {
    return this.keyspace.collections
  }

  /** The operators on large values. */
  get structures(): Structures {
    return this.keyspace.structures
  }

  /**
   * The value at the key an argument names: 0 when there is none, WRONG_TYPE, with the error written, when it
   * is of another type. Reading counts a hit or a miss.
   */
  findValue(argument: number, type: ValueType, purpose: 'read' | 'write'): Handle {
    const { argv, database } = this
    const start = argv.start(argument)
    const length = argv.length(argument)
    const record =
      purpose === 'read'
        ? database.find(argv.bytes, start, length)
        : database.findForWrite(argv.bytes, start, length)
    if (record === 0 || database.type(record) === type) return record
    this.reply.error(replyErrors.wrongType)
    return WRONG_TYPE
  }

  /** The key in this argument has another value or expiry now: WATCH and client tracking hear of it. */
  modified(argument: number): void {
    if (!this.keyspace.events.hearsModifications) return
    const { argv } = this
    this.modifiedKey(argv.bytes, argv.start(argument), argv.length(argument))
  }

  modifiedKey(bytes: Uint8Array, start: number, length: number): void {
    this.keyspace.events.modified(this.client.databaseIndex, bytes, start, length)
  }

  /** A keyspace event under Redis' name, about the key in this argument. */
  notify(eventClass: EventClass, event: string, argument: number): void {
    if (this.keyspace.events.classes === 0) return
    const { argv } = this
    this.notifyKey(eventClass, event, argv.bytes, argv.start(argument), argv.length(argument))
  }

  notifyKey(
    eventClass: EventClass,
    event: string,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): void {
    const { events } = this.keyspace
    if (!events.wants(eventClass)) return
    const key = bytes.subarray(start, start + length)
    events.onEvent?.(eventClass, event, this.client.databaseIndex, key)
  }

  /** Both: the key in this argument was modified, in the way the event names. */
  signal(argument: number, eventClass: EventClass, event: string): void {
    this.modified(argument)
    this.notify(eventClass, event, argument)
  }

  /** Keeps an argument out of the slow log and from monitors: a password. */
  redact(argument: number): void {
    this.services.timer.redact(argument)
  }

  /** Keys changed, and the command as it came says how. */
  changed(): void {
    this.services.propagation.asReceived(this.client.databaseIndex, this.argv)
  }

  /** Keys changed, and this says how: instants instead of spans of time, results instead of chance. */
  changedAs(...effect: Effect): void {
    this.services.propagation.emit(this.client.databaseIndex, effect)
  }

  /**
   * Instead of a reply: the client waits until one of the keys can serve it (blocking.ts). Where nobody may wait
   * (EXEC, scripts, callers in this process) the answer is null at once.
   */
  block(request: BlockRequest): void {
    const { client, reply } = this
    if (!client.deniesBlocking) this.services.blocking.wait(client, this.argv, request)
    else if (request.denied === 'null') reply.null()
    else reply.nullArray()
  }

  /** The value at the key in this argument has got something new: who waits for the key looks again. */
  keyReady(argument: number): void {
    const { argv } = this
    this.services.blocking.keyReady(
      this.client.databaseIndex,
      argv.bytes,
      argv.start(argument),
      argv.length(argument),
    )
  }

  /**
   * The timeout of a blocking command in seconds, as an instant for `block`: 0 is for ever. Undefined after an
   * error, which has been written.
   */
  blockUntilMs(argument: number): number | undefined {
    return secondsToDeadline(this, argument)
  }
}
