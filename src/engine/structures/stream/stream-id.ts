import { writeDigits } from '../../protocol/write-digits.ts'
import type { Int64 } from '../int64.ts'
import { uint32At, writeUint32 } from '../little-endian.ts'

const TWO_TO_32 = 2 ** 32
const WORD_MAX = TWO_TO_32 - 1
/** A high word below this makes, with its low word, an integer that a double holds. */
const EXACT_HIGH_LIMIT = 2 ** 21
/** Integers of up to 15 digits are numbers (int64.ts). */
const NUMBER_LIMIT = 1e15
const DASH = 0x2d

export const ID_BYTES = 16
/** Two integers of 20 digits and a dash. */
export const ID_TEXT_BYTES_MAX = 41

/**
 * The id of a stream's entry: milliseconds and a sequence number, 64 bits each, which no double holds. It is four
 * words of 32 bits, in an object that is used again: what keeps an id copies it.
 */
export class StreamId {
  msHigh = 0
  msLow = 0
  seqHigh = 0
  seqLow = 0

  /** Both are integers that a double holds. */
  static of(ms: number, seq: number): StreamId {
    const id = new StreamId()
    id.setMs(ms)
    id.seqHigh = Math.floor(seq / TWO_TO_32)
    id.seqLow = seq % TWO_TO_32
    return id
  }

  static copyOf(other: StreamId): StreamId {
    const id = new StreamId()
    id.set(other)
    return id
  }

  get isZero(): boolean {
    return (this.msHigh | this.msLow | this.seqHigh | this.seqLow) === 0
  }

  get isMax(): boolean {
    return this.isSeqMax && this.msHigh === WORD_MAX && this.msLow === WORD_MAX
  }

  get isSeqMax(): boolean {
    return this.seqHigh === WORD_MAX && this.seqLow === WORD_MAX
  }

  set(other: StreamId): void {
    this.msHigh = other.msHigh
    this.msLow = other.msLow
    this.seqHigh = other.seqHigh
    this.seqLow = other.seqLow
  }

  setZero(): void {
    this.msHigh = 0
    this.msLow = 0
    this.seqHigh = 0
    this.seqLow = 0
  }

  setMax(): void {
    this.msHigh = WORD_MAX
    this.msLow = WORD_MAX
    this.setSeqMax()
  }

  setSeqMax(): void {
    this.seqHigh = WORD_MAX
    this.seqLow = WORD_MAX
  }

  /** The first id of a millisecond. */
  setMs(ms: number): void {
    this.msHigh = Math.floor(ms / TWO_TO_32)
    this.msLow = ms % TWO_TO_32
    this.seqHigh = 0
    this.seqLow = 0
  }

  setMsBits(ms: bigint): void {
    this.msHigh = Number(ms >> 32n)
    this.msLow = Number(ms & 0xffff_ffffn)
  }

  setSeqBits(seq: bigint): void {
    this.seqHigh = Number(seq >> 32n)
    this.seqLow = Number(seq & 0xffff_ffffn)
  }

  get msBits(): bigint {
    return bits(this.msHigh, this.msLow)
  }

  get seqBits(): bigint {
    return bits(this.seqHigh, this.seqLow)
  }

  hasMsOf(other: StreamId): boolean {
    return this.msHigh === other.msHigh && this.msLow === other.msLow
  }

  /** Negative, 0 or positive. */
  compare(other: StreamId): number {
    return (
      this.msHigh - other.msHigh ||
      this.msLow - other.msLow ||
      this.seqHigh - other.seqHigh ||
      this.seqLow - other.seqLow
    )
  }

  /** The next id; false when there is none: then it is 0-0. */
  increment(): boolean {
    if (this.seqLow < WORD_MAX) {
      this.seqLow += 1
      return true
    }
    for (const word of WORDS_UPWARDS) {
      if (this[word] !== WORD_MAX) {
        this[word] += 1
        return true
      }
      this[word] = 0
    }
    return false
  }

  /** The id before; false when there is none: then it is the last one of all. */
  decrement(): boolean {
    for (const word of WORDS_UPWARDS) {
      if (this[word] !== 0) {
        this[word] -= 1
        return true
      }
      this[word] = WORD_MAX
    }
    return false
  }

  /** Modulo 2^64, as an entry's id is told by its distance from its node's. */
  addMs(delta: Int64): void {
    if (typeof delta === 'bigint') {
      return this.setMsBits(BigInt.asUintN(64, bits(this.msHigh, this.msLow) + delta))
    }
    const low = this.msLow + delta
    const carry = Math.floor(low / TWO_TO_32)
    this.msLow = low - carry * TWO_TO_32
    if (carry !== 0) this.msHigh = (this.msHigh + carry) >>> 0
  }

  addSeq(delta: Int64): void {
    if (typeof delta === 'bigint') {
      return this.setSeqBits(BigInt.asUintN(64, bits(this.seqHigh, this.seqLow) + delta))
    }
    const low = this.seqLow + delta
    const carry = Math.floor(low / TWO_TO_32)
    this.seqLow = low - carry * TWO_TO_32
    if (carry !== 0) this.seqHigh = (this.seqHigh + carry) >>> 0
  }

  msSince(other: StreamId): Int64 {
    return difference(this.msHigh, this.msLow, other.msHigh, other.msLow)
  }

  seqSince(other: StreamId): Int64 {
    return difference(this.seqHigh, this.seqLow, other.seqHigh, other.seqLow)
  }

  read(bytes: Uint8Array, at: number): void {
    this.msLow = uint32At(bytes, at)
    this.msHigh = uint32At(bytes, at + 4)
    this.seqLow = uint32At(bytes, at + 8)
    this.seqHigh = uint32At(bytes, at + 12)
  }

  write(bytes: Uint8Array, at: number): void {
    writeUint32(bytes, at, this.msLow)
    writeUint32(bytes, at + 4, this.msHigh)
    writeUint32(bytes, at + 8, this.seqLow)
    writeUint32(bytes, at + 12, this.seqHigh)
  }

  /** As clients know it, `<ms>-<seq>`; gives how many bytes that is, up to ID_TEXT_BYTES_MAX. */
  spell(target: Uint8Array): number {
    const dash = spellWords(target, 0, this.msHigh, this.msLow)
    target[dash] = DASH
    return spellWords(target, dash + 1, this.seqHigh, this.seqLow)
  }

  toString(): string {
    return `${bits(this.msHigh, this.msLow)}-${bits(this.seqHigh, this.seqLow)}`
  }
}

const WORDS_UPWARDS = ['seqLow', 'seqHigh', 'msLow', 'msHigh'] as const

function bits(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}

function difference(high: number, low: number, otherHigh: number, otherLow: number): Int64 {
  const value = (high - otherHigh) * TWO_TO_32 + (low - otherLow)
  if (value > -NUMBER_LIMIT && value < NUMBER_LIMIT) return value
  return shortest(BigInt.asIntN(64, bits(high, low) - bits(otherHigh, otherLow)))
}

/** As int64.ts has it: a bigint only where a number would not do. */
function shortest(value: bigint): Int64 {
  const number = Number(value)
  return number > -NUMBER_LIMIT && number < NUMBER_LIMIT ? number : value
}

/** Gives where the digits end. */
function spellWords(target: Uint8Array, at: number, high: number, low: number): number {
  if (high >= EXACT_HIGH_LIMIT) {
    const text = String(bits(high, low))
    for (let index = 0; index < text.length; index += 1) {
      target[at + index] = text.charCodeAt(index)
    }
    return at + text.length
  }
  return writeDigits(target, at, high * TWO_TO_32 + low)
}
