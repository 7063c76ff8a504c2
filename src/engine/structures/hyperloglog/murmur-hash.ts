const SEED = 0xadc83b19
const MULTIPLIER_HIGH = 0xc6a4a793
const MULTIPLIER_LOW = 0x5bd1e995
/** The shift by 47 bits is one by 15 within the high half. */
const SHIFT_WITHIN_HIGH = 15

/**
 * MurmurHash2 with 64 bits and the seed that Redis chose for HyperLogLogs (hyperloglog.c), in two halves of 32:
 * a bigint costs ten times as much.
 */
export class MurmurHash {
  high = 0
  low = 0

  /** Leaves the hash in `high` and `low`, both unsigned. */
  hash(bytes: Uint8Array, start: number, length: number): void {
    this.#set(0, length)
    this.#multiply()
    this.#set(this.high, this.low ^ SEED)
    const end = start + length
    let at = start
    for (; at + 8 <= end; at += 8) this.#mixWord(word(bytes, at + 4, 4), word(bytes, at, 4))
    const rest = end - at
    if (rest > 0) {
      const low = word(bytes, at, Math.min(4, rest))
      const high = word(bytes, at + 4, Math.max(0, rest - 4))
      this.#set(this.high ^ high, this.low ^ low)
      this.#multiply()
    }
    this.#shiftIn()
    this.#multiply()
    this.#shiftIn()
  }

  #mixWord(wordHigh: number, wordLow: number): void {
    const { high, low } = this
    this.#set(wordHigh, wordLow)
    this.#multiply()
    this.#shiftIn()
    this.#multiply()
    this.#set(high ^ this.high, low ^ this.low)
    this.#multiply()
  }

  #set(high: number, low: number): void {
    this.high = high >>> 0
    this.low = low >>> 0
  }

  /** x ^= x >> 47 */
  #shiftIn(): void {
    this.#set(this.high, this.low ^ (this.high >>> SHIFT_WITHIN_HIGH))
  }

  /** x *= the multiplier, of which the lowest 64 bits are kept. */
  #multiply(): void {
    const { high, low } = this
    const carried =
      highProduct(low, MULTIPLIER_LOW) +
      Math.imul(low, MULTIPLIER_HIGH) +
      Math.imul(high, MULTIPLIER_LOW)
    this.#set(carried, Math.imul(low, MULTIPLIER_LOW))
  }
}

/** The upper 32 of the 64 bits of a product. */
function highProduct(left: number, right: number): number {
  const leftHigh = left >>> 16
  const leftLow = left & 0xffff
  const rightHigh = right >>> 16
  const rightLow = right & 0xffff
  const middle = leftHigh * rightLow + ((leftLow * rightLow) >>> 16)
  const other = leftLow * rightHigh + (middle & 0xffff)
  return leftHigh * rightHigh + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)
}

/** Up to four bytes, the lowest first. */
function word(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let index = length - 1; index >= 0; index -= 1)
    value = (value << 8) | (bytes[at + index] ?? 0)
  return value >>> 0
}
