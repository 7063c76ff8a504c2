import { type Database, NO_EXPIRY } from '../keyspace/database.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import { RDB_OPCODE, RDB_VERSION } from '../persistence/rdb-encoding.ts'
import { RdbOutput } from '../persistence/rdb-output.ts'
import type { ValueWriter } from '../persistence/value-writer.ts'
import { Crc64 } from '../structures/crc64.ts'
import type { CopyRequest } from './primary.ts'

const PIECE_BYTES = 256 * 1_024
const SUM_BYTES = 8
const POINTER_BITS = 64

export interface FullCopyOptions {
  readonly keyspace: Keyspace
  readonly writer: ValueWriter
  /** Redis' version, as the copy tells it. */
  readonly version: string
  readonly usedBytes: () => number
  /** Code of every library of functions. */
  readonly libraries: () => readonly Uint8Array[]
  /** rdbcompression and rdbchecksum. */
  readonly compresses: () => boolean
  readonly hasSum: () => boolean
}

/** Writes RDB files of everything, in pieces. Nothing changes meanwhile: the copy is of one instant. */
export class FullCopy {
  readonly #options: FullCopyOptions
  readonly #sum = new Crc64()
  #output = new RdbOutput()
  #pieces: Uint8Array[] = []

  constructor(options: FullCopyOptions) {
    this.#options = options
  }

  write(request: CopyRequest): readonly Uint8Array[] {
    this.#pieces = []
    this.#output = new RdbOutput()
    this.#output.compresses = this.#options.compresses()
    this.#sum.reset()
    this.#output.raw(Buffer.from(`REDIS${String(RDB_VERSION).padStart(4, '0')}`))
    this.#writeFields(request)
    if (request.hasFunctions) this.#writeLibraries()
    if (request.hasKeys) {
      for (const database of this.#options.keyspace.databases) this.#writeDatabase(database)
    }
    this.#output.byte(RDB_OPCODE.end)
    this.#cut()
    const footer = Buffer.alloc(SUM_BYTES)
    if (this.#options.hasSum()) this.#sum.writeTo(footer, 0)
    this.#pieces.push(footer)
    return this.#pieces
  }

  #writeFields({ streamDatabase, replicationId, offset }: CopyRequest): void {
    const { keyspace, usedBytes, version } = this.#options
    const fields: readonly (readonly [name: string, value: string | number])[] = [
      ['redis-ver', version],
      ['redis-bits', POINTER_BITS],
      ['ctime', Math.floor(keyspace.nowMs / 1_000)],
      ['used-mem', usedBytes()],
      ['repl-stream-db', streamDatabase],
      ['repl-id', replicationId],
      ['repl-offset', offset],
      ['aof-base', 0],
    ]
    for (const [name, value] of fields) {
      this.#output.byte(RDB_OPCODE.aux)
      this.#output.text(name)
      this.#output.text(String(value))
    }
  }

  #writeLibraries(): void {
    for (const code of this.#options.libraries()) {
      this.#output.byte(RDB_OPCODE.function2)
      this.#output.string(code, 0, code.length)
    }
  }

  #writeDatabase(database: Database): void {
    if (database.size === 0) return
    const output = this.#output
    output.byte(RDB_OPCODE.selectDatabase)
    output.lengthOf(database.index)
    output.byte(RDB_OPCODE.resizeDatabase)
    output.lengthOf(database.size)
    output.lengthOf(database.volatileCount)
    // Those that are due as well: the replica is told of their end when they are taken away here.
    database.forEachHeld((record) => {
      const expiresAtMs = database.expiresAtMs(record)
      if (expiresAtMs !== NO_EXPIRY) {
        output.byte(RDB_OPCODE.expiresAtMs)
        output.integer64(expiresAtMs)
      }
      output.byte(this.#options.writer.type(database, record))
      output.string(database.bytes(record), database.keyStart(record), database.keyLength(record))
      this.#options.writer.write(output, database, record)
      if (output.length >= PIECE_BYTES) this.#cut()
    })
  }

  #cut(): void {
    const piece = this.#output.take()
    if (piece.length === 0) return
    this.#sum.update(piece)
    this.#pieces.push(piece)
  }
}
