import { viewOf } from '../memory/byte-slice.ts'

/** Jones' polynomial, reflected, as Redis has it (crc64.c): in two halves, since numbers have no 64 bits. */
const POLYNOMIAL_HIGH = 0x95ac_9329
const POLYNOMIAL_LOW = 0xac4b_c9b5
const ROWS = 8
const WORD = 256

/** CRC64 of bytes that come in pieces: about 0.7 ns a byte. */
export class Crc64 {
  /** Signed, as sums of 32 bits are in JavaScript: unsigned ones would be doubles at every step. */
  readonly #high = new Int32Array(ROWS * WORD)
  readonly #low = new Int32Array(ROWS * WORD)
  #crcHigh = 0
  #crcLow = 0

  constructor() {
    for (let byte = 0; byte < WORD; byte += 1) this.#fillFirst(byte)
    for (let at = WORD; at < ROWS * WORD; at += 1) this.#fillNext(at)
  }

  reset(): void {
    this.#crcHigh = 0
    this.#crcLow = 0
  }

  update(bytes: Uint8Array, start = 0, length = bytes.length - start): void {
    const end = start + length
    let at = this.#updateRows(bytes, start, end)
    for (; at < end; at += 1) {
      const index = (this.#crcLow ^ (bytes[at] ?? 0)) & 0xff
      const low = (this.#crcLow >>> 8) | (this.#crcHigh << 24)
      this.#crcHigh = (this.#crcHigh >>> 8) ^ (this.#high[index] ?? 0)
      this.#crcLow = low ^ (this.#low[index] ?? 0)
    }
  }

  /** As RDB files and DUMP end: eight bytes, the lowest first. */
  writeTo(target: Uint8Array, at: number): void {
    const view = new DataView(target.buffer, target.byteOffset + at, 8)
    view.setUint32(0, this.#crcLow >>> 0, true)
    view.setUint32(4, this.#crcHigh >>> 0, true)
  }

  /** Whether the eight bytes at `at` are this sum. */
  matches(bytes: Uint8Array, at: number): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8)
    return (
      view.getUint32(0, true) === this.#crcLow >>> 0 &&
      view.getUint32(4, true) === this.#crcHigh >>> 0
    )
  }

  #fillFirst(byte: number): void {
    let high = 0
    let low = byte
    for (let bit = 0; bit < 8; bit += 1) {
      const isOdd = (low & 1) === 1
      low = (low >>> 1) | ((high & 1) << 31)
      high >>>= 1
      if (isOdd) {
        high ^= POLYNOMIAL_HIGH
        low ^= POLYNOMIAL_LOW
      }
    }
    this.#high[byte] = high
    this.#low[byte] = low
  }

  /** Row k holds what a byte does k places further on. */
  #fillNext(at: number): void {
    const high = this.#high[at - WORD] ?? 0
    const low = this.#low[at - WORD] ?? 0
    const index = low & 0xff
    this.#high[at] = (high >>> 8) ^ (this.#high[index] ?? 0)
    this.#low[at] = ((low >>> 8) | (high << 24)) ^ (this.#low[index] ?? 0)
  }

  /** Eight bytes at once, as long as there are so many; gives where it stopped. */
  #updateRows(bytes: Uint8Array, start: number, end: number): number {
    const high = this.#high
    const low = this.#low
    const view = viewOf(bytes)
    let crcHigh = this.#crcHigh | 0
    let crcLow = this.#crcLow | 0
    let at = start
    for (; at + ROWS <= end; at += ROWS) {
      const first = crcLow ^ view.getInt32(at, true)
      const second = crcHigh ^ view.getInt32(at + 4, true)
      const a = 7 * WORD + (first & 0xff)
      const b = 6 * WORD + ((first >>> 8) & 0xff)
      const c = 5 * WORD + ((first >>> 16) & 0xff)
      const d = 4 * WORD + (first >>> 24)
      const e = 3 * WORD + (second & 0xff)
      const f = 2 * WORD + ((second >>> 8) & 0xff)
      const g = WORD + ((second >>> 16) & 0xff)
      const h = second >>> 24
      crcHigh =
        (high[a] ?? 0) ^
        (high[b] ?? 0) ^
        (high[c] ?? 0) ^
        (high[d] ?? 0) ^
        (high[e] ?? 0) ^
        (high[f] ?? 0) ^
        (high[g] ?? 0) ^
        (high[h] ?? 0)
      crcLow =
        (low[a] ?? 0) ^
        (low[b] ?? 0) ^
        (low[c] ?? 0) ^
        (low[d] ?? 0) ^
        (low[e] ?? 0) ^
        (low[f] ?? 0) ^
        (low[g] ?? 0) ^
        (low[h] ?? 0)
    }
    this.#crcHigh = crcHigh
    this.#crcLow = crcLow
    return at
  }
}
