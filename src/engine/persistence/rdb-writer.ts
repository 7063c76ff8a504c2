import type { Database, Handle } from '../keyspace/database.ts'
import { NO_EXPIRY } from '../keyspace/database.ts'
import type { Structures } from '../structures/structures.ts'
import { PieceCopy } from './piece-copy.ts'
import { RDB_OPCODE, RDB_VERSION } from './rdb-encoding.ts'
import { RdbOutput } from './rdb-output.ts'
import type { RdbSum } from './rdb-sum.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'
import { StringPlaces } from './string-places.ts'
import { ValueWriter } from './value-writer.ts'

/** Of other keys, while one is written in pieces: what they take before the rest of it is written at once. */
const ASIDE_BYTES_MAX = 16 * 1_024 * 1_024
/** A buffer that has become larger is not kept for the next value. */
const ASIDE_BYTES_KEPT = 256 * 1_024
/** Of what stands aside, to be copied behind the value in one go. */
const COPIED_BYTES = 256 * 1_024

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
  readonly structures: Structures
  readonly access: AccessKind
  readonly header: RdbHeader
  readonly sum: RdbSum
  /** Of a value in pieces: what is written in one; as `ValueWriter` has it unless told. */
  readonly pieceBytes?: number
  /** What other keys may take until a value in pieces is through; 16 MiB unless told. */
  readonly asideBytesMax?: number
}

/**
 * Writes the parts of an RDB file, but for the sum at its end. A value has to stand there as a whole: what is written
 * while one is in pieces stands aside, and comes behind it.
 */
export class RdbWriter implements SnapshotWriter {
  readonly output: RdbOutput
  readonly sum: RdbSum
  readonly #header: RdbHeader
  readonly #values: ValueWriter
  /** For the value in pieces, while others are written as a whole. */
  readonly #piecewise: ValueWriter
  readonly #access: AccessKind
  readonly #aside = new RdbOutput()
  readonly #asideBytesMax: number
  /** Where the next key goes: `output`, or aside. */
  #current: RdbOutput
  /** The database that what comes next belongs to; -1 before the first. */
  #selected = -1
  keyCount = 0

  constructor(options: RdbWriterOptions) {
    const { output, structures, access, header, sum } = options
    this.output = output
    this.sum = sum
    this.#header = header
    this.#values = new ValueWriter(structures)
    this.#piecewise = new ValueWriter(structures, options.pieceBytes)
    this.#access = access
    this.#aside.compresses = output.compresses
    if (output.places !== undefined) this.#aside.places = new StringPlaces()
    this.#asideBytesMax = options.asideBytesMax ?? ASIDE_BYTES_MAX
    this.#current = output
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
    this.#writeHead(index, database, record)
    this.#values.write(this.#current, database, record)
    this.keyCount += 1
  }

  *pieces(index: number, database: Database, record: Handle): Generator<undefined> {
    this.#writeHead(index, database, record)
    // Databases that are selected aside are selected behind this value.
    this.#current = this.#aside
    yield* this.#piecewise.pieces(this.output, database, record)
    this.keyCount += 1
    yield* this.#takeIn()
    this.#current = this.output
  }

  get places(): StringPlaces | undefined {
    return this.output.places
  }

  get isCrowded(): boolean {
    return this.#aside.length > this.#asideBytesMax
  }

  /** What stands aside, of which there may come more meanwhile. */
  *#takeIn(): Generator<undefined> {
    const { output } = this
    const aside = this.#aside
    const copy = new PieceCopy()
    while (copy.length < aside.length) {
      if (copy.length > 0) yield
      const piece = { bytes: aside.written(), places: aside.places?.written() }
      copy.step(piece, output, COPIED_BYTES)
    }
    if (aside.bytes.length > ASIDE_BYTES_KEPT) aside.take(new Uint8Array(ASIDE_BYTES_KEPT))
    aside.clear()
  }

  /** All that stands before the value. */
  #writeHead(index: number, database: Database, record: Handle): void {
    const output = this.#current
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
  }

  writeEnd(): void {
    this.output.byte(RDB_OPCODE.end)
  }

  #select(index: number): void {
    this.#selected = index
    this.#current.byte(RDB_OPCODE.selectDatabase)
    this.#current.lengthOf(index)
  }
}
