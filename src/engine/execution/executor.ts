import { SlabExhaustedError } from '../memory/slab.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import {
  replyErrors,
  transactionAborted,
  unknownCommand,
  unknownSubcommand,
  wrongArity,
} from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import type { RunWaiter, Waiter } from './blocking.ts'
import { CLIENT_STATE, type Client } from './client.ts'
import type { Command } from './command.ts'
import { CommandContext, type EngineServices, type NestedCall } from './context.ts'
import { type GuardedCall, hasFlag, POSTPONED } from './guard.ts'
import { mendInterrupted } from './interrupted-command.ts'
import type { Turn } from './turn.ts'

/** Different error codes told apart in INFO errorstats, as many as Redis keeps. */
const ERROR_CODES_MAX = 128

/** How long commands that need memory are refused at once when there was none, unless some is given back. */
const EXHAUSTED_MS = 1_000

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
  readonly #turn: Turn
  readonly #context: CommandContext
  /** One for each level of commands that run within commands; they live as long as the executor. */
  readonly #nestedContexts: CommandContext[] = []
  #depth = 0
  #isErrorCounted = false
  /** A command got no memory: since then, and what was in use. */
  #isExhausted = false
  #exhaustedAtMs = 0
  #exhaustedBytes = 0
  /** A command within the running one may have written. */
  #hasWritten = false

  constructor(services: EngineServices, turn: Turn) {
    this.#services = services
    this.#turn = turn
    this.#context = new CommandContext(services)
    services.blocking.onLateError((argv, text) => this.#countLateError(argv, text))
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

  /** After the commands of a turn: what has not been timed yet is. */
  endTurn(): void {
    this.#services.timer.endTurn()
  }

  /** After the replies of a turn have been handed over: what its commands did to other clients leaves. */
  settle(): void {
    this.#turn.end()
  }

  /**
   * `argv` has at least one argument. Afterwards the client may be waiting (`client.waiter`), or be put off:
   * then this is to be called again with the same arguments.
   */
  execute(client: Client, argv: ArgumentVector, reply: ReplyWriter): void {
    const { blocking, commands } = this.#services
    const command = commands.find(argv)
    if (command === undefined && isHttp(argv)) {
      client.isClosing = true
      return
    }
    const refusal = this.#refusal(client, command, argv)
    if (refusal !== undefined || command === undefined) {
      this.#refuse(client, command, { reply, text: refusal ?? '' })
      return
    }
    client.lastCommand = command.fullName
    client.lastCommandMs = this.#services.keyspace.nowMs
    if (this.#services.tracking.isOn) this.#services.tracking.limit()
    if (client.transaction !== undefined && command.isQueued) {
      client.transaction.queue(command, argv)
      reply.simple('QUEUED')
      return
    }
    this.#run(client, command, argv, reply)
    client.streamOffset = this.#services.propagation.streamOffset
    if (!blocking.hasReady) return
    // What is done for others is not the next command's time.
    this.#services.timer.endTurn()
    this.#serveReady()
  }

  /** Whether the running command runs within another one. */
  get isNested(): boolean {
    return this.#depth > 0
  }

  /** A command within the running one; see NestedExecution. */
  runNested(client: Client, { command, argv, reply }: NestedCall): void {
    const { timer } = this.#services
    const context = this.#enter()
    const sinceMs = timer.beginNested()
    try {
      reply.lastError = ''
      context.begin(client, argv, reply)
      command.spec.run(context)
      if (command.isWrite) this.#hasWritten = true
      timer.endNested(command, { client, argv }, sinceMs)
      this.#observe(client, command, argv)
      this.#count(command, reply)
      // It is counted: the outer command has not failed for it.
      reply.lastError = ''
    } catch (error) {
      this.#mend({ client, command, argv }, error)
      throw error
    } finally {
      this.#depth -= 1
    }
  }

  /**
   * Runs a command of a log again. It was counted, timed and shown to monitors when it ran first; as in Redis (aof.c,
   * loadSingleAppendOnlyFile) none of that is done twice.
   */
  replay(client: Client, { command, argv, reply }: NestedCall): void {
    const context = this.#enter()
    try {
      reply.lastError = ''
      context.begin(client, argv, reply)
      command.spec.run(context)
      if (command.isWrite) this.#hasWritten = true
      this.#countReplied(reply)
    } finally {
      this.#depth -= 1
    }
  }

  /** See NestedExecution. */
  rejectNested(command: Command | undefined, text: string): void {
    if (command !== undefined) command.rejectedCalls += 1
    this.#countError(text)
  }

  /** See NestedExecution. */
  errorIsCounted(): void {
    this.#isErrorCounted = true
  }

  /** Clients whose time of waiting is over, a pause that is, and changes that have waited too long. */
  giveUpWaiting(): void {
    this.#services.blocking.giveUp(this.nowMs)
    this.#services.pause.advance(this.nowMs)
    this.#services.largeChanges.advance(this.nowMs)
  }

  /** Goes on with a command that could not end in its turn; whom it lets go on is served. */
  resume(step: () => void): void {
    const { blocking, eviction } = this.#services
    this.beginTurn()
    step()
    if (this.#hasWritten) {
      this.#hasWritten = false
      eviction.makeRoom()
    }
    this.endTurn()
    if (blocking.hasReady) this.#serveReady()
    this.settle()
  }

  /** At an instant of its own: a key may have become due while the transaction or script that made it ran. */
  #serveReady(): void {
    this.beginTurn()
    this.#services.blocking.serveReady(this.#runWaiter)
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
    return (
      this.#services.guards.refuse(client, command, argv) ??
      (this.#isExhausted ? this.#memoryRefusal({ client, command, argv }) : undefined)
    )
  }

  /** Each command that fails in its middle has its keys told anew, however large they are: it does not begin. */
  #memoryRefusal(call: GuardedCall): string | undefined {
    const { slab } = this.#services.keyspace
    const isOver =
      slab.usedBytes < this.#exhaustedBytes || this.nowMs - this.#exhaustedAtMs >= EXHAUSTED_MS
    if (isOver) this.#isExhausted = false
    const isRefused = !isOver && !call.client.is(CLIENT_STATE.primary) && hasFlag(call, 'denyoom')
    return isRefused ? replyErrors.outOfMemory : undefined
  }

  #refuse(
    client: Client,
    command: Command | undefined,
    { reply, text }: { readonly reply: ReplyWriter; readonly text: string },
  ): void {
    if (text === POSTPONED) {
      client.set(CLIENT_STATE.blocked, true)
      this.#services.pause.postpone(client)
      return
    }
    if (command !== undefined) command.rejectedCalls += 1
    if (client.transaction === undefined) return this.error(reply, text)
    if (command?.fullName === 'exec') return this.error(reply, this.#abort(client, text))
    client.transaction.isBroken = true
    this.error(reply, text)
  }

  /** EXEC itself was refused: the transaction is over. */
  #abort(client: Client, text: string): string {
    this.#services.transactions.discard(client)
    return transactionAborted(text)
  }

  #run(client: Client, command: Command, argv: ArgumentVector, reply: ReplyWriter): void {
    reply.lastError = ''
    const { propagation, timer, tracking } = this.#services
    timer.begin(command)
    const isTracking = tracking.isOn
    if (isTracking) tracking.begin(client, command, argv)
    // What a script calls appears to monitors behind the script.
    if (command.isScriptCall) this.#show(client, argv)
    propagation.hold()
    this.#context.begin(client, argv, reply)
    try {
      command.spec.run(this.#context)
    } catch (error) {
      this.#mend({ client, command, argv }, error)
      propagation.release()
      timer.end(command, client, argv)
      if (isTracking) tracking.end(client, command)
      command.calls += 1
      command.failedCalls += 1
      this.stats.commandsProcessed += 1
      throw error
    }
    propagation.release(!command.touchesAnyKey)
    // What it wrote must fit: memory is under the limit again when its reply is sent.
    if (command.isWrite || this.#hasWritten) {
      this.#hasWritten = false
      this.#services.eviction.makeRoom()
    }
    timer.end(command, client, argv)
    this.#observe(client, command, argv)
    if (isTracking) tracking.end(client, command)
    this.#count(command, reply)
  }

  /** A bug of ours, or the end of memory, in the middle of a command. */
  #mend({ client, command, argv }: GuardedCall, error: unknown): void {
    const { databaseIndex } = client
    mendInterrupted(this.#services, { command, argv, databaseIndex })
    if (!(error instanceof SlabExhaustedError)) return
    this.#isExhausted = true
    this.#exhaustedAtMs = this.nowMs
    this.#exhaustedBytes = this.#services.keyspace.slab.usedBytes
  }

  /** Monitors and client tracking see what has run. */
  #observe(client: Client, command: Command, argv: ArgumentVector): void {
    const { monitors, tracking } = this.#services
    if (monitors.areWatching && !command.hidesFromMonitors) this.#show(client, argv)
    if (tracking.isOn) tracking.ran(client, command, argv)
  }

  #show(client: Client, argv: ArgumentVector): void {
    const { monitors, timer } = this.#services
    if (!monitors.areWatching) return
    monitors.feed({ client, argv, databaseIndex: client.databaseIndex }, this.nowMs, timer)
  }

  #count(command: Command, reply: ReplyWriter): void {
    command.calls += 1
    this.stats.commandsProcessed += 1
    if (reply.lastError !== '') command.failedCalls += 1
    this.#countReplied(reply)
  }

  /** The error that a command has replied with, if any. */
  #countReplied({ lastError }: ReplyWriter): void {
    if (lastError === '') return
    if (!this.#isErrorCounted) this.#countError(lastError)
    this.#isErrorCounted = false
  }

  /** The answer of a command that waited, and was counted when it began to. */
  #countLateError(argv: ArgumentVector, text: string): void {
    const command = this.#services.commands.find(argv)
    if (command !== undefined) command.failedCalls += 1
    this.#countError(text)
  }

  #enter(): CommandContext {
    let context = this.#nestedContexts[this.#depth]
    if (context === undefined) {
      context = new CommandContext(this.#services)
      this.#nestedContexts.push(context)
    }
    this.#depth += 1
    return context
  }

  /** The answer of a command that waited: as if it ran now, for its client. */
  readonly #runWaiter: RunWaiter = (waiter: Waiter, run) => {
    const { client, argv } = waiter
    const reply = client.output.beginReply()
    reply.lastError = ''
    const { commands, propagation, timer, tracking } = this.#services
    const command = commands.find(argv)
    const context = this.#enter()
    const sinceMs = timer.beginNested()
    propagation.hold()
    // What the answer changes is told to its client behind it.
    if (command !== undefined && tracking.isOn) tracking.begin(client, command, argv)
    try {
      context.begin(client, argv, reply)
      const isServed = run(context)
      if (isServed && command !== undefined) timer.endWaiting(command, { client, argv }, sinceMs)
      return isServed
    } catch (error) {
      // The client whose command is running is not to blame: the one that waited goes, with half an answer.
      if (command !== undefined) this.#mend({ client, command, argv }, error)
      this.#services.log.error({ err: error }, 'a command that waited failed')
      client.output.close()
      return true
    } finally {
      this.#depth -= 1
      propagation.release()
      if (reply.lastError !== '') this.#countLateError(argv, reply.lastError)
      client.output.endReply()
      if (command !== undefined && tracking.isOn) tracking.end(client, command)
    }
  }
}

/** A browser talked into sending commands in a request's body: hung up on, before it comes to them. */
function isHttp(argv: ArgumentVector): boolean {
  return argv.is(0, 'POST') || argv.is(0, 'HOST:')
}

function restOf(argv: ArgumentVector): string[] {
  const rest: string[] = []
  for (let index = 1; index < argv.count && index < 20; index += 1) rest.push(argv.latin1(index))
  return rest
}
