import type { Handle } from '../memory/slab.ts'
import type { Database } from './database.ts'

/**
 * A snapshot that is being taken: it hears of every record before it is changed or taken away, so that it can write
 * down what was there. A record that it has written, or that came after it began, carries its mark (record.ts).
 */
export interface SnapshotGuard {
  beforeChange(database: Database, record: Handle): void
  /** The database is emptied at once: its tables are the snapshot's, which passes them on when it is through. */
  beforeFlush(database: Database, tables: readonly Uint32Array[], keyCount: number): void
  /** All databases are about to be emptied: it may give up, or hear of each (`beforeFlush`). */
  beforeFlushAll(): void
}
