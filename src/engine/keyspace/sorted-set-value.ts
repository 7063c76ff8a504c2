import type { Random } from '../../shared/random.ts'
import { copyBytes } from '../memory/byte-slice.ts'
import type { HandleList } from '../memory/handle-list.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { findEntry, firstEntry, readEntry } from '../structures/listpack.ts'
import {
  EMPTY_LISTPACK_BYTES,
  hasRoomFor,
  writeEmptyListpack,
} from '../structures/listpack-edit.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import {
  appendPacked,
  insertPacked,
  nextPlace,
  packedCountBeforeBytes,
  packedCountBelow,
  packedSize,
  placeOfRank,
  previousPlace,
  rankOfPlace,
  removePacked,
  scoreAt,
} from '../structures/packed-scores.ts'
import { ScoreCursor } from '../structures/score-cursor.ts'
import type { ScoredMembers } from '../structures/scored-members.ts'
import type { CollectionLimits } from './collection-limits.ts'
import type { Database } from './database.ts'
import { LooseValue, RecordValue, type ValueHome } from './value-home.ts'

export interface SortedSetValueOptions {
  readonly members: ScoredMembers
  readonly random: Random
  readonly limits: CollectionLimits
}

/** Where a member stands, until the next write: its place in the listpack, or the entry of the table. */
export type ScoredPosition = number

/**
 * A sorted set in either of its encodings: a listpack of members and scores as long as it is small, a hash
 * table beside a tree from then on. An object to be used again: `open` it for the next one. What `read`,
 * `next` and `previous` find is in `member` and `score` until the next write; what `find` finds, in `score`.
 */
export class SortedSetValue {
  readonly member = new PackedEntry()
  /** While packed: the score that was asked for last, as it is spelled there. */
  readonly scoreEntry = new PackedEntry()
  position: ScoredPosition = NONE
  /** For ZADD's answer: the score it gave last, of which a listpack keeps no sign of zero. */
  addedScore = 0
  readonly #members: ScoredMembers
  readonly #random: Random
  readonly #limits: CollectionLimits
  readonly #ofRecord = new RecordValue()
  readonly #loose = new LooseValue()
  readonly #cursor = new ScoreCursor()
  #home: ValueHome = this.#ofRecord
  /** The rank that `next` or `previous` begins with; -1 when it has begun. */
  #beginRank = -1
  /** Of a loose one: the length of its longest member.. */
  #longestMember = 0

  constructor(options: SortedSetValueOptions) {
    this.#members = options.members
    this.#random = options.random
    this.#limits = options.limits
  }

  /** The sorted set in a record. */
  open(database: Database, record: Handle): void {
    this.#ofRecord.open(database, record)
    this.#home = this.#ofRecord
  }

