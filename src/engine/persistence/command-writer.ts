import { type Database, type Handle, NO_EXPIRY } from '../keyspace/database.ts'
import { CommandEncoder } from '../protocol/command-encoder.ts'
import type { Structures } from '../structures/structures.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'
import { ValueCommands } from './value-commands.ts'

export interface CommandWriterOptions {
  readonly structures: Structures
  /** Codes of the function libraries. */
  readonly libraries: Iterable<Uint8Array>
  /** Seconds of the Unix epoch, to be told first; `undefined` when no instants are. */
  readonly stampSeconds: number | undefined
}

/** Words the keyspace as the commands that make it anew (aof.c, rewriteAppendOnlyFileRio). */
export class CommandWriter implements SnapshotWriter {
  readonly output = new CommandEncoder()
  readonly places = undefined
  readonly sum = undefined
  /** Others are written while a value is. */
  readonly isCrowded = false
  readonly #options: CommandWriterOptions
  readonly #values: ValueCommands
  /** For the value that is worded in pieces, while others may come in between. */
  readonly #piecewise: ValueCommands
  /** The database that what comes next belongs to; -1 before the first. */
  #selected = -1
  keyCount = 0

  constructor(options: CommandWriterOptions) {
    this.#options = options
    this.#values = new ValueCommands(this.output, options.structures)
    this.#piecewise = new ValueCommands(this.output, options.structures)
  }

  writeHeader(): void {
    const { libraries, stampSeconds } = this.#options
    if (stampSeconds !== undefined) this.output.line(`#TS:${stampSeconds}`)
    for (const code of libraries) this.output.command(['FUNCTION', 'LOAD', code])
  }

  beginDatabase(index: number): void {
    this.#select(index)
  }

  writeKey(index: number, database: Database, record: Handle): void {
    this.#select(index)
    if (database.isString(record)) {
      this.#values.string(database, record)
    } else {
      const commands = this.#values.collection(database, record)
      while (commands.next().done !== true);
    }
    this.#endKey(database, record)
  }

  *pieces(index: number, database: Database, record: Handle): Generator<undefined> {
    const commands = this.#piecewise.collection(database, record)
    for (;;) {
      this.#select(index)
      if (commands.next().done === true) break
      yield
    }
    this.#endKey(database, record)
  }

  writeEnd(): void {
    // Commands end with the last one.
  }

  #endKey(database: Database, record: Handle): void {
    const expiresAtMs = database.expiresAtMs(record)
    if (expiresAtMs !== NO_EXPIRY) this.#values.expire(database, record, expiresAtMs)
    this.keyCount += 1
  }

  #select(index: number): void {
    if (index === this.#selected) return
    this.#selected = index
    this.output.command(['SELECT', index])
  }
}
