import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { EventLoopDelay } from './load-shedder.ts'

/** How often Node.js looks, in its own timer. */
const RESOLUTION_MS = 20
const NS_PER_MS = 1_000_000

/** The delay as Node.js measures it, without what its timer takes when nothing is late. */
export class MonitoredEventLoopDelay implements EventLoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  start(): void {
    this.#histogram.enable()
  }

  stop(): void {
    this.#histogram.disable()
  }

  takeMs(): number {
    const { mean } = this.#histogram
    this.#histogram.reset()
    // Of nothing the mean is no number.
    return Math.max(0, (Number.isNaN(mean) ? 0 : mean) / NS_PER_MS - RESOLUTION_MS)
  }
}
