const CAPACITY_MIN = 64
const CASE_BIT = 0x20
const OWN_BYTES_MIN = 1_024
/** Below this, a loop is faster than the call and the view that `set` needs. */
const LOOP_BYTES_MAX = 32
/** A buffer that a large value has made larger than this is not kept for the next command. */
const OWN_BYTES_KEPT = 256 * 1_024

const NO_BYTES = new Uint8Array(0)

/**
 * The arguments of one command as places in the bytes they came in; nothing is copied. The object is used
 * again for the next command: what a command keeps it copies.
 */
export class ArgumentVector {
  bytes: Uint8Array = NO_BYTES
  /** Where the command starts in `bytes`; the places below are counted from here. */
  base = 0
  count = 0
  #starts: Int32Array
  #lengths: Int32Array
  /** For arguments that did not come in one buffer. */
  #own = NO_BYTES
  #ownLength = 0

  /** With room for so many arguments before it has to grow. */
  constructor(capacity: number = CAPACITY_MIN) {
    this.#starts = new Int32Array(capacity)
    this.#lengths = new Int32Array(capacity)
  }

  /** The same arguments in memory of their own, to keep. */
  copy(): ArgumentVector {
    const copy = new ArgumentVector(this.count)
    let bytes = 0
    for (let index = 0; index < this.count; index += 1) bytes += this.length(index)
    copy.#own = new Uint8Array(bytes)
    copy.bytes = copy.#own
    for (let index = 0; index < this.count; index += 1) {
      const start = this.start(index)
      copy.#addBytes(this.bytes.subarray(start, start + this.length(index)))
    }
    return copy
  }

  /** What the memory of its own takes. */
  get heldBytes(): number {
    return this.#own.length + this.#starts.byteLength + this.#lengths.byteLength
  }

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
    this.begin()
    for (const part of parts) this.add(part)
  }

  /** Starts a command whose arguments `add` brings one by one; they are copied into a buffer of its own. */
  begin(): void {
    if (this.#own.length > OWN_BYTES_KEPT) this.#own = new Uint8Array(OWN_BYTES_MIN)
    this.bytes = this.#own
    this.base = 0
    this.count = 0
    this.#ownLength = 0
  }

  add(part: string | number | Uint8Array): void {
    if (part instanceof Uint8Array) this.#addBytes(part)
    else this.#addBytes(Buffer.from(`${part}`))
  }

  /** The bytes of a part of `source`. */
  addSlice(source: Uint8Array, start: number, length: number): void {
    this.#reserve(length)
    const own = this.#own
    const at = this.#ownLength
    if (length > LOOP_BYTES_MAX) own.set(source.subarray(start, start + length), at)
    else
      for (let index = 0; index < length; index += 1) own[at + index] = source[start + index] ?? 0
    this.#added(length)
  }

  /** A word of ours, such as a command's name: ASCII. */
  addWord(word: string): void {
    this.#reserve(word.length)
    for (let at = 0; at < word.length; at += 1) {
      this.#own[this.#ownLength + at] = word.charCodeAt(at)
    }
    this.#added(word.length)
  }

  #addBytes(part: Uint8Array): void {
    this.#reserve(part.length)
    this.#own.set(part, this.#ownLength)
    this.#added(part.length)
  }

  #added(length: number): void {
    this.push(this.#ownLength, length)
    this.#ownLength += length
  }

  #reserve(length: number): void {
    const needed = this.#ownLength + length
    if (needed <= this.#own.length) return
    const larger = new Uint8Array(Math.max(needed, this.#own.length * 2))
    larger.set(this.#own.subarray(0, this.#ownLength))
    this.#own = larger
    this.bytes = larger
  }

  #grow(): void {
    const starts = new Int32Array(Math.max(CAPACITY_MIN, this.#starts.length * 2))
    const lengths = new Int32Array(Math.max(CAPACITY_MIN, this.#lengths.length * 2))
    starts.set(this.#starts)
    lengths.set(this.#lengths)
    this.#starts = starts
    this.#lengths = lengths
  }
}
