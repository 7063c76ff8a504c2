/** As many as Redis keeps of each event (latency.h, LATENCY_TS_LEN). */
const SAMPLES_MAX = 160

/** The worst of one event within one second. */
export interface LatencySample {
  readonly second: number
  readonly ms: number
}

/** One event's spikes: the last of them, soonest first, and the worst ever. */
export interface LatencySeries {
  readonly samples: readonly LatencySample[]
  readonly worstMs: number
}

/** Spikes of latency by event (LATENCY): `command`, `expire-cycle` and the like, each made of nothing but numbers. */
export class LatencyMonitor {
  /** latency-monitor-threshold; 0: nothing is noted. */
  thresholdMs = 0
  readonly #events = new Map<string, { samples: LatencySample[]; worstMs: number }>()

  /** In the order they first came. */
  get events(): ReadonlyMap<string, LatencySeries> {
    return this.#events
  }

  /** Notes what took at least the threshold. `event` is one of few names of ours. */
  sample(event: string, ms: number, nowMs: number): void {
    if (this.thresholdMs > 0 && ms >= this.thresholdMs) this.add(event, Math.floor(ms), nowMs)
  }

  add(event: string, ms: number, nowMs: number): void {
    const series = this.#events.get(event) ?? { samples: [], worstMs: 0 }
    this.#events.set(event, series)
    series.worstMs = Math.max(series.worstMs, ms)
    const second = Math.floor(nowMs / 1_000)
    const last = series.samples.at(-1)
    if (last?.second === second) {
      series.samples[series.samples.length - 1] = { second, ms: Math.max(last.ms, ms) }
      return
    }
    series.samples.push({ second, ms })
    if (series.samples.length > SAMPLES_MAX) series.samples.shift()
  }

  /** Forgets one event, whatever case its name is given in, or all; tells how many. */
  reset(event?: string): number {
    const wanted = event?.toLowerCase()
    const names = [...this.#events.keys()].filter((name) => wanted === undefined || name === wanted)
    for (const name of names) this.#events.delete(name)
    return names.length
  }
}
