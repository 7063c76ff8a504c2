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

  constructor(keyspace: Keyspace, clock: Clock) {
    this.#keyspace = keyspace
    this.#clock = clock
  }

  /** Works for at most about `budgetMs`; gives how many keys went. What is left goes in the next cycle. */
  run(budgetMs: number): number {
    const endsAtMs = this.#clock.monotonicMs() + budgetMs
    let expired = 0
    for (const database of this.#keyspace.databases) {
      while (database.expireOne()) {
        expired += 1
        if (expired % BATCH === 0 && this.#clock.monotonicMs() >= endsAtMs) return expired
      }
    }
    return expired
  }
}
