import type { DumpedValue, PayloadTrust, ValueCodec } from '../execution/persistence-service.ts'
import type { Database, Handle } from '../keyspace/database.ts'
import { Crc64 } from '../structures/crc64.ts'
import { RDB_VERSION, RDB_VERSION_MAX, RdbError } from './rdb-encoding.ts'
import { RdbInput } from './rdb-input.ts'
import { RdbOutput } from './rdb-output.ts'
import type { ValueReader } from './value-reader.ts'
import type { ValueWriter } from './value-writer.ts'

/** The version in two bytes, a sum over all before it in eight. */
const FOOTER_BYTES = 10
const SUM_BYTES = 8
/** An output that one large value has made larger than this is not kept for the next. */
const CAPACITY_KEPT = 1_024 * 1_024

export interface DumpPayloadsOptions {
  readonly writer: ValueWriter
  readonly reader: ValueReader
  /** rdbcompression. */
  readonly compresses: () => boolean
  readonly checksSums: () => boolean
}

/** What DUMP gives and RESTORE takes: a value as in an RDB file, the version, and a sum over both. */
export class DumpPayloads implements ValueCodec {
  readonly #options: DumpPayloadsOptions
  readonly #sum = new Crc64()
  #output = new RdbOutput()

  constructor(options: DumpPayloadsOptions) {
    this.#options = options
  }

  dump(database: Database, record: Handle): DumpedValue {
    if (this.#output.bytes.length > CAPACITY_KEPT) this.#output = new RdbOutput()
    const output = this.#output
    const { writer } = this.#options
    output.clear()
    output.compresses = this.#options.compresses()
    output.byte(writer.type(database, record))
    writer.write(output, database, record)
    output.byte(RDB_VERSION)
    output.byte(0)
    this.#sum.reset()
    this.#sum.update(output.bytes, 0, output.length)
    const at = output.length
    output.integer64(0)
    this.#sum.writeTo(output.bytes, at)
    return output
  }

  isIntact(payload: Uint8Array): boolean {
    const footer = payload.length - FOOTER_BYTES
    if (footer < 0) return false
    const version = (payload[footer] ?? 0) | ((payload[footer + 1] ?? 0) << 8)
    if (version > RDB_VERSION_MAX) return false
    if (!this.#options.checksSums()) return true
    this.#sum.reset()
    this.#sum.update(payload, 0, payload.length - SUM_BYTES)
    return this.#sum.matches(payload, payload.length - SUM_BYTES)
  }

  read(payload: Uint8Array, trust: PayloadTrust): boolean {
    const { reader } = this.#options
    const input = RdbInput.of(payload.subarray(0, payload.length - FOOTER_BYTES))
    reader.isDeep = trust !== 'believed'
    reader.countsChecks = trust === 'counted'
    try {
      return reader.read(input, input.byte())
    } catch (error) {
      if (error instanceof RdbError) return false
      throw error
    }
  }

  store(database: Database, key: Uint8Array, start: number, length: number): Handle {
    return this.#options.reader.store(database, key, start, length)
  }

  get sanitizations(): number {
    return this.#options.reader.sanitizations
  }

  discard(): void {
    this.#options.reader.discard()
  }
}
