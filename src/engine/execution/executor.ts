import type { ArgumentVector } from '../protocol/argument-vector.ts'
import {
  replyErrors,
  unknownCommand,
  unknownSubcommand,
  wrongArity,
} from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import type { Client } from './client.ts'
import type { Command } from './command.ts'
import { CommandContext, type EngineServices } from './context.ts'

/** Different error codes told apart in INFO errorstats, as many as Redis keeps. */
const ERROR_CODES_MAX = 128

/** Totals of INFO's stats section. */
export interface ExecutionStats {
  commandsProcessed: number
  errorReplies: number
  readonly errorsByCode: Map<string, number>
}

/** The one way in: looks a command up, asks the guards, runs it, counts it. Never waits. */
export class Executor {
  readonly stats: ExecutionStats = {
    commandsProcessed: 0,
    errorReplies: 0,
    errorsByCode: new Map(),
  }
  readonly #services: EngineServices
  readonly #context: CommandContext
  /** The command whose calls are being timed, and since when. */
  #timed: Command | undefined
  #timedSinceMs = 0

  constructor(services: EngineServices) {
    this.#services = services
    this.#context = new CommandContext(services)
  }

  /** Once per turn, before its commands: sets the time they all see. */
  beginTurn(): void {
    const nowMs = this.#services.clock.nowMs()
    if (nowMs !== this.#services.keyspace.nowMs) this.#services.keyspace.advance(nowMs)
  }

  /** The instant of this turn. */
  get nowMs(): number {
    return this.#services.keyspace.nowMs
  }

  /** After the commands of a turn: the time since the last look at the clock goes to its last command. */
  endTurn(): void {
    if (this.#timed !== undefined) this.#time(undefined)
  }

  /** `argv` has at least one argument. */
  execute(client: Client, argv: ArgumentVector, reply: ReplyWriter): void {
    const command = this.#services.commands.find(argv)
    const refusal = this.#refusal(client, command, argv)
    if (refusal !== undefined || command === undefined) {
      if (command !== undefined) command.rejectedCalls += 1
      this.error(reply, refusal ?? '')
      return
    }
    client.lastCommand = command.fullName
    client.lastCommandMs = this.#services.keyspace.nowMs
    this.#run(client, command, argv, reply)
  }

  /** An error that no command gave, counted with the others. */
  error(reply: ReplyWriter, text: string): void {
    this.#countError(text)
    reply.error(text)
  }

  resetStatistics(): void {
    this.stats.commandsProcessed = 0
    this.stats.errorReplies = 0
    this.stats.errorsByCode.clear()
  }

  #countError(text: string): void {
    this.stats.errorReplies += 1
    const code = text.slice(0, Math.max(0, text.indexOf(' '))) || text
    const count = this.stats.errorsByCode.get(code)
    if (count === undefined && this.stats.errorsByCode.size >= ERROR_CODES_MAX) return
    this.stats.errorsByCode.set(code, (count ?? 0) + 1)
  }

  /** What stands in the way, in the order Redis asks (server.c, processCommand). */
  #refusal(client: Client, command: Command | undefined, argv: ArgumentVector): string | undefined {
    if (command === undefined) return unknownCommand(argv.latin1(0), restOf(argv))
    if (command.subcommands.length > 0 && argv.count > 1) {
      return unknownSubcommand(argv.latin1(1), command.spec.name)
    }
    if (!command.acceptsCount(argv.count)) return wrongArity(command.fullName)
    if (!client.isAuthenticated && !command.allowsUnauthenticated) {
      return replyErrors.authenticationRequired
    }
    // Every command makes room, so that memory falls even while only reads come in.
    if (this.#services.eviction.maxmemoryBytes > 0) {
      const hasRoom = this.#services.eviction.makeRoom()
      if (!hasRoom && command.deniesOutOfMemory) return replyErrors.outOfMemory
    }
    return undefined
  }

  #run(client: Client, command: Command, argv: ArgumentVector, reply: ReplyWriter): void {
    reply.lastError = ''
    // A pipeline is mostly one command over and over: its calls are timed together.
    if (command !== this.#timed) this.#time(command)
    this.#context.begin(client, argv, reply)
    command.spec.run(this.#context)
    command.calls += 1
    this.stats.commandsProcessed += 1
    // What it wrote must fit: memory is under the limit again when its reply is sent.
    if (command.isWrite) this.#services.eviction.makeRoom()
    if (reply.lastError === '') return
    command.failedCalls += 1
    this.#countError(reply.lastError)
  }

  /** The time since the last change of command belongs to the one before. */
  #time(command: Command | undefined): void {
    const nowMs = this.#services.clock.monotonicMs()
    if (this.#timed !== undefined) this.#timed.durationMs += nowMs - this.#timedSinceMs
    this.#timed = command
    this.#timedSinceMs = nowMs
  }
}

function restOf(argv: ArgumentVector): string[] {
  const rest: string[] = []
  for (let index = 1; index < argv.count && index < 20; index += 1) rest.push(argv.latin1(index))
  return rest
}
