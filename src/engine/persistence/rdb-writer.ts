import type { Database, Handle } from '../keyspace/database.ts'
import { NO_EXPIRY } from '../keyspace/database.ts'
import { RDB_OPCODE, RDB_VERSION } from './rdb-encoding.ts'
import type { RdbOutput } from './rdb-output.ts'
import type { RdbSum } from './rdb-sum.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'
import type { ValueWriter } from './value-writer.ts'

/** What an RDB file tells beside keys. */
export interface RdbHeader {
  /** Auxiliary fields in their order: redis-ver, ctime ... */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Codes of the function libraries. */
  readonly libraries: Iterable<Uint8Array>
}

/** What is told of a key's use, as eviction goes by. */
export type AccessKind = 'idle' | 'frequency' | 'none'

export interface RdbWriterOptions {
  readonly output: RdbOutput
  readonly values: ValueWriter
  readonly access: AccessKind
  readonly header: RdbHeader
  readonly sum: RdbSum
}

/** Writes the parts of an RDB file, but for the sum at its end. */
export class RdbWriter implements SnapshotWriter {
  readonly output: RdbOutput
  readonly sum: RdbSum
  readonly #header: RdbHeader
  readonly #values: ValueWriter
  readonly #access: AccessKind
  /** The database that what comes next belongs to; -1 before the first. */
  #selected = -1
  keyCount = 0

  constructor({ output, values, access, header, sum }: RdbWriterOptions) {
    this.output = output
    this.sum = sum
    this.#header = header
    this.#values = values
    this.#access = access
  }

  writeHeader(): void {
    const { output } = this
    const { fields, libraries } = this.#header
    output.raw(Buffer.from(`REDIS${String(RDB_VERSION).padStart(4, '0')}`))
    for (const [name, value] of fields) {
      output.byte(RDB_OPCODE.aux)
      output.text(name)
      output.text(value)
    }
    for (const code of libraries) {
      output.byte(RDB_OPCODE.function2)
      output.string(code, 0, code.length)
    }
  }

  /** Tells how many keys the database has, for whoever loads it to make room. */
  beginDatabase(index: number, size: number, volatileCount: number): void {
    this.#select(index)
    this.output.byte(RDB_OPCODE.resizeDatabase)
    this.output.lengthOf(size)
    this.output.lengthOf(volatileCount)
  }

  writeKey(index: number, database: Database, record: Handle): void {
    const { output } = this
    if (index !== this.#selected) this.#select(index)
    const expiresAtMs = database.expiresAtMs(record)
    if (expiresAtMs !== NO_EXPIRY) {
      output.byte(RDB_OPCODE.expiresAtMs)
      output.integer64(expiresAtMs)
    }
    if (this.#access === 'idle') {
      output.byte(RDB_OPCODE.idle)
      output.lengthOf(database.idleSeconds(record))
    } else if (this.#access === 'frequency') {
      output.byte(RDB_OPCODE.frequency)
      output.byte(database.frequency(record))
    }
    output.byte(this.#values.type(database, record))
    output.string(database.bytes(record), database.keyStart(record), database.keyLength(record))
    this.#values.write(output, database, record)
    this.keyCount += 1
  }

  /** A value stands as a whole: no key can come in between. */
  inPieces(): undefined {
    return undefined
  }

  writeEnd(): void {
    this.output.byte(RDB_OPCODE.end)
  }

  #select(index: number): void {
    this.#selected = index
    this.output.byte(RDB_OPCODE.selectDatabase)
    this.output.lengthOf(index)
  }
}
