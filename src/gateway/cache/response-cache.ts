import { hash } from 'node:crypto'
import { type Awaitable, chain, isPromise, recovered } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import { type Store, StoreError } from '../../store/index.ts'
import { shownEntryKeys } from '../keys.ts'
import type { EntryCensus } from '../purge/entry-census.ts'
import type { CacheStatistics } from '../statistics/cache-statistics.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import type { Admission } from './admission.ts'
import {
  type CacheEntry,
  encodeCacheEntry,
  etagOf,
  HASH_BYTES,
  readCacheEntry,
  STAMPS_MAX,
} from './cache-entry.ts'
import { type CacheTarget, forgetVariants } from './cache-target.ts'
import type { Encoding } from './encoding.ts'
import type { Epochs } from './epochs.ts'
import type { Invalidation } from './invalidation.ts'
import { keepEntry } from './keep-entry.ts'
import type { PurgeHistory, Read } from './purge-history.ts'
import { forgetVariant, type Representation, type Variant } from './representation.ts'
import { type DiscardReason, whyNotStorable } from './storable.ts'

export interface ResponseCacheOptions {
  readonly store: Store
  readonly epochs: Epochs
  readonly invalidation: Invalidation
  readonly purges: PurgeHistory
  readonly census: EntryCensus
  readonly clock: Clock
  readonly log: Logger
  readonly statistics: CacheStatistics
  readonly random: Random
  readonly entryBytesMax: number
  /** `undefined`: whatever fits is kept. */
  readonly admission?: Admission | undefined
}

/** What the store has for a target now. */
export interface Lookup {
  /** Fresh: may be served as it is. */
  readonly entry: CacheEntry | undefined
  /** Nothing it was read from was written since, but its time has passed, or an operator purged it softly. */
  readonly stale: CacheEntry | undefined
  /** Of the target's tags, as read together with the entry; `undefined` when the store could not be asked. */
  readonly stamps: readonly (Buffer | undefined)[] | undefined
}

/** An answer that was kept, as it is told to the client. */
export interface Filled {
  readonly encoding: 'identity'
  readonly etag: string
  readonly body: Buffer
  readonly storedAtMs: number
  readonly expiresAtMs: number
}

const NOTHING: Lookup = { entry: undefined, stale: undefined, stamps: undefined }

/**
 * Answers of the upstream, kept in the store. It never fails: a store that cannot be asked gives a miss, and
 * one that cannot keep an answer leaves it unkept.
 */
export class ResponseCache {
  readonly #options: ResponseCacheOptions

  constructor(options: ResponseCacheOptions) {
    this.#options = options
  }

  /** Answers at once when the store does. In `encoding` when the store has it so, else in identity. */
  lookUp(target: CacheTarget, nowMs: number, encoding: Encoding = 'identity'): Awaitable<Lookup> {
    // A write the store has not been told of yet: what it has may be older.
    if (this.#options.invalidation.owes(target.tags)) return NOTHING
    if (encoding !== 'identity') {
      const variant = target.variants[encoding]
      if (variant?.isKept === true) return this.#lookUpVariant(target, nowMs, variant)
    }
    return this.#lookUpIdentity(target, nowMs)
  }

  #lookUpVariant(target: CacheTarget, nowMs: number, variant: Variant): Awaitable<Lookup> {
    const orIdentity = (lookup: Lookup): Awaitable<Lookup> => {
      if (lookup.entry !== undefined) return lookup
      forgetVariant(variant)
      return this.#lookUpIdentity(target, nowMs)
    }
    return recovered(
      () => {
        const values = this.#options.store.getMany(variant.keys)
        const lookup = chain(values, (found) => this.#read(found, target, nowMs, variant))
        return chain(lookup, orIdentity)
      },
      (error) => this.#storeFailed(error),
    )
  }

  #lookUpIdentity(target: CacheTarget, nowMs: number): Awaitable<Lookup> {
    try {
      const values = this.#options.store.getMany(target.keys)
      if (isPromise(values)) return this.#readLate(values, target, nowMs)
      return this.#read(values, target, nowMs, target.identity)
    } catch (error) {
      return this.#storeFailed(error)
    }
  }

