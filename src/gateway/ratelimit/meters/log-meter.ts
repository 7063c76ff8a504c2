import type { ProcedureDatabase } from '../../../store/index.ts'
import { type Meter, type MeterCall, readInstant, writeInstant } from './meter.ts'

/*
 * Every instant at which something was taken, and how much: 48 bits and 32, the oldest first. Exact, and ten
 * bytes for each, so it is for small limits. Both ends of a window count: two instants in one millisecond each
 * may lie less than a window apart.
 */
const ENTRY_BYTES = 10
const COST_AT = 6
/** More entries than this would be read on each call. */
export const LOG_LIMIT_MAX = 1_000

export class LogMeter implements Meter {
  remaining = 0
  resetMs = 0
  retryMs = 0
  #nowMs = 0
  #windowMs = 0
  #limit = 0
  #cost = 0
  #atMs = 0
  #total = 0
  /** What still counts, with room for one more. */
  readonly #entries = Buffer.alloc((LOG_LIMIT_MAX + 1) * ENTRY_BYTES)
  #length = 0

  open(call: MeterCall, bytes: Buffer | undefined): void {
    this.#nowMs = call.nowMs
    this.#windowMs = call.windowMs
    this.#limit = call.limit
    this.#cost = call.cost
    this.#atMs = call.atMs
    this.#read(bytes)
    this.retryMs = this.#retryOf()
    this.#tell()
  }

  charge(database: ProcedureDatabase, key: Buffer): void {
    if (this.#cost < 0) this.#giveBack(database, key)
    else if (this.#cost > 0) this.#take(database, key)
    this.#tell()
  }

  #tell(): void {
    this.remaining = this.#limit - this.#total
    this.resetMs = this.#length === 0 ? 0 : this.#endOfMs(this.#length - ENTRY_BYTES) - this.#nowMs
  }

  /** When the entry at `offset` no longer counts. */
  #endOfMs(offset: number): number {
    return readInstant(this.#entries, offset) + this.#windowMs + 1
  }

  #read(bytes: Buffer | undefined): void {
    this.#length = 0
    this.#total = 0
    if (bytes === undefined || bytes.length > LOG_LIMIT_MAX * ENTRY_BYTES) return
    if (bytes.length % ENTRY_BYTES !== 0) return
    for (let offset = 0; offset < bytes.length; offset += ENTRY_BYTES) {
      // Neither what has left the window nor what a clock far ahead of ours wrote.
      if (Math.abs(this.#nowMs - readInstant(bytes, offset)) > this.#windowMs) continue
      bytes.copy(this.#entries, this.#length, offset, offset + ENTRY_BYTES)
      this.#length += ENTRY_BYTES
      this.#total += bytes.readUInt32BE(offset + COST_AT)
    }
  }

  #retryOf(): number {
    let missing = this.#total + this.#cost - this.#limit
    if (missing <= 0 || this.#cost <= 0) return 0
    for (let offset = 0; offset < this.#length; offset += ENTRY_BYTES) {
      missing -= this.#entries.readUInt32BE(offset + COST_AT)
      if (missing <= 0) return Math.max(this.#endOfMs(offset) - this.#nowMs, 1)
    }
    return this.#windowMs
  }

  #take(database: ProcedureDatabase, key: Buffer): void {
    const last = this.#length - ENTRY_BYTES
    const lastMs = last < 0 ? 0 : readInstant(this.#entries, last)
    this.#total += this.#cost
    if (last >= 0 && lastMs >= this.#nowMs) {
      // The same instant, or a clock that went back a little.
      const cost = this.#entries.readUInt32BE(last + COST_AT) + this.#cost
      this.#entries.writeUInt32BE(cost, last + COST_AT)
    } else {
      writeInstant(this.#entries, this.#length, this.#nowMs)
      this.#entries.writeUInt32BE(this.#cost, this.#length + COST_AT)
      this.#length += ENTRY_BYTES
    }
    this.#write(database, key)
  }

  #giveBack(database: ProcedureDatabase, key: Buffer): void {
    for (let offset = 0; offset < this.#length; offset += ENTRY_BYTES) {
      if (readInstant(this.#entries, offset) !== this.#atMs) continue
      const held = this.#entries.readUInt32BE(offset + COST_AT)
      const back = Math.min(-this.#cost, held)
      this.#total -= back
      this.#entries.writeUInt32BE(held - back, offset + COST_AT)
      if (back === held) this.#remove(offset)
      this.#write(database, key)
      return
    }
  }

  #remove(offset: number): void {
    this.#entries.copyWithin(offset, offset + ENTRY_BYTES, this.#length)
    this.#length -= ENTRY_BYTES
  }

  #write(database: ProcedureDatabase, key: Buffer): void {
    if (this.#length === 0) {
      database.delete(key)
      return
    }
    const ttlMs = this.#endOfMs(this.#length - ENTRY_BYTES) - this.#nowMs
    database.set(key, this.#entries.subarray(0, this.#length), ttlMs)
  }
}
