import { invariant } from '../../shared/assert.ts'
import { type LuaExports, type LuaThread, luaExports } from './lua-exports.ts'
import { luaImports } from './lua-imports.ts'
import { LUA_TYPE, LuaValues, SLOT_BYTES, type Slot, TYPE_OFFSET } from './lua-values.ts'
import { instantiate, type WasmModule } from './webassembly.ts'

/** lua_State, as wasm32 lays it out (lstate.h). */
const THREAD = {
  status: 6,
  top: 8,
  base: 12,
  callInfo: 20,
  callDepth: 52,
  baseCallDepth: 54,
  hookMask: 56,
  hookBase: 60,
  hookCount: 64,
  hook: 68,
  globals: 72,
} as const
const REGISTRY = -10_000
const GLOBALS = -10_002
const CLOSURE_UPVALUE = 24
const CLOSURE_PROTO = 16
const PROTO = { inner: 16, lines: 20, innerCount: 52 } as const
const TAIL_CALL = '=(tail call)'
const HOOK_LINE = 4
const HOOK_COUNT = 8
const STATUS_YIELD = 1
const GC_COUNT = 3
const GC_STEP = 5
const DEBUG_BYTES = 112
const DEBUG = { name: 4, nameKind: 8, what: 12, source: 16, currentLine: 20 } as const
const SCRATCH_BYTES_MIN = 16_384
/** A C argument comes first, and then the text it points to. */
const FORMAT_TEXT_OFFSET = 8
const ESCAPE = 0x1b
const SPACE = 0x20

/** Called by a script: reads its arguments from the VM, pushes results, and gives how many. */
export type HostFunction = () => number

export type ResumeResult = 'returned' | 'suspended' | 'failed'

/** What to do with a script that runs: asked each so many instructions. */
export type HookAnswer = 'continue' | 'suspend' | { readonly killWith: string }

export interface LuaVmOptions {
  readonly module: WasmModule
  readonly memoryBytesMax: number
  /** 0: it is never asked. */
  hookInstructions: number
  readonly onHook: () => HookAnswer
}

/**
 * One Lua, with a memory of its own: the only file that knows how it is run. Values are read where they lie in
 * that memory; what changes Lua's state goes through its C API. A host function must not keep places beyond its
 * end, nor catch what a call here throws: that is how Lua unwinds.
 */
export class LuaVm {
  readonly lua: LuaExports
  readonly values = new LuaValues()
  /** The thread that runs, or ran last. */
  thread: LuaThread
  /** Set when a script was stopped at an instruction to run on later. */
  isSuspended = false
  readonly #main: LuaThread
  readonly #options: LuaVmOptions
  readonly #functions: HostFunction[] = []
  readonly #hostPlace: number
  readonly #hookPlace: number
  readonly #debug: number
  #scriptThread: LuaThread = 0
  #threadReference = 0
  #createThread = 0
  #hiddenSource = ''
  #anyFunction = 0
  #references = 0
  readonly #freeReferences: number[] = []
  readonly #cStrings = new Map<string, number>()
  #scratch: number
  #scratchBytes = SCRATCH_BYTES_MIN
  readonly #words = new Map<string, number>()

