import { invariant } from '../../shared/assert.ts'
import type { LuaExports } from './lua-exports.ts'

/** What a longjmp throws: Lua's errors unwind the C stack this way. A string costs no stack trace. */
export const LONGJMP = 'longjmp'

const PAGE_BYTES = 65_536
const ERROR_JUMP_OFFSET = 112
const JUMP_STATUS_OFFSET = 160
const LUA_ERRRUN = 2
/** longjmp's second argument; a hook's is an address. */
const JUMP_VALUE = 1

/** What the module asks of its host. */
export interface LuaHost {
  readonly lua: () => LuaExports
  readonly memoryBytesMax: number
  /** After the memory has grown: views of it have to be made anew. */
  readonly memoryGrew: () => void
  readonly invoke: (thread: number) => number
  /** A script wants to change a table that is locked. Does not return. */
  readonly lockedTable: (thread: number) => number
  readonly hook: (thread: number) => void
}

/**
 * The module's imports, by the names of the package's build. Of the C library only what a script can reach does
 * something; the rest answers that it failed, so that files, processes and the clock are out of reach.
 */
export function luaImports(host: LuaHost): Readonly<Record<string, unknown>> {
  let tempRet0 = 0
  const fail = (): number => -1
  const zero = (): number => 0
  return {
    a: fail,
    b: (value: number) => {
      tempRet0 = value
    },
    c: fail,
    d: fail,
    e: () => tempRet0,
    f: zero,
    g: (first: number, second: number) => {
      if (second !== JUMP_VALUE) return host.hook(first)
      host.lua().setThrew(first, second)
      throw LONGJMP
    },
    h: fail,
    i: fail,
    j: () => invariant(false, 'Lua never exits'),
    k: fail,
    l: (index: number, thread: number, data: number) => callProtected(host, index, thread, data),
    m: fail,
    n: (bytes: number) => growMemory(host, bytes),
    o: fail,
    p: fail,
    q: fail,
    r: (thread: number) => host.lockedTable(thread),
    s: (thread: number) => host.invoke(thread),
    t: zero,
    u: zero,
    v: zero,
    w: zero,
    x: zero,
    y: fail,
    z: zero,
    A: zero,
    B: fail,
    C: fail,
    D: fail,
    E: (target: number, source: number, bytes: number) => {
      new Uint8Array(host.lua().memory.buffer).copyWithin(target, source, source + bytes)
      return target
    },
  }
}

/** luaD_rawrunprotected's call: where a longjmp lands. */
function callProtected(host: LuaHost, index: number, thread: number, data: number): void {
  const lua = host.lua()
  const pointer = lua.stackSave()
  const called = lua.table.get(index)
  invariant(typeof called === 'function', 'C calls functions')
  try {
    called(thread, data)
  } catch (error) {
    lua.stackRestore(pointer)
    // A pattern or a nest of calls that is too deep for V8's stack is the script's mistake, not ours.
    if (error instanceof RangeError) overflow(host, thread)
    else if (error !== LONGJMP) throw error
    lua.setThrew(1, 0)
  }
}

/** What luaD_throw would have done for an error that happened outside of Lua. */
function overflow(host: LuaHost, thread: number): void {
  const lua = host.lua()
  const text = Buffer.from('stack overflow')
  const at = lua.malloc(text.length)
  new Uint8Array(lua.memory.buffer).set(text, at)
  lua.lua_pushlstring(thread, at, text.length)
  lua.free(at)
  const words = new Int32Array(lua.memory.buffer)
  const jump = words[(thread + ERROR_JUMP_OFFSET) >> 2] ?? 0
  words[(jump + JUMP_STATUS_OFFSET) >> 2] = LUA_ERRRUN
  lua.setThrew(jump + 4, JUMP_VALUE)
}

/** Refusing makes Lua collect, and then raise "not enough memory". */
function growMemory(host: LuaHost, bytes: number): number {
  const { memory } = host.lua()
  if (bytes > host.memoryBytesMax) return 0
  // By an eighth at least, so that growing stays rare.
  const wanted = Math.min(host.memoryBytesMax, Math.max(bytes, memory.buffer.byteLength * 1.125))
  const pages = Math.ceil((wanted - memory.buffer.byteLength) / PAGE_BYTES)
  try {
    memory.grow(pages)
  } catch {
    return 0
  }
  host.memoryGrew()
  return 1
}
