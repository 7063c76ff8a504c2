import { type Database, type Handle, NO_EXPIRY } from '../../src/engine/keyspace/database.ts'

/** A database in the words of a test: text in, text out. */
export class DatabaseDriver {
  readonly database: Database

  constructor(database: Database) {
    this.database = database
  }

  set(key: string, value: string, expiresAtMs: number = NO_EXPIRY): Handle {
    const keyBytes = Buffer.from(key)
    const valueBytes = Buffer.from(value)
    return this.database.setString(
      keyBytes,
      0,
      keyBytes.length,
      valueBytes,
      0,
      valueBytes.length,
      expiresAtMs,
    )
  }

  get(key: string): string | undefined {
    const record = this.peek(key)
    return record === 0 ? undefined : this.value(record)
  }

  /** As a client's GET: counts and touches. */
  read(key: string): Handle {
    const bytes = Buffer.from(key)
    return this.database.find(bytes, 0, bytes.length)
  }

  peek(key: string): Handle {
    const bytes = Buffer.from(key)
    return this.database.peek(bytes, 0, bytes.length)
  }

  delete(key: string): boolean {
    const bytes = Buffer.from(key)
    return this.database.delete(bytes, 0, bytes.length)
  }

  rename(from: string, to: string): boolean {
    const record = this.peek(from)
    if (record === 0) return false
    const bytes = Buffer.from(to)
    this.database.rename(record, bytes, 0, bytes.length)
    return true
  }

  key(record: Handle): string {
    const start = this.database.keyStart(record)
    const bytes = this.database.bytes(record)
    return Buffer.from(bytes.subarray(start, start + this.database.keyLength(record))).toString()
  }

  value(record: Handle): string {
    const start = this.database.valueStart(record)
    const bytes = this.database.bytes(record)
    return Buffer.from(bytes.subarray(start, start + this.database.valueLength(record))).toString()
  }

  keys(): string[] {
    const keys: string[] = []
    this.database.forEach((record) => keys.push(this.key(record)))
    return keys.sort()
  }
}
