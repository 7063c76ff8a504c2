const CAPACITY_MIN = 64
const CASE_BIT = 0x20
/** At most, for a code unit of a JavaScript string. */
const UTF8_BYTES_PER_UNIT = 3
/** What `load` keeps for the next command; a larger one's memory goes with it. */
const LOADED_BYTES_KEPT = 16_384

/**
 * The arguments of one command as places in the bytes they came in; nothing is copied. The object is used
 * again for the next command: what a command keeps it copies.
 */
export class ArgumentVector {
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the command starts in `bytes`; the places below are counted from here. */
  base = 0
  count = 0
  #starts = new Int32Array(CAPACITY_MIN)
  #lengths = new Int32Array(CAPACITY_MIN)
  #loaded = Buffer.alloc(0)

  push(start: number, length: number): void {
    if (this.count === this.#starts.length) this.#grow()
    this.#starts[this.count] = start
    this.#lengths[this.count] = length
    this.count += 1
  }

  start(index: number): number {
    return this.base + (this.#starts[index] ?? 0)
  }

  length(index: number): number {
    return this.#lengths[index] ?? 0
  }

  /** One byte per character: for names and numbers, and to repeat a client's bytes in an error. */
  latin1(index: number): string {
    return this.view(index).toString('latin1')
  }

  utf8(index: number): string {
    return this.view(index).toString('utf8')
  }

  /** Shares the memory of the request: valid while the command runs. */
  view(index: number): Buffer {
    return Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset + this.start(index),
      this.length(index),
    )
  }

  /** Whether the argument is this word, in either case; `word` is in capital letters. */
  is(index: number, word: string): boolean {
    if (this.length(index) !== word.length) return false
    const start = this.start(index)
    for (let at = 0; at < word.length; at += 1) {
      const byte = this.bytes[start + at] ?? 0
      const isLower = byte >= 0x61 && byte <= 0x7a
      if ((isLower ? byte ^ CASE_BIT : byte) !== word.charCodeAt(at)) return false
    }
    return true
  }

  /** Takes arguments that are not in one buffer yet, into memory of its own, which the next load uses again. */
  load(parts: readonly (string | number | Uint8Array)[]): void {
    this.base = 0
    this.count = 0
    let at = 0
    for (const part of parts) {
      const length =
        typeof part === 'object' ? this.#putBytes(part, at) : this.#putText(`${part}`, at)
      this.push(at, length)
      at += length
    }
    this.bytes = this.#loaded
    if (at > LOADED_BYTES_KEPT) this.#loaded = Buffer.allocUnsafeSlow(LOADED_BYTES_KEPT)
  }

  #putBytes(part: Uint8Array, at: number): number {
    this.#reserve(at, part.length)
    this.#loaded.set(part, at)
    return part.length
  }

  #putText(text: string, at: number): number {
    this.#reserve(at, text.length * UTF8_BYTES_PER_UNIT)
    return this.#loaded.write(text, at)
  }

  /** Makes room for `length` bytes behind the first `used`, which stay. */
  #reserve(used: number, length: number): void {
    if (used + length <= this.#loaded.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(used + length, this.#loaded.length * 2))
    this.#loaded.copy(larger, 0, 0, used)
    this.#loaded = larger
  }

  #grow(): void {
    const starts = new Int32Array(this.#starts.length * 2)
    const lengths = new Int32Array(this.#lengths.length * 2)
    starts.set(this.#starts)
    lengths.set(this.#lengths)
    this.#starts = starts
    this.#lengths = lengths
  }
}
