import { formatDouble } from './format-double.ts'
import type { ReplyWriter } from './reply-writer.ts'
import { writeDigits } from './write-digits.ts'

const CAPACITY_MIN = 128 * 1_024
/** A line of a type byte, a length and CRLF. */
const HEAD_BYTES_MAX = 32
/** Below this, a loop is faster than the call and the view that `set` needs. */
const LOOP_BYTES_MAX = 24

const CR = 0x0d
const LF = 0x0a
const ZERO = 0x30
const MINUS = 0x2d

/**
 * Writes replies as RESP2 or RESP3 into one buffer, which the connection hands to its socket once per turn.
 * Nothing is allocated per reply but when the buffer has to grow.
 */
export class RespWriter implements ReplyWriter {
  protocol: 2 | 3 = 2
  lastError = ''
  length = 0
  /** When replies grow beyond so many bytes, `endsAtExcess` is asked whether they are of no use any more. */
  bytesMax = Number.POSITIVE_INFINITY
  endsAtExcess: () => boolean = () => false
  /** They are of no use: what is written goes nowhere, until `clear`. */
  isDropping = false
  #bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)

  /** The first `length` of them have been written; they may be written over, or left, at any time. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** What has been written since the last `take` or `clear`. Shares the buffer's memory. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  /** The memory is free to be written again. */
  clear(): void {
    this.length = 0
    this.isDropping = false
    if (this.#bytes.length > CAPACITY_MIN) this.#bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)
  }

  /** Somebody else keeps the memory: go on in another buffer. */
  leave(): void {
    this.length = 0
    this.#bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)
  }

  /** Takes back what was written beyond so many bytes. */
  truncate(length: number): void {
    this.length = length
  }

  /** Bytes that are a reply or message already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  simple(text: string): void {
    this.#line(0x2b, text)
  }

  error(text: string): void {
    this.lastError = text
    this.#line(0x2d, text)
  }

  integer(value: number | bigint): void {
    if (typeof value === 'bigint' || !Number.isSafeInteger(value)) this.#line(0x3a, String(value))
    else this.#head(0x3a, value)
  }

  bulk(bytes: Uint8Array, start: number, length: number): void {
    this.#reserve(length + HEAD_BYTES_MAX)
    if (length <= LOOP_BYTES_MAX) return this.#shortBulk(bytes, start, length)
    this.#head(0x24, length)
    this.#bytes.set(bytes.subarray(start, start + length), this.length)
    this.length += length
    this.#crlf()
  }

  text(value: string): void {
    const bytes = Buffer.from(value)
    this.bulk(bytes, 0, bytes.length)
  }

  /** A bulk string of one byte per character. */
  latin1(value: string): void {
    const bytes = Buffer.from(value, 'latin1')
    this.bulk(bytes, 0, bytes.length)
  }

  double(value: number, spelling?: string): void {
    const digits = spelling ?? formatDouble(value)
    if (this.protocol === 3) return this.#line(0x2c, digits)
    this.#reserve(digits.length + HEAD_BYTES_MAX)
    this.#head(0x24, digits.length)
    for (let index = 0; index < digits.length; index += 1) {
      this.#bytes[this.length + index] = digits.charCodeAt(index)
    }
    this.length += digits.length
    this.#crlf()
  }

  boolean(value: boolean): void {
    if (this.protocol === 3) this.#line(0x23, value ? 't' : 'f')
    else this.integer(value ? 1 : 0)
  }

  bigNumber(text: string): void {
    if (this.protocol === 3) this.#line(0x28, text)
    else this.text(text)
  }

  verbatim(text: string): void {
    const bytes = Buffer.from(text)
    this.verbatimBulk('txt', bytes, 0, bytes.length)
  }

  verbatimBulk(format: string, bytes: Uint8Array, start: number, length: number): void {
    if (this.protocol === 2) {
      this.bulk(bytes, start, length)
      return
    }
    const prefix = `${format}:`
    this.#reserve(prefix.length + length + HEAD_BYTES_MAX)
    this.#head(0x3d, prefix.length + length)
    this.#bytes.write(prefix, this.length, 'latin1')
    this.#bytes.set(bytes.subarray(start, start + length), this.length + prefix.length)
    this.length += prefix.length + length
    this.#crlf()
  }

  null(): void {
    this.#line(this.protocol === 3 ? 0x5f : 0x24, this.protocol === 3 ? '' : '-1')
  }

  array(count: number): void {
    this.#head(0x2a, count)
  }

  nullArray(): void {
    this.#line(this.protocol === 3 ? 0x5f : 0x2a, this.protocol === 3 ? '' : '-1')
  }

  map(count: number): void {
    if (this.protocol === 3) this.#head(0x25, count)
    else this.#head(0x2a, count * 2)
  }

  set(count: number): void {
    this.#head(this.protocol === 3 ? 0x7e : 0x2a, count)
  }

  push(count: number): void {
    this.#head(this.protocol === 3 ? 0x3e : 0x2a, count)
  }

  attribute(count: number): void {
    this.#head(0x7c, count)
  }

  /** One byte per character. Line breaks would end the line early: Redis turns them into spaces. */
  #line(type: number, text: string): void {
    this.#reserve(text.length + HEAD_BYTES_MAX)
    const target = this.#bytes
    let at = this.length
    target[at] = type
    at += 1
    for (let index = 0; index < text.length; index += 1) {
      const byte = text.charCodeAt(index)
      target[at] = byte === CR || byte === LF ? 0x20 : byte
      at += 1
    }
    this.length = at
    this.#crlf()
  }

  /** In one go, for this is what most replies are made of: the length has one digit or two. */
  #shortBulk(bytes: Uint8Array, start: number, length: number): void {
    const target = this.#bytes
    let at = this.length
    target[at] = 0x24
    if (length > 9) {
      at += 1
      target[at] = ZERO + (length > 19 ? 2 : 1)
    }
    target[at + 1] = ZERO + (length % 10)
    target[at + 2] = CR
    target[at + 3] = LF
    at += 4
    for (let index = 0; index < length; index += 1) {
      target[at + index] = bytes[start + index] ?? 0
    }
    at += length
    target[at] = CR
    target[at + 1] = LF
    this.length = at + 2
  }

  #head(type: number, value: number): void {
    this.#reserve(HEAD_BYTES_MAX)
    this.#bytes[this.length] = type
    this.length += 1
    this.#digits(value)
    this.#crlf()
  }

  #digits(value: number): void {
    let rest = value
    if (rest < 0) {
      this.#bytes[this.length] = MINUS
      this.length += 1
      rest = -rest
    }
    this.length = writeDigits(this.#bytes, this.length, rest)
  }

  #crlf(): void {
    this.#bytes[this.length] = CR
    this.#bytes[this.length + 1] = LF
    this.length += 2
  }

  #reserve(bytes: number): void {
    if (this.length + bytes > this.#bytes.length) this.#grow(bytes)
  }

  /** Twice as much as before: beyond `bytesMax` it is no more than that. */
  #grow(bytes: number): void {
    this.isDropping ||= this.length + bytes > this.bytesMax && this.endsAtExcess()
    if (this.isDropping) this.length = 0
    const needed = this.length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}
