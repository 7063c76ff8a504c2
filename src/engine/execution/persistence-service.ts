import type { Database, Handle } from '../keyspace/database.ts'

/** Values as bytes, for DUMP, RESTORE and MIGRATE. */
export interface ValueCodec {
  /** DUMP's payload of the value; valid until the next one. */
  dump(database: Database, record: Handle): DumpedValue
  /** Whether a payload is whole, and of a version that is known. */
  isIntact(payload: Uint8Array): boolean
  /** Reads the value of a payload that is whole; false when it is damaged. Then comes `store` or `discard`. */
  read(payload: Uint8Array): boolean
  /** Gives what was read to the key, whatever that was, without expiry. */
  store(database: Database, key: Uint8Array, start: number, length: number): Handle
  discard(): void
}

export interface DumpedValue {
  readonly bytes: Uint8Array
  readonly length: number
}
