import type { Selector } from '../cache/selectors.ts'

/** What is kept under one key, as far as purges ask. */
export interface CountedEntry {
  readonly cacheKey: string
  readonly selectors: readonly Selector[]
}

export interface EntryCount {
  readonly entries: number
  /** False when there may be more: kept by other gateways, before the start, or too many to remember. */
  readonly isComplete: boolean
}

export interface EntryCensusOptions {
  /** Others write to the store too, or have: it was there before this process. */
  readonly isStoreShared: boolean
  readonly entriesMax: number
}

interface Kept extends CountedEntry {
  readonly expiresAtMs: number
}

/**
 * The entries this gateway has kept, to tell how many a purge concerns without a scan of the store. Bounded:
 * beyond `entriesMax` the oldest are forgotten, and counts are no longer complete until those have expired.
 * An entry that a write made stale or that was evicted is counted until it expires.
 */
export class EntryCensus {
  readonly #options: EntryCensusOptions
  /** The one kept longest ago comes first. */
  readonly #entries = new Map<string, Kept>()
  #forgottenUntilMs = 0

  constructor(options: EntryCensusOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  kept({ cacheKey, selectors }: CountedEntry, expiresAtMs: number): void {
    this.#entries.delete(cacheKey)
    this.#entries.set(cacheKey, { cacheKey, selectors, expiresAtMs })
    if (this.#entries.size <= this.#options.entriesMax) return
    for (const [oldest, { expiresAtMs: until }] of this.#entries) {
      this.#entries.delete(oldest)
      this.#forgottenUntilMs = Math.max(this.#forgottenUntilMs, until)
      return
    }
  }

  /** Entries with any of these selectors. O(entries remembered), none of it in the store. */
  count(selectors: readonly Selector[], nowMs: number): EntryCount {
    let entries = 0
    for (const kept of this.#entries.values()) {
      if (kept.expiresAtMs <= nowMs) this.#entries.delete(kept.cacheKey)
      else if (concerns(kept, selectors)) entries += 1
    }
    const { isStoreShared } = this.#options
    return { entries, isComplete: !isStoreShared && nowMs >= this.#forgottenUntilMs }
  }

  /** They were purged, and are not to be counted again. */
  forget(selectors: readonly Selector[]): void {
    for (const kept of this.#entries.values()) {
      if (concerns(kept, selectors)) this.#entries.delete(kept.cacheKey)
    }
  }
}

function concerns(entry: CountedEntry, selectors: readonly Selector[]): boolean {
  for (const selector of selectors) if (entry.selectors.includes(selector)) return true
  return false
}
