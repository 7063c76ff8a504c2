const CAPACITY_MIN = 64
const CASE_BIT = 0x20

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

  /** Takes arguments that are not in one buffer yet. */
  load(parts: readonly (string | number | Uint8Array)[]): void {
    const buffers = parts.map((part) =>
      part instanceof Uint8Array ? part : Buffer.from(`${part}`),
    )
    const bytes = Buffer.allocUnsafe(buffers.reduce((sum, buffer) => sum + buffer.length, 0))
    this.bytes = bytes
    this.base = 0
    this.count = 0
    let at = 0
    for (const buffer of buffers) {
      bytes.set(buffer, at)
      this.push(at, buffer.length)
      at += buffer.length
    }
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
