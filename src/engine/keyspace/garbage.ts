import type { ByteCounter } from '../memory/byte-counter.ts'
import { NONE, type Slab } from '../memory/slab.ts'
import { NEXT_AT } from '../structures/dict.ts'

/**
 * Tables of records that belong to no database any more, after FLUSHDB. Their memory is taken back in
 * slices, for a million records take half a second, and counts as used until then.
 */
export class Garbage {
  readonly #slab: Slab
  readonly #counter: ByteCounter
  readonly #tables: Uint32Array[] = []
  /** Records not freed yet. */
  keyCount = 0
  /** Buckets of the last table that have not been freed yet. */
  #left = 0

  constructor(slab: Slab, counter: ByteCounter) {
    this.#slab = slab
    this.#counter = counter
  }

  get isEmpty(): boolean {
    return this.#tables.length === 0
  }

  add(tables: readonly Uint32Array[], keyCount: number): void {
    this.keyCount += keyCount
    for (const table of tables) {
      if (table.length > 0) this.#tables.unshift(table)
    }
    if (this.#left === 0) this.#left = this.#tables.at(-1)?.length ?? 0
  }

  /** Frees what stands in up to `buckets` buckets; gives how many records that was. */
  free(buckets: number): number {
    const before = this.keyCount
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
    return before - this.keyCount
  }

  /** The slab has taken all records back by itself. */
  forget(): void {
    for (const table of this.#tables) this.#counter.bytes -= table.byteLength
    this.#tables.length = 0
    this.#left = 0
    this.keyCount = 0
  }

  #freeChain(head: number): void {
    for (let record = head; record !== NONE; ) {
      const next = this.#slab.uint32(record, NEXT_AT)
      this.#slab.free(record)
      this.keyCount -= 1
      record = next
    }
  }
}
