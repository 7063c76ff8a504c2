const HASH_BITS = 14
const LITERALS_MAX = 32
const MATCH_MIN = 3
const MATCH_MAX = 264
const DISTANCE_MAX = 8_192
const LONG_MATCH = 7
/** Places are counted on from one input to the next; before they leave 31 bits, the table is emptied. */
const PLACES_MAX = 2 ** 30
const MULTIPLIER = 0x9e37_79b1

/** Packs in the format of LibLZF. The object keeps its table from one input to the next. */
export class LzfCompressor {
  /** By hash of three bytes, where they were last seen; places below `#base` belong to earlier inputs. */
  readonly #places = new Int32Array(1 << HASH_BITS)
  #base = 1
  #next = 1
  /** Where the match that was found last starts. */
  #reference = 0

  /**
   * Packs `length` bytes to `output` from `outputStart` on; gives how many that makes, or 0 when it would be
   * more than `lengthMax`. What is written beyond is undefined.
   */
  compress(
    input: Uint8Array,
    start: number,
    length: number,
    output: Uint8Array,
    outputStart: number,
    lengthMax: number,
  ): number {
    const places = this.#places
    const base = this.#open(length)
    const end = start + length
    const limit = outputStart + lengthMax
    let literals = 0
    // A byte is kept free for the number of literals that follow it.
    let to = outputStart + 1
    let at = start
    while (at < end) {
      const matched = at + MATCH_MIN <= end ? this.#match(input, at, end, base - start) : 0
      if (matched === 0) {
        if (to >= limit) return 0
        output[to] = input[at] ?? 0
        to += 1
        at += 1
        literals += 1
        if (literals === LITERALS_MAX) {
          output[to - literals - 1] = literals - 1
          literals = 0
          to += 1
        }
        continue
      }
      if (literals > 0) output[to - literals - 1] = literals - 1
      else to -= 1
      if (to + 4 > limit) return 0
      to = writeMatch(output, to, matched, at - this.#reference - 1)
      literals = 0
      to += 1
      // One place within the match is enough for what comes next to be found.
      const last = at + matched - 1
      if (last + MATCH_MIN <= end) places[hashAt(input, last)] = base - start + last
      at += matched
    }
    if (literals > 0) output[to - literals - 1] = literals - 1
    else to -= 1
    return to > limit ? 0 : to - outputStart
  }

  /** How many bytes from `at` on stand before, too: 0 when they are too few. */
  #match(input: Uint8Array, at: number, end: number, shift: number): number {
    const slot = hashAt(input, at)
    const place = this.#places[slot] ?? 0
    this.#places[slot] = shift + at
    if (place < this.#base) return 0
    const reference = place - shift
    if (at - reference > DISTANCE_MAX || !startsAlike(input, reference, at)) return 0
    const longest = Math.min(MATCH_MAX, end - at)
    let length = MATCH_MIN
    while (length < longest && input[reference + length] === input[at + length]) length += 1
    this.#reference = reference
    return length
  }

  #open(length: number): number {
    if (this.#next + length >= PLACES_MAX) {
      this.#places.fill(0)
      this.#next = 1
    }
    this.#base = this.#next
    this.#next += length
    return this.#base
  }
}

function hashAt(bytes: Uint8Array, at: number): number {
  const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
  return Math.imul(word, MULTIPLIER) >>> (32 - HASH_BITS)
}

function startsAlike(bytes: Uint8Array, left: number, right: number): boolean {
  return (
    bytes[left] === bytes[right] &&
    bytes[left + 1] === bytes[right + 1] &&
    bytes[left + 2] === bytes[right + 2]
  )
}

function writeMatch(output: Uint8Array, to: number, matched: number, distance: number): number {
  const length = matched - 2
  if (length < LONG_MATCH) {
    output[to] = (length << 5) | (distance >> 8)
    output[to + 1] = distance & 0xff
    return to + 2
  }
  output[to] = (LONG_MATCH << 5) | (distance >> 8)
  output[to + 1] = length - LONG_MATCH
  output[to + 2] = distance & 0xff
  return to + 3
}
