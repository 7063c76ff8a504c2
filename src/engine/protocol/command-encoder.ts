const CR = 0x0d
const LF = 0x0a
const STAR = 0x2a
const DOLLAR = 0x24
const ZERO = 0x30
const CAPACITY_MIN = 1_024
/** A buffer that a large value has made larger than this is not kept. */
const CAPACITY_KEPT = 1_024 * 1_024
/** `$`, the digits of a length, and the line's end. */
const HEAD_BYTES_MAX = 24

/** What an argument may be: text is UTF-8, numbers are spelt in decimal digits. */
export type CommandPart = string | number | Uint8Array

/**
 * Commands as clients send them: arrays of bulk strings. Writes into one buffer, which is used again after `clear`:
 * what is to be kept is copied.
 */
export class CommandEncoder {
  bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)
  length = 0

  clear(): void {
    this.length = 0
    if (this.bytes.length > CAPACITY_KEPT) this.bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)
  }

  command(parts: readonly CommandPart[]): void {
    this.#head(STAR, parts.length)
    for (const part of parts) {
      if (typeof part === 'string') this.#text(part)
      else if (typeof part === 'number') this.#text(String(part))
      else this.#bulk(part)
    }
  }

  /** What is no command: a note in a log. */
  line(text: string): void {
    const length = Buffer.byteLength(text)
    this.#reserve(length + 2)
    this.length += this.bytes.write(text, this.length)
    this.#lineEnd()
  }

  #bulk(part: Uint8Array): void {
    this.#head(DOLLAR, part.length)
    this.#reserve(part.length + 2)
    this.bytes.set(part, this.length)
    this.length += part.length
    this.#lineEnd()
  }

  #text(part: string): void {
    const length = Buffer.byteLength(part)
    this.#head(DOLLAR, length)
    this.#reserve(length + 2)
    this.length += this.bytes.write(part, this.length)
    this.#lineEnd()
  }

  #head(sign: number, count: number): void {
    this.#reserve(HEAD_BYTES_MAX)
    this.bytes[this.length] = sign
    this.length += 1
    if (count < 10) {
      this.bytes[this.length] = ZERO + count
      this.length += 1
    } else {
      this.length += this.bytes.write(String(count), this.length, 'latin1')
    }
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
