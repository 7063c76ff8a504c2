import { invariant } from '../../shared/assert.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { addBit } from './bit.ts'
import { addCjson } from './cjson.ts'
import { addCmsgpack } from './cmsgpack.ts'
import { LuaReplyWriter } from './lua-reply-writer.ts'
import { LUA_TYPE } from './lua-values.ts'
import { type HostFunction, LuaVm, type LuaVmOptions } from './lua-vm.ts'
import { PRELUDE } from './prelude.ts'
import type { Random48 } from './random48.ts'
import {
  addEvalFunctions,
  addRandom,
  pushLoadingTable,
  pushRedisTable,
  type RedisApiOptions,
} from './redis-api.ts'
import { ScriptReply } from './script-reply.ts'
import type { ScriptRunner } from './script-runner.ts'
import { addStruct } from './struct.ts'

/** Instructions between two looks at whether a script has run too long, as in Redis. */
const HOOK_INSTRUCTIONS = 100_000
/** What the VM's objects may take in all: a script that needs more fails. */
const MEMORY_BYTES_MAX = 512 * 1_024 ** 2

const LOOKED = { lua: 1, noLua: 2, pause: 3 } as const

export interface ScriptVmOptions {
  readonly module: LuaVmOptions['module']
  readonly runner: ScriptRunner
  readonly random: Random48
  readonly logLevel: () => number
  /** redis.register_function: its VM is one of functions. Without it, one of EVAL's scripts. */
  readonly registerFunction?: HostFunction
}

/** A Lua as Redis sets one up: its libraries, `redis`, and all tables a script finds locked. */
export class ScriptVm {
  readonly vm: LuaVm
  readonly reply: ScriptReply
  /** Metatables by which a VM of functions shows other globals to a library that is loaded. */
  #globalsMetatable = 0
  #runGlobals = 0
  #loadGlobals = 0

  constructor(options: ScriptVmOptions) {
    const { module, runner } = options
    const hookInstructions = HOOK_INSTRUCTIONS
    const onHook = (): ReturnType<LuaVmOptions['onHook']> => runner.onHook()
    this.vm = new LuaVm({ module, memoryBytesMax: MEMORY_BYTES_MAX, hookInstructions, onHook })
    this.reply = new ScriptReply(this.vm)
    const api = { ...options, vm: this.vm, reply: new LuaReplyWriter(this.vm) }
    this.#runPrelude(runner)
    this.#addLibraries(api)
    if (options.registerFunction === undefined) this.#protectGlobals()
    else this.#prepareForFunctions(api, options.registerFunction)
  }

  /** While a library is loaded it sees little more than redis.register_function. */
  showGlobals(kind: 'load' | 'run'): void {
    const { vm } = this
    vm.pushKept(this.#globalsMetatable)
    const metatable = vm.values.objectAt(vm.fromTop(1))
    vm.values.setLocked(metatable, false)
    vm.pushWord('__index')
    vm.pushKept(kind === 'load' ? this.#loadGlobals : this.#runGlobals)
    vm.setPair()
    vm.values.setLocked(metatable, true)
    vm.pop(1)
  }

  #runPrelude(runner: ScriptRunner): void {
    const { vm } = this
    vm.loadHidden(PRELUDE, '=prelude')
    vm.pushFunction(() => look(vm, runner))
    vm.pushFunction(() => {
      // A coroutine that was ended is no reason to start the next one.
      if (runner.current?.isKilled === true) return raiseKill(vm, replyErrors.scriptKilled)
      vm.pushBoolean(vm.isSuspended)
      return 1
    })
    vm.pushFunction(() => {
      vm.pushBoolean(vm.isScriptThread)
      return 1
    })
    vm.pushFunction(() => explain(vm))
    invariant(vm.call(4), 'the prelude runs')
    vm.pop(1)
  }

  #addLibraries(api: RedisApiOptions): void {
    const { vm } = this
    addCjson(vm)
    addStruct(vm)
    addCmsgpack(vm)
    addBit(vm)
    vm.pushGlobal('math')
    addRandom(api)
    vm.pop(1)
    pushRedisTable(api)
    vm.setGlobal('redis')
  }

