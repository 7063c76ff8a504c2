import type { ProcedureDatabase } from '../../../store/index.ts'
import type { Meter, MeterCall } from './meter.ts'

/*
 * The generic cell rate algorithm: `limit` units in a window, evenly, and `extra` of them at once. The key holds
 * one number, the theoretical arrival time: the instant, in microseconds, at which all that was taken would
 * have come in at the even rate. 64 bits, big-endian.
 */
const BYTES = 8
const US_PER_MS = 1_000
const TWO_32 = 0x1_0000_0000

export class GcraMeter implements Meter {
  remaining = 0
  resetMs = 0
  retryMs = 0
  #nowUs = 0
  #windowMs = 0
  #limit = 0
  #toleranceUs = 0
  #cost = 0
  #arrivalUs = 0
  #isStored = false
  readonly #value = Buffer.alloc(BYTES)

  open(call: MeterCall, bytes: Buffer | undefined): void {
    this.#nowUs = call.nowMs * US_PER_MS
    this.#windowMs = call.windowMs
    this.#limit = call.limit
    this.#cost = call.cost
    this.#toleranceUs = this.#spanUs(call.extra)
    this.#read(bytes)
    const excessUs = this.#arrivalUs + this.#spanUs(this.#cost) - this.#toleranceUs - this.#nowUs
    this.retryMs = this.#cost <= 0 || excessUs <= 0 ? 0 : Math.ceil(excessUs / US_PER_MS)
    this.#tell()
  }

  charge(database: ProcedureDatabase, key: Buffer): void {
    if (this.#cost === 0 || (this.#cost < 0 && !this.#isStored)) return
    const spanUs = this.#cost < 0 ? -this.#spanUs(-this.#cost) : this.#spanUs(this.#cost)
    this.#arrivalUs = Math.max(this.#arrivalUs + spanUs, this.#nowUs)
    this.#write(database, key)
    this.#tell()
  }

  /** How long so much takes at the even rate, in whole microseconds: never a little less. */
  #spanUs(units: number): number {
    return Math.ceil((units * this.#windowMs * US_PER_MS) / this.#limit)
  }

  #tell(): void {
    const usedUs = this.#arrivalUs - this.#nowUs
    const freeUs = this.#toleranceUs - usedUs
    this.remaining = Math.floor((freeUs * this.#limit) / (this.#windowMs * US_PER_MS))
    this.resetMs = Math.ceil(usedUs / US_PER_MS)
  }

  #read(bytes: Buffer | undefined): void {
    this.#isStored = false
    this.#arrivalUs = this.#nowUs
    if (bytes?.length !== BYTES) return
    const arrivalUs = bytes.readUInt32BE(0) * TWO_32 + bytes.readUInt32BE(4)
    const aheadUs = arrivalUs - this.#nowUs
    // Further ahead is what a clock far ahead of ours wrote.
    if (aheadUs <= 0 || aheadUs > this.#toleranceUs + this.#windowMs * US_PER_MS) return
    this.#isStored = true
    this.#arrivalUs = arrivalUs
  }

  #write(database: ProcedureDatabase, key: Buffer): void {
    const aheadUs = this.#arrivalUs - this.#nowUs
    if (aheadUs === 0) {
      database.delete(key)
      return
    }
    this.#value.writeUInt32BE(Math.floor(this.#arrivalUs / TWO_32), 0)
    this.#value.writeUInt32BE(this.#arrivalUs % TWO_32, 4)
    database.set(key, this.#value, Math.ceil(aheadUs / US_PER_MS))
  }
}
