import type { Logger } from '../../shared/logger.ts'
import { integerArgument } from '../execution/arguments.ts'
import type { CommandTable } from '../execution/command-table.ts'
import type { CommandContext, EngineServices } from '../execution/context.ts'
import type { ScriptingService, ScriptingUsage } from '../execution/scripting-service.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { type EvalScript, EvalScripts, statedFlags } from './eval-scripts.ts'
import { dumpLibraries, isIntact, readLibraries } from './function-dump.ts'
import { FunctionLibraries, releaseLibrary } from './function-libraries.ts'
import { parseListOptions, replyWithLibraries } from './function-replies.ts'
import { LibraryLoader } from './library-loader.ts'
import { openLuaModule } from './lua-module.ts'
import { Random48 } from './random48.ts'
import { ScriptExecution, type ScriptExecutionOptions } from './script-execution.ts'
import { flagsOfCall, type ScriptFlags } from './script-flags.ts'
import { ScriptRunner } from './script-runner.ts'
import { ScriptVm } from './script-vm.ts'
import type { WasmModule } from './webassembly.ts'

const SHA_LENGTH = 40
const NUMBER_OF_KEYS = 2
const ARGUMENTS_BEFORE_KEYS = 3
/** Commands that run scripts. */
const CALLERS = ['eval', 'eval_ro', 'evalsha', 'evalsha_ro', 'fcall', 'fcall_ro']
const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning', 'nothing']

export interface ScriptingOptions
  extends Pick<ScriptExecutionOptions, 'services' | 'schedule' | 'onBusy'> {
  readonly log: Logger
}

interface EvalCall {
  readonly script: EvalScript
  readonly keys: number
  readonly isReadOnly: boolean
}

interface EvalVm {
  readonly scriptVm: ScriptVm
  readonly scripts: EvalScripts
}

/** EVAL and FUNCTION of one engine. Nothing of Lua is there before the first script or library. */
export class Scripting implements ScriptingService {
  readonly #services: () => EngineServices
  readonly #runner: ScriptRunner
  readonly #execution: ScriptExecution
  readonly #loader: LibraryLoader
  readonly #random = new Random48()
  #module: WasmModule | undefined
  #eval: EvalVm | undefined
  #functionVm: ScriptVm | undefined
  #libraries = new FunctionLibraries()

