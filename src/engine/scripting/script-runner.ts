import type { Logger } from '../../shared/logger.ts'
import { CLIENT_STATE, Client } from '../execution/client.ts'
import type { Command } from '../execution/command.ts'
import type { CommandContext, EngineServices } from '../execution/context.ts'
import { AUDIENCE } from '../execution/propagation.ts'
import { SlabExhaustedError } from '../memory/slab.ts'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { LuaReplyWriter } from './lua-reply-writer.ts'
import type { HookAnswer } from './lua-vm.ts'
import type { ScriptCall, ScriptRun } from './script-run.ts'

const LOAD_MS_MAX = 500
/** Looks at the clock are this far apart when a script calls pcall or resumes coroutines over and over. */
const LOOKS_PER_CLOCK = 100

/**
 * The script that runs, and what it may do: at most one at a time, and what it changes is changed at once. The
 * rules are those of script.c.
 */
export class ScriptRunner {
  current: ScriptRun | undefined
  /** A library is being loaded, since then. */
  loadStartedMs: number | undefined
  /** A load that comes from a log or a primary may take its time. */
  isLoadLimited = true
  busyThresholdMs = 5_000
  /** Of the command a script calls. */
  readonly argv = new ArgumentVector()
  readonly log: Logger
  readonly #services: () => EngineServices
  readonly #client: Client
  #looks = 0

