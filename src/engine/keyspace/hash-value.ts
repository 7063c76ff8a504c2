import type { Random } from '../../shared/random.ts'
import { copyBytes } from '../memory/byte-slice.ts'
import type { HandleList } from '../memory/handle-list.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { type HashTable } from '../structures/hash-table.ts'
import { HashTableIterator } from '../structures/hash-table-iterator.ts'
import {
  findEntry,
  firstEntry,
  listpackCount,
  nextEntry,
  readEntry,
  seekEntry,
} from '../structures/listpack.ts'
import {
  appendValue,
  deleteEntries,
  hasRoomFor,
  replaceWithValue,
} from '../structures/listpack-edit.ts'
import { orFree } from '../structures/or-free.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import type { CollectionLimits } from './collection-limits.ts'
import type { Database } from './database.ts'
import { RecordValue } from './value-home.ts'

export interface HashValueOptions {
  readonly slab: Slab
  readonly table: HashTable
  readonly random: Random
  readonly limits: CollectionLimits
}

/** Where a field stands, until the next write: its place in the listpack, or the entry of the table. */
export type FieldPosition = number

/**
 * A hash in either of its encodings: a listpack of fields and values as long as it is small, a hash table
 * from then on. An object to be used again: `open` it for the next hash. What `find`, `read` and `next`
 * find is in `field` and `value` until the next write.
 */
export class HashValue {
  readonly field = new PackedEntry()
  readonly value = new PackedEntry()
  readonly #table: HashTable
  readonly #random: Random
  readonly #limits: CollectionLimits
  readonly #iterator: HashTableIterator
  readonly #home = new RecordValue()
  #position: FieldPosition = NONE
  #isBegun = false

  constructor(options: HashValueOptions) {
    this.#table = options.table
    this.#random = options.random
    this.#limits = options.limits
    this.#iterator = new HashTableIterator(options.slab)
  }

  open(database: Database, record: Handle): void {
    this.#home.open(database, record)
  }

  /** Where the record is now. */
  get record(): Handle {
    return this.#home.record
  }

  get isPacked(): boolean {
    return !this.#home.isRooted
  }

  get size(): number {
    const home = this.#home
    if (home.isRooted) return this.#table.size(home.root)
    return listpackCount(home.bytes, home.start) / 2
  }

  /** Reads the value of the field; false when there is none. */
  find(bytes: Uint8Array, start: number, length: number): boolean {
    const position = this.#find(bytes, start, length)
    if (position === NONE) return false
    this.#readValue(position)
    return true
  }

  has(bytes: Uint8Array, start: number, length: number): boolean {
    return this.#find(bytes, start, length) !== NONE
  }

  /**
   * Before fields and values of a client are set, as Redis does (hashTypeTryConversion): `longest` is the
   * length of the longest of them, `sum` that of all.
   */
  makeReadyFor(longest: number, sum: number): void {
    const home = this.#home
    if (home.isRooted) return
    const isTooLong = longest > this.#limits.hashListpackValueBytesMax
    if (isTooLong || !hasRoomFor(home.bytes, home.start, sum)) this.#convert()
  }

