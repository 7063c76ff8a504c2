import { copyBytes } from '../memory/byte-slice.ts'
import type { HandleList } from '../memory/handle-list.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { Dict } from '../structures/dict.ts'
import { orFree } from '../structures/or-free.ts'
import { type StringForm, stringEncoding } from '../structures/string-value.ts'
import {
  type CollectionType,
  type Encoding,
  PACKED_ENCODINGS,
  ROOTED_ENCODINGS,
  STRING_TYPE,
  VALUE_TYPES,
  type ValueType,
} from '../structures/value.ts'
import type { DatabaseContext } from './database-context.ts'
import { ExpiryHeap, HEAP_ENTRY_BYTES } from './expiry-heap.ts'
import { KEY_AT, NO_EXPIRY, Records } from './record.ts'
import { RecordShaper } from './record-shaper.ts'
import { ROOT_BYTES, RootedValues } from './rooted-values.ts'

export type { Handle } from '../memory/slab.ts'
export { NO_EXPIRY } from './record.ts'

/** For `setString`: what the key had. */
export const KEEP_EXPIRY = -1

/** What every bucket adds to a key's block. */
const BUCKET_BYTES = 4

const NO_BYTES = new Uint8Array(0)

const RANDOM_TRIES_MAX = 100
const TTL_SAMPLE = 20

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
  readonly #shaper: RecordShaper
  readonly #rooted: RootedValues
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
    this.#shaper = new RecordShaper({
      slab: context.slab,
      records: this.#records,
      dict: this.#dict,
      heap: this.#heap,
    })
    this.#rooted = new RootedValues(this.#records, context.structures, context.garbage)
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

  /** So many keys are about to come: while there are none, the table is made for them. */
  reserve(keyCount: number): void {
    this.#dict.reserve(keyCount)
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

  /** The same memory. */
  view(record: Handle): DataView {
    return this.#slab.view(record)
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
    return this.#slab.blockBytes(record) + BUCKET_BYTES + heapBytes + this.#rooted.bytes(record)
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
      if (hasExpiry) this.#heap.makeRoom()
      record = this.#records.create(key, keyStart, keyLength, hash, valueLength, hasExpiry)
      this.#records.setAccess(record, this.#context.access.initial())
      this.#dict.insert(record)
      if (hasExpiry) this.#shaper.enterHeap(record, expiresAtMs)
      this.#context.events.created(this.index, key, keyStart, keyLength)
    } else {
      const instant = expiresAtMs === KEEP_EXPIRY ? this.#records.expiresAtMs(old) : expiresAtMs
      record = this.#becomeString(old, valueLength, instant)
      this.touch(record)
    }
    const at = this.#records.valueStart(record)
    copyBytes(this.#slab.bytes(record), at, value, valueStart, valueLength)
    if (expiresAtMs > NO_EXPIRY) this.#rememberOwn(record)
    return record
  }

  /** Makes a key that is not there a string of so many zero bytes, as SETRANGE does beyond the end. */
  createBlank(key: Uint8Array, start: number, length: number, valueLength: number): Handle {
    const record = this.setString(key, start, length, NO_BYTES, 0, valueLength, NO_EXPIRY)
    this.#records.setStringForm(record, 'changed')
    const at = this.#records.valueStart(record)
    this.#slab.bytes(record).fill(0, at, at + valueLength)
    return record
  }

  /**
   * A string that no lookup finds yet, with an instant or NO_EXPIRY: the value's bytes are the caller's to write, and
   * `enterDraft` or `dropDraft` comes next.
   */
  draftString(
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    valueLength: number,
    expiresAtMs: number,
  ): Handle {
    const hash = this.#dict.hash(key, keyStart, keyLength)
    const hasExpiry = expiresAtMs !== NO_EXPIRY
    const draft = this.#records.create(key, keyStart, keyLength, hash, valueLength, hasExpiry)
    this.#records.setAccess(draft, this.#context.access.initial())
    if (hasExpiry) this.#records.setExpiresAtMs(draft, expiresAtMs)
    return draft
  }

  dropDraft(draft: Handle): void {
    this.#slab.free(draft)
  }

  /** Before `enterDraft` of each of them: makes that quicker. */
  foresee(drafts: HandleList): void {
    this.#dict.foresee(drafts)
  }

  /** Takes a draft in. False when it has taken the place of another key, due or not. */
  enterDraft(draft: Handle): boolean {
    const bytes = this.bytes(draft)
    const start = this.keyStart(draft)
    const length = this.keyLength(draft)
    const old = this.#dict.find(bytes, start, length, this.#records.hash(draft))
    if (old !== NONE) this.#remove(old)
    this.#dict.insert(draft)
    if (this.#records.hasExpiry(draft)) {
      this.#shaper.enterHeap(draft, this.#records.expiresAtMs(draft))
      this.#rememberOwn(draft)
    }
    if (old === NONE) this.#context.events.created(this.index, bytes, start, length)
    return old === NONE
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
    const moved = this.#becomeCollection(record, ROOT_BYTES, true)
    this.#records.setRoot(moved, root)
    return moved
  }

  /**
   * From now on the collection is packed in its record, in bytes that the caller writes; what it was before
   * is freed. The record may move.
   */
  becomePacked(record: Handle, valueLength: number): Handle {
    return this.#becomeCollection(record, valueLength, false)
  }

  /** Of the same type, in undefined bytes; what it was before is freed once there is memory for that. */
  #becomeCollection(record: Handle, valueLength: number, isRooted: boolean): Handle {
    const type = this.#records.typeNumber(record)
    const root = this.#rooted.rootOf(record)
    const moved = this.#reshape(record, valueLength, this.#records.expiresAtMs(record), 0)
    this.#records.setCollection(moved, type, isRooted)
    this.#rooted.releaseRoot(type, root)
    return moved
  }

  /**
   * Makes room within a packed value: `removed` bytes from `at` on give way to `inserted` undefined ones,
   * and what follows moves. The record may move.
   */
  spliceValue(record: Handle, at: number, removed: number, inserted: number): Handle {
    this.preserve(record)
    return this.#shaper.splice(record, at, removed, inserted)
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
    to.#heap.makeRoom()
    const moved = to.#shaper.createLike(record, key, start, length)
    if (target !== NONE) to.#remove(target)
    const expiresAtMs = this.#records.expiresAtMs(record)
    this.#unlink(record)
    this.#slab.free(record)
    to.#adopt(moved, expiresAtMs)
  }

  /** Gives a copy of the value of `record` to a key of any database, whatever that was. */
  copyTo(record: Handle, to: Database, key: Uint8Array, start: number, length: number): void {
    const target = to.peek(key, start, length)
    to.#heap.makeRoom()
    const copy = to.#shaper.createLike(record, key, start, length)
    if (this.isRooted(record)) {
      this.#records.setRoot(
        copy,
        orFree(this.#slab, copy, () => this.#rooted.copy(record)),
      )
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

  /** Looks at what the next steps of `scanAll` come to, so that each is quicker. */
  foreseeScan(cursor: number, steps: number): void {
    this.#dict.foreseeScan(cursor, steps)
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
    this.#rooted.release(record)
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

  /** Of undefined bytes. Those who wait for the collection that it was hear of it. */
  #becomeString(record: Handle, length: number, expiresAtMs: number): Handle {
    const type = this.#records.typeNumber(record)
    const root = this.#rooted.rootOf(record)
    const reshaped = this.#reshape(record, length, expiresAtMs, 0)
    this.#records.setStringForm(reshaped, 'given')
    if (type === STRING_TYPE) return reshaped
    this.#rooted.releaseRoot(type, root)
    this.#tellDisappearance(reshaped)
    return reshaped
  }

  #tellDisappearance(record: Handle): void {
    const { events } = this.#context
    if (events.onPresence === undefined) return
    events.onPresence(this.index, this.bytes(record), this.keyStart(record), this.keyLength(record))
  }

  #adopt(record: Handle, expiresAtMs: number): void {
    this.#dict.insert(record)
    if (expiresAtMs !== NO_EXPIRY) {
      this.#shaper.enterHeap(record, expiresAtMs)
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

  #keyView(record: Handle): Uint8Array {
    const start = this.keyStart(record)
    return this.#slab.bytes(record).subarray(start, start + this.keyLength(record))
  }

  #reshape(record: Handle, valueLength: number, expiresAtMs: number, kept: number): Handle {
    this.preserve(record)
    return this.#shaper.reshape(record, valueLength, expiresAtMs, kept)
  }

  /** On a replica that may be written to, unless it is the primary's command. */
  #rememberOwn(record: Handle): void {
    const { dueMs, ownExpiries } = this.#context
    if (!ownExpiries.isOn || dueMs === 0) return
    ownExpiries.add(this.index, this.bytes(record), this.keyStart(record), this.keyLength(record))
  }
}
