import type { CommandContext, EngineServices } from '../execution/context.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { formatG } from './format-g.ts'
import { typeName } from './host-arguments.ts'
import { LUA_TYPE, type Slot } from './lua-values.ts'
import { type LuaVm, type ResumeResult } from './lua-vm.ts'
import { isCounted } from './script-reply.ts'
import type { ScriptCall, ScriptRun } from './script-run.ts'
import type { ScriptRunner } from './script-runner.ts'
import type { ScriptVm } from './script-vm.ts'

/** So many scripts are run between two steps of Lua's collector, and so far a step goes, as in Redis. */
const COLLECT_EVERY = 50
const COLLECT_STEP = 50
const LUA_DIGITS = 14
/** KEYS and ARGV begin after the command, the script and the number of keys. */
const FIRST_KEY = 3

export interface ScriptExecutionOptions {
  readonly runner: ScriptRunner
  readonly services: () => EngineServices
  /** Runs a step when the sockets have had their turn. */
  readonly schedule: (step: () => void) => void
  /** Whether a script is suspended: others are answered BUSY, and nothing else happens to the keys. */
  readonly onBusy: (isBusy: boolean) => void
  /** The VM is in no state to go on. */
  readonly onBroken: (scriptVm: ScriptVm) => void
}

/** Runs scripts: at once, or, when one takes longer than it may, piece by piece until it ends or is ended. */
export class ScriptExecution {
  readonly #options: ScriptExecutionOptions
  #untilCollect = COLLECT_EVERY

  constructor(options: ScriptExecutionOptions) {
    this.#options = options
  }

  /** Calls a function that the VM keeps, with the keys and arguments of the command. */
  execute(context: CommandContext, { call, scriptVm, reference, keys }: ScriptTarget): void {
    const { runner } = this.#options
    const run = runner.begin(context, call)
    if (run === undefined) return
    const { vm } = scriptVm
    const result = this.#guarded(scriptVm, () => {
      vm.pushKept(reference)
      vm.prepare()
      return vm.resume(pushArguments(vm, context.argv, { keys, areGlobals: call.isEval }))
    })
    if (result === 'suspended') this.#wait(context, { run, scriptVm })
    else if (this.#finish({ run, scriptVm }, result, context.reply)) {
      context.services.nested.errorIsCounted()
    }
  }

  #wait({ client, argv, services }: CommandContext, running: RunningScript): void {
    services.blocking.waitFor(client, argv, { deadlineMs: 0, timedOut: () => undefined })
    this.#interrupt(running)
  }

  /** Others have their turn; what the script did so far is told when it has ended. */
  #interrupt(running: RunningScript): void {
    const { onBusy, schedule, services } = this.#options
    services().propagation.interrupt(true)
    onBusy(true)
    schedule(() => this.#continue(running))
  }

  #continue(running: RunningScript): void {
    const { services, onBusy } = this.#options
    const { run, scriptVm } = running
    const { blocking, keyspace, nested, propagation } = services()
    onBusy(false)
    propagation.interrupt(false)
    // The whole of the script sees one instant, however long it takes.
    keyspace.advance(run.nowMs)
    const result = this.#guarded(scriptVm, () => scriptVm.vm.resume(0))
    if (result === 'suspended') return this.#interrupt(running)
    propagation.release()
    // Nobody may be there any more to take the answer.
    if (run.client.waiter === undefined) {
      this.#finish(running, result)
      return
    }
    blocking.answer(run.client, (reply) => {
      reply.lastError = ''
      const isErrorCounted = this.#finish(running, result, reply)
      if (reply.lastError !== '' && !isErrorCounted) nested.reject(undefined, reply.lastError)
    })
  }

  /** Answers, and is done with the run. Whether the error in the answer was counted before. */
  #finish({ run, scriptVm }: RunningScript, result: ResumeResult, reply?: ReplyWriter): boolean {
    const { vm } = scriptVm
    let isErrorCounted = false
    if (reply !== undefined && result === 'failed') {
      isErrorCounted = writeFailure(vm, run, reply)
    } else if (reply !== undefined) {
      scriptVm.reply.write(vm.fromTop(1), run.protocol, reply)
      isErrorCounted = scriptVm.reply.hasCountedError
    }
    vm.pop(1)
    if (result === 'failed') vm.dropThread()
    this.#options.runner.end()
    this.#collect(vm)
    return isErrorCounted
  }

  #collect(vm: LuaVm): void {
    this.#untilCollect -= 1
    if (this.#untilCollect > 0) return
    this.#untilCollect = COLLECT_EVERY
    vm.collectStep(COLLECT_STEP)
  }

  /** What Lua cannot catch has left its stack in the middle of something. */
  #guarded(scriptVm: ScriptVm, step: () => ResumeResult): ResumeResult {
    try {
      return step()
    } catch (error) {
      this.#options.runner.end()
      this.#options.onBroken(scriptVm)
      throw error
    }
  }
}

