import type { ArgumentVector } from './argument-vector.ts'
import { writeDigits } from './write-digits.ts'

const CR = 0x0d
const LF = 0x0a
const STAR = 0x2a
const DOLLAR = 0x24
const CAPACITY_MIN = 1_024
/** A buffer that a large value has made larger than this is not kept. */
const CAPACITY_KEPT = 1_024 * 1_024
/** Below this, a loop is faster than the call and the view that `set` needs. */
const LOOP_BYTES_MAX = 24
/** `$`, the digits of a length, and the line's end. */
const HEAD_BYTES_MAX = 24

/** What an argument may be: text is UTF-8, numbers are spelt in decimal digits. */
export type CommandPart = string | number | Uint8Array

/**
 * Commands as clients send them: arrays of bulk strings. Writes into one buffer, which is used again after `clear`:
 * what is to be kept is copied, or taken.
 */
export class CommandEncoder {
  bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY_MIN)
  length = 0

  clear(): void {
    this.length = 0
    if (this.bytes.length > CAPACITY_KEPT) this.bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)
  }

  /** Hands the bytes over and goes on in another buffer, whose content is of no use any more. */
  take(next: Uint8Array): Uint8Array {
    const taken = this.written()
    this.bytes = Buffer.from(next.buffer, next.byteOffset, next.length)
    this.length = 0
    return taken
  }

  written(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  command(parts: readonly CommandPart[]): void {
    this.begin(parts.length)
    for (const part of parts) {
      if (typeof part === 'string') this.text(part)
      else if (typeof part === 'number') this.text(String(part))
      else this.bulk(part)
    }
  }

  /** A command of so many arguments, which are to follow one by one: `bulk` and `text`. */
  begin(count: number): void {
    this.#head(STAR, count)
  }

  /** A command that a client has sent. */
  received(argv: ArgumentVector): void {
    this.begin(argv.count)
    for (let index = 0; index < argv.count; index += 1) {
      this.bulk(argv.bytes, argv.start(index), argv.length(index))
    }
  }

  /** Commands that are encoded already. */
  encoded(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start)
    this.#copy(bytes, start, end)
  }

  /** What is no command: a note in a log. */
  line(text: string): void {
    const length = Buffer.byteLength(text)
    this.#reserve(length + 2)
    this.length += this.bytes.write(text, this.length)
    this.#lineEnd()
  }

  bulk(bytes: Uint8Array, start = 0, length: number = bytes.length - start): void {
    this.#head(DOLLAR, length)
    this.#reserve(length + 2)
    this.#copy(bytes, start, start + length)
    this.#lineEnd()
  }

  text(part: string): void {
    const length = Buffer.byteLength(part)
    this.#head(DOLLAR, length)
    this.#reserve(length + 2)
    this.length += this.bytes.write(part, this.length)
    this.#lineEnd()
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    const { bytes } = this
    let at = this.length
    if (end - start > LOOP_BYTES_MAX) bytes.set(source.subarray(start, end), at)
    else for (let from = start; from < end; from += 1, at += 1) bytes[at] = source[from] ?? 0
    this.length += end - start
  }

  #head(sign: number, count: number): void {
    this.#reserve(HEAD_BYTES_MAX)
    this.bytes[this.length] = sign
    this.length = writeDigits(this.bytes, this.length + 1, count)
    this.#lineEnd()
  }

  #lineEnd(): void {
    this.bytes[this.length] = CR
    this.bytes[this.length + 1] = LF
    this.length += 2
  }

  #reserve(length: number): void {
    const needed = this.length + length
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }
}

/** One command in bytes of its own. */
export function encodeCommand(parts: readonly CommandPart[]): Buffer {
  const encoder = new CommandEncoder()
  encoder.command(parts)
  return Buffer.from(encoder.bytes.subarray(0, encoder.length))
}