  constructor(options: ScriptingOptions) {
    this.#services = options.services
    this.#runner = new ScriptRunner(options)
    this.#execution = new ScriptExecution({
      ...options,
      runner: this.#runner,
      onBroken: (scriptVm) => this.#forget(scriptVm),
    })
    this.#loader = new LibraryLoader(this.#runner, () => options.services().clock)
  }

  /** The error for others while a script takes too long; undefined when none does. */
  get busyError(): string | undefined {
    const run = this.#runner.current
    if (run === undefined || !run.isBusy) return undefined
    return run.isEval ? replyErrors.busyEval : replyErrors.busyFunction
  }

  set busyThresholdMs(ms: number) {
    this.#runner.busyThresholdMs = ms
  }

  /** Guards are to ask what a call does, not what its command could. */
  resolveFlags(commands: CommandTable): void {
    for (const name of CALLERS) {
      const command = commands.findByName(name)
      if (command === undefined) continue
      const { flags } = command.spec
      command.flagsOfCall = (argv) => flagsOfCall(flags, this.#statedFlags(name, argv))
    }
  }

  #statedFlags(name: string, argv: ArgumentVector): ScriptFlags {
    if (name.startsWith('fcall')) {
      return this.#libraries.functions.get(argv.latin1(1).toLowerCase())?.flags
    }
    if (name.startsWith('evalsha')) {
      return this.#eval?.scripts.find(argv.latin1(1).toLowerCase())?.flags
    }
    return statedFlags(argv.view(1))
  }

  usage(): ScriptingUsage {
    return {
      evalVmBytes: this.#eval?.scriptVm.vm.usedBytes ?? 0,
      evalScriptBytes: this.#eval?.scripts.bytes ?? 0,
      evalScripts: this.#eval?.scripts.count ?? 0,
      functionVmBytes: this.#functionVm?.vm.usedBytes ?? 0,
      functionBytes: this.#libraries.bytes,
      functions: this.#libraries.functions.size,
      libraries: this.#libraries.libraries.size,
    }
  }

  eval(context: CommandContext, { isReadOnly }: { readonly isReadOnly: boolean }): void {
    const keys = countKeys(context, replyErrors.notInteger)
    if (keys === undefined) return
    const { argv, reply } = context
    const { scripts } = this.#evalVm()
    const script = scripts.load(argv.bytes, argv.start(1), argv.length(1))
    if (typeof script === 'string') return reply.error(script)
    this.#runEval(context, { script, keys, isReadOnly })
  }

  evalSha(context: CommandContext, { isReadOnly }: { readonly isReadOnly: boolean }): void {
    const { argv, reply } = context
    if (argv.length(1) !== SHA_LENGTH) return reply.error(replyErrors.noScript)
    const keys = countKeys(context, replyErrors.notInteger)
    if (keys === undefined) return
    const script = this.#eval?.scripts.find(argv.latin1(1).toLowerCase())
    if (script === undefined) return reply.error(replyErrors.noScript)
    this.#runEval(context, { script, keys, isReadOnly })
  }

  callFunction(context: CommandContext, { isReadOnly }: { readonly isReadOnly: boolean }): void {
    const { argv, reply } = context
    const found = this.#libraries.functions.get(argv.latin1(1).toLowerCase())
    if (found === undefined) return reply.error(replyErrors.functionNotFound)
    const keys = countKeys(context, replyErrors.functionKeysNotInteger)
    if (keys === undefined) return
    const { name, flags, reference } = found
    this.#execution.execute(context, {
      call: { name, isEval: false, flags, isReadOnly },
      scriptVm: this.#functionsVm(),
      reference,
      keys,
    })
  }

  loadScript({ argv, reply }: CommandContext): void {
    const { scripts } = this.#evalVm()
    const script = scripts.load(argv.bytes, argv.start(2), argv.length(2))
    if (typeof script === 'string') reply.error(script)
    else reply.text(script.sha)
  }

  scriptsExist({ argv, reply }: CommandContext): void {
    reply.array(argv.count - 2)
    for (let index = 2; index < argv.count; index += 1) {
      const script = this.#eval?.scripts.find(argv.latin1(index).toLowerCase())
      reply.integer(script === undefined ? 0 : 1)
    }
  }

  flushScripts(): void {
    this.#eval = undefined
  }

  kill(isEval: boolean): string | undefined {
    return this.#runner.kill(isEval)
  }

  loadLibrary(context: CommandContext): void {
    const { argv, reply } = context
    let replaces = false
    let index = 2
    for (; index < argv.count - 1; index += 1) {
      if (!argv.is(index, 'REPLACE')) {
        return reply.error(`ERR Unknown option given: ${argv.latin1(index)}`)
      }
      replaces = true
    }
    if (index >= argv.count) return reply.error(replyErrors.libraryCodeMissing)
    const library = this.#loader.load(this.#functionsVm(), Buffer.from(argv.view(index)), {
      libraries: this.#libraries,
      replaces,
      isLimited: true,
    })
    if (typeof library === 'string') return reply.error(withCode(library))
    context.changed()
    reply.text(library.name)
  }

  listLibraries({ argv, reply }: CommandContext): void {
    const options = parseListOptions(argv)
    if (typeof options === 'string') return reply.error(options)
    replyWithLibraries(reply, this.#libraries.libraries.values(), options)
  }

  deleteLibrary(context: CommandContext): void {
    const { argv, reply } = context
    const library = this.#libraries.libraries.get(argv.latin1(2))
    if (library === undefined) return reply.error(replyErrors.libraryNotFound)
    this.#libraries.unlink(library)
    if (this.#functionVm !== undefined) releaseLibrary(this.#functionVm.vm, library)
    context.changed()
    reply.simple('OK')
  }

  flushLibraries(): void {
    this.#libraries = new FunctionLibraries()
    this.#functionVm = undefined
  }

  dumpLibraries({ reply }: CommandContext): void {
    const payload = dumpLibraries(this.#libraries.libraries.values())
    reply.bulk(payload, 0, payload.length)
  }

  libraryCodes(): readonly Uint8Array[] {
    return [...this.#libraries.libraries.values()].map(({ code }) => code)
  }

  /** From a file: the error's text when it cannot be loaded. */
  restoreLibrary(code: Buffer, replaces: boolean): string | undefined {
    const options = { libraries: this.#libraries, replaces, isLimited: false }
    const library = this.#loader.load(this.#functionsVm(), code, options)
    return typeof library === 'string' ? library : undefined
  }

  restoreLibraries(context: CommandContext): void {
    const { argv, reply } = context
    const policy = argv.count < 4 ? 'append' : argv.latin1(3).toLowerCase()
    if (policy !== 'append' && policy !== 'replace' && policy !== 'flush') {
      return reply.error(replyErrors.restorePolicy)
    }
    const payload = argv.view(2)
    if (!isIntact(payload)) return reply.error(replyErrors.dumpPayload)
    const problem = this.#restore(payload, policy)
    if (problem !== undefined) return reply.error(withCode(problem))
    context.changed()
    reply.simple('OK')
  }

  functionStats({ reply, services }: CommandContext): void {
    const run = this.#runner.current
    if (run?.isEval === true) return reply.error(replyErrors.busyEval)
    reply.map(2)
    reply.text('running_script')
    if (run === undefined) {
      reply.null()
    } else {
      reply.map(3)
      reply.text('name')
      reply.text(run.name)
      reply.text('command')
      const { argv } = run
      reply.array(argv.count)
      for (let index = 0; index < argv.count; index += 1) {
        reply.bulk(argv.bytes, argv.start(index), argv.length(index))
      }
      reply.text('duration_ms')
      reply.integer(Math.floor(services.clock.monotonicMs() - run.startedMs))
    }
    reply.text('engines')
    reply.map(1)
    reply.text('LUA')
    reply.map(2)
    reply.text('libraries_count')
    reply.integer(this.#libraries.libraries.size)
    reply.text('functions_count')
    reply.integer(this.#libraries.functions.size)
  }

  #runEval(context: CommandContext, { script, keys, isReadOnly }: EvalCall): void {
    const { sha, flags, reference } = script
    this.#execution.execute(context, {
      call: { name: sha, isEval: true, flags, isReadOnly },
      scriptVm: this.#evalVm().scriptVm,
      reference,
      keys,
    })
  }

  /** All of the payload's libraries, or none. */
  #restore(payload: Buffer, policy: 'append' | 'replace' | 'flush'): string | undefined {
    const codes = readLibraries(payload)
    if (typeof codes === 'string') return codes
    const scriptVm = this.#functionsVm()
    const restored = new FunctionLibraries()
    const options = { libraries: restored, replaces: false, isLimited: false }
    for (const code of codes) {
      const library = this.#loader.load(scriptVm, Buffer.from(code), options)
      if (typeof library === 'string') return this.#release(scriptVm, restored, library)
    }
    if (policy === 'flush') {
      this.#release(scriptVm, this.#libraries)
      this.#libraries = restored
      return undefined
    }
    const joined = this.#libraries.join(restored, policy === 'replace')
    if (typeof joined === 'string') return this.#release(scriptVm, restored, joined)
    for (const library of joined.replaced) releaseLibrary(scriptVm.vm, library)
    return undefined
  }

  #release(
    { vm }: ScriptVm,
    { libraries }: FunctionLibraries,
    problem?: string,
  ): string | undefined {
    for (const library of libraries.values()) releaseLibrary(vm, library)
    return problem
  }

  #evalVm(): EvalVm {
    if (this.#eval === undefined) {
      const scriptVm = this.#openVm()
      this.#eval = { scriptVm, scripts: new EvalScripts(scriptVm.vm) }
    }
    return this.#eval
  }

  #functionsVm(): ScriptVm {
    this.#functionVm ??= this.#openVm({
      registerFunction: () => {
        const scriptVm = this.#functionsVm()
        return this.#loader.register(scriptVm.vm)
      },
    })
    return this.#functionVm
  }

  #openVm(extra?: { readonly registerFunction: () => number }): ScriptVm {
    this.#module ??= openLuaModule()
    return new ScriptVm({
      module: this.#module,
      runner: this.#runner,
      random: this.#random,
      logLevel: () => LOG_LEVELS.indexOf(this.#services().config.value('loglevel')),
      ...extra,
    })
  }

  /** A VM that cannot go on: scripts are compiled again when they come again, libraries at once. */
  #forget(scriptVm: ScriptVm): void {
    if (scriptVm === this.#eval?.scriptVm) {
      this.#eval = undefined
      return
    }
    const { libraries } = this.#libraries
    this.#functionVm = undefined
    this.#libraries = new FunctionLibraries()
    const options = { libraries: this.#libraries, replaces: false, isLimited: false }
    for (const { code } of libraries.values()) {
      this.#loader.load(this.#functionsVm(), code, options)
    }
  }
}

/** How many of the arguments are keys; undefined after an error. */
function countKeys({ argv, reply }: CommandContext, unreadable: string): number | undefined {
  const keys = integerArgument(argv, NUMBER_OF_KEYS)
  if (Number.isNaN(keys)) reply.error(unreadable)
  else if (keys > argv.count - ARGUMENTS_BEFORE_KEYS) reply.error(replyErrors.tooManyKeys)
  else if (keys < 0) reply.error(replyErrors.negativeKeys)
  else return keys
  return undefined
}

function withCode(text: string): string {
  return `ERR ${text}`
}