  /** False when the field was there already. Neither may lie in this hash. */
  set(
    field: Uint8Array,
    fieldStart: number,
    fieldLength: number,
    value: Uint8Array,
    valueStart: number,
    valueLength: number,
  ): boolean {
    const home = this.#home
    const longest = Math.max(fieldLength, valueLength)
    // HINCRBY comes without makeReadyFor.
    if (!home.isRooted && longest > this.#limits.hashListpackValueBytesMax) this.#convert()
    if (home.isRooted) {
      return this.#setInTable(field, fieldStart, fieldLength, value, valueStart, valueLength)
    }
    const at = this.#find(field, fieldStart, fieldLength)
    if (at !== NONE) {
      replaceWithValue(home, nextEntry(home.bytes, at), value, valueStart, valueLength)
    } else {
      this.#append(field, fieldStart, fieldLength, value, valueStart, valueLength)
    }
    if (this.size > this.#limits.hashListpackEntriesMax) this.#convert()
    return at === NONE
  }

  /** False when it was not there. */
  remove(bytes: Uint8Array, start: number, length: number): boolean {
    const position = this.#find(bytes, start, length)
    if (position === NONE) return false
    const home = this.#home
    if (home.isRooted) this.#table.remove(home.root, position)
    else deleteEntries(home, position, 2)
    return true
  }

  /** Lets `next` begin with the first field. */
  rewind(): void {
    this.#isBegun = false
    if (this.#home.isRooted) this.#iterator.start(this.#home.root)
  }

  /** Reads the field that comes next; false after the last. Nothing may be written meanwhile. */
  next(): boolean {
    const home = this.#home
    if (home.isRooted) this.#position = this.#iterator.next()
    else if (!this.#isBegun) this.#position = firstEntry(home.bytes, home.start)
    else this.#position = nextEntry(home.bytes, nextEntry(home.bytes, this.#position))
    this.#isBegun = true
    if (this.#position === NONE) return false
    this.read(this.#position)
    return true
  }

  /** Of the field that `next` has read. */
  get position(): FieldPosition {
    return this.#position
  }

  read(position: FieldPosition): void {
    const home = this.#home
    if (home.isRooted) {
      const start = this.#table.keyStart(position)
      this.field.setString(this.#table.bytesOf(position), start, this.#table.keyLength(position))
    } else {
      readEntry(home.bytes, position, this.field)
    }
    this.#readValue(position)
  }

  /** Some field, each with the same chance. The hash is not empty. */
  random(): FieldPosition {
    const home = this.#home
    if (home.isRooted) return this.#table.random(home.root)
    return seekEntry(home.bytes, home.start, 2 * (this.#random.uint32() % this.size))
  }

  /** One step of HSCAN: a listpack comes as a whole. 0 begins and ends. */
  scan(cursor: number, found: HandleList): number {
    const home = this.#home
    if (home.isRooted) return this.#table.scan(home.root, cursor, found)
    this.rewind()
    while (this.next()) found.push(this.#position)
    return 0
  }

  /** Both or neither. */
  #append(
    field: Uint8Array,
    fieldStart: number,
    fieldLength: number,
    value: Uint8Array,
    valueStart: number,
    valueLength: number,
  ): void {
    const home = this.#home
    const at = appendValue(home, field, fieldStart, fieldLength)
    try {
      appendValue(home, value, valueStart, valueLength)
    } catch (error) {
      deleteEntries(home, at, 1)
      throw error
    }
  }

  #find(bytes: Uint8Array, start: number, length: number): FieldPosition {
    const home = this.#home
    if (home.isRooted) {
      const hash = this.#table.hash(bytes, start, length)
      return this.#table.find(home.root, bytes, start, length, hash)
    }
    const first = firstEntry(home.bytes, home.start)
    return findEntry(home.bytes, first, bytes, start, length, 1)
  }

  #readValue(position: FieldPosition): void {
    const home = this.#home
    if (!home.isRooted) {
      readEntry(home.bytes, nextEntry(home.bytes, position), this.value)
      return
    }
    const start = this.#table.valueStart(position)
    this.value.setString(this.#table.bytesOf(position), start, this.#table.valueLength(position))
  }

  #setInTable(
    field: Uint8Array,
    fieldStart: number,
    fieldLength: number,
    value: Uint8Array,
    valueStart: number,
    valueLength: number,
  ): boolean {
    const table = this.#table
    const { root } = this.#home
    const hash = table.hash(field, fieldStart, fieldLength)
    const old = table.find(root, field, fieldStart, fieldLength, hash)
    const entry =
      old === NONE
        ? table.insert(root, field, fieldStart, fieldLength, hash, valueLength)
        : table.replaceValue(root, old, valueLength)
    copyBytes(table.bytesOf(entry), table.valueStart(entry), value, valueStart, valueLength)
    return old === NONE
  }

  #convert(): void {
    const table = this.#table
    orFree(table, table.create(this.size), (root) => {
      this.rewind()
      while (this.next()) this.#insertRead(root)
      this.#home.becomeRooted(root)
    })
  }

  /** The field and the value that `next` has read. */
  #insertRead(root: Handle): void {
    const table = this.#table
    const { field, value } = this
    field.spell()
    value.spell()
    const hash = table.hash(field.bytes, field.start, field.length)
    const entry = table.insert(root, field.bytes, field.start, field.length, hash, value.length)
    const at = table.valueStart(entry)
    copyBytes(table.bytesOf(entry), at, value.bytes, value.start, value.length)
  }
}
