import type { Random } from '../../shared/random.ts'
import { copyBytes } from '../memory/byte-slice.ts'
import type { HandleList } from '../memory/handle-list.ts'
import type { KeyedHash } from '../memory/keyed-hash.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { HashTableIterator } from './hash-table-iterator.ts'
import {
  BUCKETS_AT,
  ENTRY_BYTES_AT,
  MOVED_AT,
  ROOT_BYTES,
  SIZE_AT,
  TABLE_AT,
  TARGET_AT,
  TARGET_BUCKETS_AT,
  WORD_BYTES,
} from './hash-table-root.ts'
import { orFree } from './or-free.ts'
import {
  bucketsFor,
  EMPTY_VISITS_MAX,
  GROW_LOAD_MAX,
  HASH_AT,
  KEY_LENGTH_AT,
  nextCursor,
  RecordChain,
  SHRINK_FACTOR,
} from './record-chain.ts'
import type { RootedStructure } from './rooted-structure.ts'

/**
 * An entry, which starts as record-chain.ts says:
 *
 *    0  u32  next entry of the bucket
 *    4  u32  hash of the key
 *    8  u32  length of the key
 *   12       values of one length: the value, then the key
 *            values of any length: u32 length of the value, the key, the value
 */
export const FIXED_VALUE_AT = 12
const VALUE_LENGTH_AT = 12
const KEY_AFTER_LENGTH_AT = 16

const BUCKETS_MIN = 4
/** Chains are hardly ever longer: one in a million at one entry per bucket. */
const FAIR_CHAIN_LENGTH = 8
/** Buckets tried for a fair entry before any entry will do: a table that shrinks may be nearly empty. */
const FAIR_TRIES_MAX = 1_000
const REHASH_STEPS_PER_RANDOM = 10

/** For `valueBytes`: every entry has a value of a length of its own. */
export const ANY_LENGTH = -1

export interface HashTableOptions {
  readonly slab: Slab
  readonly hasher: KeyedHash
  readonly random: Random
  /** 0 for keys alone, the length of every value, or ANY_LENGTH. */
  readonly valueBytes: number
  /** Whether there is room for a table of so many bytes more. */
  readonly mayGrow: (bytes: number) => boolean
}

/**
 * Hash tables that lie in the slab as a whole, each named by its root block: fields of a hash, members of
 * a set, members of a sorted set with their scores. One object serves all tables of a kind.
 *
 * The table of one value grows, shrinks, rehashes and is scanned as dict.ts is. An entry keeps its place
 * until it is removed, or until `replaceValue` gives it another length. Looking up and iterating change
 * nothing; `insert`, `remove` and `random` may move entries between buckets and so end an iteration.
 * Keys given as (bytes, start, length) are copied and may lie in the slab themselves.
 */
export class HashTable implements RootedStructure {
  readonly #slab: Slab
  readonly #hasher: KeyedHash
  readonly #random: Random
  readonly #valueBytes: number
  readonly #keyAt: number
  readonly #mayGrow: (bytes: number) => boolean
  readonly #chain: RecordChain

  constructor(options: HashTableOptions) {
    this.#slab = options.slab
    this.#hasher = options.hasher
    this.#random = options.random
    this.#valueBytes = options.valueBytes
    this.#mayGrow = options.mayGrow
    this.#keyAt =
      options.valueBytes === ANY_LENGTH ? KEY_AFTER_LENGTH_AT : FIXED_VALUE_AT + options.valueBytes
    this.#chain = new RecordChain(options.slab, this.#keyAt)
  }

