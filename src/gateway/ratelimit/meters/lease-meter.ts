import { argumentBytes, type ProcedureDatabase } from '../../../store/index.ts'
import { type Meter, type MeterCall, readInstant, writeInstant } from './meter.ts'

/*
 * Who is at work now: the token of each lease and when it ends by itself, 64 bits and 48, in the order in which
 * they were taken. A gateway that dies gives back nothing; its leases end.
 */
const TOKEN_BYTES = 8
const ENTRY_BYTES = 14
export const LEASES_MAX = 1_000
/** When one ends cannot be known, so who is refused may try again soon. */
const RETRY_MS = 1_000

export class LeaseMeter implements Meter {
  remaining = 0
  resetMs = 0
  retryMs = 0
  #nowMs = 0
  #leaseMs = 0
  #limit = 0
  #cost = 0
  #token = argumentBytes('')
  readonly #entries = Buffer.alloc((LEASES_MAX + 1) * ENTRY_BYTES)
  #length = 0

  open(call: MeterCall, bytes: Buffer | undefined): void {
    this.#nowMs = call.nowMs
    this.#leaseMs = call.windowMs
    this.#limit = call.limit
    this.#cost = call.cost
    this.#token = argumentBytes(call.token)
    this.#read(bytes)
    const isFull = this.#cost > 0 && this.#length / ENTRY_BYTES >= this.#limit
    this.retryMs = isFull ? this.#retryOf() : 0
    this.#tell()
  }

  charge(database: ProcedureDatabase, key: Buffer): void {
    if (this.#cost > 0) this.#take(database, key)
    else if (this.#cost < 0) this.#giveBack(database, key)
    this.#tell()
  }

  #tell(): void {
    this.remaining = this.#limit - this.#length / ENTRY_BYTES
    this.resetMs = this.#length === 0 ? 0 : this.#endOfMs(this.#length - ENTRY_BYTES) - this.#nowMs
  }

  #retryOf(): number {
    if (this.#length === 0) return RETRY_MS
    return Math.max(Math.min(this.#endOfMs(0) - this.#nowMs, RETRY_MS), 1)
  }

  #endOfMs(offset: number): number {
    return readInstant(this.#entries, offset + TOKEN_BYTES)
  }

  #read(bytes: Buffer | undefined): void {
    this.#length = 0
    if (bytes === undefined || bytes.length > LEASES_MAX * ENTRY_BYTES) return
    if (bytes.length % ENTRY_BYTES !== 0) return
    for (let offset = 0; offset < bytes.length; offset += ENTRY_BYTES) {
      const leftMs = readInstant(bytes, offset + TOKEN_BYTES) - this.#nowMs
      // Neither what has ended nor what a clock far ahead of ours wrote.
      if (leftMs <= 0 || leftMs > 2 * this.#leaseMs) continue
      bytes.copy(this.#entries, this.#length, offset, offset + ENTRY_BYTES)
      this.#length += ENTRY_BYTES
    }
  }

  #take(database: ProcedureDatabase, key: Buffer): void {
    this.#token.copy(this.#entries, this.#length, 0, TOKEN_BYTES)
    writeInstant(this.#entries, this.#length + TOKEN_BYTES, this.#nowMs + this.#leaseMs)
    this.#length += ENTRY_BYTES
    this.#write(database, key)
  }

  #giveBack(database: ProcedureDatabase, key: Buffer): void {
    for (let offset = 0; offset < this.#length; offset += ENTRY_BYTES) {
      const token = this.#entries.subarray(offset, offset + TOKEN_BYTES)
      if (!token.equals(this.#token)) continue
      this.#entries.copyWithin(offset, offset + ENTRY_BYTES, this.#length)
      this.#length -= ENTRY_BYTES
      this.#write(database, key)
      return
    }
  }

  #write(database: ProcedureDatabase, key: Buffer): void {
    if (this.#length === 0) {
      database.delete(key)
      return
    }
    const lastMs = this.#endOfMs(this.#length - ENTRY_BYTES)
    database.set(key, this.#entries.subarray(0, this.#length), lastMs - this.#nowMs)
  }
}
