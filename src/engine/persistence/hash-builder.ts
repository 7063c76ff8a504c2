import type { CollectionLimits } from '../keyspace/collection-limits.ts'
import { LooseValue } from '../keyspace/value-home.ts'
import { copyBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import type { HashTable } from '../structures/hash-table.ts'
import { firstEntry, NO_ENTRY, nextEntry, readEntry } from '../structures/listpack.ts'
import {
  appendValue,
  EMPTY_LISTPACK_BYTES,
  hasRoomFor,
  writeEmptyListpack,
} from '../structures/listpack-edit.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import { corrupt } from './rdb-encoding.ts'

/** Buckets made in advance, at most: how many fields are said to come may be a lie. */
const EXPECTED_MAX = 1_048_576

/** A hash that belongs to no key yet, made of fields that come one after the other. */
export class HashBuilder {
  /** Its bytes, while it is packed. */
  readonly packed = new LooseValue()
  root: Handle = NONE
  readonly #table: HashTable
  readonly #limits: CollectionLimits
  /** Fields of a packed one: none may come twice. */
  readonly #fields = new Set<string>()
  readonly #field = new PackedEntry()
  readonly #value = new PackedEntry()

  constructor(table: HashTable, limits: CollectionLimits) {
    this.#table = table
    this.#limits = limits
  }

  begin(expectedFields: number): void {
    this.root = NONE
    this.#fields.clear()
    if (expectedFields > this.#limits.hashListpackEntriesMax) {
      this.root = this.#table.create(Math.min(expectedFields, EXPECTED_MAX))
      return
    }
    this.packed.open(EMPTY_LISTPACK_BYTES)
    writeEmptyListpack(this.packed.bytes, 0)
  }

  /** Throws an RdbError when the field was there already. */
  add(field: PackedEntry, value: PackedEntry): void {
    field.spell()
    value.spell()
    const longest = Math.max(field.length, value.length)
    if (this.root === NONE && !this.#fits(longest, field.length + value.length)) this.#convert()
    if (this.root !== NONE) return this.#insert(field, value)
    const name = field.latin1()
    if (this.#fields.has(name)) throw corrupt('Hash with duplicate fields')
    this.#fields.add(name)
    appendValue(this.packed, field.bytes, field.start, field.length)
    appendValue(this.packed, value.bytes, value.start, value.length)
  }

  /** A listpack of fields and values, known to be sound, that has outgrown its limit. */
  addPacked(bytes: Uint8Array, start: number): void {
    for (let at = firstEntry(bytes, start); at !== NO_ENTRY; ) {
      readEntry(bytes, at, this.#field)
      const valueAt = nextEntry(bytes, at)
      readEntry(bytes, valueAt, this.#value)
      this.add(this.#field, this.#value)
      at = nextEntry(bytes, valueAt)
    }
  }

  discard(): void {
    if (this.root !== NONE) this.#table.free(this.root)
    this.root = NONE
  }

  #fits(longest: number, added: number): boolean {
    const { hashListpackEntriesMax, hashListpackValueBytesMax } = this.#limits
    const isSmall =
      longest <= hashListpackValueBytesMax && this.#fields.size < hashListpackEntriesMax
    return isSmall && hasRoomFor(this.packed.bytes, 0, added)
  }

  #convert(): void {
    const { bytes } = this.packed
    this.root = this.#table.create(this.#fields.size)
    const field = new PackedEntry()
    const value = new PackedEntry()
    for (let at = firstEntry(bytes, 0); at !== NO_ENTRY; ) {
      readEntry(bytes, at, field)
      const valueAt = nextEntry(bytes, at)
      readEntry(bytes, valueAt, value)
      field.spell()
      value.spell()
      this.#insert(field, value)
      at = nextEntry(bytes, valueAt)
    }
    this.#fields.clear()
  }

  #insert(field: PackedEntry, value: PackedEntry): void {
    const table = this.#table
    const { root } = this
    const hash = table.hash(field.bytes, field.start, field.length)
    if (table.find(root, field.bytes, field.start, field.length, hash) !== NONE) {
      throw corrupt('Hash with duplicate fields')
    }
    const { bytes, start, length } = field
    const entry = table.insert(root, bytes, start, length, hash, value.length)
    const at = table.valueStart(entry)
    copyBytes(table.bytesOf(entry), at, value.bytes, value.start, value.length)
  }
}
