import type { ByteBuilder } from './byte-builder.ts'
import { LUA_TYPE, type Slot } from './lua-values.ts'
import { type LuaVm } from './lua-vm.ts'

/** Tables within tables deeper than this are nil: one may hold itself. */
const NESTING_MAX = 16
const INT64_BOUND = 2 ** 63
const INT_BOUND = 2 ** 31

/** Lua values as MessagePack. */
export class MessagePackWriter {
  readonly #vm: LuaVm
  readonly #out: ByteBuilder

  constructor(vm: LuaVm, out: ByteBuilder) {
    this.#vm = vm
    this.#out = out
  }

  write(slot: Slot, level = 0): void {
    const vm = this.#vm
    const type = vm.values.typeOf(slot)
    if (type === LUA_TYPE.string) this.#string(slot)
    else if (type === LUA_TYPE.boolean) this.#out.byte(vm.values.booleanAt(slot) ? 0xc3 : 0xc2)
    else if (type === LUA_TYPE.number) this.#number(vm.values.numberAt(slot))
    else if (type === LUA_TYPE.table && level < NESTING_MAX) {
      this.#table(vm.values.objectAt(slot), level)
    } else this.#out.byte(0xc0)
  }

  #string(slot: Slot): void {
    const length = this.#vm.values.stringLength(slot)
    if (length < 32) this.#out.byte(0xa0 | length)
    else if (length <= 0xff) this.#head(0xd9, length, 1)
    else if (length <= 0xffff) this.#head(0xda, length, 2)
    else this.#head(0xdb, length, 4)
    this.#out.slice(this.#vm.values.bytes, this.#vm.values.stringStart(slot), length)
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= -INT64_BOUND && value < INT64_BOUND) {
      this.#integer(value)
    } else if (Math.fround(value) === value) {
      this.#out.byte(0xca)
      this.#out.float(value)
    } else {
      this.#out.byte(0xcb)
      this.#out.double(value)
    }
  }

  #integer(value: number): void {
    if (value >= 0) {
      if (value <= 0x7f) this.#out.byte(value)
      else if (value <= 0xff) this.#head(0xcc, value, 1)
      else if (value <= 0xffff) this.#head(0xcd, value, 2)
      else if (value <= 0xffff_ffff) this.#head(0xce, value, 4)
      else this.#long(0xcf, value)
    } else if (value >= -32) this.#out.byte(value & 0xff)
    else if (value >= -0x80) this.#head(0xd0, value, 1)
    else if (value >= -0x8000) this.#head(0xd1, value, 2)
    else if (value >= -INT_BOUND) this.#head(0xd2, value, 4)
    else this.#long(0xd3, value)
  }

  #long(type: number, value: number): void {
    this.#out.byte(type)
    this.#out.int64(BigInt(value))
  }

  #table(table: number, level: number): void {
    const vm = this.#vm
    const length = this.#arrayLength(table)
    if (length < 0) return this.#map(table, level)
    if (length <= 15) this.#out.byte(0x90 | length)
    else if (length <= 0xffff) this.#head(0xdc, length, 2)
    else this.#head(0xdd, length, 4)
    for (let index = 1; index <= length; index += 1)
      this.write(vm.values.index(table, index), level + 1)
  }

  #map(table: number, level: number): void {
    const vm = this.#vm
    const count = vm.values.countPairs(table)
    if (count <= 15) this.#out.byte(0x80 | count)
    else if (count <= 0xffff) this.#head(0xde, count, 2)
    else this.#head(0xdf, count, 4)
    for (let at = vm.values.nextPair(table, 0); at >= 0; at = vm.values.nextPair(table, at + 1)) {
      this.write(vm.values.keyOf(table, at), level + 1)
      this.write(vm.values.valueOf(table, at), level + 1)
    }
  }

  /** Of a table with the keys 1 to its length and no others; -1 for others. An empty one is an array. */
  #arrayLength(table: number): number {
    const vm = this.#vm
    let max = 0
    let count = 0
    for (let at = vm.values.nextPair(table, 0); at >= 0; at = vm.values.nextPair(table, at + 1)) {
      const slot = vm.values.keyOf(table, at)
      const key = vm.values.typeOf(slot) === LUA_TYPE.number ? vm.values.numberAt(slot) : 0
      if (key <= 0 || key >= INT_BOUND || !Number.isInteger(key)) return -1
      max = Math.max(max, key)
      count += 1
    }
    return max === count ? count : -1
  }

  #head(type: number, value: number, bytes: number): void {
    this.#out.byte(type)
    this.#out.bigEndian(value, bytes)
  }
}
