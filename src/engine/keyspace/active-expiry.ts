import type { Clock } from '../../shared/clock.ts'
import type { Keyspace } from './keyspace.ts'

/** How many keys go between two looks at the clock. */
const BATCH = 16

/**
 * Takes keys away whose time has come, soonest first, without waiting for a lookup. With the heap there is
 * nothing to sample: what is due is found, and what is not is never looked at.
 */
export class ActiveExpiry {
  readonly #keyspace: Keyspace
  readonly #clock: Clock
  /** Time spent, and cycles that ended before everything due was gone: for INFO. */
  spentMs = 0
  unfinishedCycles = 0

  constructor(keyspace: Keyspace, clock: Clock) {
    this.#keyspace = keyspace
    this.#clock = clock
  }

  /** Works for at most about `budgetMs`; gives how many keys went. What is left goes in the next cycle. */
  run(budgetMs: number): number {
    const startedMs = this.#clock.monotonicMs()
    const expired = this.#expire(startedMs + budgetMs)
    this.spentMs += this.#clock.monotonicMs() - startedMs
    return expired
  }

  #expire(endsAtMs: number): number {
    let expired = 0
    for (const database of this.#keyspace.databases) {
      while (database.expireOne()) {
        expired += 1
        if (expired % BATCH > 0 || this.#clock.monotonicMs() < endsAtMs) continue
        this.unfinishedCycles += 1
        return expired
      }
    }
    return expired
  }
}
