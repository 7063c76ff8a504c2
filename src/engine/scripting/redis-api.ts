import { hash } from 'node:crypto'
import { AUDIENCE } from '../execution/propagation.ts'
import { ENGINE_VERSION } from '../version.ts'
import { pushError, pushErrorOfScript, pushErrorReply, raiseError } from './error-table.ts'
import { formatG } from './format-g.ts'
import { checkInteger, numberOf } from './host-arguments.ts'
import { type LibraryValues, setValues } from './library.ts'
import type { LuaReplyWriter } from './lua-reply-writer.ts'
import { LUA_TYPE } from './lua-values.ts'
import { type HostFunction, type LuaVm } from './lua-vm.ts'
import { RANDOM48_MAX, type Random48 } from './random48.ts'
import type { ScriptRunner } from './script-runner.ts'

const NUMBER_DIGITS = 17
/** 7.0.15, a byte for each part. */
const VERSION_NUMBER = 0x07_00_0f
const LOG_LEVELS = { DEBUG: 0, VERBOSE: 1, NOTICE: 2, WARNING: 3 } as const
const LOG_METHODS = ['debug', 'debug', 'info', 'warn'] as const

export interface RedisApiOptions {
  readonly vm: LuaVm
  readonly runner: ScriptRunner
  readonly reply: LuaReplyWriter
  readonly random: Random48
  /** The lowest level that is logged (`loglevel`), by Redis' number. */
  readonly logLevel: () => number
}

/** What scripts see as `redis` (script_lua.c); the table is pushed. */
export function pushRedisTable(options: RedisApiOptions): void {
  const api = new RedisApi(options)
  pushValues(options.vm, {
    ...logAndVersion(options),
    call: () => api.call(true),
    pcall: () => api.call(false),
    setresp: () => api.setProtocol(),
    sha1hex: () => api.sha1hex(),
    error_reply: () => api.errorReply(),
    status_reply: () => api.statusReply(),
    set_repl: () => api.setReplication(),
    REPL_NONE: AUDIENCE.none,
    REPL_AOF: AUDIENCE.log,
    REPL_SLAVE: AUDIENCE.replica,
    REPL_REPLICA: AUDIENCE.replica,
    REPL_ALL: AUDIENCE.all,
    acl_check_cmd: () => api.mayRun(),
  })
}

/** What a library has of it while it is loaded. */
export function pushLoadingTable(options: RedisApiOptions, registerFunction: HostFunction): void {
  pushValues(options.vm, { ...logAndVersion(options), register_function: registerFunction })
}

/** What only EVAL has: without a debugger, two do nothing. Into the table on top. */
export function addEvalFunctions(vm: LuaVm): void {
  setValues(vm, {
    breakpoint: () => {
      vm.pushBoolean(false)
      return 1
    },
    debug: () => 0,
    replicate_commands: () => {
      vm.pushBoolean(true)
      return 1
    },
  })
}

/** math.random and math.randomseed, for the table on top. */
export function addRandom({ vm, runner, random }: RedisApiOptions): void {
  setValues(vm, {
    random: () => {
      if (runner.current === undefined) {
        return vm.fail('math.random can only be called inside a script invocation')
      }
      return pushRandom(vm, (random.next() % RANDOM48_MAX) / RANDOM48_MAX)
    },
    randomseed: () => {
      if (runner.current === undefined) {
        return vm.fail('math.randomseed can only be called inside a script invocation')
      }
      random.seed(checkInteger(vm, 1))
      return 0
    },
  })
}

/** lmathlib.c, math_random. */
function pushRandom(vm: LuaVm, fraction: number): number {
  const count = vm.argumentCount
  if (count > 2) return vm.fail('wrong number of arguments')
  if (count === 0) {
    vm.pushNumber(fraction)
    return 1
  }
  const low = count === 1 ? 1 : checkInteger(vm, 1)
  const high = checkInteger(vm, count)
  if (low > high) return vm.failArgument(count, 'interval is empty')
  vm.pushNumber(Math.floor(fraction * (high - low + 1)) + low)
  return 1
}

function logAndVersion({ vm, runner, logLevel }: RedisApiOptions): LibraryValues {
  return {
    log: () => log(vm, runner, logLevel()),
    LOG_DEBUG: LOG_LEVELS.DEBUG,
    LOG_VERBOSE: LOG_LEVELS.VERBOSE,
    LOG_NOTICE: LOG_LEVELS.NOTICE,
    LOG_WARNING: LOG_LEVELS.WARNING,
    REDIS_VERSION_NUM: VERSION_NUMBER,
    REDIS_VERSION: ENGINE_VERSION,
  }
}

function log(vm: LuaVm, runner: ScriptRunner, lowest: number): number {
  const count = vm.argumentCount
  if (count < 2) return raiseError(vm, 'redis.log() requires two arguments or more.')
  const level = numberOf(vm, 1)
  if (level === undefined) {
    return raiseError(vm, 'First argument must be a number (log level).')
  }
  const method = LOG_METHODS[Math.trunc(level)]
  if (method === undefined) return raiseError(vm, 'Invalid debug level.')
  if (level < lowest) return 0
  const parts: string[] = []
  for (let index = 2; index <= count; index += 1) {
    if (vm.toStringInPlace(index)) parts.push(vm.values.latin1At(vm.argument(index)))
  }
  runner.log[method]({}, parts.join(' '))
  return 0
}