  constructor(options: LuaVmOptions) {
    this.#options = options
    const instance = instantiate(options.module, {
      a: luaImports({
        lua: () => this.lua,
        memoryBytesMax: options.memoryBytesMax,
        memoryGrew: () => this.#memoryGrew(),
        invoke: (thread) => this.#invoke(thread),
        lockedTable: (thread) => this.#reportLockedTable(thread),
        hook: (thread) => this.#hook(thread),
      }),
    })
    this.lua = luaExports(instance)
    this.#memoryGrew()
    this.lua.callConstructors()
    this.#hostPlace = this.lua.table.grow(2)
    this.#hookPlace = this.#hostPlace + 1
    this.lua.table.set(this.#hostPlace, this.lua.invokeHost)
    this.lua.table.set(this.#hookPlace, this.lua.longjmp)
    this.#debug = this.lua.malloc(DEBUG_BYTES)
    this.values.useKeySlot(this.lua.malloc(SLOT_BYTES))
    this.#scratch = this.lua.malloc(SCRATCH_BYTES_MIN)
    this.#main = this.lua.luaL_newstate()
    this.thread = this.#main
    this.lua.luaL_openlibs(this.#main)
    this.#keepCreate()
  }

  /** Bytes of Lua's own objects. */
  get usedBytes(): number {
    return this.lua.lua_gc(this.#main, GC_COUNT, 0) * 1_024
  }

  collectStep(size: number): void {
    this.lua.lua_gc(this.#main, GC_STEP, size)
  }

  // Arguments of a host function, and values at any place.

  get argumentCount(): number {
    return (
      (this.values.word(this.thread + THREAD.top) - this.values.word(this.thread + THREAD.base)) /
      SLOT_BYTES
    )
  }

  /** The place of an argument, from 1; ask `argumentCount` first. */
  argument(index: number): Slot {
    return this.values.word(this.thread + THREAD.base) + (index - 1) * SLOT_BYTES
  }

  /** A place below the top of the stack: 1 is the value pushed last. */
  fromTop(distance: number): Slot {
    return this.values.word(this.thread + THREAD.top) - distance * SLOT_BYTES
  }

  /** Of an argument that may be missing. */
  argumentType(index: number): number {
    return index > this.argumentCount ? LUA_TYPE.none : this.values.typeOf(this.argument(index))
  }

  /** Turns the number at an index of the stack into a string, as Lua prints it; false for what is neither. */
  toStringInPlace(index: number): boolean {
    return this.lua.lua_tolstring(this.thread, index, 0) !== 0
  }

  // The stack.

  /** Room for so many values more than the 20 that a host function has. */
  ensureStack(slots: number): boolean {
    return this.lua.lua_checkstack(this.thread, slots) !== 0
  }

  pushNil(): void {
    this.#push(LUA_TYPE.nil)
  }

  pushBoolean(value: boolean): void {
    this.values.words[this.fromTop(0) >> 2] = value ? 1 : 0
    this.#push(LUA_TYPE.boolean)
  }

  pushNumber(value: number): void {
    this.values.doubles[this.fromTop(0) >> 3] = value
    this.#push(LUA_TYPE.number)
  }

  /** The value at another place again. */
  pushCopy(slot: Slot): void {
    this.values.doubles[this.fromTop(0) >> 3] = this.values.numberAt(slot)
    this.values.words[this.fromTop(0) >> 2] = this.values.word(slot)
    this.values.words[(this.fromTop(0) + 4) >> 2] = this.values.word(slot + 4)
    this.#push(this.values.typeOf(slot))
  }

  pushBytes(source: Uint8Array, start: number, length: number): void {
    const target = this.scratch(length)
    const { bytes } = this.values
    if (length <= 32) {
      for (let index = 0; index < length; index += 1)
        bytes[target + index] = source[start + index] ?? 0
    } else {
      bytes.set(source.subarray(start, start + length), target)
    }
    this.lua.lua_pushlstring(this.thread, target, length)
  }

  /** A string of bytes that are in the module's memory. */
  pushMemory(start: number, length: number): void {
    this.lua.lua_pushlstring(this.thread, start, length)
  }

  /** C's null, which cjson takes for JSON's. */
  pushNullPointer(): void {
    this.values.words[this.fromTop(0) >> 2] = 0
    this.#push(LUA_TYPE.lightUserdata)
  }

  /** One byte per character. */
  pushLatin1(text: string): void {
    const target = this.scratch(text.length)
    this.values.bytes.write(text, target, 'latin1')
    this.lua.lua_pushlstring(this.thread, target, text.length)
  }

  pushUtf8(text: string): void {
    const bytes = Buffer.from(text)
    this.pushBytes(bytes, 0, bytes.length)
  }

  /** A word of ours that lives as long as the VM. */
  pushWord(word: string): void {
    this.values.words[this.fromTop(0) >> 2] = this.word(word)
    this.#push(LUA_TYPE.string)
  }

  /** The string object of a word of ours. */
  word(word: string): number {
    const known = this.#words.get(word)
    if (known !== undefined) return known
    this.pushLatin1(word)
    const object = this.values.objectAt(this.fromTop(1))
    this.values.words[this.fromTop(0) >> 2] = object
    this.#push(LUA_TYPE.string)
    // As its own key in the registry it is never collected.
    this.lua.lua_rawset(this.thread, REGISTRY)
    this.#words.set(word, object)
    return object
  }

  /** Room in the module's memory for bytes on their way to Lua; the next call takes it again. */
  scratch(length: number): number {
    if (length > this.#scratchBytes) {
      const larger = this.lua.malloc(length + (length >> 2))
      if (larger === 0) this.fail('not enough memory')
      this.lua.free(this.#scratch)
      this.#scratch = larger
      this.#scratchBytes = length + (length >> 2)
    }
    return this.#scratch
  }

  pop(count: number): void {
    this.values.words[(this.thread + THREAD.top) >> 2] = this.fromTop(count)
  }

  newTable(array: number, fields: number): void {
    this.lua.lua_createtable(this.thread, array, fields)
  }

  /** Takes the value on top into the table below it. */
  setIndex(index: number): void {
    this.lua.lua_rawseti(this.thread, -2, index)
  }

  /** Takes the value on top, and the key below it, into the table below both. */
  setPair(): void {
    this.lua.lua_rawset(this.thread, -3)
  }

  // Errors. None of these returns.

  /** Raises the value on top. */
  raise(): number {
    return this.lua.lua_error(this.thread)
  }

  /** Raises a text with the place of the caller in front, as luaL_error does. */
  fail(message: string): number {
    const format = this.#formatOf(message)
    return this.lua.luaL_error(this.thread, format.text, format.args)
  }

  failArgument(index: number, message: string): number {
    const { args } = this.#formatOf(message)
    return this.lua.luaL_argerror(this.thread, index, args + FORMAT_TEXT_OFFSET)
  }

  // Code.

  /** Compiles; the function is on top, or the error's text is returned. */
  load(code: Uint8Array, name: string): string | undefined {
    const at = this.lua.malloc(code.length + 1)
    if (at === 0) return 'not enough memory'
    // Compiled chunks could break the VM: with a space in front they are text, and wrong, as in Redis' Lua.
    const isBinary = code[0] === ESCAPE
    if (isBinary) this.values.bytes[at] = SPACE
    this.values.bytes.set(code, isBinary ? at + 1 : at)
    const bytes = isBinary ? code.length + 1 : code.length
    const status = this.lua.luaL_loadbuffer(this.thread, at, bytes, this.cString(name))
    this.lua.free(at)
    if (status === 0) return undefined
    const text = this.values.latin1At(this.fromTop(1))
    this.pop(1)
    return text
  }

  /** A function for scripts that is one of ours. */
  pushFunction(run: HostFunction): void {
    this.pushNumber(this.#functions.length)
    this.#functions.push(run)
    this.lua.lua_pushcclosure(this.thread, this.#hostPlace, 1)
  }

  /** Runs the function below `args` values on top of the stack, to its end; its one result, or the error, is on top. */
  call(args: number): boolean {
    return this.lua.lua_pcall(this.thread, args, 1, 0) === 0
  }

  /** Gives the function on top to the thread that scripts run in. */
  prepare(): void {
    this.#scriptThread ||= this.#newThread()
    const thread = this.#scriptThread
    this.lua.lua_xmove(this.#main, thread, 1)
    const { hookInstructions } = this.#options
    this.values.bytes[thread + THREAD.hookMask] = hookInstructions > 0 ? HOOK_COUNT : 0
    this.values.words[(thread + THREAD.hookBase) >> 2] = hookInstructions
    this.values.words[(thread + THREAD.hookCount) >> 2] = hookInstructions
    this.values.words[(thread + THREAD.hook) >> 2] = this.#hookPlace
  }

  /**
   * Runs what `prepare` took, or what was suspended, with `args` values from the top. When it returned, its first
   * result is on top; when it failed, the error.
   */
  resume(args: number): ResumeResult {
    const thread = this.#scriptThread
    this.isSuspended = false
    const results = this.lua.auxresume(this.#main, thread, args)
    this.thread = this.#main
    if (results < 0) return 'failed'
    if (this.isSuspended) return 'suspended'
    if (this.values.bytes[thread + THREAD.status] === STATUS_YIELD) {
      this.pop(results)
      this.pushLatin1('attempt to yield across metamethod/C-call boundary')
      return 'failed'
    }
    if (results === 0) this.pushNil()
    else this.pop(results - 1)
    return 'returned'
  }

  /** Where the script failed, for the error that `resume` gave: for a C function's error, where it was called. */
  failurePlace(): { readonly source: string; readonly line: number } | undefined {
    let wasOurs = false
    for (let level = 0; this.#readFrame(level); level += 1) {
      const source = this.values.textAt(this.values.word(this.#debug + DEBUG.source))
      const isC = this.values.textAt(this.values.word(this.#debug + DEBUG.what)) === 'C'
      // Of what stands in for C functions nobody has to know, nor of the calls at its end.
      const isOurs: boolean = source === this.#hiddenSource || (source === TAIL_CALL && wasOurs)
      wasOurs = isOurs
      if (isOurs || (level === 0 && isC)) continue
      return { source, line: this.values.word(this.#debug + DEBUG.currentLine) }
    }
    return undefined
  }

  /** How a function of the running thread was called: 0 is the host's own, 1 the one that called it. */
  readCall(level: number): { readonly name: string; readonly isMethod: boolean } {
    this.lua.lua_getstack(this.thread, level, this.#debug)
    this.lua.lua_getinfo(this.thread, this.cString('n'), this.#debug)
    const name = this.values.word(this.#debug + DEBUG.name)
    const kind = this.values.textAt(this.values.word(this.#debug + DEBUG.nameKind))
    return { name: name === 0 ? '?' : this.values.textAt(name), isMethod: kind === 'method' }
  }

  /** After a script that did not return: its thread is of no further use. */
  dropThread(): void {
    this.#scriptThread = 0
  }

  /** Whether the running thread could stop at this place to go on later: no C function is below it. */
  get isYieldable(): boolean {
    const depths = this.values.word(this.thread + THREAD.callDepth)
    return (depths & 0xffff) <= depths >>> 16
  }

  // Tables of the VM's.

  get globals(): number {
    return this.values.word(this.#main + THREAD.globals)
  }

  /** Takes the value on top. The globals are unlocked for it. */
  setGlobal(name: string): void {
    const { globals } = this
    const wasLocked = this.values.isLocked(globals)
    this.values.setLocked(globals, false)
    this.lua.lua_setfield(this.thread, GLOBALS, this.cString(name))
    this.values.setLocked(globals, wasLocked)
  }

  pushGlobals(): void {
    this.lua.lua_pushvalue(this.thread, GLOBALS)
  }

  /** The table on top becomes the globals, of the threads to come as well. */
  replaceGlobals(): void {
    this.lua.lua_replace(this.thread, GLOBALS)
  }

  /** The table on top becomes the metatable of the one below it. */
  setMetatable(): void {
    this.lua.lua_setmetatable(this.thread, -2)
  }

  pushGlobal(name: string): void {
    this.lua.lua_getfield(this.thread, GLOBALS, this.cString(name))
  }

  /** Keeps the value on top, which it takes, until `release`. */
  keep(): number {
    const reference = this.#freeReferences.pop() ?? ++this.#references
    this.lua.lua_rawseti(this.thread, REGISTRY, reference)
    return reference
  }

  pushKept(reference: number): void {
    this.lua.lua_rawgeti(this.thread, REGISTRY, reference)
  }

  release(reference: number): void {
    this.pushNil()
    this.lua.lua_rawseti(this.thread, REGISTRY, reference)
    this.#freeReferences.push(reference)
  }

  /** A C string of ours; kept for ever, so not for a script's texts. */
  cString(text: string): number {
    const known = this.#cStrings.get(text)
    if (known !== undefined) return known
    const at = this.lua.malloc(text.length + 1)
    this.values.bytes.write(text, at, 'latin1')
    this.values.bytes[at + text.length] = 0
    this.#cStrings.set(text, at)
    return at
  }

  /**
   * Compiles code that stands in for C functions: its errors tell no place in it. The function is on top.
   */
  loadHidden(code: string, name: string): void {
    const problem = this.load(Buffer.from(code), name)
    invariant(problem === undefined, `${name} is Lua: ${problem}`)
    this.#hiddenSource = name
    this.#forgetLines(this.values.word(this.values.objectAt(this.fromTop(1)) + CLOSURE_PROTO))
  }

  #forgetLines(proto: number): void {
    this.values.words[(proto + PROTO.lines) >> 2] = 0
    const inner = this.values.word(proto + PROTO.inner)
    for (let index = 0; index < this.values.word(proto + PROTO.innerCount); index += 1) {
      this.#forgetLines(this.values.word(inner + 4 * index))
    }
  }

  #readFrame(level: number): boolean {
    const thread = this.#scriptThread
    if (this.lua.lua_getstack(thread, level, this.#debug) === 0) return false
    this.lua.lua_getinfo(thread, this.cString('nSl'), this.#debug)
    return true
  }

  /** Whether the running thread is the script's own, which it takes for the main one. */
  get isScriptThread(): boolean {
    return this.thread === this.#scriptThread
  }

  #newThread(): LuaThread {
    this.pushKept(this.#createThread)
    this.pushKept(this.#anyFunction)
    invariant(this.call(1), 'a thread can be made')
    const thread = this.values.objectAt(this.fromTop(1))
    // The function it was made with goes; the registry holds the thread.
    this.lua.lua_settop(thread, 0)
    if (this.#threadReference > 0) this.release(this.#threadReference)
    this.#threadReference = this.keep()
    return thread
  }

  /** Scripts see others in their place. */
  #keepCreate(): void {
    invariant(this.load(Buffer.from('return coroutine.create'), '=host') === undefined, 'it is Lua')
    this.lua.lua_pushvalue(this.thread, -1)
    this.#anyFunction = this.keep()
    invariant(this.call(0), 'coroutines are there')
    this.#createThread = this.keep()
  }

  #invoke(thread: LuaThread): number {
    this.thread = thread
    const closure = this.values.word(
      this.values.word(this.values.word(thread + THREAD.callInfo) + 4),
    )
    const run = this.#functions[this.values.numberAt(closure + CLOSURE_UPVALUE)]
    invariant(run !== undefined, 'host functions are known by number')
    return run()
  }

  #hook(thread: LuaThread): void {
    this.thread = thread
    const answer = this.#options.onHook()
    if (answer === 'continue') return
    if (answer === 'suspend') return this.#suspend(thread)
    // At every line from now on, or a loop around pcall would go on for ever.
    this.values.bytes[thread + THREAD.hookMask] = HOOK_LINE
    this.newTable(0, 1)
    this.pushWord('err')
    this.pushLatin1(answer.killWith)
    this.setPair()
    this.raise()
  }

  /** What lua_yield does in a hook. */
  #suspend(thread: LuaThread): void {
    if (!this.isYieldable) return
    this.isSuspended = true
    this.values.bytes[thread + THREAD.status] = STATUS_YIELD
    this.values.words[(thread + THREAD.base) >> 2] = this.values.word(thread + THREAD.top)
  }

  #reportLockedTable(thread: LuaThread): number {
    this.lua.luaG_runerror(thread, this.cString('Attempt to modify a readonly table'), 0)
    return 0
  }

  #formatOf(message: string): { readonly text: number; readonly args: number } {
    const at = this.scratch(message.length + 16)
    this.values.words[at >> 2] = at + FORMAT_TEXT_OFFSET
    this.values.bytes.write(message, at + FORMAT_TEXT_OFFSET, 'latin1')
    this.values.bytes[at + FORMAT_TEXT_OFFSET + message.length] = 0
    return { text: this.cString('%s'), args: at }
  }

  #push(type: number): void {
    const top = this.values.word(this.thread + THREAD.top)
    this.values.words[(top + TYPE_OFFSET) >> 2] = type
    this.values.words[(this.thread + THREAD.top) >> 2] = top + SLOT_BYTES
  }

  #memoryGrew(): void {
    this.values.attach(this.lua.memory.buffer)
  }
}
