/** As many as Redis averages over, and so far apart (server.h, STATS_METRIC_SAMPLES; server.c, serverCron). */
const SAMPLES = 16
const SAMPLE_MS = 100

/** How fast a total grows: the mean of the last samples. */
export class Rate {
  readonly #perSecond: number[] = []
  #lastTotal = 0
  #lastMs: number | undefined

  get perSecond(): number {
    const sum = this.#perSecond.reduce((left, right) => left + right, 0)
    return sum / Math.max(1, this.#perSecond.length)
  }

  /** Called once a cycle, however short cycles are. */
  sample(total: number, nowMs: number): void {
    this.#lastMs ??= nowMs
    const elapsedMs = nowMs - this.#lastMs
    if (elapsedMs < SAMPLE_MS) return
    // A total that fell was reset.
    const grown = Math.max(0, total - this.#lastTotal)
    this.#lastTotal = total
    this.#lastMs = nowMs
    this.#perSecond.push((grown / elapsedMs) * 1_000)
    if (this.#perSecond.length > SAMPLES) this.#perSecond.shift()
  }
}
