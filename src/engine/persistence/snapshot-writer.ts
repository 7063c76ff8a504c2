import type { Database, Handle } from '../keyspace/database.ts'
import type { RdbSum } from './rdb-sum.ts'
import type { StringPlaces } from './string-places.ts'

/** How a snapshot is worded: as an RDB file, or in commands. */
export interface SnapshotWriter {
  readonly output: SnapshotOutput
  /** Strings in `output` that others are to pack; `undefined` where there is nothing to be packed any more. */
  readonly places: StringPlaces | undefined
  /** Stands behind all that `output` has had; `undefined` where nothing does. */
  readonly sum: RdbSum | undefined
  /** Keys written. */
  readonly keyCount: number
  writeHeader(): void
  /** Keys of this database come next, though some of others may come in between. */
  beginDatabase(index: number, size: number, volatileCount: number): void
  /** At once, however large it is. */
  writeKey(index: number, database: Database, record: Handle): void
  /**
   * The same in pieces, for a value so large that others are not to wait for all of it: each `next` writes one. Nothing
   * is written, or read, before the first. Others may be written at once meanwhile, but not in pieces, no database may
   * begin, and this value may not change.
   */
  pieces(index: number, database: Database, record: Handle): Iterator<undefined>
  /** So many others wait for the end of the value in pieces that the rest of it is to be written at once. */
  readonly isCrowded: boolean
  writeEnd(): void
}

/** What has been written and is not handed on yet. */
export interface SnapshotOutput {
  readonly length: number
  written(): Uint8Array
  clear(): void
  /** Hands the bytes over and goes on in another buffer, whose content is of no use any more. */
  take(next: Uint8Array): Uint8Array
}
