import type { Random } from '../../shared/random.ts'

/**
 * HalfSipHash-1-3 (Aumasson and Bernstein, github.com/veorq/SipHash): a 32-bit hash of bytes under a
 * secret key, so that nobody can choose keys that all fall into one bucket.
 */
export class KeyedHash {
  readonly #key0: number
  readonly #key1: number

  constructor(random: Random) {
    const key = random.bytes(8)
    this.#key0 = key.readInt32LE(0)
    this.#key1 = key.readInt32LE(4)
  }

  /** An unsigned 32-bit integer. Allocates nothing. */
  hash(bytes: Uint8Array, start: number, length: number): number {
    let v0 = this.#key0
    let v1 = this.#key1
    let v2 = 0x6c796765 ^ this.#key0
    let v3 = 0x74656462 ^ this.#key1
    const wordsEnd = start + (length & ~3)
    let word = 0
    // One round for each word, three to finish; the loop body is the round, written once.
    for (let at = start, finishing = 0; finishing < 4; ) {
      if (finishing === 0) {
        if (at < wordsEnd) {
          word = readWord(bytes, at)
          at += 4
        } else {
          word = lastWord(bytes, wordsEnd, length)
          finishing = 1
        }
        v3 ^= word
      } else {
        finishing += 1
      }
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
      if (finishing <= 1) {
        v0 ^= word
        if (finishing === 1) v2 ^= 0xff
      }
    }
    return (v1 ^ v3) >>> 0
  }
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

/** The bytes that fill no word, and the length in the highest byte. */
function lastWord(bytes: Uint8Array, at: number, length: number): number {
  let word = length << 24
  const rest = length & 3
  if (rest > 0) word |= bytes[at] ?? 0
  if (rest > 1) word |= (bytes[at + 1] ?? 0) << 8
  if (rest > 2) word |= (bytes[at + 2] ?? 0) << 16
  return word
}
