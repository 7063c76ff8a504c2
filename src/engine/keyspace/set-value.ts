import type { Random } from '../../shared/random.ts'
import type { HandleList } from '../memory/handle-list.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { type HashTable } from '../structures/hash-table.ts'
import { HashTableIterator } from '../structures/hash-table-iterator.ts'
import {
  addToIntSet,
  EMPTY_INT_SET_BYTES,
  intSetAt,
  intSetHas,
  intSetSize,
  removeFromIntSet,
  writeEmptyIntSet,
} from '../structures/int-set.ts'
import { int64Of } from '../structures/int64.ts'
import { orFree } from '../structures/or-free.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import type { CollectionLimits } from './collection-limits.ts'
import type { Database } from './database.ts'
import { LooseValue, RecordValue, type ValueHome } from './value-home.ts'

/** An intset is never larger, whatever the limit (t_set.c, setTypeAdd). */
const INT_SET_ENTRIES_MAX = 2 ** 30

export interface SetValueOptions {
  readonly slab: Slab
  readonly table: HashTable
  readonly random: Random
  readonly limits: CollectionLimits
}

/** Where a member stands, until the next write: the index in an intset, or the entry of the table. */
export type MemberPosition = number

/**
 * A set in either of its encodings: an intset as long as all members are integers and not too many, a hash
 * table from then on. An object to be used again: `open` it for the next set. What `read` and `next` find
 * is in `member` until the next write.
 */
export class SetValue {
  readonly member = new PackedEntry()
  readonly #table: HashTable
  readonly #random: Random
  readonly #limits: CollectionLimits
  readonly #iterator: HashTableIterator
  readonly #ofRecord = new RecordValue()
  readonly #loose = new LooseValue()
  readonly #digits = new PackedEntry()
  #home: ValueHome = this.#loose
  #nextIndex = 0
  #position: MemberPosition = NONE

  constructor(options: SetValueOptions) {
    this.#table = options.table
    this.#random = options.random
    this.#limits = options.limits
    this.#iterator = new HashTableIterator(options.slab)
  }

  /** The set in a record. */
  open(database: Database, record: Handle): void {
    this.#ofRecord.open(database, record)
    this.#home = this.#ofRecord
  }

