import { nth } from '../../shared/assert.ts'
import { LOCK_MASK, LOCKED, TABLE_FLAGS_OFFSET } from './lua-module.ts'

/** Types of values (lua.h). */
export const LUA_TYPE = {
  none: -1,
  nil: 0,
  boolean: 1,
  lightUserdata: 2,
  number: 3,
  string: 4,
  table: 5,
  function: 6,
  thread: 8,
} as const

/** A value's place in the module's memory: 8 bytes of value, 4 of type, 16 in all. Valid until Lua runs on. */
export type Slot = number
export const SLOT_BYTES = 16
export const TYPE_OFFSET = 8

/** TString: its bytes come after the header. All as wasm32 lays them out (lobject.h). */
const STRING = { hash: 8, length: 12, bytes: 16 } as const
const TABLE = { nodeBits: 7, metatable: 8, array: 12, nodes: 16, arrayLength: 28 } as const
const NODE = { bytes: 32, key: 16, next: 28 } as const
const CLOSURE_IS_HOST = 6

/** Lua's values, read where they lie in the module's memory. */
export class LuaValues {
  /** Views of the memory, made anew when it grows. */
  bytes = Buffer.alloc(0)
  words = new Int32Array(0)
  doubles = new Float64Array(0)
  /** A number and its two words, which Lua adds to hash it. */
  readonly #hashed = new Float64Array(1)
  readonly #hashedWords = new Uint32Array(this.#hashed.buffer)
  /** Where the key of a pair in an array is written. */
  #keySlot = 0

  attach(buffer: ArrayBuffer): void {
    this.bytes = Buffer.from(buffer)
    this.words = new Int32Array(buffer)
    this.doubles = new Float64Array(buffer)
  }

  useKeySlot(slot: Slot): void {
    this.#keySlot = slot
  }

  word(address: number): number {
    return this.words[address >> 2] ?? 0
  }

  typeOf(slot: Slot): number {
    return this.word(slot + TYPE_OFFSET)
  }

  numberAt(slot: Slot): number {
    return this.doubles[slot >> 3] ?? 0
  }

  booleanAt(slot: Slot): boolean {
    return this.word(slot) !== 0
  }

  /** The object a value points to: a string, table, function. */
  objectAt(slot: Slot): number {
    return this.word(slot)
  }

  /** Where the bytes of the string at `slot` begin. */
  stringStart(slot: Slot): number {
    return this.word(slot) + STRING.bytes
  }

  stringLength(slot: Slot): number {
    return this.word(this.word(slot) + STRING.length)
  }

  latin1At(slot: Slot): string {
    const start = this.stringStart(slot)
    return this.bytes.toString('latin1', start, start + this.stringLength(slot))
  }

  /** The value at a string key, without metamethods: its place, or 0 when there is none. */
  field(table: number, key: number): Slot {
    const { words } = this
    const mask = (1 << nth(this.bytes, table + TABLE.nodeBits)) - 1
    const index = nth(words, (key + STRING.hash) >> 2) & mask
    let node = nth(words, (table + TABLE.nodes) >> 2) + index * NODE.bytes
    while (node !== 0) {
      const isKey = nth(words, (node + NODE.key) >> 2) === key
      if (isKey && nth(words, (node + NODE.key + TYPE_OFFSET) >> 2) === LUA_TYPE.string) {
        return this.typeOf(node) === LUA_TYPE.nil ? 0 : node
      }
      node = nth(words, (node + NODE.next) >> 2)
    }
    return 0
  }

  /** Whether the table has room for keys that are not in its array. */
  hasFields(table: number): boolean {
    return this.bytes[table + TABLE.nodeBits] !== 0 || this.typeOf(this.#nodes(table)) !== 0
  }

  /** The value at an index, without metamethods: its place, or 0. It may hold nil. */
  index(table: number, index: number): Slot {
    if (index <= this.word(table + TABLE.arrayLength)) {
      return this.word(table + TABLE.array) + (index - 1) * SLOT_BYTES
    }
    this.#hashed[0] = index
    const modulus = ((1 << nth(this.bytes, table + TABLE.nodeBits)) - 1) | 1
    const place = ((nth(this.#hashedWords, 0) + nth(this.#hashedWords, 1)) >>> 0) % modulus
    let node = this.#nodes(table) + place * NODE.bytes
    while (node !== 0) {
      const key = node + NODE.key
      if (this.typeOf(key) === LUA_TYPE.number && this.numberAt(key) === index) return node
      node = this.word(node + NODE.next)
    }
    return 0
  }

  /** Places of pairs in the order of `next`: the array's, then the nodes'. From `place` on; -1 at the end. */
  nextPair(table: number, place: number): number {
    const end =
      this.word(table + TABLE.arrayLength) + (1 << nth(this.bytes, table + TABLE.nodeBits))
    for (let at = place; at < end; at += 1) {
      if (this.typeOf(this.valueOf(table, at)) !== LUA_TYPE.nil) return at
    }
    return -1
  }

  countPairs(table: number): number {
    let count = 0
    for (let at = this.nextPair(table, 0); at >= 0; at = this.nextPair(table, at + 1)) count += 1
    return count
  }

  valueOf(table: number, place: number): Slot {
    const arrayLength = this.word(table + TABLE.arrayLength)
    if (place < arrayLength) return this.word(table + TABLE.array) + place * SLOT_BYTES
    return this.#nodes(table) + (place - arrayLength) * NODE.bytes
  }

  /** Of a pair in the array the key is written to a place that the next call takes again. */
  keyOf(table: number, place: number): Slot {
    const arrayLength = this.word(table + TABLE.arrayLength)
    if (place >= arrayLength) return this.valueOf(table, place) + NODE.key
    this.doubles[this.#keySlot >> 3] = place + 1
    this.words[(this.#keySlot + TYPE_OFFSET) >> 2] = LUA_TYPE.number
    return this.#keySlot
  }

  /** A number in place of the value that is there. */
  setNumber(slot: Slot, value: number): void {
    this.doubles[slot >> 3] = value
    this.words[(slot + TYPE_OFFSET) >> 2] = LUA_TYPE.number
  }

  metatableOf(table: number): number {
    return this.word(table + TABLE.metatable)
  }

  isLuaFunction(slot: Slot): boolean {
    return this.bytes[this.objectAt(slot) + CLOSURE_IS_HOST] === 0
  }

  setLocked(table: number, isLocked: boolean): void {
    const flags = nth(this.bytes, table + TABLE_FLAGS_OFFSET) & ~LOCK_MASK
    this.bytes[table + TABLE_FLAGS_OFFSET] = isLocked ? flags | LOCKED : flags
  }

  isLocked(table: number): boolean {
    return (nth(this.bytes, table + TABLE_FLAGS_OFFSET) & LOCK_MASK) === LOCKED
  }

  /** The C string at an address. */
  textAt(address: number): string {
    return this.bytes.toString('latin1', address, this.bytes.indexOf(0, address))
  }

  #nodes(table: number): number {
    return this.word(table + TABLE.nodes)
  }
}
