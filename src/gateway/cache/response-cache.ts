import { hash } from 'node:crypto'
import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { type Store, StoreError } from '../../store/index.ts'
import type { CacheStatistics } from '../statistics/cache-statistics.ts'
import type { UpstreamAnswer } from '../upstream/upstream-client.ts'
import {
  type CacheEntry,
  encodeCacheEntry,
  etagOf,
  HASH_BYTES,
  readCacheEntry,
  STAMPS_MAX,
} from './cache-entry.ts'
import type { CacheTarget } from './cache-target.ts'
import type { Epochs } from './epochs.ts'
import type { Invalidation } from './invalidation.ts'
import { type DiscardReason, whyNotStorable } from './storable.ts'

export interface ResponseCacheOptions {
  readonly store: Store
  readonly epochs: Epochs
  readonly invalidation: Invalidation
  readonly clock: Clock
  readonly log: Logger
  readonly statistics: CacheStatistics
  readonly entryBytesMax: number
}

/** What the store has for a target now. */
export interface Lookup {
  readonly entry: CacheEntry | undefined
  /** Of the target's tags, as read together with the entry; `undefined` when the store could not be asked. */
  readonly stamps: readonly (Buffer | undefined)[] | undefined
}

/** An answer that was kept, as it is told to the client. */
export interface Filled {
  readonly etag: string
  readonly storedAtMs: number
  readonly expiresAtMs: number
}

const NOTHING: Lookup = { entry: undefined, stamps: undefined }

/**
 * Answers of the upstream, kept in the store. It never fails: a store that cannot be asked gives a miss, and
 * one that cannot keep an answer leaves it unkept.
 */
export class ResponseCache {
  readonly #options: ResponseCacheOptions

  constructor(options: ResponseCacheOptions) {
    this.#options = options
  }

  /** Answers at once when the store does. */
  lookUp(target: CacheTarget, nowMs: number): Awaitable<Lookup> {
    // A write the store has not been told of yet: what it has may be older.
    if (this.#options.invalidation.owes(target.tags)) return NOTHING
    try {
      const values = this.#options.store.getMany(target.keys)
      if (!isPromise(values)) return readLookup(values, target, nowMs)
      return values.then(
        (found) => readLookup(found, target, nowMs),
        (error: unknown) => this.#storeFailed(error),
      )
    } catch (error) {
      return this.#storeFailed(error)
    }
  }

  /** The stamps an answer that is fetched from now on will be kept with. */
  async stampsFor(target: CacheTarget, lookup: Lookup): Promise<readonly Buffer[] | undefined> {
    if (lookup.stamps === undefined || target.tags.length > STAMPS_MAX) return undefined
    try {
      return await this.#options.epochs.complete(target.keys.slice(1), lookup.stamps)
    } catch (error) {
      this.#storeFailed(error)
      return undefined
    }
  }

  /**
   * Keeps a complete, faultless answer. `stamps` were read before the upstream was asked: when a tag was
   * bumped since, the answer may be older than the write, and keeping it would only displace a newer one.
   * Tells why an answer was not kept.
   */
  async fill(
    target: CacheTarget,
    stamps: readonly Buffer[],
    answer: UpstreamAnswer,
  ): Promise<Filled | DiscardReason> {
    const { store, clock, statistics } = this.#options
    const reason = whyNotStorable(answer, this.#options.entryBytesMax)
    if (reason !== undefined) return statistics.discarded(reason)
    const { digest, ttlMs, keys } = target
    const storedAtMs = clock.nowMs()
    const expiresAtMs = storedAtMs + ttlMs
    const bodyHash = hashOf(answer.body)
    const fields = { digest, storedAtMs, expiresAtMs, stamps, hash: bodyHash, body: answer.body }
    try {
      const current = await store.getMany(keys.slice(1))
      if (!sameStamps(stamps, current)) return statistics.discarded('epoch')
      await store.set(keys[0] ?? digest, encodeCacheEntry(fields), { ttlMs })
    } catch (error) {
      this.#storeFailed(error)
      return statistics.discarded('store')
    }
    statistics.filled(answer.body.length)
    return { etag: etagOf(bodyHash), storedAtMs, expiresAtMs }
  }

  #storeFailed(error: unknown): Lookup {
    if (!(error instanceof StoreError)) throw error
    this.#options.statistics.storeErrors += 1
    this.#options.log.debug({ err: error }, 'the store failed; answering without the cache')
    return NOTHING
  }
}

function readLookup(
  values: readonly (Buffer | undefined)[],
  target: CacheTarget,
  nowMs: number,
): Lookup {
  const entry = readCacheEntry(values, { digest: target.digest, nowMs, ttlMs: target.ttlMs })
  return { entry, stamps: entry === undefined ? values.slice(1) : [] }
}

function sameStamps(before: readonly Buffer[], now: readonly (Buffer | undefined)[]): boolean {
  return before.every((stamp, index) => now[index]?.equals(stamp) === true)
}

function hashOf(body: Buffer): Buffer {
  return hash('sha256', body, 'buffer').subarray(0, HASH_BYTES)
}
