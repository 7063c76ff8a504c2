import type { Random } from '../../shared/random.ts'
import type { ByteCounter } from '../memory/byte-counter.ts'
import { equalBytes } from '../memory/byte-slice.ts'
import type { KeyedHash } from '../memory/keyed-hash.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'

/**
 * What every record in a dict starts with. What follows the three words up to the key is its owner's.
 *
 *    0  u32  next record of the bucket
 *    4  u32  hash of the key
 *    8  u32  length of the key
 */
export const NEXT_AT = 0
export const HASH_AT = 4
export const KEY_LENGTH_AT = 8

const BUCKETS_MIN = 16
/** As Redis: shrink when fewer than one bucket in ten would be used. */
const SHRINK_FACTOR = 10
/** Empty buckets one step of a rehash may pass. */
const EMPTY_VISITS_MAX = 10

/** Records per bucket beyond which it grows whatever that takes (server.c, HASHTABLE_MAX_LOAD_FACTOR). */
const GROW_LOAD_MAX = 1.618

const EMPTY_TABLE = new Uint32Array(0)

export interface DictOptions {
  readonly slab: Slab
  readonly hasher: KeyedHash
  /** Where a record's key starts. */
  readonly keyAt: number
  /** The bytes of the tables are added here. */
  readonly tables: ByteCounter
  /** Whether there is room for a table of so many bytes more. */
  readonly mayGrow: (bytes: number) => boolean
}

/**
 * A hash table over records of the slab, with chaining. Knows where a key lies and nothing else of a
 * record; freeing records is the caller's.
 *
 * It grows to twice its buckets when full and shrinks when nearly empty; either moves a bucket or so with
 * each insertion and removal, so that none takes long, and whoever has time moves more with `rehash`.
 * Looking up changes nothing. SCAN visits every record that stays, whatever else comes and goes, with the
 * reverse binary cursor of Redis (dict.c, dictScan).
 */
export class Dict {
  size = 0
  readonly #slab: Slab
  readonly #hasher: KeyedHash
  readonly #keyAt: number
  readonly #tables: ByteCounter
  readonly #mayGrow: (bytes: number) => boolean
  #table: Uint32Array
  /** While rehashing: where records move to, and the first bucket not moved yet. */
  #target: Uint32Array = EMPTY_TABLE
  #moved = 0

  constructor(options: DictOptions) {
    this.#slab = options.slab
    this.#hasher = options.hasher
    this.#keyAt = options.keyAt
    this.#tables = options.tables
    this.#mayGrow = options.mayGrow
    this.#table = this.#newTable(BUCKETS_MIN)
  }

  get tableBytes(): number {
    return this.#table.byteLength + this.#target.byteLength
  }

  get bucketCount(): number {
    return this.#table.length + this.#target.length
  }

  get isRehashing(): boolean {
    return this.#target.length > 0
  }

  hash(key: Uint8Array, start: number, length: number): number {
    return this.#hasher.hash(key, start, length)
  }

  find(key: Uint8Array, start: number, length: number, hash: number): Handle {
    const found = this.#findIn(this.#table, key, start, length, hash)
    if (found !== NONE || !this.isRehashing) return found
    return this.#findIn(this.#target, key, start, length, hash)
  }

  /** Takes in a record whose hash and key are written and whose key is not here yet. */
  insert(record: Handle): void {
    if (this.isRehashing) this.#step()
    else if (this.size >= this.#table.length) this.#grow()
    const table = this.isRehashing ? this.#target : this.#table
    this.#prepend(table, record)
    this.size += 1
  }

  /** Takes a record out; the caller frees it. */
  remove(record: Handle): void {
    this.#replaceLink(record, this.#slab.uint32(record, NEXT_AT))
    this.size -= 1
    if (this.isRehashing) this.#step()
    else if (this.#isSparse()) this.#resize(bucketsFor(this.size))
  }

  /** Puts `next` where `record` was: the same key in another block. */
  replace(record: Handle, next: Handle): void {
    this.#slab.setUint32(next, NEXT_AT, this.#slab.uint32(record, NEXT_AT))
    this.#replaceLink(record, next)
  }

  /** Some record, each with about the same chance; NONE when there is none. */
  random(random: Random): Handle {
    if (this.size === 0) return NONE
    for (;;) {
      const bucket = random.uint32() % this.bucketCount
      const head =
        bucket < this.#table.length
          ? this.#table[bucket]
          : this.#target[bucket - this.#table.length]
      if (head !== undefined && head !== NONE) return this.#randomOfChain(head, random)
    }
  }

  /** `visit` may free nothing and change nothing here; it may look up. */
  forEach(visit: (record: Handle) => void): void {
    for (const table of [this.#table, this.#target]) {
      for (const head of table) this.#visitChain(head, visit)
    }
  }

  /**
   * Visits the bucket of `cursor` and gives the cursor to go on with; 0 starts and ends a round.
   * `visit` may look up, and change nothing: collect first.
   */
  scan(cursor: number, visit: (record: Handle) => void): number {
    if (!this.isRehashing) {
      const mask = this.#table.length - 1
      this.#visitChain(this.#table[cursor & mask] ?? NONE, visit)
      return nextCursor(cursor, mask)
    }
    return this.#scanBoth(cursor, visit)
  }

  /** Moves up to `steps` buckets; false when there is nothing left to move. */
  rehash(steps: number): boolean {
    for (let step = 0; step < steps && this.isRehashing; step += 1) this.#step()
    return this.isRehashing
  }

  /** Forgets every record and frees none. The tables that held them go to the caller, counted as before. */
  clear(): readonly Uint32Array[] {
    const tables = [this.#table, this.#target]
    this.#table = this.#newTable(BUCKETS_MIN)
    this.#target = EMPTY_TABLE
    this.size = 0
    return tables
  }

  #newTable(buckets: number): Uint32Array {
    this.#tables.bytes += buckets * Uint32Array.BYTES_PER_ELEMENT
    return new Uint32Array(buckets)
  }

  #findIn(
    table: Uint32Array,
    key: Uint8Array,
    start: number,
    length: number,
    hash: number,
  ): Handle {
    const slab = this.#slab
    let record = table[hash & (table.length - 1)] ?? NONE
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

  #prepend(table: Uint32Array, record: Handle): void {
    const bucket = this.#slab.uint32(record, HASH_AT) & (table.length - 1)
    this.#slab.setUint32(record, NEXT_AT, table[bucket] ?? NONE)
    table[bucket] = record
  }

  /** Points what points at `record`, which is here, to `next`. */
  #replaceLink(record: Handle, next: Handle): void {
    if (this.#replaceLinkIn(this.#table, record, next)) return
    this.#replaceLinkIn(this.#target, record, next)
  }

  #replaceLinkIn(table: Uint32Array, record: Handle, next: Handle): boolean {
    if (table.length === 0) return false
    const bucket = this.#slab.uint32(record, HASH_AT) & (table.length - 1)
    let other = table[bucket] ?? NONE
    if (other === record) {
      table[bucket] = next
      return true
    }
    while (other !== NONE) {
      const following = this.#slab.uint32(other, NEXT_AT)
      if (following === record) {
        this.#slab.setUint32(other, NEXT_AT, next)
        return true
      }
      other = following
    }
    return false
  }

  #isSparse(): boolean {
    return this.#table.length > BUCKETS_MIN && this.size * SHRINK_FACTOR < this.#table.length
  }

