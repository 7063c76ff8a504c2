const HASH_BITS = 14
const LITERALS_MAX = 32
const MATCH_MIN = 3
const MATCH_MAX = 264
const DISTANCE_MAX = 8_192
const LONG_MATCH = 7
/** Places are counted on from one input to the next; before they leave 31 bits, the table is emptied. */
const PLACES_MAX = 2 ** 30
/** Three bytes. */
const WORD_MASK = 0xff_ffff
const MULTIPLIER = 0x9e37_79b1

/** Packs in the format of LibLZF. The object keeps its table from one input to the next. */
export class LzfCompressor {
  /** By hash of three bytes, where they were last seen, in this input or an earlier one. */
  readonly #places = new Int32Array(1 << HASH_BITS)
  #next = 1

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
    const shift = base - start
    const end = start + length
    // Where a match may start at last.
    const lastMatch = end - MATCH_MIN
    const limit = outputStart + lengthMax
    let literals = 0
    // A byte is kept free for the number of literals that follow it.
    let to = outputStart + 1
    let at = start
    // The two bytes before the one that comes next.
    let word = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0)
    while (at < end) {
      let reference = -1
      if (at <= lastMatch) {
        word = ((word << 8) | (input[at + 2] ?? 0)) & WORD_MASK
        const slot = slotOf(word)
        const place = places[slot] ?? 0
        places[slot] = shift + at
        if (place >= base && shift + at - place <= DISTANCE_MAX) reference = place - shift
      }
      if (reference < 0 || wordAt(input, reference) !== word) {
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
      const matched = matchLength(input, reference, at, end)
      to = writeMatch(output, to, matched, at - reference - 1)
      literals = 0
      to += 1
      at += matched
      // One place within the match is enough for what comes next to be found.
      const last = at - 1
      if (last <= lastMatch) places[slotOf(wordAt(input, last))] = shift + last
      word = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0)
    }
    if (literals > 0) output[to - literals - 1] = literals - 1
    else to -= 1
    return to > limit ? 0 : to - outputStart
  }

  /** The place of an input's first byte. */
  #open(length: number): number {
    if (this.#next + length >= PLACES_MAX) {
      this.#places.fill(0)
      this.#next = 1
    }
    const base = this.#next
    this.#next += length
    return base
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
}

function slotOf(word: number): number {
  return Math.imul(word, MULTIPLIER) >>> (32 - HASH_BITS)
}

/** How many bytes from `at` on are those from `reference` on; three are known to be. */
function matchLength(bytes: Uint8Array, reference: number, at: number, end: number): number {
  const longest = Math.min(MATCH_MAX, end - at)
  let length = MATCH_MIN
  while (length < longest && bytes[reference + length] === bytes[at + length]) length += 1
  return length
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
