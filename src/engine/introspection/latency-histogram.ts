/** Halves of a power of two told apart exactly: two digits of precision, as Redis (server.h, LATENCY_HISTOGRAM_*). */
const HALF_COUNT = 128
const HALF_BITS = 7
const VALUE_NS_MAX = 1_000_000_000
/** Powers of two until VALUE_NS_MAX is covered, and the halves of all of them. */
const POWERS = 23
const COUNTS_LENGTH = (POWERS + 1) * HALF_COUNT
/** LATENCY HISTOGRAM's first bucket ends here, and each further one at twice as much. */
const FIRST_LEVEL_NS = 1_024

/** How long calls took: an HDR histogram of nanoseconds up to a second with two digits of precision. */
export class LatencyHistogram {
  count = 0
  readonly #counts = new Float64Array(COUNTS_LENGTH)

  /** `calls` calls that took `ns` each; longer ones count as a second. */
  record(ns: number, calls: number): void {
    const value = Math.max(1, Math.min(VALUE_NS_MAX, Math.round(ns)))
    const index = indexOf(value)
    this.#counts[index] = (this.#counts[index] ?? 0) + calls
    this.count += calls
  }

  /** The nanoseconds that so many percent of the calls did not exceed. */
  percentileNs(percent: number): number {
    const wanted = Math.max(1, Math.floor((Math.min(percent, 100) / 100) * this.count + 0.5))
    let seen = 0
    for (let index = 0; index < COUNTS_LENGTH; index += 1) {
      seen += this.#counts[index] ?? 0
      if (seen >= wanted) return percent === 0 ? lowestOf(index) : highestOf(index)
    }
    return 0
  }

  /** Calls that took at most so many microseconds, at each doubling that brings some. */
  cumulative(): readonly (readonly [usec: number, calls: number])[] {
    const found: (readonly [number, number])[] = []
    let level = FIRST_LEVEL_NS
    let seen = 0
    let told = 0
    for (let index = 0; index < COUNTS_LENGTH && told < this.count; index += 1) {
      // The slot that the level falls into still belongs to what lies below it.
      seen += this.#counts[index] ?? 0
      if (lowestOf(index) < lowestOf(indexOf(level))) continue
      if (seen > told) found.push([Math.floor(highestOf(index) / 1_000), seen])
      told = seen
      level *= 2
    }
    if (seen > told) found.push([Math.floor(highestOf(COUNTS_LENGTH - 1) / 1_000), seen])
    return found
  }
}

function indexOf(value: number): number {
  const power = powerOf(value)
  return ((power + 1) << HALF_BITS) + (value >> power) - HALF_COUNT
}

/** How many bits of the value its slot does not tell apart. */
function powerOf(value: number): number {
  return Math.max(0, 31 - Math.clz32(value) - HALF_BITS)
}

function lowestOf(index: number): number {
  const power = (index >> HALF_BITS) - 1
  const half = (index & (HALF_COUNT - 1)) + HALF_COUNT
  return power < 0 ? half - HALF_COUNT : half * 2 ** power
}

function highestOf(index: number): number {
  return lowestOf(index) + 2 ** Math.max(0, (index >> HALF_BITS) - 1) - 1
}
