import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import {
  BUCKETS_AT,
  MOVED_AT,
  TABLE_AT,
  TARGET_AT,
  TARGET_BUCKETS_AT,
  WORD_BYTES,
} from './hash-table-root.ts'
import { NEXT_AT } from './record-chain.ts'

/**
 * Goes through a table, whose entries may meanwhile be looked up and given values in place, and nothing
 * else. An object to be used again: `start(root)`, then `next()` until it gives NONE.
 */
export class HashTableIterator {
  readonly #slab: Slab
  #table: Handle = NONE
  #buckets = 0
  #target: Handle = NONE
  #targetBuckets = 0
  #bucket = 0
  #next: Handle = NONE

  constructor(slab: Slab) {
    this.#slab = slab
  }

  start(root: Handle): void {
    const slab = this.#slab
    this.#table = slab.uint32(root, TABLE_AT)
    this.#buckets = slab.uint32(root, BUCKETS_AT)
    this.#target = slab.uint32(root, TARGET_AT)
    this.#targetBuckets = slab.uint32(root, TARGET_BUCKETS_AT)
    this.#bucket = this.#target === NONE ? 0 : slab.uint32(root, MOVED_AT)
    this.#next = NONE
  }

  /** The next entry, NONE after the last. */
  next(): Handle {
    while (this.#next === NONE) {
      if (this.#bucket === this.#buckets) {
        if (this.#target === NONE) return NONE
        this.#table = this.#target
        this.#buckets = this.#targetBuckets
        this.#target = NONE
        this.#bucket = 0
      }
      this.#next = this.#slab.uint32(this.#table, this.#bucket * WORD_BYTES)
      this.#bucket += 1
    }
    const entry = this.#next
    this.#next = this.#slab.uint32(entry, NEXT_AT)
    return entry
  }
}