  #protectGlobals(): void {
    const { vm } = this
    vm.pushGlobal('redis')
    addEvalFunctions(vm)
    vm.pop(1)
    // Redis keeps the handler of errors here; ours is none of Lua's.
    vm.pushFunction(() => 1)
    vm.setGlobal('__redis__err__handler')
    this.#setErrorMetatable(() => vm.pushGlobals())
    this.#lockAll(vm.globals)
    this.#lockStrings()
  }

  /** The metatable that all strings share is another table that one script could spoil for the next. */
  #lockStrings(): void {
    const { vm } = this
    invariant(vm.load(Buffer.from("return getmetatable('')"), '=host') === undefined, 'it is Lua')
    invariant(vm.call(0), 'strings have a metatable')
    this.#lockAll(vm.values.objectAt(vm.fromTop(1)))
    vm.pop(1)
  }

  #prepareForFunctions(api: RedisApiOptions, registerFunction: HostFunction): void {
    const { vm } = this
    vm.newTable(0, 1)
    vm.pushWord('redis')
    pushLoadingTable(api, registerFunction)
    this.#addErrorMetatable()
    vm.setPair()
    this.#addErrorMetatable()
    this.#lockAll(vm.values.objectAt(vm.fromTop(1)))
    this.#loadGlobals = vm.keep()
    this.#setErrorMetatable(() => vm.pushGlobals())
    this.#lockStrings()
    this.#lockAll(vm.globals)
    vm.pushGlobals()
    this.#runGlobals = vm.keep()
    // The globals themselves become an empty table that shows others.
    vm.newTable(0, 0)
    const globals = vm.values.objectAt(vm.fromTop(1))
    vm.newTable(0, 1)
    vm.pushCopy(vm.fromTop(1))
    this.#globalsMetatable = vm.keep()
    vm.setMetatable()
    vm.values.setLocked(globals, true)
    vm.replaceGlobals()
    this.showGlobals('run')
  }

  #setErrorMetatable(pushTable: () => void): void {
    pushTable()
    this.#addErrorMetatable()
    this.vm.pop(1)
  }

  /** Of the table on top: what it has not is an error. */
  #addErrorMetatable(): void {
    const { vm } = this
    vm.newTable(0, 1)
    vm.pushWord('__index')
    vm.pushFunction(() => failMissingGlobal(vm))
    vm.setPair()
    vm.setMetatable()
  }

  /** All tables to be reached from this one, and their metatables. */
  #lockAll(table: number): void {
    const { vm } = this
    if (vm.values.isLocked(table)) return
    vm.values.setLocked(table, true)
    for (let at = vm.values.nextPair(table, 0); at >= 0; at = vm.values.nextPair(table, at + 1)) {
      const slot = vm.values.valueOf(table, at)
      if (vm.values.typeOf(slot) === LUA_TYPE.table) this.#lockAll(vm.values.objectAt(slot))
    }
    const metatable = vm.values.metatableOf(table)
    if (metatable !== 0) this.#lockAll(metatable)
  }
}

/** What pcall is about to call (if anything), and whether the script has to stop first. */
function look(vm: LuaVm, runner: ScriptRunner): number {
  const answer = vm.isYieldable ? runner.onLook() : 'continue'
  if (typeof answer === 'object') return raiseKill(vm, answer.killWith)
  if (answer === 'suspend') vm.isSuspended = true
  const isLua = vm.argumentType(1) === LUA_TYPE.function && vm.values.isLuaFunction(vm.argument(1))
  const kind = isLua ? LOOKED.lua : LOOKED.noLua
  vm.pushNumber(answer === 'suspend' ? LOOKED.pause : kind)
  return 1
}

const WRONG_ARGUMENT = /^bad argument #(\d+) to '\?' (\(.*\))$/s
/** Lua itself says no place for these when a C function is the one that fails. */
const WITHOUT_PLACE = /^(?:[Aa]ttempt to |not enough memory$|stack overflow)/
const CALLER_LEVEL = 2

/**
 * What a C function that was called by the one that asks would have said if the script had called it: its error's
 * text, and the level of the place to put in front, for error().
 */
function explain(vm: LuaVm): number {
  if (vm.argumentType(1) !== LUA_TYPE.string) {
    vm.pushCopy(vm.argument(1))
    vm.pushNumber(0)
    return 2
  }
  const problem = vm.values.latin1At(vm.argument(1))
  const [, number, reason = ''] = WRONG_ARGUMENT.exec(problem) ?? []
  vm.pushLatin1(number === undefined ? problem : wrongArgument(vm, Number(number), reason))
  vm.pushNumber(WITHOUT_PLACE.test(problem) ? 0 : CALLER_LEVEL)
  return 2
}

/** lauxlib.c, luaL_argerror: the object of a method is no argument. */
function wrongArgument(vm: LuaVm, number: number, reason: string): string {
  const { name, isMethod } = vm.readCall(1)
  if (isMethod && number === 1) return `calling '${name}' on bad self ${reason}`
  return `bad argument #${isMethod ? number - 1 : number} to '${name}' ${reason}`
}

function raiseKill(vm: LuaVm, text: string): number {
  vm.newTable(0, 1)
  vm.pushWord('err')
  vm.pushLatin1(text)
  vm.setPair()
  return vm.raise()
}

/** script_lua.c, luaProtectedTableError. */
function failMissingGlobal(vm: LuaVm): number {
  if (vm.argumentCount !== 2) {
    return vm.fail('Wrong number of arguments to luaProtectedTableError')
  }
  if (!vm.toStringInPlace(2)) {
    return vm.fail('Second argument to luaProtectedTableError must be a string or number')
  }
  const name = vm.values.latin1At(vm.argument(2))
  return vm.fail(`Script attempted to access nonexistent global variable '${name}'`)
}
