/** Counters of the sketch: a power of two, one byte each. */
const COUNTERS = 262_144
const COUNT_MAX = 15
/** After so many all counts are halved: what was asked for long ago counts less. */
const PERIOD = COUNTERS
const ROWS = 4
const ROW_BYTES = 4

/**
 * How often keys were asked for of late, about, in fixed memory: a count-min sketch that ages, as in TinyLFU
 * (Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", 2017). It may count too
 * many, never too few between two agings. Keys are digests, whose bytes are as good as any hash of them.
 */
export class FrequencySketch {
  readonly #counts = new Uint8Array(COUNTERS)
  #additions = 0

  /** Only the smallest of its counters grow: the others are larger by other keys already. */
  add(digest: Buffer): void {
    const count = this.count(digest)
    if (count < COUNT_MAX) {
      for (let row = 0; row < ROWS; row += 1) {
        const index = indexOf(digest, row)
        if (this.#counts[index] === count) this.#counts[index] = count + 1
      }
    }
    this.#additions += 1
    if (this.#additions >= PERIOD) this.#age()
  }

  /** 0 to 15. */
  count(digest: Buffer): number {
    let least = COUNT_MAX
    for (let row = 0; row < ROWS; row += 1) {
      least = Math.min(least, this.#counts[indexOf(digest, row)] ?? 0)
    }
    return least
  }

  #age(): void {
    this.#additions = 0
    for (let index = 0; index < COUNTERS; index += 1) {
      this.#counts[index] = (this.#counts[index] ?? 0) >> 1
    }
  }
}

function indexOf(digest: Buffer, row: number): number {
  return digest.readUInt32LE(row * ROW_BYTES) & (COUNTERS - 1)
}
