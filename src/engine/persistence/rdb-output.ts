import { copyBytes } from '../memory/byte-slice.ts'
import { int64Of } from '../structures/int64.ts'
import { LzfCompressor } from '../structures/lzf-compressor.ts'
import {
  ENCODED_INT_8,
  ENCODED_INT_16,
  ENCODED_INT_32,
  ENCODED_LZF,
  LENGTH_6_BITS_MAX,
  LENGTH_14_BITS,
  LENGTH_14_BITS_MAX,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
} from './rdb-encoding.ts'
import type { StringPlaces } from './string-places.ts'

const CAPACITY_MIN = 64 * 1_024
/** Digits of an integer of 32 bits, with its sign: longer strings are none (rdb.c, rdbSaveRawString). */
const DIGITS_MAX = 11
/** Shorter strings are not compressed, nor those that it would not make shorter by four bytes. */
const COMPRESSED_BYTES_MIN = 21
const COMPRESSION_SAVES_MIN = 4
const INT_32_MAX = 2 ** 31 - 1
const LENGTH_32_BITS_MAX = 2 ** 32 - 1
const NUMBER_BYTES_MAX = 10

/** What is to be an RDB file or a DUMP payload, in a buffer that grows and is used again after `clear`. */
export class RdbOutput {
  bytes: Uint8Array = new Uint8Array(CAPACITY_MIN)
  length = 0
  /** rdbcompression. */
  compresses = true
  /** Strings that may be packed are written as they are, without their lengths, and noted here; undefined to pack them. */
  places: StringPlaces | undefined
  #compressor: LzfCompressor | undefined
  #view = new DataView(this.bytes.buffer)

  clear(): void {
    this.length = 0
    this.places?.clear()
  }

  /** Hands the bytes over and goes on in another buffer, whose content is of no use any more. The places are taken before. */
  take(next: Uint8Array): Uint8Array {
    const taken = this.bytes.subarray(0, this.length)
    this.#use(next)
    this.length = 0
    return taken
  }

  written(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  byte(value: number): void {
    this.#makeRoom(1)
    this.bytes[this.length] = value
    this.length += 1
  }

  raw(bytes: Uint8Array, start = 0, length = bytes.length - start): void {
    this.#makeRoom(length)
    copyBytes(this.bytes, this.length, bytes, start, length)
    this.length += length
  }

  double(value: number): void {
    this.#makeRoom(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** Eight bytes, the lowest first; a whole number that a double holds. */
  integer64(value: number): void {
    this.#makeRoom(8)
    this.#view.setBigInt64(this.length, BigInt(value), true)
    this.length += 8
  }

  lengthOf(length: number): void {
    this.#makeRoom(NUMBER_BYTES_MAX)
    const { bytes } = this
    if (length <= LENGTH_6_BITS_MAX) {
      bytes[this.length] = length
      this.length += 1
    } else if (length <= LENGTH_14_BITS_MAX) {
      bytes[this.length] = LENGTH_14_BITS | (length >> 8)
      bytes[this.length + 1] = length & 0xff
      this.length += 2
    } else if (length <= LENGTH_32_BITS_MAX) {
      bytes[this.length] = LENGTH_32_BITS
      this.#view.setUint32(this.length + 1, length)
      this.length += 5
    } else {
      this.length64(BigInt(length))
    }
  }

  /** A length of 64 bits, which a double may not hold: part of a stream's ID. */
  length64(length: bigint): void {
    if (length <= LENGTH_32_BITS_MAX) return this.lengthOf(Number(length))
    this.#makeRoom(NUMBER_BYTES_MAX)
    this.bytes[this.length] = LENGTH_64_BITS
    this.#view.setBigUint64(this.length + 1, length)
    this.length += 9
  }

  text(text: string): void {
    const bytes = Buffer.from(text)
    this.string(bytes, 0, bytes.length)
  }

  /** As short as it gets: an integer, compressed, or as it is. */
  string(bytes: Uint8Array, start: number, length: number): void {
    if (length <= DIGITS_MAX && this.#integer(bytes, start, length)) return
    if (this.compresses && length >= COMPRESSED_BYTES_MIN)
      return this.longString(bytes, start, length)
    this.lengthOf(length)
    this.raw(bytes, start, length)
  }

  /** One that may be packed: as short as it gets, or noted. */
  longString(bytes: Uint8Array, start: number, length: number): void {
    if (this.places !== undefined) this.places.add(this.length, length)
    else if (this.#compressed(bytes, start, length)) return
    else this.lengthOf(length)
    this.raw(bytes, start, length)
  }

  /** In front of a string that is packed with LZF: how long it is, and was. */
  packedHead(packed: number, length: number): void {
    this.byte(ENCODED_LZF)
    this.lengthOf(packed)
    this.lengthOf(length)
  }

  #integer(bytes: Uint8Array, start: number, length: number): boolean {
    const value = int64Of(bytes, start, length)
    if (typeof value !== 'number' || value > INT_32_MAX || value < -INT_32_MAX - 1) return false
    this.#makeRoom(5)
    const at = this.length
    if (value >= -128 && value <= 127) {
      this.bytes[at] = ENCODED_INT_8
      this.#view.setInt8(at + 1, value)
      this.length += 2
    } else if (value >= -32_768 && value <= 32_767) {
      this.bytes[at] = ENCODED_INT_16
      this.#view.setInt16(at + 1, value, true)
      this.length += 3
    } else {
      this.bytes[at] = ENCODED_INT_32
      this.#view.setInt32(at + 1, value, true)
      this.length += 5
    }
    return true
  }

  #compressed(bytes: Uint8Array, start: number, length: number): boolean {
    // The packed bytes come first, and then move to make room for what is told before them.
    this.#makeRoom(length + 2 * NUMBER_BYTES_MAX)
    const head = 2 * NUMBER_BYTES_MAX
    const from = this.length + head
    this.#compressor ??= new LzfCompressor()
    const packed = this.#compressor.compress(
      bytes,
      start,
      length,
      this.bytes,
      from,
      length - COMPRESSION_SAVES_MIN,
    )
    if (packed === 0) return false
    this.packedHead(packed, length)
    this.bytes.copyWithin(this.length, from, from + packed)
    this.length += packed
    return true
  }

  #makeRoom(added: number): void {
    const needed = this.length + added
    if (needed <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.#use(larger)
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}
