import { invariant } from '../../shared/assert.ts'
import type { Random } from '../../shared/random.ts'
import type { ByteCounter } from '../memory/byte-counter.ts'
import { copyBytes, moveBytes } from '../memory/byte-slice.ts'
import type { KeyedHash } from '../memory/keyed-hash.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { Dict } from '../structures/dict.ts'
import { orFree } from '../structures/or-free.ts'
import type { RootedStructure } from '../structures/rooted-structure.ts'
import { type StringForm, stringEncoding } from '../structures/string-value.ts'
import type { Structures } from '../structures/structures.ts'
import {
  type CollectionType,
  type Encoding,
  PACKED_ENCODINGS,
  ROOTED_ENCODINGS,
  STRING_TYPE,
  VALUE_TYPES,
  type ValueType,
} from '../structures/value.ts'
import type { Access } from './access.ts'
import { ExpiryHeap, HEAP_ENTRY_BYTES } from './expiry-heap.ts'
import type { Garbage } from './garbage.ts'
import type { KeyEvents, RemovalListener } from './key-events.ts'
import type { OwnExpiries } from './own-expiries.ts'
import { KEY_AT, NO_EXPIRY, Records } from './record.ts'
import type { SnapshotGuard } from './snapshot-guard.ts'

export type { Handle } from '../memory/slab.ts'
export { NO_EXPIRY } from './record.ts'

/** For `setString`: what the key had. */
export const KEEP_EXPIRY = -1

/** What every bucket adds to a key's block. */
const BUCKET_BYTES = 4

/** A rooted value in its record: the handle of its root block. */
const ROOT_BYTES = 4
/** Elements of a value that go with its key; the rest of a large one goes by and by. */
const FREED_AT_ONCE_MAX = 64

const RANDOM_TRIES_MAX = 100
const TTL_SAMPLE = 20

/** What the databases of one keyspace share. The executor sets `nowMs` once per turn. */
export interface DatabaseContext {
  readonly slab: Slab
  readonly hasher: KeyedHash
  readonly random: Random
  readonly access: Access
  readonly stats: KeyspaceStats
  /** Bytes of hash tables and expiry heaps; the records are the slab's. */
  readonly tables: ByteCounter
  readonly garbage: Garbage
  readonly structures: Structures
  mayGrow: (bytes: number) => boolean
  /** Nothing is taken away that nobody deletes: what is due is gone for lookups only. */
  isFrozen: boolean
  readonly events: KeyEvents
  onRemoval: RemovalListener
  /** Runs what takes a key away, and looks how long that takes; absent while nobody asks. */
  timeRemoval: RemovalTimer | undefined
  nowMs: number
  /** What expires before this is gone: the same instant, or 0 while nothing is to go. */
  dueMs: number
  readonly ownExpiries: OwnExpiries
  /** While a snapshot is taken. */
  snapshot: SnapshotGuard | undefined
}

export type RemovalTimer = (reason: 'expired' | 'evicted', remove: () => void) => void

/** Totals since the start or since CONFIG RESETSTAT, under INFO's names. */
export interface KeyspaceStats {
  hits: number
  misses: number
  expiredKeys: number
  evictedKeys: number
  /** Keys of flushed databases whose memory was taken back afterwards. */
  lazyfreedKeys: number
}

/**
 * One numbered database. Keys come as (bytes, start, length) and are copied in; a handle it gives is valid
 * until the next write to that key, and never outlives a turn. A key past its instant is gone for every
 * lookup, whether or not its memory has been taken back yet.
 */
export class Database {
  readonly #context: DatabaseContext
  readonly #slab: Slab
  readonly #records: Records
  readonly #dict: Dict
  readonly #heap: ExpiryHeap
  /** The number clients SELECT; SWAPDB changes it. */
  index: number

