import { invariant, nth } from '../../shared/assert.ts'
import type { Random } from '../../shared/random.ts'
import { ByteCounter } from '../memory/byte-counter.ts'
import { KeyedHash } from '../memory/keyed-hash.ts'
import { Slab } from '../memory/slab.ts'
import { Structures } from '../structures/structures.ts'
import { Access } from './access.ts'
import { Collections } from './collections.ts'
import { Database } from './database.ts'
import type { DatabaseContext, KeyspaceStats, RemovalTimer } from './database-context.ts'
import { Garbage } from './garbage.ts'
import { ignoreRemovals, KeyEvents, type RemovalListener } from './key-events.ts'
import { OwnExpiries } from './own-expiries.ts'
import type { SnapshotGuard, SnapshotListener } from './snapshot-guard.ts'

export interface KeyspaceOptions {
  readonly databaseCount: number
  readonly random: Random
}

/** All databases of one engine, in one slab. */
export class Keyspace {
  readonly slab = new Slab()
  readonly access: Access
  readonly stats: KeyspaceStats = {
    hits: 0,
    misses: 0,
    expiredKeys: 0,
    evictedKeys: 0,
    lazyfreedKeys: 0,
  }
  #databases: readonly Database[] = []
  /** Databases that are being filled; none most of the time. */
  #spare: readonly Database[] = []
  #keepsDue = false
  readonly #tables = new ByteCounter()
  /** The operators on large values. */
  readonly structures: Structures
  /** What commands read and write hashes and sets with. */
  readonly collections: Collections
  /** What hears of changes to keys. */
  readonly events = new KeyEvents()
  /** Of keys that the primary of this engine does not know. */
  readonly ownExpiries = new OwnExpiries()
  readonly #garbage: Garbage
  readonly #context: DatabaseContext
  #isFrozen = false
  #isFollowing = false
  #snapshotListener: SnapshotListener | undefined

