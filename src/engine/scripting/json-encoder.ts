import type { ByteBuilder } from './byte-builder.ts'
import { formatG } from './format-g.ts'
import { typeName } from './host-arguments.ts'
import type { JsonSettings } from './json-settings.ts'
import { LUA_TYPE, type Slot } from './lua-values.ts'
import { type LuaVm } from './lua-vm.ts'

const INT_MAX = 0x7fff_ffff
const INT_MIN = -0x8000_0000
/** The C code's recursion keeps keys and values on Lua's stack, which ends here. */
const STACK_SLOTS_MAX = 7_990
const QUOTE = 0x22

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
}
/** What a byte becomes in a JSON string; undefined for itself. */
const ESCAPES: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const short = SHORT_ESCAPES[String.fromCharCode(byte)]
  if (short !== undefined) return short
  const isControl = byte < 0x20 || byte === 0x7f
  return isControl ? `\\u${byte.toString(16).padStart(4, '0')}` : undefined
})

/** cjson.encode. Tables are walked in the order of `next`. */
export class JsonEncoder {
  readonly #vm: LuaVm
  readonly #out: ByteBuilder
  readonly #settings: JsonSettings

  constructor(vm: LuaVm, out: ByteBuilder, settings: JsonSettings) {
    this.#vm = vm
    this.#out = out
    this.#settings = settings
  }

  run(): number {
    const vm = this.#vm
    if (vm.argumentCount !== 1) return vm.failArgument(1, 'expected 1 argument')
    this.#out.clear()
    this.#value(vm.argument(1), 0, 0)
    this.#out.pushTo(vm)
    return 1
  }

  #value(slot: Slot, depth: number, slots: number): void {
    const vm = this.#vm
    switch (vm.values.typeOf(slot)) {
      case LUA_TYPE.string:
        return this.#string(slot)
      case LUA_TYPE.number:
        return this.#number(vm.values.numberAt(slot))
      case LUA_TYPE.boolean:
        return this.#out.latin1(vm.values.booleanAt(slot) ? 'true' : 'false')
      case LUA_TYPE.nil:
        return this.#out.latin1('null')
      case LUA_TYPE.table:
        return this.#table(vm.values.objectAt(slot), depth + 1, slots)
      case LUA_TYPE.lightUserdata:
        if (vm.values.objectAt(slot) === 0) return this.#out.latin1('null')
    }
    this.#fail(vm.values.typeOf(slot), 'type not supported')
  }

  #table(table: number, depth: number, slots: number): void {
    if (depth > this.#settings.encodeDepthMax || slots > STACK_SLOTS_MAX) {
      this.#vm.fail(`Cannot serialise, excessive nesting (${depth})`)
    }
    const length = this.#arrayLength(table)
    if (length > 0) this.#array(table, length, { depth, slots: slots + 1 })
    else this.#object(table, depth, slots + 2)
  }

  #array(table: number, length: number, at: { depth: number; slots: number }): void {
    const vm = this.#vm
    this.#out.byte(0x5b)
    for (let index = 1; index <= length; index += 1) {
      if (index > 1) this.#out.byte(0x2c)
      const slot = vm.values.index(table, index)
      if (slot === 0) this.#out.latin1('null')
      else this.#value(slot, at.depth, at.slots)
    }
    this.#out.byte(0x5d)
  }

  #object(table: number, depth: number, slots: number): void {
    const vm = this.#vm
    this.#out.byte(0x7b)
    let isFirst = true
    for (let at = vm.values.nextPair(table, 0); at >= 0; at = vm.values.nextPair(table, at + 1)) {
      if (!isFirst) this.#out.byte(0x2c)
      isFirst = false
      this.#key(vm.values.keyOf(table, at))
      this.#value(vm.values.valueOf(table, at), depth, slots)
    }
    this.#out.byte(0x7d)
  }

  #key(slot: Slot): void {
    const type = this.#vm.values.typeOf(slot)
    if (type === LUA_TYPE.number) {
      this.#out.byte(QUOTE)
      this.#number(this.#vm.values.numberAt(slot))
      this.#out.latin1('":')
    } else if (type === LUA_TYPE.string) {
      this.#string(slot)
      this.#out.byte(0x3a)
    } else {
      this.#fail(type, 'table key must be a number or string')
    }
  }

  #string(slot: Slot): void {
    const { bytes } = this.#vm.values
    const out = this.#out
    const start = this.#vm.values.stringStart(slot)
    const end = start + this.#vm.values.stringLength(slot)
    out.byte(QUOTE)
    let plain = start
    for (let at = start; at < end; at += 1) {
      const escape = ESCAPES[bytes[at] ?? 0]
      if (escape === undefined) continue
      if (at > plain) out.slice(bytes, plain, at - plain)
      out.latin1(escape)
      plain = at + 1
    }
    if (end > plain) out.slice(bytes, plain, end - plain)
    out.byte(QUOTE)
  }

  #number(value: number): void {
    const { encodeInvalidNumbers, precision } = this.#settings
    if (!Number.isFinite(value)) {
      if (encodeInvalidNumbers === 0) this.#fail(LUA_TYPE.number, 'must not be NaN or Inf')
      if (encodeInvalidNumbers === 2) return this.#out.latin1('null')
      if (Number.isNaN(value)) return this.#out.latin1('nan')
    }
    this.#out.latin1(formatG(value, precision))
  }

  /** How many elements an array has; -1 for an object. */
  #arrayLength(table: number): number {
    const vm = this.#vm
    const { sparseConvert, sparseRatio, sparseSafe } = this.#settings
    let max = 0
    let items = 0
    for (let at = vm.values.nextPair(table, 0); at >= 0; at = vm.values.nextPair(table, at + 1)) {
      const slot = vm.values.keyOf(table, at)
      const key = vm.values.typeOf(slot) === LUA_TYPE.number ? vm.values.numberAt(slot) : 0
      if (key < 1 || Math.floor(key) !== key) return -1
      // C's int turns what it cannot hold into its smallest.
      if (key > max) max = key > INT_MAX ? INT_MIN : key
      items += 1
    }
    if (sparseRatio > 0 && max > items * sparseRatio && max > sparseSafe) {
      if (sparseConvert === 0) this.#fail(LUA_TYPE.table, 'excessively sparse array')
      return -1
    }
    return max
  }

  #fail(type: number, reason: string): void {
    this.#vm.fail(`Cannot serialise ${typeName(type)}: ${reason}`)
  }
}