export interface ScriptTarget {
  readonly call: ScriptCall
  readonly scriptVm: ScriptVm
  readonly reference: number
  /** How many of the arguments are keys. */
  readonly keys: number
}

interface RunningScript {
  readonly run: ScriptRun
  readonly scriptVm: ScriptVm
}

/** Scripts find keys and arguments in globals, functions get them as arguments; gives how many were pushed. */
function pushArguments(
  vm: LuaVm,
  argv: ArgumentVector,
  { keys, areGlobals }: { readonly keys: number; readonly areGlobals: boolean },
): number {
  const end = FIRST_KEY + keys
  pushList(vm, argv, FIRST_KEY, end)
  if (areGlobals) vm.setGlobal('KEYS')
  pushList(vm, argv, end, argv.count)
  if (areGlobals) vm.setGlobal('ARGV')
  return areGlobals ? 0 : 2
}

function pushList(vm: LuaVm, argv: ArgumentVector, from: number, to: number): void {
  vm.newTable(to - from, 0)
  for (let index = from; index < to; index += 1) {
    vm.pushBytes(argv.bytes, argv.start(index), argv.length(index))
    vm.setIndex(index - from + 1)
  }
}

/** script_lua.c, luaCallFunction: the error as a text, with the script and the place. Whether it is counted. */
function writeFailure(vm: LuaVm, run: ScriptRun, reply: ReplyWriter): boolean {
  const slot = vm.fromTop(1)
  const place = vm.failurePlace()
  const text =
    vm.values.typeOf(slot) === LUA_TYPE.table ? errorField(vm, slot) : `ERR ${shown(vm, slot)}`
  const where = place === undefined ? '' : ` script: ${run.name}, on ${place.source}:${place.line}.`
  reply.error(`${text}${where}`)
  return vm.values.typeOf(slot) === LUA_TYPE.table && isCounted(vm, vm.values.objectAt(slot))
}

function errorField(vm: LuaVm, table: Slot): string {
  const field = vm.values.field(vm.values.objectAt(table), vm.word('err'))
  if (field === 0) return 'ERR unknown error'
  return vm.values.typeOf(field) === LUA_TYPE.string ? vm.values.latin1At(field) : shown(vm, field)
}

/** As Lua's tostring shows it. */
function shown(vm: LuaVm, slot: Slot): string {
  switch (vm.values.typeOf(slot)) {
    case LUA_TYPE.string:
      return vm.values.latin1At(slot)
    case LUA_TYPE.number:
      return formatG(vm.values.numberAt(slot), LUA_DIGITS)
    case LUA_TYPE.boolean:
      return String(vm.values.booleanAt(slot))
    case LUA_TYPE.nil:
      return 'nil'
    default:
      return `${typeName(vm.values.typeOf(slot))}: 0x${vm.values.objectAt(slot).toString(16)}`
  }
}