  async #readLate(values: Promise<Read>, target: CacheTarget, nowMs: number): Promise<Lookup> {
    try {
      return await this.#read(await values, target, nowMs, target.identity)
    } catch (error) {
      return this.#storeFailed(error)
    }
  }

  #read(values: Read, target: CacheTarget, nowMs: number, form: Representation): Awaitable<Lookup> {
    const read = this.#options.purges.withoutOthers(values, target)
    if (!isPromise(read)) return lookupOf(values, entryIn(read, target, nowMs, form))
    return read.then((settled) => lookupOf(values, entryIn(settled, target, nowMs, form)))
  }

  /** A request found no fresh entry of the target, or has it renewed. */
  asked({ digest }: CacheTarget): void {
    this.#options.admission?.asked(digest)
  }

  /** As they are now, whatever the store has for the target. */
  async currentStamps(target: CacheTarget): Promise<readonly Buffer[] | undefined> {
    if (this.#options.invalidation.owes(target.tags)) return undefined
    try {
      const stamps = await this.#options.store.getMany(target.keys.slice(1))
      return await this.stampsFor(target, { ...NOTHING, stamps })
    } catch (error) {
      this.#storeFailed(error)
      return undefined
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
   * `fetchMs` is how long the upstream took. Tells why an answer was not kept.
   */
  async fill(
    target: CacheTarget,
    stamps: readonly Buffer[],
    answer: UpstreamAnswer,
    fetchMs = 0,
  ): Promise<Filled | DiscardReason> {
    const { store, clock, statistics } = this.#options
    const reason = whyNotStorable(answer, this.#options.entryBytesMax)
    if (reason !== undefined) return statistics.discarded(reason)
    const { digest, keys } = target
    const storedAtMs = clock.nowMs()
    const ttlMs = this.#drawTtl(target)
    const expiresAtMs = storedAtMs + ttlMs
    const bodyHash = hashOf(answer.body)
    const times = { storedAtMs, expiresAtMs, fetchMs }
    const bytes = encodeCacheEntry({ digest, ...times, stamps, hash: bodyHash, body: answer.body })
    try {
      const current = await store.getMany(keys.slice(1))
      if (!(await this.#areCurrent(stamps, current, target))) return statistics.discarded('epoch')
      if (!this.#admits(target, answer.body.length)) return await this.#leaveOut(target)
      await this.#renewStamps(keys.slice(1))
      forgetVariants(target)
      const kept = shownEntryKeys(target.cacheKey)
      const isKept = await store.run(keepEntry, kept, [bytes, ttlMs + target.staleMs])
      if (!isKept) return statistics.discarded('overtaken')
    } catch (error) {
      this.#storeFailed(error)
      if (!isFull(error)) return statistics.discarded('store')
      this.#options.admission?.memory.noteFull()
      return statistics.discarded('capacity')
    }
    this.#options.census.kept(target, expiresAtMs)
    statistics.filled(answer.body.length)
    const { body } = answer
    return { encoding: 'identity', etag: etagOf(bodyHash), body, storedAtMs, expiresAtMs }
  }

  #admits({ digest }: CacheTarget, bytes: number): boolean {
    return this.#options.admission?.admits(digest, bytes) ?? true
  }

  /** An older answer goes as well: nobody is to be served it who comes after one that was served the newer one. */
  async #leaveOut(target: CacheTarget): Promise<DiscardReason> {
    try {
      forgetVariants(target)
      await this.#options.store.delete(shownEntryKeys(target.cacheKey))
    } catch (error) {
      this.#storeFailed(error)
    }
    return this.#options.statistics.discarded('admission')
  }

  /** In vain, an entry may die before its time; that is no reason not to keep it. */
  async #renewStamps(keys: readonly Buffer[]): Promise<void> {
    try {
      await this.#options.epochs.renew(keys)
    } catch (error) {
      this.#storeFailed(error)
    }
  }

  /** Only ever shorter: nobody is served an answer older than he asked for. */
  #drawTtl({ ttlMs, ttlJitter }: CacheTarget): number {
    if (ttlJitter === 0) return ttlMs
    return Math.max(1, Math.round(ttlMs * (1 - ttlJitter * this.#options.random.next())))
  }

  /** Whether nothing was written since, and no purge was meant for the target. */
  async #areCurrent(stamps: readonly Buffer[], now: Read, target: CacheTarget): Promise<boolean> {
    const { scopeIndex, selectors } = target
    for (const [index, stamp] of stamps.entries()) {
      const current = now[index]
      if (current === undefined) return false
      if (current.equals(stamp)) continue
      if (index !== scopeIndex) return false
      const mode = await this.#options.purges.purgedBetween(stamp, current, selectors)
      if (mode !== undefined) return false
    }
    return true
  }

  #storeFailed(error: unknown): Lookup {
    if (!(error instanceof StoreError)) throw error
    this.#options.statistics.storeErrors += 1
    this.#options.log.debug({ err: error }, 'the store failed; answering without the cache')
    return NOTHING
  }
}

/** Stamps as they are: what is fetched from now on is younger than any purge so far. */
function lookupOf(values: Read, entry: CacheEntry | undefined): Lookup {
  if (entry?.state === 'fresh') return { entry, stale: undefined, stamps: NO_STAMPS }
  return { entry: undefined, stale: entry, stamps: values.slice(1) }
}

function entryIn(
  read: Read,
  target: CacheTarget,
  nowMs: number,
  { etags }: Representation,
): CacheEntry | undefined {
  const { digest, ttlMs, staleMs } = target
  return readCacheEntry(read, { digest, nowMs, ttlMs, staleMs, etags })
}

const NO_STAMPS: readonly Buffer[] = []

function isFull(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'out-of-memory'
}

function hashOf(body: Buffer): Buffer {
  return hash('sha256', body, 'buffer').subarray(0, HASH_BYTES)
}