function pushValues(vm: LuaVm, values: LibraryValues): void {
  vm.newTable(0, Object.keys(values).length)
  setValues(vm, values)
}

/** The functions that need more than the VM. */
class RedisApi {
  readonly #vm: LuaVm
  readonly #runner: ScriptRunner
  readonly #reply: LuaReplyWriter

  constructor({ vm, runner, reply }: RedisApiOptions) {
    this.#vm = vm
    this.#runner = runner
    this.#reply = reply
  }

  call(raises: boolean): number {
    const vm = this.#vm
    const run = this.#runner.current
    if (run === undefined) {
      return raiseError(vm, 'redis.call/pcall can only be called inside a script invocation')
    }
    if (!this.#readArguments()) return raises ? vm.raise() : 1
    const refusal = this.#runner.run(run, this.#reply)
    if (refusal !== undefined) pushErrorReply(vm, refusal)
    const hasFailed = refusal !== undefined || this.#reply.isError
    return raises && hasFailed ? vm.raise() : 1
  }

  setProtocol(): number {
    const vm = this.#vm
    const run = this.#runner.current
    if (run === undefined) {
      return raiseError(vm, 'redis.setresp can only be called inside a script invocation')
    }
    if (vm.argumentCount !== 1) return raiseError(vm, 'redis.setresp() requires one argument.')
    const protocol = Math.trunc(numberOf(vm, 1) ?? 0)
    if (protocol !== 2 && protocol !== 3) return raiseError(vm, 'RESP version must be 2 or 3.')
    run.protocol = protocol
    return 0
  }

  sha1hex(): number {
    const vm = this.#vm
    if (vm.argumentCount !== 1) return raiseError(vm, 'wrong number of arguments')
    const isString = vm.toStringInPlace(1)
    const start = isString ? vm.values.stringStart(vm.argument(1)) : 0
    const end = isString ? start + vm.values.stringLength(vm.argument(1)) : 0
    vm.pushLatin1(hash('sha1', vm.values.bytes.subarray(start, end)))
    return 1
  }

  errorReply(): number {
    const vm = this.#vm
    if (!this.#hasOneString) pushError(vm, 'wrong number or type of arguments')
    else pushErrorOfScript(vm, vm.values.latin1At(vm.argument(1)))
    return 1
  }

  statusReply(): number {
    const vm = this.#vm
    if (!this.#hasOneString) {
      pushError(vm, 'wrong number or type of arguments')
      return 1
    }
    vm.newTable(0, 1)
    vm.pushWord('ok')
    vm.pushCopy(vm.argument(1))
    vm.setPair()
    return 1
  }

  setReplication(): number {
    const vm = this.#vm
    const run = this.#runner.current
    if (run === undefined) {
      return raiseError(vm, 'redis.set_repl can only be called inside a script invocation')
    }
    if (vm.argumentCount !== 1) {
      return raiseError(vm, 'redis.set_repl() requires two arguments.')
    }
    const flags = Math.trunc(numberOf(vm, 1) ?? 0)
    if ((flags & ~AUDIENCE.all) !== 0) {
      return raiseError(
        vm,
        'Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.',
      )
    }
    run.audience = flags
    return 0
  }

  mayRun(): number {
    const vm = this.#vm
    const run = this.#runner.current
    if (run === undefined) {
      return raiseError(vm, 'redis.acl_check_cmd can only be called inside a script invocation')
    }
    if (!this.#readArguments()) return vm.raise()
    const isAllowed = this.#runner.mayRun(run)
    if (isAllowed === undefined) {
      return raiseError(vm, 'Invalid command passed to redis.acl_check_cmd()')
    }
    vm.pushBoolean(isAllowed)
    return 1
  }

  get #hasOneString(): boolean {
    return this.#vm.argumentCount === 1 && this.#vm.argumentType(1) === LUA_TYPE.string
  }

  /** Into the runner's vector; false when there is an error on the stack instead. */
  #readArguments(): boolean {
    const vm = this.#vm
    const { argv } = this.#runner
    const count = vm.argumentCount
    if (count === 0) {
      pushError(vm, 'Please specify at least one argument for this redis lib call')
      return false
    }
    argv.begin()
    for (let index = 1; index <= count; index += 1) {
      const slot = vm.argument(index)
      const type = vm.values.typeOf(slot)
      if (type === LUA_TYPE.string) {
        argv.addSlice(vm.values.bytes, vm.values.stringStart(slot), vm.values.stringLength(slot))
      } else if (type === LUA_TYPE.number) {
        argv.addWord(formatG(vm.values.numberAt(slot), NUMBER_DIGITS))
      } else {
        pushError(vm, 'Lua redis lib command arguments must be strings or integers')
        return false
      }
    }
    return true
  }
}