  constructor(options: KeyspaceOptions) {
    invariant(options.databaseCount > 0, 'a keyspace has a database')
    const { random } = options
    const hasher = new KeyedHash(random)
    this.access = new Access(random)
    this.structures = new Structures({
      slab: this.slab,
      hasher,
      random,
      mayGrow: (bytes) => this.#context.mayGrow(bytes),
    })
    this.collections = new Collections(this.structures)
    this.#garbage = new Garbage(this.slab, this.#tables, this.structures)
    this.#context = {
      slab: this.slab,
      hasher,
      random,
      access: this.access,
      stats: this.stats,
      tables: this.#tables,
      garbage: this.#garbage,
      structures: this.structures,
      mayGrow: () => true,
      isFrozen: false,
      events: this.events,
      onRemoval: ignoreRemovals,
      timeRemoval: undefined,
      nowMs: 0,
      dueMs: 0,
      ownExpiries: this.ownExpiries,
      snapshot: undefined,
    }
    this.#databases = this.#newDatabases(options.databaseCount)
  }

  /** The instant of the current turn: expiry is judged by it. */
  get nowMs(): number {
    return this.#context.nowMs
  }

  get dueMs(): number {
    return this.#context.dueMs
  }

  get databases(): readonly Database[] {
    return this.#databases
  }

  /** Records and their tables: what maxmemory counts, besides buffers. */
  get usedBytes(): number {
    return this.slab.usedBytes + this.#tables.bytes
  }

  get tableBytes(): number {
    return this.#tables.bytes
  }

  get keyCount(): number {
    let count = 0
    for (const database of this.#databases) count += database.size
    return count
  }

  /** Hears of keys that expire or are evicted, when they can be found no more. */
  onRemoval(listener: RemovalListener): void {
    this.#context.onRemoval = listener
  }

  /** Has keys that expire or are evicted taken away by `timer`; undefined: without ado. */
  timeRemovals(timer: RemovalTimer | undefined): void {
    this.#context.timeRemoval = timer
  }

  /** Once per turn of the event loop, before commands run. */
  advance(nowMs: number): void {
    this.#context.nowMs = nowMs
    this.#context.dueMs = this.#keepsDue ? 0 : nowMs
    this.access.advance(nowMs)
  }

  /** For a log, and for the commands of a primary: keys are there until these say that they go. */
  keepDue(keeps: boolean): void {
    this.#keepsDue = keeps
    this.#context.dueMs = keeps ? 0 : this.#context.nowMs
  }

  /** `index` is one of the databases: SELECT has checked it. */
  database(index: number): Database {
    return nth(this.#databases, index)
  }

  swap(left: number, right: number): void {
    const first = this.database(left)
    const second = this.database(right)
    this.#databases = this.#databases.with(left, second).with(right, first)
    second.index = left
    first.index = right
  }

  /** Databases that nobody sees, to be filled: then `adoptSpare`, or `dropSpare`. */
  beginSpare(): readonly Database[] {
    invariant(this.#spare.length === 0, 'one set of spare databases at a time')
    this.#spare = this.#newDatabases(this.#databases.length)
    return this.#spare
  }

  /** They take the place of those there are, whose memory comes back by and by. */
  adoptSpare(): void {
    this.#context.snapshot?.beforeFlushAll()
    const old = this.#databases
    this.#databases = this.#spare
    this.#spare = []
    for (const database of old) database.clear()
    this.#takeBack()
  }

  dropSpare(): void {
    for (const database of this.#spare) database.clear()
    this.#spare = []
    this.#takeBack()
  }

  /** While it is frozen nothing expires or is evicted: CLIENT PAUSE. */
  freeze(isFrozen: boolean): void {
    this.#isFrozen = isFrozen
    this.#context.isFrozen = isFrozen || this.#isFollowing
  }

  get isFrozen(): boolean {
    return this.#isFrozen
  }

  /** Another engine decides which keys expire: those that are due cannot be found, and are held. */
  follow(isFollowing: boolean): void {
    this.#isFollowing = isFollowing
    this.#context.isFrozen = isFollowing || this.#isFrozen
  }

  get isFollowing(): boolean {
    return this.#isFollowing
  }

  /** Whether keys that are due may be taken away. */
  get mayExpire(): boolean {
    return !this.#context.isFrozen
  }

  /** Takes keys away that got their expiry here, while another engine decides of all others. */
  expireOwn(isOver: () => boolean): void {
    if (this.#isFrozen) return
    this.ownExpiries.run((index, key) => this.database(index).waitsForExpiry(key), isOver)
  }

  /** Asked before a hash table grows by so many bytes; refused, the table stays crowded for a while. */
  onGrowth(mayGrow: (bytes: number) => boolean): void {
    this.#context.mayGrow = mayGrow
  }

  resetStatistics(): void {
    const { stats } = this
    stats.hits = 0
    stats.misses = 0
    stats.expiredKeys = 0
    stats.evictedKeys = 0
    stats.lazyfreedKeys = 0
  }

  /** A snapshot hears of what changes from now on, until it is `undefined` again. */
  get snapshot(): SnapshotGuard | undefined {
    return this.#context.snapshot
  }

  /** There is one mark for all: a second snapshot has to wait for the end of the first. */
  beginSnapshot(guard: SnapshotGuard): void {
    invariant(this.#context.snapshot === undefined, 'one snapshot at a time')
    for (const database of this.#databases) database.flipMark()
    this.#context.snapshot = guard
    this.#snapshotListener?.switched(true)
  }

  /** What was flushed meanwhile goes. */
  endSnapshot(): void {
    this.#context.snapshot = undefined
    this.#snapshotListener?.switched(false)
  }

  /** To be told by the snapshot. */
  preserved(): void {
    this.#snapshotListener?.preserved()
  }

  onSnapshot(listener: SnapshotListener): void {
    this.#snapshotListener = listener
  }

  /** Records that belong to no database any more, in the tables they hang in. */
  discard(tables: readonly Uint32Array[], keyCount: number): void {
    this.#garbage.add(tables, keyCount)
  }

  flush(database: Database): void {
    database.clear()
    this.#takeBack()
  }

  flushAll(): void {
    this.#context.snapshot?.beforeFlushAll()
    for (const database of this.#databases) database.clear()
    this.#takeBack()
  }

  /** Whether memory of flushed keys waits to be taken back. */
  get hasGarbage(): boolean {
    return !this.#garbage.isEmpty
  }

  /** Takes back the memory of about so many flushed keys. */
  freeGarbage(keys: number): void {
    this.stats.lazyfreedKeys += this.#garbage.free(keys)
  }

  /** Flushed keys whose memory waits to be taken back. */
  get garbageKeys(): number {
    return this.#garbage.keyCount
  }

  /** Moves up to `buckets` buckets of tables that grow or shrink; false when there is nothing to move. */
  rehash(buckets: number): boolean {
    for (const database of this.#databases) if (database.rehash(buckets)) return true
    return false
  }

  #newDatabases(count: number): readonly Database[] {
    return Array.from({ length: count }, (_none, index) => new Database(index, this.#context))
  }

  /** Without a key left, all memory comes back at once. */
  #takeBack(): void {
    // A snapshot may still be at what has been flushed, and there are keys that nobody sees yet.
    const isHeld = this.#context.snapshot !== undefined || this.#spare.length > 0
    if (isHeld || this.keyCount > 0) return
    this.#garbage.forget()
    this.slab.clear()
  }
}
