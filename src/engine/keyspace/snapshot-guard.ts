import type { Handle } from '../memory/slab.ts'
import type { Database } from './database.ts'

/**
 * A snapshot that is being taken: it hears of every record before it is changed or taken away, so that it can write
 * down what was there. A record that it has written, or that came after it began, carries its mark (record.ts).
 */
export interface SnapshotGuard {
  beforeChange(database: Database, record: Handle): void
  /**
   * Whether the record is a large value that has not been written down: from now on it comes before all others, and a
   * change of it can wait until then (`SnapshotListener.preserved`). Without waiting, `beforeChange` takes long.
   */
  hasten(database: Database, record: Handle): boolean
  /** The database is emptied at once: its tables are the snapshot's, which passes them on when it is through. */
  beforeFlush(database: Database, tables: readonly Uint32Array[], keyCount: number): void
  /** All databases are about to be emptied: it may give up, or hear of each (`beforeFlush`). */
  beforeFlushAll(): void
}

/** Hears of snapshots, whoever takes them. */
export interface SnapshotListener {
  /** One begins, or has ended. */
  switched(isTaken: boolean): void
  /** A large value has been written down: it may be changed. */
  preserved(): void
}
