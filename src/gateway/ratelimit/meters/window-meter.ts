import { invariant } from '../../../shared/assert.ts'
import type { ProcedureDatabase } from '../../../store/index.ts'
import { type Meter, type MeterCall, readInstant, writeInstant } from './meter.ts'

/*
 * The window is cut into `slots` equal slots. A key counts the current slot and the `slots` before it, so it
 * always covers a whole window and up to one slot more: in no window of `windowMs`, wherever it begins, is
 * more than `limit` ever admitted. The price is that a unit comes back up to one slot late.
 *
 *   byte 0           number of the current slot: now * slots / windowMs, 48 bits
 *   byte 6           sum of all counts
 *   byte 6 + width   count of the current slot
 *   then             counts of the `slots` before it; slot n is at n mod slots
 *
 * Counts take 16 bits each, 32 when the limit is above 65535. All numbers big-endian. Within a slot only what
 * stands before the past counts changes. A value of another length, or from a clock far ahead of ours, is begun
 * anew. So is one whose rule got another window or slot count: its slot numbers are then far from ours.
 */
const TOTAL_AT = 6
const NARROW = 2
const WIDE = 4
const NARROW_LIMIT = 65_535
export const SLOTS_MAX = 1_024

/** A strict sliding window: costs some 250 bytes with 120 slots, and one write of ten bytes. */
export class WindowMeter implements Meter {
  remaining = 0
  resetMs = 0
  retryMs = 0
  #nowMs = 0
  #limit = 0
  #windowMs = 0
  #slots = 0
  #width = NARROW
  #cost = 0
  /** The slot that counts now, and the one that did when the key was last written. */
  #slot = 0
  #storedSlot = 0
  #storedCount = 0
  #storedTotal = 0
  #isNew = false
  #total = 0
  /** Of `#slot`. */
  #count = 0
  /** Of what is given back: whence, and how much is left to be given back there. */
  #backSlot = 0
  #backCount = 0
  /** A new value: what follows its first bytes is always zero. Reused, for the engine copies. */
  readonly #value = Buffer.alloc(TOTAL_AT + (SLOTS_MAX + 2) * WIDE)
  readonly #starts = {
    narrow: this.#value.subarray(0, TOTAL_AT + 2 * NARROW),
    wide: this.#value.subarray(0, TOTAL_AT + 2 * WIDE),
  }
  /** The count of a slot that ended, and empty ones after it. */
  readonly #ended = Buffer.alloc(SLOTS_MAX * WIDE)

  open(call: MeterCall, bytes: Buffer | undefined): void {
    this.#limit = call.limit
    this.#windowMs = call.windowMs
    this.#slots = call.extra
    this.#width = call.limit > NARROW_LIMIT ? WIDE : NARROW
    this.#cost = call.cost
    invariant(call.extra > 0 && call.extra <= SLOTS_MAX, 'a window has 1 to 1024 slots')
    this.#nowMs = call.nowMs
    this.#read(bytes)
    if (call.cost < 0) this.#openBack(bytes, call.atMs)
    this.retryMs = this.#retryOf(bytes)
    this.#tell()
  }

  charge(database: ProcedureDatabase, key: Buffer): void {
    if (this.#cost < 0) this.#giveBack(database, key)
    else if (this.#cost > 0) this.#take(database, key)
    this.#tell()
  }

  #tell(): void {
    this.remaining = this.#limit - this.#total
    this.resetMs = this.#total === 0 ? 0 : this.#endOfMs(this.#storedSlot) - this.#nowMs
  }

  get #pastAt(): number {
    return TOTAL_AT + 2 * this.#width
  }

  get #byteLength(): number {
    return TOTAL_AT + (this.#slots + 2) * this.#width
  }

  /** When `slot` no longer counts: a window and a slot after it began. */
  #endOfMs(slot: number): number {
    return Math.ceil(((slot + this.#slots + 1) * this.#windowMs) / this.#slots)
  }

  #slotOf(instantMs: number): number {
    return Math.floor((instantMs * this.#slots) / this.#windowMs)
  }

  /** Brings what the key holds to now: slots that left the window are taken off the sum, not yet written. */
  #read(bytes: Buffer | undefined): void {
    const slot = this.#slotOf(this.#nowMs)
    this.#isNew = true
    this.#storedSlot = slot
    this.#storedCount = 0
    this.#slot = slot
    this.#total = 0
    this.#count = 0
    if (bytes?.length !== this.#byteLength) return
    const storedSlot = readInstant(bytes, 0)
    if (Math.abs(slot - storedSlot) > this.#slots) return
    this.#isNew = false
    this.#storedSlot = storedSlot
    this.#storedTotal = this.#readCount(bytes, TOTAL_AT)
    this.#storedCount = this.#readCount(bytes, TOTAL_AT + this.#width)
    this.#total = this.#storedTotal
    if (slot > storedSlot) {
      this.#total -= this.#sumOfPast(bytes, storedSlot - this.#slots, slot - this.#slots)
      return
    }
    // The same slot, or a clock that went back a little: what is counted stays where it is.
    this.#slot = storedSlot
    this.#count = this.#storedCount
  }

  /** The counts of slots before the stored one, without `end`. */
  #sumOfPast(bytes: Buffer, first: number, end: number): number {
    let sum = 0
    let index = first % this.#slots
    for (let slot = first; slot < end; slot += 1) {
      sum += this.#pastCount(bytes, index)
      index = index + 1 === this.#slots ? 0 : index + 1
    }
    return sum
  }

  /** How long until the cost fits; a whole window when it never will. O(slots) when it does not now. */
  #retryOf(bytes: Buffer | undefined): number {
    let missing = this.#total + this.#cost - this.#limit
    if (missing <= 0 || this.#cost <= 0) return 0
    if (bytes === undefined || this.#isNew) return this.#windowMs
    const oldest = this.#slot - this.#slots
    let index = oldest % this.#slots
    for (let slot = oldest; slot <= this.#storedSlot; slot += 1) {
      missing -= slot === this.#storedSlot ? this.#storedCount : this.#pastCount(bytes, index)
      if (missing <= 0) return Math.max(this.#endOfMs(slot) - this.#nowMs, 1)
      index = index + 1 === this.#slots ? 0 : index + 1
    }
    return this.#windowMs
  }

  #take(database: ProcedureDatabase, key: Buffer): void {
    this.#count += this.#cost
    this.#total += this.#cost
    // Until the slot just written counts no more, wherever within it this is.
    const ttlMs = this.#windowMs + Math.ceil(this.#windowMs / this.#slots)
    if (!this.#isNew && this.#slot > this.#storedSlot) {
      this.#endSlot(database, key)
      database.expire(key, ttlMs)
    }
    this.#storedSlot = this.#slot
    const start = this.#start(this.#slot, this.#total, this.#count)
    if (!this.#isNew) {
      database.setRange(key, 0, start)
      return
    }
    // What a wide start left there.
    this.#value.fill(0, start.length, TOTAL_AT + 2 * WIDE)
    database.set(key, this.#value.subarray(0, this.#byteLength), ttlMs)
  }

  /** Files the count of the slot that ended and empties those that passed since, in at most two pieces. */
  #endSlot(database: ProcedureDatabase, key: Buffer): void {
    const width = this.#width
    this.#ended.fill(0, 0, WIDE)
    this.#ended.writeUIntBE(this.#storedCount, 0, width)
    const first = this.#storedSlot % this.#slots
    const passed = this.#slot - this.#storedSlot
    const untilEnd = Math.min(passed, this.#slots - first)
    const at = this.#pastAt
    database.setRange(key, at + first * width, this.#ended.subarray(0, untilEnd * width))
    if (untilEnd === passed) return
    this.#ended.fill(0, 0, width)
    database.setRange(key, at, this.#ended.subarray(0, (passed - untilEnd) * width))
  }

  /** What is given back goes to the slot that it was taken from, and only what that still holds. */
  #openBack(bytes: Buffer | undefined, atMs: number): void {
    const slot = Math.min(this.#slotOf(atMs), this.#slot)
    this.#backSlot = slot
    this.#backCount = 0
    if (bytes === undefined || this.#isNew || slot < this.#slot - this.#slots) return
    if (slot > this.#storedSlot) return
    const isCurrent = slot === this.#storedSlot
    this.#backCount = isCurrent ? this.#storedCount : this.#pastCount(bytes, slot % this.#slots)
  }

  #giveBack(database: ProcedureDatabase, key: Buffer): void {
    const back = Math.min(-this.#cost, this.#backCount)
    if (back === 0) return
    const total = this.#storedTotal - back
    this.#total -= back
    if (this.#backSlot === this.#storedSlot) {
      const start = this.#start(this.#storedSlot, total, this.#storedCount - back)
      database.setRange(key, 0, start)
      return
    }
    database.setRange(key, 0, this.#start(this.#storedSlot, total, this.#storedCount))
    this.#ended.fill(0, 0, WIDE)
    this.#ended.writeUIntBE(this.#backCount - back, 0, this.#width)
    const at = this.#pastAt + (this.#backSlot % this.#slots) * this.#width
    database.setRange(key, at, this.#ended.subarray(0, this.#width))
    this.#ended.fill(0, 0, WIDE)
  }

  #start(slot: number, total: number, count: number): Buffer {
    const start = this.#width === NARROW ? this.#starts.narrow : this.#starts.wide
    writeInstant(start, 0, slot)
    start.writeUIntBE(total, TOTAL_AT, this.#width)
    start.writeUIntBE(count, TOTAL_AT + this.#width, this.#width)
    return start
  }

  #readCount(bytes: Buffer, offset: number): number {
    return this.#width === NARROW ? bytes.readUInt16BE(offset) : bytes.readUInt32BE(offset)
  }

  #pastCount(bytes: Buffer, index: number): number {
    return this.#readCount(bytes, this.#pastAt + index * this.#width)
  }
}
