/** Jones' polynomial, reflected, as Redis has it (crc64.c): in two halves, since numbers have no 64 bits. */
const POLYNOMIAL_HIGH = 0x95ac_9329
const POLYNOMIAL_LOW = 0xac4b_c9b5
const ROWS = 8
const WORD = 256

/** CRC64 of bytes that come in pieces: about 1 ns a byte. */
export class Crc64 {
  readonly #high = new Uint32Array(ROWS * WORD)
  readonly #low = new Uint32Array(ROWS * WORD)
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
    let at = start
    for (; at + ROWS <= end; at += ROWS) this.#updateRow(bytes, at)
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

  /** Eight bytes at once. */
  #updateRow(bytes: Uint8Array, at: number): void {
    let high = 0
    let low = 0
    for (let place = 0; place < ROWS; place += 1) {
      const sum = place < 4 ? this.#crcLow >>> (8 * place) : this.#crcHigh >>> (8 * (place - 4))
      const index = (ROWS - 1 - place) * WORD + ((sum ^ (bytes[at + place] ?? 0)) & 0xff)
      high ^= this.#high[index] ?? 0
      low ^= this.#low[index] ?? 0
    }
    this.#crcHigh = high
    this.#crcLow = low
  }
}
