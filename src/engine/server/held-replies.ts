import { copyBytes } from '../memory/byte-slice.ts'

const CAPACITY_MIN = 64 * 1_024
/** A buffer that a turn has made larger than this is not kept. */
const CAPACITY_KEPT = 1_024 * 1_024

/**
 * Replies of many connections that wait for the end of their turn, in one buffer: what is copied there costs no
 * object each. It is used again in the next turn, unless a socket still has a part of it.
 */
export class HeldReplies {
  #bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)
  /** Where the next ones go. */
  end = 0
  #released = 0
  #isUnsent = false

  /** All of the bytes, or the first `length`. */
  add(bytes: Uint8Array, length = bytes.length): void {
    this.#reserve(length)
    copyBytes(this.#bytes, this.end, bytes, 0, length)
    this.end += length
  }

  /** Behind all others; gives where that is. */
  move(start: number, length: number): number {
    const to = this.end
    this.#reserve(length)
    this.#bytes.copyWithin(to, start, start + length)
    this.end += length
    this.#released += length
    return to
  }

  /** A view, until it is released. */
  slice(start: number, end: number): Buffer {
    return this.#bytes.subarray(start, end)
  }

  /** So many bytes have been handed over, or are wanted no more; `isUnsent`: a socket still has some of them. */
  release(length: number, isUnsent: boolean): void {
    this.#isUnsent ||= isUnsent
    this.#released += length
    if (this.#released < this.end) return
    const isLarge = this.#bytes.length > CAPACITY_KEPT
    if (this.#isUnsent || isLarge) this.#bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)
    this.#isUnsent = false
    this.#released = 0
    this.end = 0
  }

  #reserve(added: number): void {
    const needed = this.end + added
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.end))
    this.#bytes = larger
  }
}
