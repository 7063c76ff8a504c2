import { nth } from '../../shared/assert.ts'
import { type Awaitable, chain, isPromise } from '../../shared/awaitable.ts'
import type { Random } from '../../shared/random.ts'
import type { Store } from '../../store/index.ts'
import { epochKey, purgeHistoryKey } from '../keys.ts'
import { appendPurge, HISTORY_HEAD_BYTES, RECORD_HEAD_BYTES } from './append-purge.ts'
import { hasStamp, STAMP_BYTES, stampIn } from './cache-entry.ts'
import { EVERYTHING } from './epochs.ts'
import type { Selector } from './selectors.ts'

/** What of a target it takes to tell whether a purge concerns its entry. */
export interface Purgeable {
  readonly selectors: readonly Selector[]
  /** The place of `everything` among the stamps. */
  readonly scopeIndex: number
}

/** What a look-up reads: an entry, then the stamps that its tags have now. */
export type Read = readonly (Buffer | undefined)[]

/** `hard`: never shown again. `soft`: may be shown while a newer answer is fetched. */
export type PurgeMode = 'hard' | 'soft'

export interface PurgeHistoryOptions {
  readonly store: Store
  readonly random: Random
  /** As long as epochs are kept. */
  readonly ttlMs: number
}

/** About 500 purges: an entry that is older than so many is dead. */
export const HISTORY_BYTES_MAX = 32_768

const KEYS = [epochKey(EVERYTHING), purgeHistoryKey()]
const MODE_LETTERS = { hard: 'h', soft: 's' } as const

/**
 * Purges by what entries are not tagged with: key, family, operation, role, session variable. A tag for each
 * would cost every hit several reads more, for what seldom happens. Instead such a purge gives `everything`,
 * which every entry carries, a new stamp, and remembers whom it was meant for: only an entry with an older
 * stamp is held against the purges since.
 */
export class PurgeHistory {
  readonly #options: PurgeHistoryOptions
  #known = new Chronicle(undefined)
  #reading: Promise<Chronicle> | undefined

  constructor(options: PurgeHistoryOptions) {
    this.#options = options
  }

  /** One step in the store, O(1) in the number of entries; then every gateway knows. Throws a StoreError. */
  append(selector: Selector, mode: PurgeMode): Awaitable<void> {
    const { store, random, ttlMs } = this.#options
    const stamp = random.bytes(STAMP_BYTES).toString('hex')
    const text = `${MODE_LETTERS[mode]}${selector}`
    const appended = store.run(appendPurge, KEYS, [stamp, text, ttlMs, HISTORY_BYTES_MAX])
    return chain(appended, () => store.confirm())
  }

  /**
   * What a look-up has read, as it would be without the purges that were not meant for its entry: with the
   * stamp of `everything` that the entry has. Costs one comparison unless there was a purge since.
   */
  withoutOthers(read: Read, { selectors, scopeIndex }: Purgeable): Awaitable<Read> {
    const [entry] = read
    const now = read[1 + scopeIndex]
    if (entry === undefined || now === undefined || hasStamp(entry, scopeIndex, now)) return read
    const then = stampIn(entry, scopeIndex)
    if (then === undefined) return read
    const settled = (mode: PurgeMode | undefined): Read => {
      if (mode === 'hard') return read
      return read.with(1 + scopeIndex, mode === 'soft' ? softened(then) : then)
    }
    const mode = this.purgedBetween(then, now, selectors)
    return isPromise(mode) ? mode.then(settled) : settled(mode)
  }

  /**
   * What became of an entry with these selectors between two stamps of `everything`; `undefined` when no purge
   * was meant for it. Asks the store only when there was a purge this process has not heard of.
   */
  purgedBetween(
    then: Buffer,
    now: Buffer,
    selectors: readonly Selector[],
  ): Awaitable<PurgeMode | undefined> {
    if (this.#known.reaches(now)) return this.#known.judge(then, selectors)
    const judged = (chronicle: Chronicle): PurgeMode | undefined =>
      chronicle.reaches(now) ? chronicle.judge(then, selectors) : 'hard'
    const chronicle = this.#read()
    return isPromise(chronicle) ? chronicle.then(judged) : judged(chronicle)
  }

  /** Shared while under way: right after a purge many ask at once. */
  #read(): Awaitable<Chronicle> {
    if (this.#reading !== undefined) return this.#reading
    const value = this.#options.store.get(nth(KEYS, 1))
    if (!isPromise(value)) return this.#learn(value)
    this.#reading = value
      .then((bytes) => this.#learn(bytes))
      .finally(() => {
        this.#reading = undefined
      })
    return this.#reading
  }

  #learn(bytes: Buffer | undefined): Chronicle {
    this.#known = new Chronicle(bytes)
    return this.#known
  }
}

/** A history as read from the store: see append-purge.ts. */
class Chronicle {
  /** How many purges had been when a stamp was that of now. */
  readonly #counts = new Map<string, number>()
  /** How many had been after the last one for a selector. */
  readonly #lastHard = new Map<Selector, number>()
  readonly #lastSoft = new Map<Selector, number>()

  constructor(bytes: Buffer | undefined) {
    if (bytes === undefined || bytes.length < HISTORY_HEAD_BYTES) return
    this.#counts.set(stampAt(bytes, STAMP_BYTES), 0)
    let count = 0
    let at = HISTORY_HEAD_BYTES
    while (at + RECORD_HEAD_BYTES <= bytes.length) {
      const textAt = at + RECORD_HEAD_BYTES
      const end = textAt + bytes.readUInt16BE(at)
      const text = bytes.toString('utf8', textAt, end)
      count += 1
      this.#counts.set(stampAt(bytes, at + 2), count)
      const last = text.startsWith(MODE_LETTERS.soft) ? this.#lastSoft : this.#lastHard
      last.set(text.slice(1), count)
      at = end
    }
  }

  /** Whether it tells what happened until this stamp. */
  reaches(stamp: Buffer): boolean {
    return this.#counts.has(stamp.toString('latin1'))
  }

  judge(then: Buffer, selectors: readonly Selector[]): PurgeMode | undefined {
    const count = this.#counts.get(then.toString('latin1'))
    if (count === undefined) return 'hard'
    let mode: PurgeMode | undefined
    for (const selector of selectors) {
      if ((this.#lastHard.get(selector) ?? 0) > count) return 'hard'
      if ((this.#lastSoft.get(selector) ?? 0) > count) mode = 'soft'
    }
    return mode
  }
}

/** A stamp that differs as after a soft purge: see WRITE_STAMP_BYTES. */
function softened(stamp: Buffer): Buffer {
  const other = Buffer.from(stamp)
  const last = STAMP_BYTES - 1
  other.writeUInt8(other.readUInt8(last) ^ 1, last)
  return other
}

function stampAt(bytes: Buffer, offset: number): string {
  return bytes.toString('latin1', offset, offset + STAMP_BYTES)
}
