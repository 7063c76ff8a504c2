import type { Clock } from '../../shared/clock.ts'
import { splitArguments } from '../protocol/inline-arguments.ts'
import { raiseError } from './error-table.ts'
import {
  addFunction,
  type FunctionLibraries,
  isLibraryName,
  LIBRARY_NAME_RULE,
  type Library,
  releaseLibrary,
} from './function-libraries.ts'
import { LUA_TYPE, type Slot } from './lua-values.ts'
import { type LuaVm } from './lua-vm.ts'
import { SCRIPT_FLAGS, type ScriptFlag } from './script-flags.ts'
import type { ScriptRunner } from './script-runner.ts'
import type { ScriptVm } from './script-vm.ts'

const NEW_LINE = 0x0a

interface LoadOptions {
  /** A library of the same name goes. */
  readonly replaces: boolean
  /** No longer than half a second: not for what a log or a primary sends. */
  readonly isLimited: boolean
}

interface Registration {
  name: string | undefined
  description: string | undefined
  flags: ReadonlySet<ScriptFlag>
  reference: number | undefined
}

/** Loads libraries (functions.c, function_lua.c): runs their code, which registers functions. */
export class LibraryLoader {
  readonly #runner: ScriptRunner
  readonly #clock: () => Clock
  #loading: Library | undefined

  constructor(runner: ScriptRunner, clock: () => Clock) {
    this.#runner = runner
    this.#clock = clock
  }

  /** The library, linked into `libraries`; or the error's text without its code. */
  load(
    scriptVm: ScriptVm,
    code: Buffer,
    options: LoadOptions & { readonly libraries: FunctionLibraries },
  ): Library | string {
    const { libraries } = options
    const header = parseHeader(code)
    if (typeof header === 'string') return header
    const old = libraries.libraries.get(header.name)
    if (old !== undefined && !options.replaces) return `Library '${header.name}' already exists`
    const library: Library = { name: header.name, code, functions: new Map() }
    // What it replaces is out of the way while it loads, and back when it does not.
    if (old !== undefined) libraries.unlink(old)
    const { vm } = scriptVm
    const problem =
      this.#run(scriptVm, code.subarray(header.length), { library, ...options }) ??
      (library.functions.size === 0 ? 'No functions registered' : libraries.clash(library))
    if (problem !== undefined) {
      releaseLibrary(vm, library)
      if (old !== undefined) libraries.link(old)
      return problem
    }
    libraries.link(library)
    if (old !== undefined) releaseLibrary(vm, old)
    return library
  }

  /** redis.register_function. */
  register(vm: LuaVm): number {
    const library = this.#loading
    if (library === undefined) {
      return raiseError(vm, 'redis.register_function can only be called on FUNCTION LOAD command')
    }
    const registration = readRegistration(vm)
    if (typeof registration === 'string') return raiseError(vm, registration)
    const { name = '', description, flags, reference = 0 } = registration
    const problem = addFunction(library, { name, description, flags, reference })
    if (problem === undefined) return 0
    vm.release(reference)
    return raiseError(vm, problem)
  }

  #run(
    scriptVm: ScriptVm,
    code: Buffer,
    { library, isLimited }: LoadOptions & { readonly library: Library },
  ): string | undefined {
    const { vm } = scriptVm
    scriptVm.showGlobals('load')
    const runner = this.#runner
    this.#loading = library
    runner.loadStartedMs = this.#clock().monotonicMs()
    runner.isLoadLimited = isLimited
    try {
      const problem = vm.load(code, '@user_function')
      if (problem !== undefined) return `Error compiling function: ${problem}`
      vm.prepare()
      const result = vm.resume(0)
      const failure = result === 'returned' ? undefined : errorText(vm, vm.fromTop(1))
      vm.pop(1)
      if (result !== 'returned') vm.dropThread()
      return failure === undefined ? undefined : `Error registering functions: ${failure}`
    } finally {
      this.#loading = undefined
      runner.loadStartedMs = undefined
      scriptVm.showGlobals('run')
    }
  }
}

/** script_lua.c, luaExtractErrorInformation. */
function errorText(vm: LuaVm, slot: Slot): string {
  const field =
    vm.values.typeOf(slot) === LUA_TYPE.table
      ? vm.values.field(vm.values.objectAt(slot), vm.word('err'))
      : 0
  if (field !== 0 && vm.values.typeOf(field) === LUA_TYPE.string) return vm.values.latin1At(field)
  if (vm.values.typeOf(slot) === LUA_TYPE.string) return `ERR ${vm.values.latin1At(slot)}`
  return 'ERR unknown error'
}

interface LibraryHeader {
  readonly name: string
  /** Up to the end of the line. */
  readonly length: number
}

