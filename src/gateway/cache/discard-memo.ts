import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { CacheTarget } from './cache-target.ts'
import type { Filled } from './response-cache.ts'
import type { DiscardReason } from './storable.ts'

/** An answer that was fetched and not kept. */
export interface Discard {
  readonly reason: DiscardReason
  readonly atMs: number
}

const KEYS_MAX = 1_000

/** Why the last answers under their keys were not kept, for who asks why there is no entry. */
export class DiscardMemo {
  readonly #discards = new TwoGenerationMap<string, Discard>(KEYS_MAX)

  note({ cacheKey }: CacheTarget, kept: Filled | DiscardReason, atMs: number): void {
    if (typeof kept === 'string') this.#discards.set(cacheKey, { reason: kept, atMs })
    else if (this.#discards.size > 0) this.#discards.delete(cacheKey)
  }

  of({ cacheKey }: CacheTarget): Discard | undefined {
    return this.#discards.get(cacheKey)
  }
}
