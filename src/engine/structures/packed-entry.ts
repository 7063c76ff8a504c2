import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { type Int64, writeInteger } from './int64.ts'

const NO_BYTES = new Uint8Array(0)
const DIGITS_MAX = 20

/**
 * An element of a packed structure, read into an object that is used again for the next one. A string is
 * the place of its bytes, which lie in the structure and are gone with the next write to it.
 */
export class PackedEntry {
  isInteger = false
  integer: Int64 = 0
  bytes: Uint8Array = NO_BYTES
  start = 0
  length = 0
  readonly #digits = new Uint8Array(DIGITS_MAX)

  setInteger(value: Int64): void {
    this.isInteger = true
    this.integer = value
  }

  setString(bytes: Uint8Array, start: number, length: number): void {
    this.isInteger = false
    this.bytes = bytes
    this.start = start
    this.length = length
  }

  /** Lets `bytes`, `start` and `length` be the element's characters, if it is an integer too. */
  spell(): void {
    if (!this.isInteger) return
    this.bytes = this.#digits
    this.start = 0
    this.length = writeInteger(this.#digits, this.integer)
  }

  /** The element's bytes: they are valid until the next write, or the next element. */
  view(): Buffer {
    this.spell()
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.start, this.length)
  }

  /** One character per byte. */
  latin1(): string {
    return this.view().toString('latin1')
  }

  /** As a bulk string, as all elements are. */
  replyTo(reply: ReplyWriter): void {
    this.spell()
    reply.bulk(this.bytes, this.start, this.length)
  }
}