/** The first line: `#!lua name=mylib` (functions.c, functionExtractLibMetaData). */
function parseHeader(code: Buffer): LibraryHeader | string {
  if (code.toString('latin1', 0, 2) !== '#!') return 'Missing library metadata'
  const length = code.indexOf(NEW_LINE)
  if (length < 0) return 'Invalid library metadata'
  const [engine, ...words] = splitArguments(code.toString('latin1', 0, length)) ?? []
  if (engine === undefined) return 'Invalid library metadata'
  let name: string | undefined
  for (const word of words) {
    if (word.slice(0, 5).toLowerCase() !== 'name=') return `Invalid metadata value given: ${word}`
    if (name !== undefined) return 'Invalid metadata value, name argument was given multiple times'
    name = word.slice(5)
  }
  if (name === undefined) return 'Library name was not given'
  if (!isLibraryName(name)) return LIBRARY_NAME_RULE
  if (engine.slice(2).toLowerCase() !== 'lua') return `Engine '${engine.slice(2)}' not found`
  return { name, length }
}

/** Either (name, function) or one table with names; the error's text when it is neither. */
function readRegistration(vm: LuaVm): Registration | string {
  const count = vm.argumentCount
  if (count < 1 || count > 2) return 'wrong number of arguments to redis.register_function'
  if (count === 1) return readNamed(vm)
  if (!isText(vm, vm.argument(1))) {
    return 'first argument to redis.register_function must be a string'
  }
  if (vm.argumentType(2) !== LUA_TYPE.function) {
    return 'second argument to redis.register_function must be a function'
  }
  vm.toStringInPlace(1)
  const name = vm.values.latin1At(vm.argument(1))
  vm.pushCopy(vm.argument(2))
  return { name, description: undefined, flags: new Set(), reference: vm.keep() }
}

function readNamed(vm: LuaVm): Registration | string {
  if (vm.argumentType(1) !== LUA_TYPE.table) {
    return 'calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).'
  }
  const table = vm.values.objectAt(vm.argument(1))
  const read: Registration = {
    name: undefined,
    description: undefined,
    flags: new Set(),
    reference: undefined,
  }
  const problem = readFields(vm, table, read) ?? missingField(read)
  if (problem === undefined) return read
  if (read.reference !== undefined) vm.release(read.reference)
  return problem
}

function missingField(read: Registration): string | undefined {
  if (read.name === undefined) return 'redis.register_function must get a function name argument'
  if (read.reference === undefined) return 'redis.register_function must get a callback argument'
  return undefined
}

function readFields(vm: LuaVm, table: number, read: Registration): string | undefined {
  for (let at = vm.values.nextPair(table, 0); at >= 0; at = vm.values.nextPair(table, at + 1)) {
    const key = vm.values.keyOf(table, at)
    if (vm.values.typeOf(key) !== LUA_TYPE.string) {
      return vm.values.typeOf(key) === LUA_TYPE.number
        ? 'unknown argument given to redis.register_function'
        : 'named argument key given to redis.register_function is not a string'
    }
    const problem = readField(
      vm,
      vm.values.latin1At(key).toLowerCase(),
      vm.values.valueOf(table, at),
      read,
    )
    if (problem !== undefined) return problem
  }
  return undefined
}

function readField(vm: LuaVm, key: string, value: Slot, read: Registration): string | undefined {
  switch (key) {
    case 'function_name':
      read.name = textOf(vm, value)
      return read.name === undefined
        ? 'function_name argument given to redis.register_function must be a string'
        : undefined
    case 'description':
      read.description = textOf(vm, value)
      return read.description === undefined
        ? 'description argument given to redis.register_function must be a string'
        : undefined
    case 'callback':
      if (vm.values.typeOf(value) !== LUA_TYPE.function) {
        return 'callback argument given to redis.register_function must be a function'
      }
      vm.pushCopy(value)
      read.reference = vm.keep()
      return undefined
    case 'flags':
      return readFlags(vm, value, read)
    default:
      return 'unknown argument given to redis.register_function'
  }
}

function readFlags(vm: LuaVm, value: Slot, read: Registration): string | undefined {
  if (vm.values.typeOf(value) !== LUA_TYPE.table) {
    return 'flags argument to redis.register_function must be a table representing function flags'
  }
  const flags = new Set<ScriptFlag>()
  const table = vm.values.objectAt(value)
  for (let index = 1; ; index += 1) {
    const slot = vm.values.index(table, index)
    if (slot === 0 || vm.values.typeOf(slot) === LUA_TYPE.nil) break
    const text = textOf(vm, slot)?.toLowerCase()
    const flag = SCRIPT_FLAGS.find((known) => known === text)
    if (flag === undefined) return 'unknown flag given'
    flags.add(flag)
  }
  read.flags = flags
  return undefined
}

/** A string, or a number as Lua writes it; undefined otherwise. */
function textOf(vm: LuaVm, slot: Slot): string | undefined {
  if (!isText(vm, slot)) return undefined
  vm.pushCopy(slot)
  vm.toStringInPlace(-1)
  const text = vm.values.latin1At(vm.fromTop(1))
  vm.pop(1)
  return text
}

function isText(vm: LuaVm, slot: Slot): boolean {
  return vm.values.typeOf(slot) === LUA_TYPE.string || vm.values.typeOf(slot) === LUA_TYPE.number
}
