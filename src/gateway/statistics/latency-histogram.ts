import type { LatencySnapshot } from './snapshot.ts'

/** Buckets per doubling: a quantile is at most an eighth too high. */
const STEPS = 8
const DOUBLINGS = 27
const MICROSECONDS_PER_MS = 1_000

/**
 * Durations from a microsecond to two minutes in buckets that grow with them: one addition to record one,
 * nothing allocated, the same memory for ever.
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(STEPS * DOUBLINGS)
  #count = 0
  #sumMs = 0
  #maxMs = 0

  get count(): number {
    return this.#count
  }

  get sumMs(): number {
    return this.#sumMs
  }

  record(durationMs: number): void {
    const bucket = bucketOf(durationMs)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count += 1
    this.#sumMs += durationMs
    if (durationMs > this.#maxMs) this.#maxMs = durationMs
  }

  /** An upper bound of what a share `quantile` of all durations did not exceed; 0 when there are none. */
  quantileMs(quantile: number): number {
    const rank = Math.ceil(this.#count * quantile)
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (count > 0 && seen >= rank) return Math.min(upperBoundMs(bucket), this.#maxMs)
    }
    return 0
  }

  /** How many did not exceed each of `boundsMs`, which ascend: for a Prometheus histogram. */
  cumulative(boundsMs: readonly number[]): readonly number[] {
    return boundsMs.map((boundMs) => {
      let count = 0
      for (const [bucket, inBucket] of this.#counts.entries()) {
        if (upperBoundMs(bucket) <= boundMs) count += inBucket
      }
      return count
    })
  }

  snapshot(): LatencySnapshot {
    return {
      p50: round(this.quantileMs(0.5)),
      p90: round(this.quantileMs(0.9)),
      p99: round(this.quantileMs(0.99)),
      max: round(this.#maxMs),
    }
  }
}

function bucketOf(durationMs: number): number {
  const microseconds = Math.max(1, durationMs * MICROSECONDS_PER_MS)
  const bucket = Math.ceil(Math.log2(microseconds) * STEPS)
  return Math.min(bucket, STEPS * DOUBLINGS - 1)
}

function upperBoundMs(bucket: number): number {
  return 2 ** (bucket / STEPS) / MICROSECONDS_PER_MS
}

function round(ms: number): number {
  return Math.round(ms * MICROSECONDS_PER_MS) / MICROSECONDS_PER_MS
}
