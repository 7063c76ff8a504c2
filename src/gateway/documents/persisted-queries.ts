import type { Logger } from '../../shared/logger.ts'
import { type Steps, settled } from '../../shared/steps.ts'
import { type Store, StoreError } from '../../store/index.ts'
import { WeightedMemo } from '../graphql/weighted-memo.ts'
import { documentKey, documentQuotaKey } from '../keys.ts'
import type { PersistedQueriesOptions } from '../options.ts'
import { TakeLimits, windowArguments } from '../ratelimit/take-limits.ts'
import type { Registration } from './document-statistics.ts'
import { sha256Of } from './manifest.ts'

export interface PersistedQueriesParts {
  readonly options: PersistedQueriesOptions
  readonly store: Store
  /** Where it is counted what was registered. */
  readonly quotas: Store
  readonly log: Logger
  /** Documents kept in this process beside the store, as many and as large as the other memos hold. */
  readonly memo: { readonly entriesMax: number; readonly weightMax: number }
}

const SHA256 = /^[\da-f]{64}$/
const SLOTS = 64
/** The subject that stands for everybody; no digest is written like it. */
const EVERYBODY = 'everybody'

/**
 * Documents that clients have registered under their SHA-256, as Apollo's automatic persisted queries do. They
 * belong to nobody: a hash stands for one text, whoever sends it, and what it may read is judged by each
 * request. A store that fails makes clients send their documents whole, no more.
 *
 * A document stays for a time that nothing prolongs, and so many may be registered within that time: there
 * are never more. One subject alone may register fewer, or it could displace those of all others.
 */
export class PersistedQueries {
  readonly #options: PersistedQueriesOptions
  readonly #store: Store
  readonly #quotas: Store
  readonly #log: Logger
  readonly #limits = new TakeLimits()
  readonly #known: WeightedMemo<string, string>

  constructor({ options, store, quotas, log, memo }: PersistedQueriesParts) {
    this.#options = options
    this.#store = store
    this.#quotas = quotas
    this.#log = log
    this.#known = new WeightedMemo(memo.entriesMax, memo.weightMax)
  }

  get areOn(): boolean {
    return this.#options.enabled
  }

  *find(hash: string): Steps<string | undefined> {
    const known = this.#known.get(hash)
    if (known !== undefined) return known
    // Of any length, and never registered.
    if (!SHA256.test(hash)) return undefined
    try {
      const bytes = yield* settled(this.#store.get(documentKey(hash)))
      const text = bytes?.toString()
      // A store out of step, or one that others write to: what runs is what the hash stands for.
      if (text === undefined || sha256Of(text) !== hash) return undefined
      this.#remember(hash, text)
      return text
    } catch (error) {
      this.#storeFailed(error)
      return undefined
    }
  }

  /** `subject` is a digest of who sends it. What is too large or too much is not kept; the client may ask on. */
  *register(hash: string, text: string, subject: string): Steps<Registration> {
    const { documentBytesMax, ttlMs } = this.#options
    const bytes = Buffer.from(text)
    if (bytes.length > documentBytesMax) return 'too-large'
    if ((yield* this.find(hash)) !== undefined) return 'known'
    try {
      const refusal = yield* this.#whyNotRegister(subject)
      if (refusal !== undefined) return refusal
      yield* settled(this.#store.set(documentKey(hash), bytes, { ttlMs }))
      this.#remember(hash, text)
      return 'registered'
    } catch (error) {
      this.#storeFailed(error)
      return 'store-failed'
    }
  }

  *#whyNotRegister(subject: string): Steps<'over-quota' | 'full' | undefined> {
    const { registrationsMax, registrationWindowMs, documentsMax, ttlMs } = this.#options
    const isWithinOwn = yield* this.#take(subject, registrationsMax, registrationWindowMs)
    if (!isWithinOwn) return 'over-quota'
    return (yield* this.#take(EVERYBODY, documentsMax, ttlMs)) ? undefined : 'full'
  }

  *#take(subject: string, limit: number, windowMs: number): Steps<boolean> {
    const taken = this.#quotas.run(
      this.#limits,
      [documentQuotaKey(subject)],
      windowArguments(1, [{ limit, windowMs, slots: SLOTS }]),
    )
    const { states } = yield* settled(taken)
    return states.every(({ retryMs }) => retryMs === 0)
  }

  #remember(hash: string, text: string): void {
    this.#known.set(hash, text, hash.length + text.length)
  }

  #storeFailed(error: unknown): void {
    if (!(error instanceof StoreError)) throw error
    this.#log.debug({ err: error }, 'the store failed; persisted queries are not found')
  }
}
