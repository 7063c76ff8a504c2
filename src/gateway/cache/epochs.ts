import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Random } from '../../shared/random.ts'
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
  /** Longer than any entry lives, or entries would die with the stamps they carry. */
  readonly ttlMs: number
}

/**
 * One stamp per tag in the store, changed to invalidate everything that depends on the tag. A stamp is
 * random and never used twice, so that an evicted or expired one cannot come back and revive an entry, as a
 * counter that starts again would.
 */
export class Epochs {
  readonly #store: Store
  readonly #random: Random
  readonly #ttlMs: number

  constructor(options: EpochsOptions) {
    this.#store = options.store
    this.#random = options.random
    this.#ttlMs = options.ttlMs
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
   * one, and a table whose rows are written one by one, read or not, does not leave a stamp for each.
   */
  bump(tags: readonly Tag[]): Awaitable<void> {
    const writes = tags.map(
      (tag): Awaitable<unknown> =>
        isRowTag(tag)
          ? this.#store.delete([epochKey(tag)])
          : this.#store.set(epochKey(tag), this.#stamp(), { ttlMs: this.#ttlMs }),
    )
    if (writes.some(isPromise)) return Promise.all(writes.filter(isPromise)).then(() => undefined)
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
      stamps.push(stamp)
    }
    return stamps
  }

  #stamp(): Buffer {
    return this.#random.bytes(STAMP_BYTES)
  }
}
