import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Random } from '../../shared/random.ts'
import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { Store } from '../../store/index.ts'
import { epochKey } from '../keys.ts'
import type { Tag } from '../metadata/plan.ts'
import { STAMP_BYTES } from './cache-entry.ts'

/** In every entry: bumping it empties the cache in one step. */
export const EVERYTHING: Tag = 'everything'

/** Bumped by every mutation: see `Tag`, which says of all tags who depends on them and who bumps them. */
export const ANY_WRITE: Tag = 'any-write'

/** Of which there are as many as rows: see `Tag`. */
const isRowTag = (tag: Tag): boolean => tag.startsWith('row:')

export interface EpochsOptions {
  readonly store: Store
  readonly random: Random
  readonly clock: Clock
  /** The longest an entry lives, or entries would die with the stamps they carry. */
  readonly entryLifeMaxMs: number
}

/** Stamps outlive the entries that carry them by so much: nobody writes it down at the last moment. */
export const STAMP_EXTRA_MS = 86_400_000
/** A stamp that is in use has its life renewed so often, by each gateway. */
const RENEWAL_INTERVAL_MS = 21_600_000
/** Of how many it is remembered when that was; what is forgotten is renewed once more. */
const RENEWALS_MAX = 10_000

/**
 * One stamp per tag in the store, changed to invalidate everything that depends on the tag. A stamp is
 * random and never used twice, so that an evicted or expired one cannot come back and revive an entry, as a
 * counter that starts again would.
 */
export class Epochs {
  readonly #store: Store
  readonly #random: Random
  readonly #clock: Clock
  readonly #ttlMs: number
  /** By key, when a stamp was last known to have its whole life before it. */
  readonly #renewedAtMs = new TwoGenerationMap<string, number>(RENEWALS_MAX)

  constructor({ store, random, clock, entryLifeMaxMs }: EpochsOptions) {
    this.#store = store
    this.#random = random
    this.#clock = clock
    this.#ttlMs = entryLifeMaxMs + STAMP_EXTRA_MS
  }

  /**
   * To be called before an entry is kept with the stamps of `keys`: they will outlive it. Without it all that
   * depends on a tag would die at once, as soon as its stamp was created so long ago. Costs nothing as long as
   * all of them were renewed within some hours.
   */
  renew(keys: readonly Buffer[]): Awaitable<void> {
    const nowMs = this.#clock.monotonicMs()
    const old = keys.filter((key) => {
      const renewedAtMs = this.#renewedAtMs.get(key.toString('latin1'))
      return renewedAtMs === undefined || nowMs - renewedAtMs >= RENEWAL_INTERVAL_MS
    })
    if (old.length > 0) return this.#renew(old)
  }

  /** One at a time: on a cluster they are on several nodes. */
  async #renew(keys: readonly Buffer[]): Promise<void> {
    await Promise.all(
      keys.map(async (key) => {
        await this.#store.touch(key, this.#ttlMs)
        this.#renewed(key)
      }),
    )
  }

  #renewed(key: Buffer): void {
    this.#renewedAtMs.set(key.toString('latin1'), this.#clock.monotonicMs())
  }

  /**
   * The stamps of `keys`, given what a read found of them: those that were absent are created, unless
   * another gateway was faster. `undefined` when the store keeps none, being full.
   */
  complete(
    keys: readonly Buffer[],
    found: readonly (Buffer | undefined)[],
  ): Awaitable<readonly Buffer[] | undefined> {
    const stamps = found.filter((stamp) => stamp !== undefined)
    return stamps.length === keys.length ? stamps : this.#create(keys, found)
  }

  /**
   * The stamps of rows go instead of changing: without one an entry is as dead, whoever is next creates a new
   * one, and a table whose rows are written one by one, read or not, does not leave a stamp for each. When it has
   * ended no gateway reads the stamps of before, nor will one after a crash.
   */
  bump(tags: readonly Tag[]): Awaitable<void> {
    const writes = tags.map(
      (tag): Awaitable<unknown> =>
        isRowTag(tag)
          ? this.#store.delete([epochKey(tag)])
          : this.#store.set(epochKey(tag), this.#stamp(), { ttlMs: this.#ttlMs }),
    )
    if (!writes.some(isPromise)) return this.#store.confirm()
    return Promise.all(writes.filter(isPromise)).then(() => this.#store.confirm())
  }

  async #create(
    keys: readonly Buffer[],
    found: readonly (Buffer | undefined)[],
  ): Promise<readonly Buffer[] | undefined> {
    const options = { ttlMs: this.#ttlMs, onlyIfAbsent: true }
    const stamps: Buffer[] = []
    for (const [index, key] of keys.entries()) {
      const fresh = this.#stamp()
      const isCreated = found[index] === undefined && (await this.#store.set(key, fresh, options))
      const stamp = isCreated ? fresh : (found[index] ?? (await this.#store.get(key)))
      if (stamp === undefined) return undefined
      if (isCreated) this.#renewed(key)
      stamps.push(stamp)
    }
    return stamps
  }

  #stamp(): Buffer {
    return this.#random.bytes(STAMP_BYTES)
  }
}
