import { equalBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'

/**
 * What every record that stands in a hash table starts with. What follows the three words up to the key is
 * its owner's.
 *
 *    0  u32  next record of the bucket
 *    4  u32  hash of the key
 *    8  u32  length of the key
 */
export const NEXT_AT = 0
export const HASH_AT = 4
export const KEY_LENGTH_AT = 8

/** Empty buckets one step of a rehash may pass. */
export const EMPTY_VISITS_MAX = 10
/** A table shrinks when fewer than one bucket in ten would be used (server.c, HASHTABLE_MIN_FILL). */
export const SHRINK_FACTOR = 10
/** Records per bucket beyond which a table grows whatever that takes (server.c, HASHTABLE_MAX_LOAD_FACTOR). */
export const GROW_LOAD_MAX = 1.618

/** The records of a bucket, one linked to the next: what tables of both kinds, dict.ts and hash-table.ts, hold. */
export class RecordChain {
  readonly #slab: Slab
  readonly #keyAt: number

  /** `keyAt`: where a record's key starts. */
  constructor(slab: Slab, keyAt: number) {
    this.#slab = slab
    this.#keyAt = keyAt
  }

  find(head: Handle, key: Uint8Array, start: number, length: number, hash: number): Handle {
    const slab = this.#slab
    let record = head
    while (record !== NONE) {
      const view = slab.view(record)
      const at = slab.offset(record)
      if (
        view.getUint32(at + HASH_AT, true) === hash &&
        view.getUint32(at + KEY_LENGTH_AT, true) === length &&
        equalBytes(slab.bytes(record), at + this.#keyAt, key, start, length)
      ) {
        return record
      }
      record = view.getUint32(at + NEXT_AT, true)
    }
    return NONE
  }

  /** The record that points to `record`, which is in the chain and not its head; NONE when it is not there. */
  before(head: Handle, record: Handle): Handle {
    let other = head
    while (other !== NONE) {
      const following = this.#slab.uint32(other, NEXT_AT)
      if (following === record) return other
      other = following
    }
    return NONE
  }

  length(head: Handle): number {
    let length = 0
    for (let record = head; record !== NONE; record = this.next(record)) length += 1
    return length
  }

  /** The record so many steps behind the head. */
  at(head: Handle, steps: number): Handle {
    let record = head
    for (let left = steps; left > 0; left -= 1) record = this.next(record)
    return record
  }

  next(record: Handle): Handle {
    return this.#slab.uint32(record, NEXT_AT)
  }

  setNext(record: Handle, next: Handle): void {
    this.#slab.setUint32(record, NEXT_AT, next)
  }

  hash(record: Handle): number {
    return this.#slab.uint32(record, HASH_AT)
  }
}

/**
 * The bucket that SCAN visits next in a table of `mask + 1` buckets, 0 at the end of the round: counts
 * upwards from the highest bit, so that the buckets a larger table splits stay together (dict.c, dictScan).
 */
export function nextCursor(cursor: number, mask: number): number {
  const counted = (reverseBits((cursor | ~mask) >>> 0) + 1) >>> 0
  return reverseBits(counted)
}

/** The buckets of a table for so many records, a power of two. */
export function bucketsFor(size: number, bucketsMin: number): number {
  let buckets = bucketsMin
  while (buckets < size) buckets *= 2
  return buckets
}

function reverseBits(value: number): number {
  let bits = value
  bits = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1)
  bits = ((bits >>> 2) & 0x33333333) | ((bits & 0x33333333) << 2)
  bits = ((bits >>> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4)
  bits = ((bits >>> 8) & 0x00ff00ff) | ((bits & 0x00ff00ff) << 8)
  return ((bits >>> 16) | (bits << 16)) >>> 0
}
