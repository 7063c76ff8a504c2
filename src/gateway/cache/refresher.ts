import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import { GatewayError } from '../errors.ts'
import type { CacheStatistics, REFRESH_RESULTS } from '../statistics/cache-statistics.ts'
import type { CacheEntry } from './cache-entry.ts'

/** How a refresh that did not fail ended. */
export type RefreshResult = Exclude<(typeof REFRESH_RESULTS)[number], 'failed'>

export interface RefresherOptions {
  /** Off: entries are refreshed when they are stale, not before. */
  readonly isEarly: boolean
  /** Refreshes under way, and keys remembered after a failure; beyond, entries wait to expire. */
  readonly keysMax: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly statistics: CacheStatistics
}

/** After a refresh that got nothing to keep, requests for its key start no other one for so long. */
const PAUSE_MS = 1_000
/** What fails for one key mostly fails for all: one line tells of it. */
const LOG_INTERVAL_MS = 10_000
/** Further ahead an early refresh is less likely than one in 10^8. */
const FETCHES_AHEAD_MAX = 20

/**
 * Fetches answers anew behind those that are served from the cache: one refresh of a key at a time, which
 * belongs to no client.
 */
export class Refresher {
  readonly #options: RefresherOptions
  /** By key, until when no other refresh of it begins. */
  readonly #until = new Map<string, number>()
  #logAgainAtMs = 0
  #isStopped = false

  constructor(options: RefresherOptions) {
    this.#options = options
  }

  /**
   * Whether an entry is to be fetched anew before it expires: XFetch of Vattani, Chierichetti and Lowenstein,
   * "Optimal Probabilistic Cache Stampede Prevention" (VLDB 2015), with beta 1. Each request draws, so what is
   * asked for a lot is fetched about one fetch ahead, and what is not seldom at all.
   */
  isDue({ expiresAtMs, fetchMs }: CacheEntry, nowMs: number): boolean {
    const leftMs = expiresAtMs - nowMs
    if (!this.#options.isEarly || leftMs > fetchMs * FETCHES_AHEAD_MAX) return false
    return leftMs <= -fetchMs * Math.log(1 - this.#options.random.next())
  }

  /** Returns at once. `refresh` tells what became of the answer; `elsewhere`: another gateway fetched it. */
  start(key: string, refresh: () => Promise<RefreshResult>): void {
    const { clock, keysMax } = this.#options
    const nowMs = clock.monotonicMs()
    if (this.#isStopped || (this.#until.get(key) ?? 0) > nowMs) return
    if (this.#until.size >= keysMax) this.#forgetPauses(nowMs)
    if (this.#until.size >= keysMax) return
    this.#until.set(key, Number.POSITIVE_INFINITY)
    this.#run(key, refresh).catch((error: unknown) => this.#failed(error))
  }

  /** What is under way ends as it may, and is not told of. */
  stop(): void {
    this.#isStopped = true
  }

  async #run(key: string, refresh: () => Promise<RefreshResult>): Promise<void> {
    const { statistics, clock } = this.#options
    try {
      const result = await refresh()
      statistics.refreshes.add(result)
      if (result !== 'unkept') this.#until.delete(key)
      else this.#until.set(key, clock.monotonicMs() + PAUSE_MS)
    } catch (error) {
      this.#until.set(key, clock.monotonicMs() + PAUSE_MS)
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return
    const { statistics, clock, log } = this.#options
    statistics.refreshes.add('failed')
    const nowMs = clock.monotonicMs()
    if (nowMs < this.#logAgainAtMs) return
    this.#logAgainAtMs = nowMs + LOG_INTERVAL_MS
    if (error instanceof GatewayError) {
      log.warn({ err: error }, 'an answer could not be refreshed; going on with the old one')
    } else {
      log.error({ err: error }, 'a refresh failed by a bug')
    }
  }

  #forgetPauses(nowMs: number): void {
    for (const [key, untilMs] of this.#until) {
      if (untilMs <= nowMs) this.#until.delete(key)
    }
  }
}