  /** Where memory is short, chains may grow to GROW_LOAD_MAX on average first (server.c, dictExpandAllowed). */
  #grow(): void {
    const buckets = this.#table.length * 2
    const isCrowded = this.size > this.#table.length * GROW_LOAD_MAX
    if (isCrowded || this.#mayGrow(buckets * Uint32Array.BYTES_PER_ELEMENT)) this.#resize(buckets)
  }

  #resize(buckets: number): void {
    if (buckets === this.#table.length) return
    this.#target = this.#newTable(buckets)
    this.#moved = 0
  }

  #step(): void {
    const source = this.#table
    let passed = 0
    while (this.#moved < source.length && source[this.#moved] === NONE) {
      this.#moved += 1
      passed += 1
      if (passed === EMPTY_VISITS_MAX) return
    }
    if (this.#moved === source.length) {
      this.#tables.bytes -= source.byteLength
      this.#table = this.#target
      this.#target = EMPTY_TABLE
      return
    }
    let record = source[this.#moved] ?? NONE
    source[this.#moved] = NONE
    this.#moved += 1
    while (record !== NONE) {
      const next = this.#slab.uint32(record, NEXT_AT)
      this.#prepend(this.#target, record)
      record = next
    }
  }

  #randomOfChain(head: Handle, random: Random): Handle {
    let length = 0
    for (let record = head; record !== NONE; record = this.#slab.uint32(record, NEXT_AT)) {
      length += 1
    }
    let chosen = head
    for (let steps = random.uint32() % length; steps > 0; steps -= 1) {
      chosen = this.#slab.uint32(chosen, NEXT_AT)
    }
    return chosen
  }

  #visitChain(head: Handle, visit: (record: Handle) => void): void {
    for (let record = head; record !== NONE; ) {
      const next = this.#slab.uint32(record, NEXT_AT)
      visit(record)
      record = next
    }
  }

  /** The bucket of the smaller table, and all that it is split into in the larger one. */
  #scanBoth(cursor: number, visit: (record: Handle) => void): number {
    const isGrowing = this.#table.length <= this.#target.length
    const small = isGrowing ? this.#table : this.#target
    const large = isGrowing ? this.#target : this.#table
    const smallMask = small.length - 1
    const largeMask = large.length - 1
    this.#visitChain(small[cursor & smallMask] ?? NONE, visit)
    let next = cursor
    do {
      this.#visitChain(large[next & largeMask] ?? NONE, visit)
      next = nextCursor(next, largeMask)
    } while ((next & (smallMask ^ largeMask)) !== 0)
    return next
  }
}

/** Counts upwards from the highest bit: buckets that a larger table splits stay together. */
function nextCursor(cursor: number, mask: number): number {
  const counted = (reverseBits((cursor | ~mask) >>> 0) + 1) >>> 0
  return reverseBits(counted)
}

function reverseBits(value: number): number {
  let bits = value
  bits = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1)
  bits = ((bits >>> 2) & 0x33333333) | ((bits & 0x33333333) << 2)
  bits = ((bits >>> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4)
  bits = ((bits >>> 8) & 0x00ff00ff) | ((bits & 0x00ff00ff) << 8)
  return ((bits >>> 16) | (bits << 16)) >>> 0
}

function bucketsFor(size: number): number {
  let buckets = BUCKETS_MIN
  while (buckets < size) buckets *= 2
  return buckets
}