  /** An empty set that belongs to no key: `store`, `replace` or `discard` ends it. */
  openLoose(): void {
    this.#loose.open(EMPTY_INT_SET_BYTES)
    writeEmptyIntSet(this.#loose.bytes, this.#loose.start)
    this.#home = this.#loose
  }

  /** Where the record is now. */
  get record(): Handle {
    return this.#ofRecord.record
  }

  get isPacked(): boolean {
    return !this.#home.isRooted
  }

  get size(): number {
    const home = this.#home
    return home.isRooted ? this.#table.size(home.root) : intSetSize(home.bytes, home.start)
  }

  has(bytes: Uint8Array, start: number, length: number): boolean {
    const home = this.#home
    if (home.isRooted) return this.#find(bytes, start, length) !== NONE
    const integer = int64Of(bytes, start, length)
    return integer !== undefined && intSetHas(home.bytes, home.start, integer)
  }

  hasMember(member: PackedEntry): boolean {
    const home = this.#home
    if (!home.isRooted && member.isInteger) {
      return intSetHas(home.bytes, home.start, member.integer)
    }
    member.spell()
    return this.has(member.bytes, member.start, member.length)
  }

  /** False when it was there already. */
  add(bytes: Uint8Array, start: number, length: number): boolean {
    if (!this.#home.isRooted) {
      const integer = int64Of(bytes, start, length)
      if (integer !== undefined) {
        if (!addToIntSet(this.#home, integer)) return false
        if (this.size > this.#intSetEntriesMax) this.#convert()
        return true
      }
      this.#convert()
    }
    const { root } = this.#home
    const hash = this.#table.hash(bytes, start, length)
    if (this.#table.find(root, bytes, start, length, hash) !== NONE) return false
    this.#table.insert(root, bytes, start, length, hash)
    return true
  }

  addMember(member: PackedEntry): boolean {
    member.spell()
    return this.add(member.bytes, member.start, member.length)
  }

  /** False when it was not there. */
  remove(bytes: Uint8Array, start: number, length: number): boolean {
    const home = this.#home
    if (!home.isRooted) {
      const integer = int64Of(bytes, start, length)
      return integer !== undefined && removeFromIntSet(home, integer)
    }
    const entry = this.#find(bytes, start, length)
    if (entry !== NONE) this.#table.remove(home.root, entry)
    return entry !== NONE
  }

  removeMember(member: PackedEntry): boolean {
    member.spell()
    return this.remove(member.bytes, member.start, member.length)
  }

  removeAt(position: MemberPosition): void {
    const home = this.#home
    if (home.isRooted) this.#table.remove(home.root, position)
    else removeFromIntSet(home, intSetAt(home.bytes, home.start, position))
  }

  /** Lets `next` begin with the first member. */
  rewind(): void {
    if (this.#home.isRooted) this.#iterator.start(this.#home.root)
    else this.#nextIndex = 0
  }

  /** Reads the member that comes next; false after the last. Nothing may be written meanwhile. */
  next(): boolean {
    if (this.#home.isRooted) {
      const entry = this.#iterator.next()
      if (entry === NONE) return false
      this.#position = entry
    } else {
      if (this.#nextIndex >= this.size) return false
      this.#position = this.#nextIndex
      this.#nextIndex += 1
    }
    this.read(this.#position)
    return true
  }

  /** Of the member that `next` has read. */
  get position(): MemberPosition {
    return this.#position
  }

  read(position: MemberPosition): void {
    const home = this.#home
    if (!home.isRooted) {
      this.member.setInteger(intSetAt(home.bytes, home.start, position))
      return
    }
    const table = this.#table
    this.member.setString(
      table.bytesOf(position),
      table.keyStart(position),
      table.keyLength(position),
    )
  }

  /** Some member, each with the same chance. The set is not empty. */
  random(): MemberPosition {
    const home = this.#home
    if (home.isRooted) return this.#table.random(home.root)
    return this.#random.uint32() % intSetSize(home.bytes, home.start)
  }

  /** One step of SSCAN: an intset comes as a whole. 0 begins and ends. */
  scan(cursor: number, found: HandleList): number {
    const home = this.#home
    if (home.isRooted) return this.#table.scan(home.root, cursor, found)
    for (let index = 0; index < this.size; index += 1) found.push(index)
    return 0
  }

  /** Gives the set, which is loose, to this key, whatever that was. */
  store(database: Database, key: Uint8Array, start: number, length: number): void {
    const loose = this.#loose
    if (loose.isRooted) {
      const root = this.#takeRoot()
      orFree(this.#table, root, () => database.createRooted(key, start, length, 'set', root))
      return
    }
    this.#write(database, database.createPacked(key, start, length, 'set', loose.length))
  }

  /** Gives the set, which is loose, to the record of another one, which keeps its expiry. */
  replace(database: Database, record: Handle): void {
    const loose = this.#loose
    if (loose.isRooted) database.becomeRooted(record, this.#takeRoot())
    else this.#write(database, database.becomePacked(record, loose.length))
  }

  /** Frees the set, if it is loose and has not been taken. */
  discard(): void {
    if (this.#loose.isRooted) this.#table.free(this.#takeRoot())
  }

  #takeRoot(): Handle {
    const { root } = this.#loose
    this.#loose.open(0)
    return root
  }

  get #intSetEntriesMax(): number {
    return Math.min(this.#limits.setIntSetEntriesMax, INT_SET_ENTRIES_MAX)
  }

  #find(bytes: Uint8Array, start: number, length: number): Handle {
    const hash = this.#table.hash(bytes, start, length)
    return this.#table.find(this.#home.root, bytes, start, length, hash)
  }

  #write(database: Database, record: Handle): void {
    const { bytes, start, length } = this.#loose
    database.bytes(record).set(bytes.subarray(start, start + length), database.valueStart(record))
  }

  #convert(): void {
    const { bytes, start } = this.#home
    const size = intSetSize(bytes, start)
    const digits = this.#digits
    orFree(this.#table, this.#table.create(size), (root) => {
      for (let index = 0; index < size; index += 1) {
        digits.setInteger(intSetAt(bytes, start, index))
        digits.spell()
        const hash = this.#table.hash(digits.bytes, digits.start, digits.length)
        this.#table.insert(root, digits.bytes, digits.start, digits.length, hash)
      }
      this.#home.becomeRooted(root)
    })
  }
}
