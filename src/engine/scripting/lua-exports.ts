import { invariant } from '../../shared/assert.ts'
import type { WasmInstance, WasmMemory, WasmTable } from './webassembly.ts'

/** A thread of Lua's (lua_State), as an address in the module's memory. */
export type LuaThread = number
type Address = number

/** The C API, as far as it is used; what each does stands in the Lua 5.1 reference manual. */
export interface LuaExports {
  readonly memory: WasmMemory
  readonly table: WasmTable
  /** Of its type, and put into the module's table: Lua calls it as a C function. */
  readonly invokeHost: unknown
  readonly longjmp: unknown
  readonly callConstructors: () => void
  readonly stackSave: () => number
  readonly stackRestore: (pointer: number) => void
  readonly setThrew: (threw: number, value: number) => void
  readonly malloc: (bytes: number) => Address
  readonly free: (address: Address) => void
  readonly luaL_newstate: () => LuaThread
  readonly luaL_openlibs: (thread: LuaThread) => void
  readonly luaL_loadbuffer: (t: LuaThread, code: Address, bytes: number, name: Address) => number
  /** Formats with the C arguments at `args`. Both add where the error was; neither returns. */
  readonly luaL_error: (thread: LuaThread, format: Address, args: Address) => number
  readonly luaL_argerror: (thread: LuaThread, index: number, message: Address) => number
  readonly luaG_runerror: (thread: LuaThread, format: Address, args: Address) => void
  readonly lua_error: (thread: LuaThread) => number
  readonly lua_checkstack: (thread: LuaThread, slots: number) => number
  readonly lua_settop: (thread: LuaThread, index: number) => void
  readonly lua_insert: (thread: LuaThread, index: number) => void
  readonly lua_remove: (thread: LuaThread, index: number) => void
  readonly lua_replace: (thread: LuaThread, index: number) => void
  readonly lua_pushvalue: (thread: LuaThread, index: number) => void
  readonly lua_pushlstring: (thread: LuaThread, bytes: Address, length: number) => void
  readonly lua_pushcclosure: (thread: LuaThread, place: number, upvalues: number) => void
  readonly lua_createtable: (thread: LuaThread, array: number, fields: number) => void
  readonly lua_rawgeti: (thread: LuaThread, index: number, key: number) => void
  readonly lua_rawseti: (thread: LuaThread, index: number, key: number) => void
  readonly lua_rawset: (thread: LuaThread, index: number) => void
  readonly lua_getfield: (thread: LuaThread, index: number, name: Address) => void
  readonly lua_setfield: (thread: LuaThread, index: number, name: Address) => void
  readonly lua_gettable: (thread: LuaThread, index: number) => void
  readonly lua_setmetatable: (thread: LuaThread, index: number) => number
  readonly lua_tolstring: (thread: LuaThread, index: number, length: Address) => Address
  readonly lua_pcall: (thread: LuaThread, args: number, results: number, handler: number) => number
  readonly lua_xmove: (from: LuaThread, to: LuaThread, count: number) => void
  readonly lua_getstack: (thread: LuaThread, level: number, debug: Address) => number
  readonly lua_getinfo: (thread: LuaThread, what: Address, debug: Address) => number
  readonly lua_gc: (thread: LuaThread, what: number, data: number) => number
  /** What coroutine.resume does: results, or -1 and the error, on the stack of `from`. */
  readonly auxresume: (from: LuaThread, thread: LuaThread, args: number) => number
}

/** The names that the package's build gave to what it exports. */
const MINIFIED: Readonly<Record<string, string>> = {
  memory: 'F',
  table: 'qa',
  callConstructors: 'G',
  stackSave: 'la',
  stackRestore: 'ma',
  setThrew: 'oa',
  malloc: 'pa',
  luaL_newstate: '$',
  luaL_openlibs: 'ga',
  luaL_loadbuffer: 'Z',
  lua_settop: 'I',
  lua_insert: 'K',
  lua_remove: 'J',
  lua_replace: 'L',
  lua_pushvalue: 'M',
  lua_getfield: 'T',
  lua_setfield: 'V',
  lua_gettable: 'S',
  lua_tolstring: 'Q',
  lua_pcall: 'X',
}

const ADDED = [
  'free',
  'invokeHost',
  'longjmp',
  'luaL_error',
  'luaL_argerror',
  'luaG_runerror',
  'lua_error',
  'lua_checkstack',
  'lua_pushlstring',
  'lua_pushcclosure',
  'lua_createtable',
  'lua_rawgeti',
  'lua_rawseti',
  'lua_rawset',
  'lua_setmetatable',
  'lua_xmove',
  'lua_getstack',
  'lua_getinfo',
  'lua_gc',
  'auxresume',
]

export function luaExports({ exports }: WasmInstance): LuaExports {
  const named: Record<string, unknown> = {}
  for (const [name, minified] of Object.entries(MINIFIED)) named[name] = exports[minified]
  for (const name of ADDED) named[name] = exports[name]
  invariant(isComplete(named), 'the Lua module exports what it is known to')
  return named
}

function isComplete(named: unknown): named is LuaExports {
  return typeof named === 'object' && named !== null && !Object.values(named).includes(undefined)
}