  constructor(options: { readonly services: () => EngineServices; readonly log: Logger }) {
    this.#services = options.services
    this.log = options.log
    // Nobody's: it has the caller's database, and takes one reply at a time.
    this.#client = new Client({
      id: 0,
      address: 'script:0',
      nowMs: 0,
      isEmbedded: true,
    })
  }

  /** Why the script may not run, after writing the error; or it is the current one now. */
  begin(context: CommandContext, call: ScriptCall): ScriptRun | undefined {
    const { client, reply } = context
    const refusal = this.#refusal(client, call)
    if (refusal !== undefined) {
      reply.error(refusal)
      return undefined
    }
    const { flags } = call
    const run: ScriptRun = {
      name: call.name,
      isEval: call.isEval,
      client,
      argv: context.argv,
      isReadOnly: call.isReadOnly || flags?.has('no-writes') === true,
      allowsOutOfMemory: flags?.has('allow-oom') === true,
      isOutOfMemory: this.#isOutOfMemory(),
      startedMs: context.services.clock.monotonicMs(),
      nowMs: context.nowMs,
      protocol: 2,
      audience: AUDIENCE.all,
      hasWritten: false,
      isBusy: false,
      isKilled: false,
    }
    this.#client.databaseIndex = client.databaseIndex
    this.#client.protocol = 2
    this.#client.caller = client
    this.current = run
    return run
  }

  end(): void {
    this.current = undefined
    this.#client.caller = undefined
  }

  /** Runs the command in `argv` for the script; the error's text when it may not. */
  run(run: ScriptRun, reply: LuaReplyWriter): string | undefined {
    const { commands, nested, propagation } = this.#services()
    const { argv } = this
    const command = commands.find(argv)
    const refusal = this.#commandRefusal(run, command)
    if (refusal !== undefined || command === undefined) {
      const text = refusal ?? replyErrors.scriptUnknownCommand
      nested.reject(command, text)
      return text
    }
    if (command.isWrite) run.hasWritten = true
    reply.begin(run.protocol)
    this.#client.protocol = run.protocol
    this.#client.user = run.client.user
    propagation.audience = run.audience
    try {
      nested.run(this.#client, { command, argv, reply })
    } catch (error) {
      // Nothing but an error of Lua leaves its VM as it should be.
      if (!(error instanceof SlabExhaustedError)) throw error
      nested.reject(undefined, replyErrors.outOfMemory)
      return replyErrors.outOfMemory
    } finally {
      propagation.audience = AUDIENCE.all
    }
    return undefined
  }

  /** redis.acl_check_cmd of the command in `argv`; undefined when there is no such command. */
  mayRun(run: ScriptRun): boolean | undefined {
    const command = this.#services().commands.find(this.argv)
    if (command === undefined || isUnknownSubcommand(command, this.argv)) return undefined
    return this.#services().acl.mayRun({ client: run.client, command, argv: this.argv })
  }

  /** SCRIPT KILL and FUNCTION KILL: the error's text, or nothing when the script is told to end. */
  kill(isEval: boolean): string | undefined {
    const run = this.current
    if (run === undefined) return replyErrors.notBusy
    if (run.hasWritten) return replyErrors.unkillable
    if (isEval !== run.isEval) return run.isEval ? replyErrors.busyEval : replyErrors.busyFunction
    run.isKilled = true
    return undefined
  }

  /** Asked each so many instructions. */
  onHook(): HookAnswer {
    const nowMs = this.#services().clock.monotonicMs()
    if (this.loadStartedMs !== undefined) {
      const isLate = this.isLoadLimited && nowMs - this.loadStartedMs > LOAD_MS_MAX
      return isLate ? { killWith: 'ERR FUNCTION LOAD timeout' } : 'continue'
    }
    const run = this.current
    if (run === undefined) return 'continue'
    if (run.isKilled) return { killWith: replyErrors.scriptKilled }
    const elapsedMs = nowMs - run.startedMs
    if (this.busyThresholdMs === 0 || elapsedMs < this.busyThresholdMs) return 'continue'
    // In EXEC, or called from this process, it has to answer at once.
    if (run.client.deniesBlocking) return 'continue'
    if (!run.isBusy) this.#becomeBusy(run, elapsedMs)
    return 'suspend'
  }

  /** The same for who calls pcall, whose functions have instructions of their own to count. */
  onLook(): HookAnswer {
    if (this.current?.isKilled === true) return this.onHook()
    this.#looks += 1
    if (this.#looks < LOOKS_PER_CLOCK) return 'continue'
    this.#looks = 0
    return this.onHook()
  }

  #becomeBusy(run: ScriptRun, elapsedMs: number): void {
    run.isBusy = true
    // The arguments lie in the connection's buffer, which others will read into.
    run.argv = run.argv.copy()
    const kill = run.isEval ? 'SCRIPT KILL' : 'FUNCTION KILL'
    this.log.warn(
      {},
      `Slow script detected: still in execution after ${Math.round(elapsedMs)} milliseconds. You can try killing the script using the ${kill} command. Script name is: ${run.name}.`,
    )
  }

  /** What stands in the way of a script that says what it is (script.c, scriptPrepareForRun). */
  #refusal(client: Client, { flags, isReadOnly }: ScriptCall): string | undefined {
    if (flags === undefined) return undefined
    const writes = !flags.has('no-writes')
    // A client in EXEC was asked by no guard.
    const isInTransaction = client.transaction !== undefined
    const needsMemory = writes && !flags.has('allow-oom')
    if (needsMemory && !isInTransaction && this.#isOutOfMemory()) return replyErrors.outOfMemory
    if (writes && isReadOnly) return replyErrors.scriptMayWrite
    const denied = writes ? this.#services().replication.writeRefusal(client) : undefined
    if (denied !== undefined) {
      const isReplica = denied === replyErrors.readOnlyReplica
      return isReplica ? replyErrors.scriptOnReadOnlyReplica : denied
    }
    if (needsMemory && this.#isOutOfMemory()) return replyErrors.scriptOutOfMemory
    return undefined
  }

  #isOutOfMemory(): boolean {
    const { eviction } = this.#services()
    return eviction.maxmemoryBytes > 0 && !eviction.makeRoom()
  }

  #commandRefusal(run: ScriptRun, command: Command | undefined): string | undefined {
    const { argv } = this
    if (command === undefined || isUnknownSubcommand(command, argv)) {
      return replyErrors.scriptUnknownCommand
    }
    if (!command.acceptsCount(argv.count)) return replyErrors.scriptWrongArity
    const { flags } = command.spec
    if (flags.includes('noscript') && !this.#services().debug.allowsAllInScripts) {
      return replyErrors.notFromScript
    }
    const denied = run.client.is(CLIENT_STATE.restricted)
      ? this.#services().acl.refuseInScript({ client: run.client, command, argv })
      : undefined
    if (denied !== undefined) return denied
    if (run.isReadOnly && (command.isWrite || flags.includes('may_replicate'))) {
      return replyErrors.scriptReadOnly
    }
    if (command.isWrite && !run.hasWritten) {
      const refusal = this.#services().replication.writeRefusal(run.client)
      if (refusal !== undefined) return refusal
    }
    const needsMemory = command.deniesOutOfMemory && !run.allowsOutOfMemory && !run.hasWritten
    return needsMemory && run.isOutOfMemory ? replyErrors.outOfMemory : undefined
  }
}

function isUnknownSubcommand(command: Command, argv: ArgumentVector): boolean {
  return command.subcommands.length > 0 && argv.count > 1
}
