/** A stretch that both texts have: first and last byte of it in either. */
export interface CommonRange {
  readonly left: readonly [first: number, last: number]
  readonly right: readonly [first: number, last: number]
}

/** Lengths of the longest common subsequences of all beginnings of two byte strings. */
export class CommonSubsequence {
  readonly #left: Uint8Array
  readonly #right: Uint8Array
  readonly #lengths: Uint32Array

  /** Takes four bytes for each pair of bytes: the caller has seen to it that there is room. */
  constructor(left: Uint8Array, right: Uint8Array) {
    this.#left = left
    this.#right = right
    const row = right.length + 1
    const lengths = new Uint32Array((left.length + 1) * row)
    for (let i = 1; i <= left.length; i += 1) {
      const byte = left[i - 1]
      for (let j = 1; j <= right.length; j += 1) {
        const at = i * row + j
        lengths[at] =
          byte === right[j - 1]
            ? (lengths[at - row - 1] ?? 0) + 1
            : Math.max(lengths[at - row] ?? 0, lengths[at - 1] ?? 0)
      }
    }
    this.#lengths = lengths
  }

  static tableBytes(left: number, right: number): number {
    return (left + 1) * (right + 1) * Uint32Array.BYTES_PER_ELEMENT
  }

  get length(): number {
    return this.#lengths.at(-1) ?? 0
  }

  /** The subsequence itself. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.length)
    let at = bytes.length
    this.#walkBack((i) => {
      at -= 1
      bytes[at] = this.#left[i] ?? 0
    })
    return bytes
  }

  /** The stretches it is made of, from the end. */
  ranges(): readonly CommonRange[] {
    const ranges: { left: [number, number]; right: [number, number] }[] = []
    this.#walkBack((i, j) => {
      const last = ranges.at(-1)
      if (last !== undefined && last.left[0] === i + 1 && last.right[0] === j + 1) {
        last.left[0] = i
        last.right[0] = j
      } else {
        ranges.push({ left: [i, i], right: [j, j] })
      }
    })
    return ranges
  }

  /** Visits the bytes of one subsequence, the last one first; of several, the one Redis finds. */
  #walkBack(visit: (left: number, right: number) => void): void {
    const row = this.#right.length + 1
    let i = this.#left.length
    let j = this.#right.length
    while (i > 0 && j > 0) {
      if (this.#left[i - 1] === this.#right[j - 1]) {
        i -= 1
        j -= 1
        visit(i, j)
      } else if ((this.#lengths[(i - 1) * row + j] ?? 0) > (this.#lengths[i * row + j - 1] ?? 0)) {
        i -= 1
      } else {
        j -= 1
      }
    }
  }
}