  constructor(index: number, context: DatabaseContext) {
    this.index = index
    this.#context = context
    this.#slab = context.slab
    this.#records = new Records(context.slab)
    this.#dict = new Dict({
      slab: context.slab,
      hasher: context.hasher,
      keyAt: KEY_AT,
      tables: context.tables,
      mayGrow: (bytes) => context.mayGrow(bytes),
    })
    this.#heap = new ExpiryHeap(this.#records, context.tables)
  }

  /** As DBSIZE counts: keys past their instant count until they are taken away. */
  get size(): number {
    return this.#dict.size
  }

  get volatileCount(): number {
    return this.#heap.size
  }

  get averageTtlMs(): number {
    return this.#heap.averageTtlMs(this.#context.nowMs, TTL_SAMPLE)
  }

  get hashTableBytes(): number {
    return this.#dict.tableBytes
  }

  get expiryHeapBytes(): number {
    return this.#heap.bytes
  }

  /** To read: counts a hit or a miss and touches the key. */
  find(key: Uint8Array, start: number, length: number): Handle {
    const record = this.look(key, start, length)
    if (record !== NONE) this.touch(record)
    return record
  }

  /** To read what is no use of the value: counts a hit or a miss, and does not touch the key. */
  look(key: Uint8Array, start: number, length: number): Handle {
    const record = this.peek(key, start, length)
    if (record === NONE) {
      this.#context.stats.misses += 1
      this.#context.events.missed(this.index, key, start, length)
      return NONE
    }
    this.#context.stats.hits += 1
    return record
  }

  /** To write: touches the key and counts nothing. */
  findForWrite(key: Uint8Array, start: number, length: number): Handle {
    const record = this.peek(key, start, length)
    if (record === NONE) return NONE
    this.preserve(record)
    this.touch(record)
    return record
  }

  /** To look without being seen: touches and counts nothing. */
  peek(key: Uint8Array, start: number, length: number): Handle {
    const record = this.#dict.find(key, start, length, this.#dict.hash(key, start, length))
    if (record === NONE || !this.isDue(record)) return record
    if (!this.#context.isFrozen) this.#expire(record)
    return NONE
  }

  /** Whether the key is held, past its instant or not; takes nothing away. */
  holds(key: Uint8Array, start: number, length: number): boolean {
    return this.held(key, start, length) !== NONE
  }

  /** The record of a key that is held, past its instant or not; takes nothing away. */
  held(key: Uint8Array, start: number, length: number): Handle {
    return this.#dict.find(key, start, length, this.#dict.hash(key, start, length))
  }

  /** Whether the key is held though its instant is past. */
  holdsExpired(key: Uint8Array, start: number, length: number): boolean {
    const record = this.#dict.find(key, start, length, this.#dict.hash(key, start, length))
    return record !== NONE && this.isDue(record)
  }

  touch(record: Handle): void {
    const access = this.#records.access(record)
    const touched = this.#context.access.touched(access)
    if (touched !== access) this.#records.setAccess(record, touched)
  }

  type(record: Handle): ValueType {
    return VALUE_TYPES[this.#records.typeNumber(record)] ?? 'string'
  }

  isString(record: Handle): boolean {
    return this.#records.typeNumber(record) === STRING_TYPE
  }

  /** Whether the value is more than its record: `root` gives its root block. */
  isRooted(record: Handle): boolean {
    return this.#records.isRooted(record)
  }

  root(record: Handle): Handle {
    return this.#records.root(record)
  }

  encoding(record: Handle): Encoding {
    const type = this.type(record)
    if (type !== 'string') {
      return this.isRooted(record) ? ROOTED_ENCODINGS[type] : PACKED_ENCODINGS[type]
    }
    return stringEncoding(
      this.bytes(record),
      this.valueStart(record),
      this.valueLength(record),
      this.#records.stringForm(record),
    )
  }

  /** The memory that key and value of the record lie in. */
  bytes(record: Handle): Uint8Array {
    return this.#slab.bytes(record)
  }

  keyStart(record: Handle): number {
    return this.#records.keyStart(record)
  }

  keyLength(record: Handle): number {
    return this.#records.keyLength(record)
  }

  valueStart(record: Handle): number {
    return this.#records.valueStart(record)
  }

  valueLength(record: Handle): number {
    return this.#records.valueLength(record)
  }

  /** NO_EXPIRY, or the last millisecond at which the key exists. */
  expiresAtMs(record: Handle): number {
    return this.#records.expiresAtMs(record)
  }

  idleSeconds(record: Handle): number {
    return this.#context.access.idleSeconds(this.#records.access(record))
  }

  frequency(record: Handle): number {
    return this.#context.access.frequency(this.#records.access(record))
  }

  /** As if the key had been used last so long ago; for RESTORE and loading. */
  setIdleSeconds(record: Handle, seconds: number): void {
    this.#records.setAccess(record, this.#context.access.ofIdleSeconds(seconds))
  }

  setFrequency(record: Handle, frequency: number): void {
    this.#records.setAccess(record, this.#context.access.ofFrequency(frequency))
  }

  evictionScore(record: Handle): number {
    return this.#context.access.evictionScore(this.#records.access(record))
  }

  /** Exact: the block and what the tables hold for it. */
  memoryUsage(record: Handle): number {
    const heapBytes = this.#records.hasExpiry(record) ? HEAP_ENTRY_BYTES : 0
    return this.#slab.blockBytes(record) + BUCKET_BYTES + heapBytes + this.#rootedBytes(record)
  }

  /**
   * Makes the key a string of these bytes, whatever it was. `expiresAtMs` is an instant, NO_EXPIRY or
   * KEEP_EXPIRY. The value may lie in the slab, but not in the record it replaces.
   */
  setString(
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    value: Uint8Array,
    valueStart: number,
    valueLength: number,
    expiresAtMs: number,
  ): Handle {
    const hash = this.#dict.hash(key, keyStart, keyLength)
    const old = this.#livingRecord(key, keyStart, keyLength, hash)
    let record: Handle
    if (old === NONE) {
      const hasExpiry = expiresAtMs > NO_EXPIRY
      record = this.#records.create(key, keyStart, keyLength, hash, valueLength, hasExpiry)
      this.#records.setAccess(record, this.#context.access.initial())
      this.#dict.insert(record)
      if (hasExpiry) this.#enterHeap(record, expiresAtMs)
      this.#context.events.created(this.index, key, keyStart, keyLength)
    } else {
      if (this.#records.typeNumber(old) !== STRING_TYPE) this.#becomeNoCollection(old)
      const instant = expiresAtMs === KEEP_EXPIRY ? this.#records.expiresAtMs(old) : expiresAtMs
      record = this.#reshape(old, valueLength, instant, 0)
      this.#records.setStringForm(record, 'given')
      this.touch(record)
    }
    const at = this.#records.valueStart(record)
    copyBytes(this.#slab.bytes(record), at, value, valueStart, valueLength)
    if (expiresAtMs > NO_EXPIRY) this.#rememberOwn(record)
    return record
  }

  /**
   * Makes the key a collection packed in its record, whatever it was, without expiry. The value's bytes
   * are the caller's to write.
   */
  createPacked(
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    type: CollectionType,
    valueLength: number,
  ): Handle {
    const hash = this.#dict.hash(key, keyStart, keyLength)
    const old = this.#livingRecord(key, keyStart, keyLength, hash)
    // First, for there may be no memory: then what was there is still there.
    const record = this.#records.create(key, keyStart, keyLength, hash, valueLength, false)
    if (old !== NONE) this.#remove(old)
    this.#records.setAccess(record, this.#context.access.initial())
    this.#records.setCollection(record, VALUE_TYPES.indexOf(type), false)
    this.#dict.insert(record)
    const { events } = this.#context
    if (old === NONE) events.created(this.index, key, keyStart, keyLength)
    events.appeared(this.index, key, keyStart, keyLength)
    return record
  }

  /** Makes the key a collection with this root block, whatever it was, without expiry. */
  createRooted(
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    type: CollectionType,
    root: Handle,
  ): Handle {
    const record = this.createPacked(key, keyStart, keyLength, type, ROOT_BYTES)
    this.#records.setCollection(record, VALUE_TYPES.indexOf(type), true)
    this.#records.setRoot(record, root)
    return record
  }

  /** From now on the collection is what `root` holds; what it was before is freed. The record may move. */
  becomeRooted(record: Handle, root: Handle): Handle {
    if (this.isRooted(record)) this.#releaseRoot(record)
    const moved = this.#reshape(record, ROOT_BYTES, this.#records.expiresAtMs(record), 0)
    this.#records.setCollection(moved, this.#records.typeNumber(moved), true)
    this.#records.setRoot(moved, root)
    return moved
  }

  /**
   * From now on the collection is packed in its record, in bytes that the caller writes; what it was before
   * is freed. The record may move.
   */
  becomePacked(record: Handle, valueLength: number): Handle {
    if (this.isRooted(record)) this.#releaseRoot(record)
    const moved = this.#reshape(record, valueLength, this.#records.expiresAtMs(record), 0)
    this.#records.setCollection(moved, this.#records.typeNumber(moved), false)
    return moved
  }

  /**
   * Makes room within a packed value: `removed` bytes from `at` on give way to `inserted` undefined ones,
   * and what follows moves. The record may move.
   */
  spliceValue(record: Handle, at: number, removed: number, inserted: number): Handle {
    const length = this.valueLength(record)
    const expiresAtMs = this.#records.expiresAtMs(record)
    const newLength = length - removed + inserted
    if (newLength <= length) {
      this.#moveTail(record, at + removed, at + inserted, length)
      return newLength === length
        ? record
        : this.#reshape(record, newLength, expiresAtMs, newLength)
    }
    const moved = this.#reshape(record, newLength, expiresAtMs, length)
    this.#moveTail(moved, at + removed, at + inserted, length)
    return moved
  }

  /** For OBJECT ENCODING: how the value came to be. */
  setStringForm(record: Handle, form: StringForm): void {
    this.#records.setStringForm(record, form)
  }

  /** Gives the string these bytes for its own and leaves its expiry. The record may move. */
  overwrite(record: Handle, value: Uint8Array, valueLength: number, form: StringForm): Handle {
    if (valueLength === this.valueLength(record) && this.#records.stringForm(record) === form) {
      copyBytes(this.#slab.bytes(record), this.#records.valueStart(record), value, 0, valueLength)
      return record
    }
    const moved = this.#reshape(record, valueLength, this.#records.expiresAtMs(record), 0)
    this.#records.setStringForm(moved, form)
    copyBytes(this.#slab.bytes(moved), this.#records.valueStart(moved), value, 0, valueLength)
    return moved
  }

  /**
   * Gives the string another length: cut, or filled up with zero bytes. The record may move. It is a raw
   * string from now on, as after APPEND or SETRANGE in Redis.
   */
  resizeString(record: Handle, length: number): Handle {
    const oldLength = this.valueLength(record)
    const kept = Math.min(oldLength, length)
    const resized = this.#reshape(record, length, this.#records.expiresAtMs(record), kept)
    this.#records.setStringForm(resized, 'changed')
    if (length > oldLength) {
      const at = this.#records.valueStart(resized)
      this.#slab.bytes(resized).fill(0, at + oldLength, at + length)
    }
    return resized
  }

  /** NO_EXPIRY lets the key live for ever. The record may move. */
  setExpiry(record: Handle, expiresAtMs: number): Handle {
    if (expiresAtMs !== NO_EXPIRY) this.#rememberOwn(record)
    return this.#reshape(record, this.valueLength(record), expiresAtMs, this.valueLength(record))
  }

  /** False when there is no such key, or it was due. */
  delete(key: Uint8Array, start: number, length: number): boolean {
    const record = this.peek(key, start, length)
    if (record === NONE) return false
    this.#remove(record)
    return true
  }

  /** Takes the key away for want of memory. */
  evict(record: Handle): void {
    this.#context.stats.evictedKeys += 1
    this.#takeAway(record, 'evicted')
  }

  /** Gives the value of `record` the other key, whatever that was, and takes the old one away. */
  rename(record: Handle, key: Uint8Array, start: number, length: number): void {
    this.moveTo(record, this, key, start, length)
  }

  /** Gives the value of `record` to a key of any database, whatever that was, and takes this key away. */
  moveTo(record: Handle, to: Database, key: Uint8Array, start: number, length: number): void {
    const target = to.peek(key, start, length)
    if (target === record && to === this) return
    // First, for there may be no memory: then both keys are still there.
    const moved = to.#createLike(record, this, key, start, length)
    if (target !== NONE) to.#remove(target)
    const expiresAtMs = this.#records.expiresAtMs(record)
    this.#unlink(record)
    this.#slab.free(record)
    to.#adopt(moved, expiresAtMs)
  }

  /** Gives a copy of the value of `record` to a key of any database, whatever that was. */
  copyTo(record: Handle, to: Database, key: Uint8Array, start: number, length: number): void {
    const target = to.peek(key, start, length)
    const copy = to.#createLike(record, this, key, start, length)
    if (this.isRooted(record)) {
      const root = orFree(this.#slab, copy, () => this.#structure(record).copy(this.root(record)))
      this.#records.setRoot(copy, root)
    }
    if (target !== NONE) to.#remove(target)
    to.#adopt(copy, this.#records.expiresAtMs(record))
  }

  /** Every key that is not due. `visit` may write nothing, nor look other keys up. */
  forEach(visit: (record: Handle) => void): void {
    this.#dict.forEach((record) => {
      if (!this.isDue(record)) visit(record)
    })
  }

  /** Every key, due or not; as `forEach`. */
  forEachHeld(visit: (record: Handle) => void): void {
    this.#dict.forEach(visit)
  }

  randomRecord(): Handle {
    for (let tries = 0; tries < RANDOM_TRIES_MAX; tries += 1) {
      const record = this.#dict.random(this.#context.random)
      if (record === NONE || !this.isDue(record)) return record
      if (!this.#context.isFrozen) this.#expire(record)
    }
    return NONE
  }

  randomVolatileRecord(): Handle {
    if (this.#heap.size === 0) return NONE
    return this.#heap.at(this.#context.random.uint32() % this.#heap.size)
  }

  /** The key that expires next. */
  nextToExpire(): Handle {
    return this.#heap.top()
  }

  /** Takes away one key that is due; false when none is. */
  expireOne(): boolean {
    const record = this.#heap.top()
    if (record === NONE || !this.isDue(record)) return false
    this.#expire(record)
    return true
  }

  /** Takes the key away when it is due, also where others decide of that; false when it has no expiry to wait for. */
  waitsForExpiry(key: Uint8Array): boolean {
    const record = this.#dict.find(key, 0, key.length, this.#dict.hash(key, 0, key.length))
    if (record === NONE || !this.#records.hasExpiry(record)) return false
    if (!this.isDue(record)) return true
    this.#expire(record)
    return false
  }

  /** Takes all keys away at once; their memory comes back by and by. */
  clear(): void {
    const keyCount = this.size
    const { garbage, snapshot } = this.#context
    if (snapshot === undefined) garbage.add(this.#dict.clear(), keyCount)
    else snapshot.beforeFlush(this, this.#dict.clear(), keyCount)
    this.#heap.clear()
  }

  /** A snapshot begins: none of the records that are there has its mark, and all that come have. */
  flipMark(): void {
    this.#records.flipMark()
  }

  hasMark(record: Handle): boolean {
    return this.#records.hasMark(record)
  }

  mark(record: Handle): void {
    this.#records.mark(record)
  }

  /** One step of SCAN, or of a snapshot, with the keys that are due: `visit` may write nothing. 0 begins and ends. */
  scanAll(cursor: number, visit: (record: Handle) => void): number {
    return this.#dict.scan(cursor, visit)
  }

  /** Moves some buckets of a table that grows or shrinks; false when there is nothing to move. */
  rehash(buckets: number): boolean {
    return this.#dict.rehash(buckets)
  }

  #livingRecord(key: Uint8Array, start: number, length: number, hash: number): Handle {
    const record = this.#dict.find(key, start, length, hash)
    if (record === NONE) return NONE
    this.preserve(record)
    if (!this.isDue(record)) return record
    this.#expire(record)
    return NONE
  }

  /** As Redis (db.c, keyIsExpired): the instant itself still belongs to the key. */
  isDue(record: Handle): boolean {
    return (
      this.#records.hasExpiry(record) && this.#records.expiresAtMs(record) < this.#context.dueMs
    )
  }

  #expire(record: Handle): void {
    this.#context.stats.expiredKeys += 1
    this.#takeAway(record, 'expired')
  }

  /** Who hears of it finds no such key any more, though its name is still there to be read. */
  #takeAway(record: Handle, reason: 'expired' | 'evicted'): void {
    const { timeRemoval } = this.#context
    if (timeRemoval === undefined) this.#takeAwayNow(record, reason)
    else timeRemoval(reason, () => this.#takeAwayNow(record, reason))
  }

  #takeAwayNow(record: Handle, reason: 'expired' | 'evicted'): void {
    this.#unlink(record)
    this.#context.onRemoval(reason, this.index, this.#keyView(record))
    this.#free(record)
  }

  #remove(record: Handle): void {
    this.#unlink(record)
    this.#free(record)
  }

  #free(record: Handle): void {
    if (this.#records.isRooted(record)) this.#releaseRoot(record)
    this.#slab.free(record)
  }

  /**
   * Before it changes or goes: a snapshot that has not come to it writes it down. `findForWrite` does so; who changes a
   * value that was looked up to be read, as XREADGROUP does, has to ask for it.
   */
  preserve(record: Handle): void {
    const { snapshot } = this.#context
    if (snapshot !== undefined && !this.#records.hasMark(record))
      snapshot.beforeChange(this, record)
  }

  #unlink(record: Handle): void {
    this.preserve(record)
    if (this.#records.hasExpiry(record)) this.#heap.remove(record)
    this.#dict.remove(record)
    if (this.#records.typeNumber(record) !== STRING_TYPE) this.#tellDisappearance(record)
  }

  /** A string takes its place: those who wait for the collection hear of it. */
  #becomeNoCollection(record: Handle): void {
    this.#tellDisappearance(record)
    if (this.#records.isRooted(record)) this.#releaseRoot(record)
  }

  #tellDisappearance(record: Handle): void {
    const { events } = this.#context
    if (events.onPresence === undefined) return
    events.onPresence(this.index, this.bytes(record), this.keyStart(record), this.keyLength(record))
  }

  #structure(record: Handle): RootedStructure {
    const structure = this.#context.structures.of(this.type(record))
    invariant(structure !== undefined, 'a rooted value has a structure')
    return structure
  }

  #releaseRoot(record: Handle): void {
    const structure = this.#structure(record)
    const root = this.#records.root(record)
    if (structure.freeSome(root, FREED_AT_ONCE_MAX)) return
    this.#context.garbage.addRoot(structure, root)
  }

  #rootedBytes(record: Handle): number {
    return this.isRooted(record) ? this.#structure(record).bytes(this.root(record)) : 0
  }

  /** A record under another key with the same value's bytes, in no dict yet; its expiry is not written. */
  #createLike(
    record: Handle,
    from: Database,
    key: Uint8Array,
    start: number,
    length: number,
  ): Handle {
    const hash = this.#dict.hash(key, start, length)
    const valueLength = from.valueLength(record)
    const hasExpiry = this.#records.hasExpiry(record)
    const like = this.#records.create(key, start, length, hash, valueLength, hasExpiry)
    this.#copyValue(record, like, valueLength)
    this.#records.setKind(like, this.#records.kind(record))
    this.#records.setAccess(like, this.#records.access(record))
    return like
  }

  #adopt(record: Handle, expiresAtMs: number): void {
    this.#dict.insert(record)
    if (expiresAtMs !== NO_EXPIRY) {
      this.#enterHeap(record, expiresAtMs)
      this.#rememberOwn(record)
    }
    const { events } = this.#context
    const bytes = this.bytes(record)
    const start = this.keyStart(record)
    events.created(this.index, bytes, start, this.keyLength(record))
    if (this.#records.typeNumber(record) !== STRING_TYPE) {
      events.appeared(this.index, bytes, start, this.keyLength(record))
    }
  }

  /** Moves the value's bytes between `from` and `end` to start at `to`. */
  #moveTail(record: Handle, from: number, to: number, end: number): void {
    if (from === to || from === end) return
    const start = this.valueStart(record)
    moveBytes(this.#slab.bytes(record), start + to, start + from, end - from)
  }

  #keyView(record: Handle): Uint8Array {
    const start = this.keyStart(record)
    return this.#slab.bytes(record).subarray(start, start + this.keyLength(record))
  }

  /**
   * Makes the record one for a value of `valueLength` bytes with this expiry, where it stands when the
   * block suits and in another one otherwise. The first `kept` bytes of the value stay; the rest is
   * undefined.
   */
  #reshape(record: Handle, valueLength: number, expiresAtMs: number, kept: number): Handle {
    this.preserve(record)
    const hadExpiry = this.#records.hasExpiry(record)
    const hasExpiry = expiresAtMs !== NO_EXPIRY
    const keyLength = this.keyLength(record)
    const bytes = this.#records.bytesFor(keyLength, valueLength, hasExpiry)
    if (!this.#suits(this.#slab.blockBytes(record), bytes)) {
      return this.#move(record, valueLength, expiresAtMs, kept)
    }
    // The place in the heap stands behind the value, which is about to change its length.
    const heapIndex = hadExpiry ? this.#records.heapIndex(record) : 0
    if (hadExpiry && !hasExpiry) this.#heap.remove(record)
    this.#records.setValueLength(record, valueLength)
    this.#records.setHasExpiry(record, hasExpiry)
    if (!hasExpiry) return record
    this.#records.setExpiresAtMs(record, expiresAtMs)
    if (hadExpiry) {
      this.#records.setHeapIndex(record, heapIndex)
      this.#heap.update(record, expiresAtMs)
    } else {
      this.#heap.insert(record, expiresAtMs)
    }
    return record
  }

  #move(record: Handle, valueLength: number, expiresAtMs: number, kept: number): Handle {
    const hasExpiry = expiresAtMs !== NO_EXPIRY
    const moved = this.#records.create(
      this.#slab.bytes(record),
      this.keyStart(record),
      this.keyLength(record),
      this.#records.hash(record),
      valueLength,
      hasExpiry,
    )
    this.#records.setAccess(moved, this.#records.access(record))
    this.#records.setKind(moved, this.#records.kind(record))
    this.#copyValue(record, moved, kept)
    if (this.#records.hasExpiry(record)) this.#heap.remove(record)
    this.#dict.replace(record, moved)
    this.#slab.free(record)
    if (hasExpiry) this.#enterHeap(moved, expiresAtMs)
    return moved
  }

  /** Large enough, and not more than twice as large as needed. */
  #suits(blockBytes: number, bytes: number): boolean {
    return bytes <= blockBytes && blockBytes <= 2 * bytes
  }

  #copyValue(from: Handle, to: Handle, length: number): void {
    copyBytes(
      this.#slab.bytes(to),
      this.#records.valueStart(to),
      this.#slab.bytes(from),
      this.#records.valueStart(from),
      length,
    )
  }

  /** On a replica that may be written to, unless it is the primary's command. */
  #rememberOwn(record: Handle): void {
    const { dueMs, ownExpiries } = this.#context
    if (!ownExpiries.isOn || dueMs === 0) return
    ownExpiries.add(this.index, this.bytes(record), this.keyStart(record), this.keyLength(record))
  }

  #enterHeap(record: Handle, expiresAtMs: number): void {
    this.#records.setExpiresAtMs(record, expiresAtMs)
    this.#heap.insert(record, expiresAtMs)
  }
}
