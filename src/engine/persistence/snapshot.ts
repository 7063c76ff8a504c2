import type { Database, Handle } from '../keyspace/database.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import type { SnapshotGuard } from '../keyspace/snapshot-guard.ts'
import { NONE } from '../memory/slab.ts'
import { NEXT_AT } from '../structures/record-chain.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'

/** Buckets visited between two looks at the clock, and what may be written before the next one is. */
const BATCH = 16
const BATCH_BYTES = 64 * 1_024
const AT_ONCE_BYTES_MAX = 64 * 1_024

/** A database under the number it had when the snapshot began. */
interface Subject {
  readonly database: Database
  readonly index: number
}

/** What a database held when it was flushed. */
interface Detached extends Subject {
  readonly tables: readonly Uint32Array[]
  readonly keyCount: number
}

/** A value that is written in pieces, or will be: it has no mark until it is through. */
interface LargeValue {
  readonly database: Database
  readonly record: Handle
  readonly pieces: Iterator<undefined>
}

export interface SnapshotOptions {
  readonly keyspace: Keyspace
  readonly writer: SnapshotWriter
  /** False for the header and no keys: then nothing is in the way of other snapshots. */
  readonly hasKeys: boolean
  /** A collection that takes more memory is written in pieces; 64 KiB unless told. */
  readonly atOnceBytesMax?: number
}

/**
 * The keyspace as it is at one instant, written down in steps while commands go on. Every record is written once:
 * when the walk comes to it, or before it is changed or taken away, whichever is first. Records carry a mark that
 * tells the two sorts apart (record.ts); the walk is SCAN's, so that tables may grow and shrink meanwhile. As there is one
 * mark, one snapshot is taken at a time (`keyspace.snapshot`).
 */
export class Snapshot implements SnapshotGuard {
  readonly writer: SnapshotWriter
  readonly #keyspace: Keyspace
  readonly #subjects: Subject[] = []
  readonly #indexes = new Map<Database, number>()
  readonly #detached: Detached[] = []
  /** Those that the walk has come to; of the first one some may have been written. */
  readonly #large: LargeValue[] = []
  /** Keys there were. */
  readonly keysTotal: number
  readonly #isGuard: boolean
  readonly #atOnceBytesMax: number
  #cursor = 0
  #bucket = 0
  #table = 0
  /** All databases were flushed: what has been written is of no use. */
  isAbandoned = false
  isDone = false

  constructor({ keyspace, writer, hasKeys, atOnceBytesMax = AT_ONCE_BYTES_MAX }: SnapshotOptions) {
    this.#keyspace = keyspace
    this.writer = writer
    this.#atOnceBytesMax = atOnceBytesMax
    this.keysTotal = hasKeys ? keyspace.keyCount : 0
    this.#isGuard = hasKeys
    writer.writeHeader()
    if (!hasKeys) return
    for (const database of keyspace.databases) {
      this.#indexes.set(database, database.index)
      if (database.size > 0) this.#subjects.push({ database, index: database.index })
    }
    keyspace.beginSnapshot(this)
    this.#announce()
  }

  beforeChange(database: Database, record: Handle): void {
    const at = this.#large.findIndex((large) => large.record === record)
    if (at === 0) return this.#finishLarge()
    if (at > 0) this.#large.splice(at, 1)
    this.#write(this.#indexes.get(database) ?? 0, database, record)
    if (at > 0) this.#keyspace.preserved()
    if (this.writer.isCrowded) this.#finishLarge()
  }