  /** An empty table, with buckets for so many entries. */
  create(expectedSize = 0): Handle {
    const buckets = bucketsFor(expectedSize, BUCKETS_MIN)
    const table = this.#newTable(buckets)
    return orFree(this.#slab, table, () => {
      const root = this.#slab.allocate(ROOT_BYTES)
      const at = this.#slab.offset(root)
      this.#slab.bytes(root).fill(0, at, at + ROOT_BYTES)
      this.#setWord(root, TABLE_AT, table)
      this.#setWord(root, BUCKETS_AT, buckets)
      return root
    })
  }

  size(root: Handle): number {
    return this.#word(root, SIZE_AT)
  }

  /** All that the table holds of the slab: root, tables and entries. */
  bytes(root: Handle): number {
    return this.#slab.blockBytes(root) + this.tableBytes(root) + this.#entryBytes(root)
  }

  tableBytes(root: Handle): number {
    const target = this.#word(root, TARGET_AT)
    const table = this.#slab.blockBytes(this.#word(root, TABLE_AT))
    return target === NONE ? table : table + this.#slab.blockBytes(target)
  }

  bucketCount(root: Handle): number {
    return this.#word(root, BUCKETS_AT) + this.#word(root, TARGET_BUCKETS_AT)
  }

  isRehashing(root: Handle): boolean {
    return this.#word(root, TARGET_AT) !== NONE
  }

  /** What `find` and `insert` want to be told, so that a key is hashed once. */
  hash(key: Uint8Array, start: number, length: number): number {
    return this.#hasher.hash(key, start, length)
  }

  /** The entry of the key; NONE when it is not there. */
  find(root: Handle, key: Uint8Array, start: number, length: number, hash: number): Handle {
    const slab = this.#slab
    const view = slab.view(root)
    const at = slab.offset(root)
    const bucket = hash & (view.getUint32(at + BUCKETS_AT, true) - 1)
    const head = slab.uint32(view.getUint32(at + TABLE_AT, true), bucket * WORD_BYTES)
    const found = this.#chain.find(head, key, start, length, hash)
    const target = view.getUint32(at + TARGET_AT, true)
    if (found !== NONE || target === NONE) return found
    const other = hash & (view.getUint32(at + TARGET_BUCKETS_AT, true) - 1)
    return this.#chain.find(slab.uint32(target, other * WORD_BYTES), key, start, length, hash)
  }

  /**
   * A new entry for a key that is not there yet. The caller writes its value, `valueLength` bytes from
   * `valueStart`; with values of one length it is not asked for.
   */
  insert(
    root: Handle,
    key: Uint8Array,
    start: number,
    length: number,
    hash: number,
    valueLength = 0,
  ): Handle {
    this.#makeRoom(root)
    const entry = this.#newEntry(length, valueLength)
    const view = this.#slab.view(entry)
    const at = this.#slab.offset(entry)
    view.setUint32(at + HASH_AT, hash, true)
    view.setUint32(at + KEY_LENGTH_AT, length, true)
    copyBytes(this.#slab.bytes(entry), at + this.#keyAt, key, start, length)
    this.#link(root, entry)
    return entry
  }

  /** Takes out and frees an entry of this table. */
  remove(root: Handle, entry: Handle): void {
    this.#replaceLink(root, entry, this.#chain.next(entry))
    this.#setWord(root, SIZE_AT, this.size(root) - 1)
    this.#addEntryBytes(root, -this.#slab.blockBytes(entry))
    this.#slab.free(entry)
    if (this.isRehashing(root)) this.#step(root)
    else if (this.#isSparse(root)) this.#resize(root, bucketsFor(this.size(root), BUCKETS_MIN))
  }

  /** Makes room for a value of another length, which the caller writes. The entry may move: gives where it is. */
  replaceValue(root: Handle, entry: Handle, valueLength: number): Handle {
    const slab = this.#slab
    const keyLength = this.keyLength(entry)
    const needed = this.#keyAt + keyLength + valueLength
    const held = slab.blockBytes(entry)
    // Not more than twice as large as needed, or what was cut short would never be given back.
    if (needed <= held && held <= 2 * needed) {
      slab.setUint32(entry, VALUE_LENGTH_AT, valueLength)
      return entry
    }
    const moved = this.#newEntry(keyLength, valueLength)
    const from = slab.offset(entry)
    const to = slab.offset(moved)
    copyBytes(slab.bytes(moved), to, slab.bytes(entry), from, VALUE_LENGTH_AT)
    copyBytes(slab.bytes(moved), to + this.#keyAt, slab.bytes(entry), from + this.#keyAt, keyLength)
    this.#replaceLink(root, entry, moved)
    this.#addEntryBytes(root, slab.blockBytes(moved) - held)
    slab.free(entry)
    return moved
  }

  /** The memory that key and value of the entry lie in. */
  bytesOf(entry: Handle): Uint8Array {
    return this.#slab.bytes(entry)
  }

  viewOf(entry: Handle): DataView {
    return this.#slab.view(entry)
  }

  keyStart(entry: Handle): number {
    return this.#slab.offset(entry) + this.#keyAt
  }

  keyLength(entry: Handle): number {
    return this.#slab.uint32(entry, KEY_LENGTH_AT)
  }

  valueStart(entry: Handle): number {
    if (this.#valueBytes !== ANY_LENGTH) return this.#slab.offset(entry) + FIXED_VALUE_AT
    return this.keyStart(entry) + this.keyLength(entry)
  }

  valueLength(entry: Handle): number {
    if (this.#valueBytes !== ANY_LENGTH) return this.#valueBytes
    return this.#slab.uint32(entry, VALUE_LENGTH_AT)
  }

  /**
   * Some entry, each with the same chance; NONE when there is none. Redis takes one of fifteen neighbours
   * (dict.c, dictGetFairRandomKey); here a bucket is taken as often as its chain is long. Entries of chains
   * beyond FAIR_CHAIN_LENGTH come less often, and a table that is nearly empty settles for any bucket.
   */
  random(root: Handle): Handle {
    if (this.size(root) === 0) return NONE
    // A table that is only asked for random entries gets to its new size, too.
    this.rehash(root, REHASH_STEPS_PER_RANDOM)
    for (let tries = 0; ; tries += 1) {
      const head = this.#randomHead(root)
      if (head === NONE) continue
      const length = this.#chain.length(head)
      const range = tries < FAIR_TRIES_MAX ? Math.max(length, FAIR_CHAIN_LENGTH) : length
      const steps = this.#random.uint32() % range
      if (steps < length) return this.#chain.at(head, steps)
    }
  }

  /**
   * Adds the entries of the bucket of `cursor` to `found` and gives the cursor to go on with; 0 starts and
   * ends a round. A round finds every entry that stays, whatever comes and goes between two calls.
   */
  scan(root: Handle, cursor: number, found: HandleList): number {
    const mask = this.#word(root, BUCKETS_AT) - 1
    if (this.isRehashing(root)) return this.#scanBoth(root, cursor, found)
    this.#collect(this.#head(this.#word(root, TABLE_AT), cursor & mask), found)
    return nextCursor(cursor, mask)
  }

  /** Moves up to `steps` buckets; false when there is nothing left to move. */
  rehash(root: Handle, steps: number): boolean {
    for (let step = 0; step < steps && this.isRehashing(root); step += 1) this.#step(root)
    return this.isRehashing(root)
  }

  /** Frees all; the root is no table any more. O(n): for large ones there is `freeSome`. */
  free(root: Handle): void {
    this.freeSome(root, Number.POSITIVE_INFINITY)
  }

  /** Frees up to `budget` entries and buckets; true when all is gone. After the first call the table is good for nothing else. */
  freeSome(root: Handle, budget: number): boolean {
    let left = budget
    while (this.size(root) > 0) {
      if (left <= 0) return false
      const buckets = this.#word(root, BUCKETS_AT)
      if (buckets === 0) {
        this.#slab.free(this.#word(root, TABLE_AT))
        this.#enterTarget(root)
        continue
      }
      const table = this.#word(root, TABLE_AT)
      left -= 1 + this.#freeChain(root, table, buckets - 1, left)
      if (this.#head(table, buckets - 1) === NONE) this.#setWord(root, BUCKETS_AT, buckets - 1)
    }
    this.#freeEmpty(root)
    return true
  }

  /** Another table of the same entries. O(n). */
  copy(root: Handle): Handle {
    return orFree(this, this.create(this.size(root)), (copied) => this.#copyEntries(root, copied))
  }

  #copyEntries(root: Handle, copied: Handle): Handle {
    const slab = this.#slab
    const iterator = new HashTableIterator(slab)
    iterator.start(root)
    for (let entry = iterator.next(); entry !== NONE; entry = iterator.next()) {
      const length = this.#valueBytes === ANY_LENGTH ? this.valueLength(entry) : this.#valueBytes
      const bytes = this.#keyAt + this.keyLength(entry) + length
      const twin = slab.allocate(bytes)
      copyBytes(slab.bytes(twin), slab.offset(twin), slab.bytes(entry), slab.offset(entry), bytes)
      this.#link(copied, twin)
    }
    return copied
  }

  #word(block: Handle, at: number): number {
    return this.#slab.uint32(block, at)
  }

  #setWord(block: Handle, at: number, value: number): void {
    this.#slab.setUint32(block, at, value)
  }

  #head(table: Handle, bucket: number): Handle {
    return this.#slab.uint32(table, bucket * WORD_BYTES)
  }

  #setHead(table: Handle, bucket: number, entry: Handle): void {
    this.#slab.setUint32(table, bucket * WORD_BYTES, entry)
  }

  #entryBytes(root: Handle): number {
    return this.#slab.view(root).getFloat64(this.#slab.offset(root) + ENTRY_BYTES_AT, true)
  }

  #addEntryBytes(root: Handle, bytes: number): void {
    const at = this.#slab.offset(root) + ENTRY_BYTES_AT
    const view = this.#slab.view(root)
    view.setFloat64(at, view.getFloat64(at, true) + bytes, true)
  }

  #newTable(buckets: number): Handle {
    const table = this.#slab.allocate(buckets * WORD_BYTES)
    this.#empty(table, buckets)
    return table
  }

  #empty(table: Handle, buckets: number): void {
    const at = this.#slab.offset(table)
    this.#slab.bytes(table).fill(0, at, at + buckets * WORD_BYTES)
  }

  /** A block of the right size; of its contents only the value's length is written. */
  #newEntry(keyLength: number, valueLength: number): Handle {
    if (this.#valueBytes !== ANY_LENGTH) return this.#slab.allocate(this.#keyAt + keyLength)
    const entry = this.#slab.allocate(this.#keyAt + keyLength + valueLength)
    this.#slab.setUint32(entry, VALUE_LENGTH_AT, valueLength)
    return entry
  }

  /** Takes in an entry whose hash is written. */
  #link(root: Handle, entry: Handle): void {
    if (this.isRehashing(root)) {
      this.#prepend(this.#word(root, TARGET_AT), this.#word(root, TARGET_BUCKETS_AT), entry)
    } else {
      this.#prepend(this.#word(root, TABLE_AT), this.#word(root, BUCKETS_AT), entry)
    }
    this.#setWord(root, SIZE_AT, this.size(root) + 1)
    this.#addEntryBytes(root, this.#slab.blockBytes(entry))
  }

  #prepend(table: Handle, buckets: number, entry: Handle): void {
    const bucket = this.#chain.hash(entry) & (buckets - 1)
    this.#chain.setNext(entry, this.#head(table, bucket))
    this.#setHead(table, bucket, entry)
  }

  /** Points what points at `entry`, which is here, to `next`. */
  #replaceLink(root: Handle, entry: Handle, next: Handle): void {
    const hash = this.#chain.hash(entry)
    const table = this.#word(root, TABLE_AT)
    const bucket = hash & (this.#word(root, BUCKETS_AT) - 1)
    if (this.#replaceLinkIn(table, bucket, entry, next) || !this.isRehashing(root)) return
    const other = hash & (this.#word(root, TARGET_BUCKETS_AT) - 1)
    this.#replaceLinkIn(this.#word(root, TARGET_AT), other, entry, next)
  }

  #replaceLinkIn(table: Handle, bucket: number, entry: Handle, next: Handle): boolean {
    const head = this.#head(table, bucket)
    if (head === entry) {
      this.#setHead(table, bucket, next)
      return true
    }
    const before = this.#chain.before(head, entry)
    if (before === NONE) return false
    this.#chain.setNext(before, next)
    return true
  }

  /** Before an insertion. Where memory is short, chains may grow first (server.c, dictExpandAllowed). */
  #makeRoom(root: Handle): void {
    if (this.isRehashing(root)) return this.#step(root)
    const size = this.size(root)
    const buckets = this.#word(root, BUCKETS_AT)
    if (size < buckets) return
    const isCrowded = size > buckets * GROW_LOAD_MAX
    if (isCrowded || this.#mayGrow(buckets * 2 * WORD_BYTES)) this.#resize(root, buckets * 2)
  }

  #isSparse(root: Handle): boolean {
    const buckets = this.#word(root, BUCKETS_AT)
    return buckets > BUCKETS_MIN && this.size(root) * SHRINK_FACTOR < buckets
  }

  #resize(root: Handle, buckets: number): void {
    if (buckets === this.#word(root, BUCKETS_AT)) return
    const target = this.#slab.tryToAllocate(buckets * WORD_BYTES)
    // Chains are longer then, or the table larger than it need be.
    if (target === NONE) return
    this.#empty(target, buckets)
    this.#setWord(root, TARGET_AT, target)
    this.#setWord(root, TARGET_BUCKETS_AT, buckets)
    this.#setWord(root, MOVED_AT, 0)
  }

  /** Moves the next bucket that is not empty, unless too many empty ones stand before it. */
  #step(root: Handle): void {
    const table = this.#word(root, TABLE_AT)
    const buckets = this.#word(root, BUCKETS_AT)
    let bucket = this.#word(root, MOVED_AT)
    const end = Math.min(buckets, bucket + EMPTY_VISITS_MAX)
    while (bucket < end && this.#head(table, bucket) === NONE) bucket += 1
    if (bucket === buckets) {
      this.#slab.free(table)
      this.#enterTarget(root)
      return
    }
    if (bucket < end) {
      this.#moveChain(root, this.#head(table, bucket))
      this.#setHead(table, bucket, NONE)
      bucket += 1
    }
    this.#setWord(root, MOVED_AT, bucket)
  }

  #moveChain(root: Handle, head: Handle): void {
    const target = this.#word(root, TARGET_AT)
    const buckets = this.#word(root, TARGET_BUCKETS_AT)
    for (let entry = head; entry !== NONE; ) {
      const next = this.#chain.next(entry)
      this.#prepend(target, buckets, entry)
      entry = next
    }
  }

  /** The table has been freed; the one that entries moved to takes its place. */
  #enterTarget(root: Handle): void {
    this.#setWord(root, TABLE_AT, this.#word(root, TARGET_AT))
    this.#setWord(root, BUCKETS_AT, this.#word(root, TARGET_BUCKETS_AT))
    this.#setWord(root, TARGET_AT, NONE)
    this.#setWord(root, TARGET_BUCKETS_AT, 0)
  }

  /** The chain of some bucket that has not been moved away. */
  #randomHead(root: Handle): Handle {
    const buckets = this.#word(root, BUCKETS_AT)
    if (!this.isRehashing(root)) {
      return this.#head(this.#word(root, TABLE_AT), this.#random.uint32() & (buckets - 1))
    }
    const moved = this.#word(root, MOVED_AT)
    const bucket = moved + (this.#random.uint32() % (this.bucketCount(root) - moved))
    if (bucket < buckets) return this.#head(this.#word(root, TABLE_AT), bucket)
    return this.#head(this.#word(root, TARGET_AT), bucket - buckets)
  }

  #collect(head: Handle, found: HandleList): void {
    for (let entry = head; entry !== NONE; entry = this.#chain.next(entry)) found.push(entry)
  }

  /** The bucket of the smaller table, and all that it is split into in the larger one. */
  #scanBoth(root: Handle, cursor: number, found: HandleList): number {
    const isGrowing = this.#word(root, BUCKETS_AT) <= this.#word(root, TARGET_BUCKETS_AT)
    const table = this.#word(root, TABLE_AT)
    const target = this.#word(root, TARGET_AT)
    const tableMask = this.#word(root, BUCKETS_AT) - 1
    const targetMask = this.#word(root, TARGET_BUCKETS_AT) - 1
    const smallMask = isGrowing ? tableMask : targetMask
    const largeMask = isGrowing ? targetMask : tableMask
    this.#collect(this.#head(isGrowing ? table : target, cursor & smallMask), found)
    let next = cursor
    do {
      this.#collect(this.#head(isGrowing ? target : table, next & largeMask), found)
      next = nextCursor(next, largeMask)
    } while ((next & (smallMask ^ largeMask)) !== 0)
    return next
  }

  #freeEmpty(root: Handle): void {
    this.#slab.free(this.#word(root, TABLE_AT))
    if (this.isRehashing(root)) this.#slab.free(this.#word(root, TARGET_AT))
    this.#slab.free(root)
  }

  /** Gives how many it has freed, at most `max`. */
  #freeChain(root: Handle, table: Handle, bucket: number, max: number): number {
    let freed = 0
    let entry = this.#head(table, bucket)
    for (; entry !== NONE && freed < max; freed += 1) {
      const next = this.#chain.next(entry)
      this.#addEntryBytes(root, -this.#slab.blockBytes(entry))
      this.#slab.free(entry)
      entry = next
    }
    this.#setHead(table, bucket, entry)
    this.#setWord(root, SIZE_AT, this.size(root) - freed)
    return freed
  }
}
