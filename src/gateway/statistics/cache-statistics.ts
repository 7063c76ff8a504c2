import { VARIANT_RESULTS } from '../cache/compressor.ts'
import { FILL_LOCK_RESULTS } from '../cache/fill-locks.ts'
import { INVALIDATION_SOURCES, type InvalidationSource } from '../cache/invalidation.ts'
import { REFRESH_RESULTS } from '../cache/refresher.ts'
import { DISCARD_REASONS, type DiscardReason } from '../cache/storable.ts'
import { CounterSet } from './counter-set.ts'
import type { CacheSnapshot } from './snapshot.ts'

/** What happened to entries, counted where it happens. */
export class CacheStatistics {
  fills = 0
  fillBytes = 0
  storeErrors = 0
  readonly discards = new CounterSet(DISCARD_REASONS)
  readonly invalidations = new CounterSet(INVALIDATION_SOURCES)
  readonly variants = new CounterSet(VARIANT_RESULTS)
  readonly fillLocks = new CounterSet(FILL_LOCK_RESULTS)
  readonly refreshes = new CounterSet(REFRESH_RESULTS)

  filled(bytes: number): void {
    this.fills += 1
    this.fillBytes += bytes
  }

  discarded(reason: DiscardReason): DiscardReason {
    this.discards.add(reason)
    return reason
  }

  invalidated(source: InvalidationSource): void {
    this.invalidations.add(source)
  }

  snapshot(flights: { readonly flights: number; readonly waiters: number }): CacheSnapshot {
    return {
      fills: this.fills,
      fillBytes: this.fillBytes,
      discards: this.discards.snapshot(),
      invalidations: this.invalidations.snapshot(),
      variants: this.variants.snapshot(),
      fillLocks: this.fillLocks.snapshot(),
      refreshes: this.refreshes.snapshot(),
      storeErrors: this.storeErrors,
      flights: flights.flights,
      waiters: flights.waiters,
    }
  }
}
