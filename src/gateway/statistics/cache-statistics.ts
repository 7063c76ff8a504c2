import { DISCARD_REASONS, type DiscardReason } from '../cache/storable.ts'
import { CounterSet } from './counter-set.ts'
import type { CacheSnapshot } from './snapshot.ts'

/** What made entries stale; a label, so the set is closed. */
const INVALIDATION_SOURCES = [
  'mutation',
  'websocket',
  'passthrough',
  'event',
  'metadata',
  'purge',
  'restart',
  'failover',
] as const
export type InvalidationSource = (typeof INVALIDATION_SOURCES)[number]

/** What became of a variant that was asked for; a label, so the set is closed. */
const VARIANT_RESULTS = ['made', 'found', 'useless', 'outdated', 'failed', 'dropped'] as const
export type VariantResult = (typeof VARIANT_RESULTS)[number]

/** What became of an attempt to take a lock; a label, so the set is closed. */
const FILL_LOCK_RESULTS = ['led', 'filled', 'unkept', 'timeout', 'crowded', 'failed'] as const
export type FillLockResult = (typeof FILL_LOCK_RESULTS)[number]

/** How a refresh ended; a label, so the set is closed. */
export const REFRESH_RESULTS = ['kept', 'unkept', 'elsewhere', 'failed'] as const

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