  hasten(database: Database, record: Handle): boolean {
    if (database.hasMark(record) || !this.#isLarge(database, record)) return false
    const at = this.#large.findIndex((large) => large.record === record)
    if (at === 0 || at === 1) return true
    const found = at > 1 ? this.#large.splice(at, 1) : []
    // Of the first one some may have been written.
    const large = found[0] ?? this.#newLarge(this.#indexes.get(database) ?? 0, database, record)
    this.#large.splice(1, 0, large)
    return true
  }

  beforeFlush(database: Database, tables: readonly Uint32Array[], keyCount: number): void {
    const index = this.#indexes.get(database) ?? 0
    this.#detached.push({ database, index, tables, keyCount })
  }

  beforeFlushAll(): void {
    this.isAbandoned = true
    this.#end()
  }

  /** Goes on until `isOver` says so or nothing is left; looks at it every few keys, and after a piece of a large value. */
  step(isOver: () => boolean): void {
    const { output } = this.writer
    while (!this.isDone) {
      this.#subjects[0]?.database.foreseeScan(this.#cursor, BATCH)
      const enough = output.length + BATCH_BYTES
      let count = 0
      do {
        this.#visitNext()
        count += 1
      } while (count < BATCH && output.length < enough && this.#large.length === 0 && !this.isDone)
      if (isOver()) return
    }
  }

  /** One bucket of a table, or one piece of a large value, and no more. */
  stepOnce(): void {
    if (!this.isDone) this.#visitNext()
  }

  #visitNext(): void {
    // What the walk has come to first: that its table is not given back before.
    if (this.#large.length > 0) {
      this.#writePiece()
      return
    }
    // What has been flushed first: its memory waits.
    const detached = this.#detached[0]
    if (detached !== undefined) return this.#visitDetached(detached)
    const subject = this.#subjects[0]
    if (subject === undefined) return this.#finish()
    this.#cursor = subject.database.scanAll(this.#cursor, this.#visit)
    if (this.#cursor !== 0) return
    this.#subjects.shift()
    this.#announce()
  }

  readonly #visit = (record: Handle): void => {
    const subject = this.#subjects[0]
    if (subject !== undefined) this.#come(subject, record)
  }

  #come({ index, database }: Subject, record: Handle): void {
    if (database.hasMark(record)) return
    if (!this.#isLarge(database, record)) return this.#write(index, database, record)
    this.#large.push(this.#newLarge(index, database, record))
  }

  #newLarge(index: number, database: Database, record: Handle): LargeValue {
    return { database, record, pieces: this.writer.pieces(index, database, record) }
  }

  /** A string never is: it is one piece, whatever its length. */
  #isLarge(database: Database, record: Handle): boolean {
    return !database.isString(record) && database.memoryUsage(record) > this.#atOnceBytesMax
  }

  #write(index: number, database: Database, record: Handle): void {
    database.mark(record)
    this.writer.writeKey(index, database, record)
  }

  /** The rest of the first large value. */
  #finishLarge(): void {
    while (this.#writePiece());
  }

  /** Of the first large value; false when that was all of it. */
  #writePiece(): boolean {
    const [large] = this.#large
    if (large === undefined) return false
    if (large.pieces.next().done !== true) return true
    large.database.mark(large.record)
    this.#large.shift()
    this.#keyspace.preserved()
    return false
  }

  #visitDetached(detached: Detached): void {
    const { tables, keyCount } = detached
    const table = tables[this.#table]
    if (table === undefined) {
      this.#keyspace.discard(tables, keyCount)
      this.#detached.shift()
      this.#table = 0
      return
    }
    const { slab } = this.#keyspace
    let record = table[this.#bucket] ?? NONE
    for (; record !== NONE; record = slab.uint32(record, NEXT_AT)) {
      this.#come(detached, record)
    }
    this.#bucket += 1
    if (this.#bucket < table.length) return
    this.#bucket = 0
    this.#table += 1
  }

  /** The database that comes next. */
  #announce(): void {
    const subject = this.#subjects[0]
    if (subject === undefined) return
    const { database, index } = subject
    this.writer.beginDatabase(index, database.size, database.volatileCount)
  }

  #finish(): void {
    this.writer.writeEnd()
    this.#end()
  }

  /** Gives up what is not written yet; nothing is marked any more. */
  #end(): void {
    for (const { tables, keyCount } of this.#detached) this.#keyspace.discard(tables, keyCount)
    this.#detached.length = 0
    this.#large.length = 0
    if (this.#isGuard) this.#keyspace.endSnapshot()
    this.isDone = true
  }
}
