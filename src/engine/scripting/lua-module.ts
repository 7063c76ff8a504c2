import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { invariant, nth } from '../../shared/assert.ts'
import { compile, type WasmModule } from './webassembly.ts'

/**
 * Lua 5.1.5 as lua-wasm-bindings 0.5.3 compiled it. Its own glue speaks through C strings, standard input and
 * output, and offers two dozen functions; here the module is opened without it. Before it is compiled, two things
 * are done to it, which a linker would have done: functions it holds are exported, and tables can be locked, as
 * in the Lua that Redis ships. Function numbers belong to exactly this file, so its hash is asked first.
 */
const FILE = 'lua-wasm-bindings/dist/glue/glue-lua-5.1.5.wasm'
const FILE_SHA256 = '827e0dc36ee65ba3e7c0e929a49d6f55350c47a522fc72d70db0ebcae164af97'

/** The module's functions, by number, that the host calls besides those it exports. */
const ADDED_EXPORTS: Readonly<Record<string, number>> = {
  longjmp: 6,
  invokeHost: 18,
  luaL_error: 34,
  lua_pushlstring: 46,
  luaL_argerror: 56,
  luaG_runerror: 57,
  lua_rawgeti: 58,
  lua_pushcclosure: 64,
  lua_rawseti: 71,
  lua_getstack: 87,
  lua_setmetatable: 88,
  lua_createtable: 92,
  lua_xmove: 123,
  free: 135,
  lua_getinfo: 140,
  lua_error: 196,
  lua_rawset: 199,
  lua_checkstack: 201,
  lua_gc: 229,
  auxresume: 299,
}

/** Imports of the C library that no script can reach: what they stand for is free. */
const REPORT_LOCKED_TABLE = 17

/** luaH_set and luaH_setnum: every way to change a table of a script's goes through one of them. */
const TABLE_SETTERS = [248, 209]
const SET_METATABLE = 481

/** The bits of Table.flags that Lua has no use for, and what a locked table has there (all set: never written to). */
export const LOCK_MASK = 0xe0
export const LOCKED = 0x40
export const TABLE_FLAGS_OFFSET = 6

const SECTION_IMPORT = 2
const SECTION_EXPORT = 7
const SECTION_CODE = 10

/** Reads, extends and compiles the module: some 10 ms. Throws when the package holds another build. */
export function openLuaModule(): WasmModule {
  const bytes = readFileSync(createRequire(import.meta.url).resolve(FILE))
  invariant(
    hash('sha256', bytes) === FILE_SHA256,
    `${FILE} is the build whose functions are known by number`,
  )
  return compile(withAdditions(bytes))
}

function withAdditions(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [bytes.subarray(0, 8)]
  let importedFunctions = 0
  for (let at = 8; at < bytes.length; ) {
    const id = nth(bytes, at)
    const size = readUnsigned(bytes, at + 1)
    const body = bytes.subarray(size.end, size.end + size.value)
    if (id === SECTION_IMPORT) importedFunctions = readUnsigned(body, 0).value
    if (id === SECTION_EXPORT) parts.push(...section(id, withExports(body)))
    else if (id === SECTION_CODE) parts.push(...section(id, withLocks(body, importedFunctions)))
    else parts.push(bytes.subarray(at, size.end + size.value))
    at = size.end + size.value
  }
  return Buffer.concat(parts)
}

function section(id: number, body: Uint8Array): Uint8Array[] {
  return [Uint8Array.of(id, ...unsigned(body.length)), body]
}

function withExports(body: Uint8Array): Uint8Array {
  const count = readUnsigned(body, 0)
  const added = Object.entries(ADDED_EXPORTS).map(([name, index]) =>
    Uint8Array.of(name.length, ...Buffer.from(name), 0, ...unsigned(index)),
  )
  const total = Uint8Array.from(unsigned(count.value + added.length))
  return Buffer.concat([total, body.subarray(count.end), ...added])
}

function withLocks(body: Uint8Array, importedFunctions: number): Uint8Array {
  const count = readUnsigned(body, 0)
  const parts: Uint8Array[] = [body.subarray(0, count.end)]
  for (let at = count.end, index = importedFunctions; at < body.length; index += 1) {
    const size = readUnsigned(body, at)
    const code = body.subarray(size.end, size.end + size.value)
    const check = checkOf(index)
    if (check === undefined) {
      parts.push(body.subarray(at, size.end + size.value))
    } else {
      const start = endOfLocals(code)
      parts.push(
        Uint8Array.from(unsigned(code.length + check.length)),
        code.subarray(0, start),
        check,
        code.subarray(start),
      )
    }
    at = size.end + size.value
  }
  return Buffer.concat(parts)
}

/** What is put in front of a function's code. */
function checkOf(index: number): Uint8Array | undefined {
  if (TABLE_SETTERS.includes(index)) return Uint8Array.from(reportIfLocked([OP.localGet, 1]))
  if (index !== SET_METATABLE) return undefined
  // Its first argument is at L->base, and is a table when its type says 5.
  const base = [OP.localGet, 0, OP.load, 2, 12]
  const isTable = [...base, OP.load, 2, 8, OP.const, 5, OP.equal]
  const check = reportIfLocked([...base, OP.load, 2, 0])
  return Uint8Array.of(...isTable, OP.if, OP.noValue, ...check, OP.end)
}

const OP = {
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  load: 0x28,
  load8: 0x2d,
  const: 0x41,
  equal: 0x46,
  and: 0x71,
  noValue: 0x40,
} as const

/** `if ((table->flags & LOCK_MASK) == LOCKED) report(L)`. */
function reportIfLocked(table: readonly number[]): number[] {
  const flags = [...table, OP.load8, 0, TABLE_FLAGS_OFFSET]
  const isLocked = [OP.const, ...signed(LOCK_MASK), OP.and, OP.const, ...signed(LOCKED), OP.equal]
  const report = [OP.localGet, 0, OP.call, REPORT_LOCKED_TABLE, OP.drop]
  return [...flags, ...isLocked, OP.if, OP.noValue, ...report, OP.end]
}

function endOfLocals(code: Uint8Array): number {
  const groups = readUnsigned(code, 0)
  let at = groups.end
  for (let group = 0; group < groups.value; group += 1) at = readUnsigned(code, at).end + 1
  return at
}

/** LEB128, as WebAssembly writes integers. */
function readUnsigned(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  for (let at = start, scale = 1; ; at += 1, scale *= 128) {
    const byte = nth(bytes, at)
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return { value, end: at + 1 }
  }
}

function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}

/** Of a number in [64, 8192): two bytes, so that the sign bit stays clear. */
function signed(value: number): number[] {
  return [(value & 0x7f) | 0x80, value >> 7]
}
