import type { ByteCounter } from '../memory/byte-counter.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { NEXT_AT } from '../structures/record-chain.ts'
import type { RootedStructure } from '../structures/rooted-structure.ts'
import type { Structures } from '../structures/structures.ts'
import { VALUE_TYPES } from '../structures/value.ts'
import { Records } from './record.ts'

/** Elements of a value that go with its record. */
const FREED_AT_ONCE_MAX = 64

/**
 * What belongs to no database any more: tables of records after FLUSHDB, large values whose key is gone.
 * Their memory is taken back in slices, for a million records take half a second, and counts as used until
 * then.
 */
export class Garbage {
  readonly #slab: Slab
  readonly #records: Records
  readonly #counter: ByteCounter
  readonly #structures: Structures
  readonly #roots: { readonly structure: RootedStructure; readonly root: Handle }[] = []
  readonly #tables: Uint32Array[] = []
  /** Records not freed yet. */
  keyCount = 0
  /** Buckets of the last table that have not been freed yet. */
  #left = 0

  constructor(slab: Slab, counter: ByteCounter, structures: Structures) {
    this.#slab = slab
    this.#records = new Records(slab)
    this.#counter = counter
    this.#structures = structures
  }

  get isEmpty(): boolean {
    return this.#tables.length === 0 && this.#roots.length === 0
  }

  /** What is left of a large value. */
  addRoot(structure: RootedStructure, root: Handle): void {
    this.keyCount += 1
    this.#roots.push({ structure, root })
  }

  add(tables: readonly Uint32Array[], keyCount: number): void {
    this.keyCount += keyCount
    for (const table of tables) {
      if (table.length > 0) this.#tables.unshift(table)
    }
    if (this.#left === 0) this.#left = this.#tables.at(-1)?.length ?? 0
  }

  /** Frees what stands in up to `buckets` buckets, or so many elements; gives how many keys that was. */
  free(buckets: number): number {
    const before = this.keyCount
    // Values first: each is in the way of its key's being counted as freed.
    if (this.#roots.length > 0) this.#freeRoot(buckets)
    else this.#freeTables(buckets)
    return before - this.keyCount
  }

  #freeRoot(elements: number): void {
    const last = this.#roots.at(-1)
    if (last === undefined || !last.structure.freeSome(last.root, elements)) return
    this.#roots.pop()
    this.keyCount -= 1
  }

  #freeTables(buckets: number): void {
    for (let count = 0; count < buckets; count += 1) {
      const table = this.#tables.at(-1)
      if (table === undefined) break
      this.#left -= 1
      this.#freeChain(table[this.#left] ?? NONE)
      if (this.#left > 0) continue
      this.#tables.pop()
      this.#counter.bytes -= table.byteLength
      this.#left = this.#tables.at(-1)?.length ?? 0
    }
  }

  /** The slab has taken all records back by itself. */
  forget(): void {
    for (const table of this.#tables) this.#counter.bytes -= table.byteLength
    this.#tables.length = 0
    this.#roots.length = 0
    this.#left = 0
    this.keyCount = 0
  }

  #freeChain(head: number): void {
    for (let record = head; record !== NONE; ) {
      const next = this.#slab.uint32(record, NEXT_AT)
      this.#freeRecord(record)
      record = next
    }
  }

  #freeRecord(record: Handle): void {
    const structure = this.#structureOf(record)
    const root = structure === undefined ? NONE : this.#records.root(record)
    this.#slab.free(record)
    this.keyCount -= 1
    if (structure !== undefined && !structure.freeSome(root, FREED_AT_ONCE_MAX)) {
      this.addRoot(structure, root)
    }
  }

  #structureOf(record: Handle): RootedStructure | undefined {
    if (!this.#records.isRooted(record)) return undefined
    return this.#structures.of(VALUE_TYPES[this.#records.typeNumber(record)] ?? 'string')
  }
}
