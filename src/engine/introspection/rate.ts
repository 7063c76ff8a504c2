/** As many as Redis averages over (server.h, STATS_METRIC_SAMPLES). */
const SAMPLES = 16

/** How fast a total grows: the mean of the last samples, taken once a cycle. */
export class Rate {
  readonly #perSecond: number[] = []
  #lastTotal = 0
  #lastMs: number | undefined

  get perSecond(): number {
    const sum = this.#perSecond.reduce((left, right) => left + right, 0)
    return sum / Math.max(1, this.#perSecond.length)
  }

  sample(total: number, nowMs: number): void {
    const elapsedMs = nowMs - (this.#lastMs ?? nowMs)
    // A total that fell was reset.
    const grown = Math.max(0, total - this.#lastTotal)
    this.#lastTotal = total
    this.#lastMs = nowMs
    if (elapsedMs <= 0) return
    this.#perSecond.push((grown / elapsedMs) * 1_000)
    if (this.#perSecond.length > SAMPLES) this.#perSecond.shift()
  }
}
