import type { Random } from '../../shared/random.ts'
import type { ByteCounter } from '../memory/byte-counter.ts'
import type { HandleList } from '../memory/handle-list.ts'
import type { KeyedHash } from '../memory/keyed-hash.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import {
  bucketsFor,
  EMPTY_VISITS_MAX,
  GROW_LOAD_MAX,
  HASH_AT,
  NEXT_AT,
  nextCursor,
  RecordChain,
  SHRINK_FACTOR,
} from './record-chain.ts'

const BUCKETS_MIN = 16
/** Buckets that are moved together, once for so many insertions and removals. */
const MOVED_TOGETHER = 16
/** Records of a chain that are looked at ahead: hardly any is longer. */
const FORESEEN_STEPS = 2

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
  readonly #chain: RecordChain
  readonly #tables: ByteCounter
  readonly #mayGrow: (bytes: number) => boolean
  #table: Uint32Array
  /** While rehashing: where records move to, and the first bucket not moved yet. */
  #target: Uint32Array = EMPTY_TABLE
  #moved = 0
  #stepsOwed = 0
  /** Of `foresee`: as far as chains have been followed. */
  #places = new Uint32Array(MOVED_TOGETHER)

  constructor(options: DictOptions) {
    this.#slab = options.slab
    this.#hasher = options.hasher
    this.#chain = new RecordChain(options.slab, options.keyAt)
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
    const head = this.#table[hash & (this.#table.length - 1)] ?? NONE
    const found = this.#chain.find(head, key, start, length, hash)
    if (found !== NONE || !this.isRehashing) return found
    const other = this.#target[hash & (this.#target.length - 1)] ?? NONE
    return this.#chain.find(other, key, start, length, hash)
  }

  /** While it is empty: makes room for so many records at once, if there is memory for it. */
  reserve(size: number): void {
    const buckets = bucketsFor(size, BUCKETS_MIN)
    const isUseful = this.size === 0 && !this.isRehashing && buckets > this.#table.length
    if (!isUseful || !this.#mayGrow(buckets * Uint32Array.BYTES_PER_ELEMENT)) return
    this.#tables.bytes -= this.#table.byteLength
    this.#table = this.#newTable(buckets)
  }

  /** Takes in a record whose hash and key are written and whose key is not here yet. */
  insert(record: Handle): void {
    if (this.isRehashing) this.#stepBeside()
    else if (this.size >= this.#table.length) this.#grow()
    const table = this.isRehashing ? this.#target : this.#table
    this.#prepend(table, record)
    this.size += 1
  }

  /**
   * Looks at all that `find` and `insert` will look at for these records, which are not here yet. Hardly any of it is in
   * the processor's caches: asked for in a row it comes at once, and not one after the other.
   */
  foresee(records: HandleList): void {
    const { count } = records
    if (this.#places.length < count) this.#places = new Uint32Array(count)
    const places = this.#places
    for (let index = 0; index < count; index += 1) {
      places[index] = this.#slab.uint32(records.at(index), HASH_AT)
    }
    const table = this.#table
    const mask = table.length - 1
    for (let index = 0; index < count; index += 1) {
      places[index] = table[(places[index] ?? 0) & mask] ?? NONE
    }
    this.#foreseeChains(count)
  }

  /** As `foresee`, of what `scan` comes to next in so many steps; of nothing while records move to another table. */
  foreseeScan(cursor: number, steps: number): void {
    if (this.isRehashing) return
    if (this.#places.length < steps) this.#places = new Uint32Array(steps)
    const table = this.#table
    const mask = table.length - 1
    let next = cursor
    for (let index = 0; index < steps; index += 1) {
      this.#places[index] = table[next & mask] ?? NONE
      next = nextCursor(next, mask)
    }
    this.#foreseeChains(steps)
  }

  /** Takes a record out; the caller frees it. */
  remove(record: Handle): void {
    this.#replaceLink(record, this.#slab.uint32(record, NEXT_AT))
    this.size -= 1
    if (this.isRehashing) this.#stepBeside()
    else if (this.#isSparse()) this.#resize(bucketsFor(this.size, BUCKETS_MIN))
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

  /**
   * Of shared memory, though nobody shares it: an ordinary ArrayBuffer V8 counts as its own, and collects for a
   * large one though nothing became garbage (10 to 20 ms, Node.js 20.20, November 2026). What is slower with shared
   * memory is to copy ranges, which is never done here.
   */
  #newTable(buckets: number): Uint32Array {
    const table = new Uint32Array(new SharedArrayBuffer(buckets * Uint32Array.BYTES_PER_ELEMENT))
    this.#tables.bytes += table.byteLength
    return table
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
    const head = table[bucket] ?? NONE
    if (head === record) {
      table[bucket] = next
      return true
    }
    const before = this.#chain.before(head, record)
    if (before === NONE) return false
    this.#chain.setNext(before, next)
    return true
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

  /** Without memory for it the table stays as it is: chains are longer, or it is larger than it need be. */
  #resize(buckets: number): void {
    if (buckets === this.#table.length) return
    try {
      this.#target = this.#newTable(buckets)
    } catch (error) {
      if (error instanceof RangeError) return
      throw error
    }
    this.#moved = 0
  }

  /** The part that an insertion or a removal has in moving: as a rule a bucket, which it leaves to the last of some. */
  #stepBeside(): void {
    this.#stepsOwed += 1
    if (this.#stepsOwed < MOVED_TOGETHER) return
    this.#stepsOwed = 0
    this.#foreseeMoves()
    this.rehash(MOVED_TOGETHER)
  }

  /** As `foresee`, of the records that are moved next. */
  #foreseeMoves(): void {
    const source = this.#table
    const count = Math.min(MOVED_TOGETHER, source.length - this.#moved)
    for (let index = 0; index < count; index += 1) {
      this.#places[index] = source[this.#moved + index] ?? NONE
    }
    this.#foreseeChains(count)
  }

  #foreseeChains(count: number): void {
    for (let step = 0; step < FORESEEN_STEPS; step += 1) this.#slab.follow(this.#places, count)
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
    return this.#chain.at(head, random.uint32() % this.#chain.length(head))
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
