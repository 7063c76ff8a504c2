import { GatewayError } from '../errors.ts'
import type { LoadSheddingOptions } from '../options.ts'
import type { LoadSheddingSnapshot } from '../statistics/snapshot.ts'

/** How late the event loop is. */
export interface EventLoopDelay {
  start(): void
  stop(): void
  /** On average since it was asked last. */
  takeMs(): number
}

export interface LoadShedderOptions {
  readonly options: LoadSheddingOptions
  readonly delay: EventLoopDelay
}

const SAMPLE_INTERVAL_MS = 250
/** One long collection of garbage is no overload. */
const LATE_SAMPLES = 2
/** An end that comes too early lets the next wave in. */
const CALM_SAMPLES = 4
/** Calm is well below what is late, or the state would change all the time. */
const CALM_PART = 0.5
const RETRY_AFTER_SECONDS = '1'

/**
 * Refuses what needs the upstream while the event loop is late. A hit costs a tenth of a miss or less: served
 * alone, hits bring the delay down, and nobody waits for an answer that comes too late for him.
 */
export class LoadShedder {
  readonly #options: LoadShedderOptions
  #timer: NodeJS.Timeout | undefined
  #isShedding = false
  #delayMs = 0
  #shedCount = 0
  /** Samples in a row that speak for a change of the state. */
  #contrary = 0

  constructor(options: LoadShedderOptions) {
    this.#options = options
  }

  start(): void {
    const { options, delay } = this.#options
    if (options.eventLoopDelayMaxMs === 0) return
    delay.start()
    this.#timer = setInterval(() => this.sample(), SAMPLE_INTERVAL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#options.delay.stop()
  }

  snapshot(): LoadSheddingSnapshot {
    return { isShedding: this.#isShedding, eventLoopDelayMs: this.#delayMs, shed: this.#shedCount }
  }

  /** Looks at the delay: called by the clock, and by tests. */
  sample(): void {
    const { options, delay } = this.#options
    this.#delayMs = delay.takeMs()
    const isContrary = this.#isShedding
      ? this.#delayMs <= options.eventLoopDelayMaxMs * CALM_PART
      : this.#delayMs > options.eventLoopDelayMaxMs
    this.#contrary = isContrary ? this.#contrary + 1 : 0
    if (this.#contrary < (this.#isShedding ? CALM_SAMPLES : LATE_SAMPLES)) return
    this.#isShedding = !this.#isShedding
    this.#contrary = 0
  }

  /** Throws while too much is to do. */
  admit(): void {
    if (!this.#isShedding) return
    this.#shedCount += 1
    throw new GatewayError('overloaded', 'the gateway has too much to do just now', {
      headers: { 'Retry-After': RETRY_AFTER_SECONDS },
    })
  }
}