  /** A new one in place of whatever the key was, empty until `add`; `memberLength` is that of its first member. */
  create(
    database: Database,
    key: Uint8Array,
    start: number,
    length: number,
    memberLength: number,
  ): void {
    const { sortedSetListpackEntriesMax, sortedSetListpackValueBytesMax } = this.#limits
    const isPacked =
      sortedSetListpackEntriesMax > 0 && memberLength <= sortedSetListpackValueBytesMax
    if (isPacked) {
      const record = database.createPacked(key, start, length, 'zset', EMPTY_LISTPACK_BYTES)
      writeEmptyListpack(database.bytes(record), database.valueStart(record))
      this.open(database, record)
    } else {
      const root = this.#members.create()
      this.open(database, this.#createRooted(database, key, start, length, root))
    }
  }

  /** An empty one that belongs to no key, to collect a result in: `store` or `discard` ends it. */
  openLoose(): void {
    this.#loose.open(0)
    this.#loose.becomeRooted(this.#members.create())
    this.#home = this.#loose
    this.#longestMember = 0
  }

  /** Gives the loose one to a key, whatever that was, packed when it is small. */
  store(database: Database, key: Uint8Array, start: number, length: number): void {
    const { root } = this.#loose
    const isSmall =
      this.size <= this.#limits.sortedSetListpackEntriesMax &&
      this.#longestMember <= this.#limits.sortedSetListpackValueBytesMax
    if (!isSmall) {
      this.#loose.open(0)
      this.#createRooted(database, key, start, length, root)
      return
    }
    const packed = this.#loose
    packed.open(EMPTY_LISTPACK_BYTES)
    writeEmptyListpack(packed.bytes, 0)
    this.#packInto(packed, root)
    this.#members.free(root)
    const record = database.createPacked(key, start, length, 'zset', packed.length)
    copyBytes(database.bytes(record), database.valueStart(record), packed.bytes, 0, packed.length)
  }

  /** Frees the loose one, if there is one. */
  discard(): void {
    if (this.#loose.root !== NONE) this.#members.free(this.#loose.root)
    this.#loose.open(0)
  }

  get isPacked(): boolean {
    return !this.#home.isRooted
  }

  /** Large or small, a table from now on: as SORT leaves what it has read. */
  becomeTable(): void {
    if (this.isPacked) this.#convert()
  }

  get size(): number {
    return this.#home.isRooted ? this.#members.size(this.#home.root) : packedSize(this.#home)
  }

  /** Whether the member is there: then `score` is its score. */
  find(bytes: Uint8Array, start: number, length: number): boolean {
    const home = this.#home
    if (home.isRooted) {
      this.position = this.#members.find(home.root, bytes, start, length)
    } else {
      const first = firstEntry(home.bytes, home.start)
      this.position = findEntry(home.bytes, first, bytes, start, length, 1)
    }
    return this.position !== NONE
  }

  /** Of the member that was found or read last. */
  get score(): number {
    if (this.#home.isRooted) return this.#members.score(this.position)
    return scoreAt(this.#home, this.position, this.scoreEntry)
  }

  /** The member is not there yet, and does not lie in this set. */
  add(bytes: Uint8Array, start: number, length: number, score: number): void {
    const home = this.#home
    if (!home.isRooted && this.#isTooSmallFor(length)) this.#convert()
    if (!home.isRooted) return insertPacked(home, bytes, start, length, score, this.scoreEntry)
    this.#members.add(home.root, bytes, start, length, score)
    if (length > this.#longestMember) this.#longestMember = length
  }

  /** A member, which does not lie in this set, that comes after all there are. */
  append(member: PackedEntry, score: number): void {
    const home = this.#home
    member.spell()
    const { bytes, start, length } = member
    if (!home.isRooted && this.#isTooSmallFor(length)) this.#convert()
    if (!home.isRooted) return appendPacked(home, bytes, start, length, score)
    this.#members.append(home.root, bytes, start, length, score)
    if (length > this.#longestMember) this.#longestMember = length
  }

  /** Another score for the member that `find` has found: the same bytes, which do not lie in this set. */
  setScore(bytes: Uint8Array, start: number, length: number, score: number): void {
    const home = this.#home
    if (home.isRooted) return this.#members.setScore(home.root, this.position, score)
    removePacked(home, this.position, 1)
    insertPacked(home, bytes, start, length, score, this.scoreEntry)
  }

  /** Takes away the member that `find` has found, or that has just been read. */
  removeFound(): void {
    const home = this.#home
    if (home.isRooted) this.#members.remove(home.root, this.position)
    else removePacked(home, this.position, 1)
  }

  removeRange(rank: number, count: number): void {
    const home = this.#home
    if (count === 0) return
    if (home.isRooted) this.#members.removeRange(home.root, rank, count)
    else removePacked(home, placeOfRank(home, rank), count)
  }

  /** Of the member that `find` has found. */
  rankOfFound(): number {
    const home = this.#home
    if (home.isRooted) return this.#members.rank(home.root, this.position)
    return rankOfPlace(home, this.position)
  }

  /** How many have a lower score, or, with `orEqual`, one that is not higher. */
  countBelow(score: number, orEqual: boolean): number {
    const home = this.#home
    if (home.isRooted) return this.#members.tree.countBelow(home.root, score, orEqual)
    return packedCountBelow(home, score, orEqual, this.scoreEntry)
  }

  /** How many are before the bytes, or, with `orEqual`, not after them: where all scores are equal. */
  countBeforeBytes(bytes: Uint8Array, start: number, length: number, orEqual: boolean): number {
    const home = this.#home
    if (home.isRooted) {
      return this.#members.tree.countBeforeBytes(home.root, bytes, start, length, orEqual)
    }
    return packedCountBeforeBytes(home, bytes, start, length, orEqual, this.scoreEntry)
  }

  /** Lets `next` or `previous` begin with this rank. */
  seek(rank: number): void {
    this.#beginRank = rank
  }

  rewind(): void {
    this.seek(0)
  }

  /** Reads the member that comes next; false after the last. Nothing may be written meanwhile. */
  next(): boolean {
    if (this.#beginRank >= 0) return this.#begin()
    const home = this.#home
    if (home.isRooted) {
      if (!this.#cursor.next()) return false
      this.#readEntry(this.#cursor.member)
      return true
    }
    return this.#readPlace(nextPlace(home, this.position))
  }

  /** Reads the member before; false when there is none. */
  previous(): boolean {
    if (this.#beginRank >= 0) return this.#begin()
    const home = this.#home
    if (home.isRooted) {
      if (!this.#cursor.previous()) return false
      this.#readEntry(this.#cursor.member)
      return true
    }
    return this.#readPlace(previousPlace(home, this.position))
  }

  read(position: ScoredPosition): void {
    if (!this.#home.isRooted) {
      this.#readPlace(position)
      return
    }
    this.#readEntry(position)
  }

  /** Some member, each with the same chance. */
  random(): ScoredPosition {
    const home = this.#home
    if (home.isRooted) return this.#members.random(home.root)
    return placeOfRank(home, this.#random.uint32() % packedSize(home))
  }

  /** Adds positions to `found` and gives the cursor to go on with; 0 begins and ends. */
  scan(cursor: number, found: HandleList): number {
    const home = this.#home
    if (home.isRooted) return this.#members.scan(home.root, cursor, found)
    let at = firstEntry(home.bytes, home.start)
    for (; at !== NONE; at = nextPlace(home, at)) found.push(at)
    return 0
  }

  #begin(): boolean {
    const home = this.#home
    const rank = this.#beginRank
    this.#beginRank = -1
    if (rank >= this.size) return false
    if (!home.isRooted) return this.#readPlace(placeOfRank(home, rank))
    this.#members.tree.seek(home.root, rank, this.#cursor)
    this.#readEntry(this.#cursor.member)
    return true
  }

  #readEntry(entry: Handle): void {
    const members = this.#members
    this.position = entry
    this.member.setString(
      members.bytesOf(entry),
      members.memberStart(entry),
      members.memberLength(entry),
    )
  }

  #readPlace(at: number): boolean {
    if (at === NONE) return false
    this.position = at
    readEntry(this.#home.bytes, at, this.member)
    return true
  }

  #isTooSmallFor(length: number): boolean {
    const home = this.#home
    return (
      length > this.#limits.sortedSetListpackValueBytesMax ||
      packedSize(home) >= this.#limits.sortedSetListpackEntriesMax ||
      !hasRoomFor(home.bytes, home.start, length)
    )
  }

  #convert(): void {
    const members = this.#members
    const root = members.create(this.size)
    try {
      this.rewind()
      while (this.next()) {
        const { member } = this
        member.spell()
        members.append(root, member.bytes, member.start, member.length, this.score)
      }
      this.#home.becomeRooted(root)
    } catch (error) {
      members.free(root)
      throw error
    }
  }

  #packInto(packed: LooseValue, root: Handle): void {
    const members = this.#members
    const size = members.size(root)
    members.tree.seek(root, 0, this.#cursor)
    for (let rank = 0; rank < size; rank += 1) {
      this.#readEntry(this.#cursor.member)
      const { bytes, start, length } = this.member
      appendPacked(packed, bytes, start, length, this.#cursor.score)
      this.#cursor.next()
    }
  }

  #createRooted(
    database: Database,
    key: Uint8Array,
    start: number,
    length: number,
    root: Handle,
  ): Handle {
    try {
      return database.createRooted(key, start, length, 'zset', root)
    } catch (error) {
      this.#members.free(root)
      throw error
    }
  }
}
