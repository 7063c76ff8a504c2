import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Tag } from '../metadata/plan.ts'
import type { CacheStatistics, InvalidationSource } from '../statistics/cache-statistics.ts'
import { ANY_WRITE, type Epochs, EVERYTHING } from './epochs.ts'

export interface InvalidationOptions {
  readonly epochs: Epochs
  readonly statistics: CacheStatistics
  readonly log: Logger
  /** Called when the store is no longer told of everything: at once, before the write is answered. */
  readonly onUnsettled?: () => void
  readonly retryIntervalMs: number
  /** A write that was not seen to end may still be executed for so long. */
  readonly doubtMs: number
}

/** Tags remembered for later, of each kind; beyond so many, everything is remembered. */
const TAGS_MAX = 1_000

/**
 * Bumps the tags of what was written. It never fails: what the store could not be told is owed, answered
 * from the upstream meanwhile, and told as soon as the store can be reached. (Other gateways on the same
 * store learn of it only then.)
 */
export class Invalidation {
  readonly #options: InvalidationOptions
  /** With the generation of the write each tag is owed for. */
  readonly #owed = new Map<Tag, number>()
  #generation = 0
  #retry: NodeJS.Timeout | undefined
  /** With how often each is still to be bumped. */
  readonly #doubted = new Map<Tag, number>()
  #doubt: NodeJS.Timeout | undefined

  constructor(options: InvalidationOptions) {
    this.#options = options
  }

  /** Whether the store was told of everything that was written, and of all that may have been. */
  get isSettled(): boolean {
    return this.#owed.size === 0 && this.#doubted.size === 0
  }

  owes(tags: readonly Tag[]): boolean {
    if (this.#owed.size === 0) return false
    return this.#owed.has(EVERYTHING) || tags.some((tag) => this.#owed.has(tag))
  }

  /** After the write, before its answer: whoever saw the answer reads what was written. */
  wrote(tags: readonly Tag[], source: InvalidationSource): Awaitable<void> {
    this.#options.statistics.invalidated(source)
    return this.#bump([...new Set([...tags, ANY_WRITE])])
  }

  /**
   * For a write whose end was not seen: its answer came too late or was cut off. It may be executed after this,
   * so what is read meanwhile is not kept for long.
   */
  mayHaveWritten(tags: readonly Tag[], source: InvalidationSource): Awaitable<void> {
    const { doubtMs, onUnsettled, retryIntervalMs } = this.#options
    onUnsettled?.()
    for (const tag of tags) {
      const doubted = this.#doubted.size < TAGS_MAX ? tag : EVERYTHING
      this.#doubted.set(doubted, Math.ceil(doubtMs / retryIntervalMs))
    }
    this.#doubt ??= setInterval(() => this.#bumpDoubted(), retryIntervalMs).unref()
    return this.wrote(tags, source)
  }

  everything(source: InvalidationSource): Awaitable<void> {
    this.#options.statistics.invalidated(source)
    return this.#bump([EVERYTHING])
  }

  /** What an operator wants gone. Nothing was written: what depends on any write stays. */
  purged(tags: readonly Tag[]): Awaitable<void> {
    this.#options.statistics.invalidated('purge')
    return this.#bump(tags)
  }

  stop(): void {
    clearTimeout(this.#retry)
    clearInterval(this.#doubt)
  }

  #bump(tags: readonly Tag[]): Awaitable<void> {
    this.#generation += 1
    const generation = this.#generation
    try {
      const bumped = this.#options.epochs.bump(tags)
      if (!isPromise(bumped)) return this.#settle(tags, generation)
      return bumped.then(
        () => this.#settle(tags, generation),
        (error: unknown) => this.#failed(tags, generation, error),
      )
    } catch (error) {
      this.#failed(tags, generation, error)
    }
  }

  /** A debt of a later write stays: what was bumped may be older than that write. */
  #settle(tags: readonly Tag[], generation: number): void {
    if (this.#owed.size === 0) return
    for (const tag of tags) {
      if ((this.#owed.get(tag) ?? generation) <= generation) this.#owed.delete(tag)
    }
  }

  #failed(tags: readonly Tag[], generation: number, error: unknown): void {
    this.#options.onUnsettled?.()
    for (const tag of tags) {
      this.#owed.set(this.#owed.size < TAGS_MAX ? tag : EVERYTHING, generation)
    }
    this.#options.log.error({ err: error, tags }, 'could not invalidate; will try again')
    this.#retry ??= setTimeout(() => this.#tryAgain(), this.#options.retryIntervalMs).unref()
  }

  #bumpDoubted(): void {
    const tags = [...this.#doubted.keys()]
    for (const [tag, times] of this.#doubted) {
      if (times > 1) this.#doubted.set(tag, times - 1)
      else this.#doubted.delete(tag)
    }
    if (this.#doubted.size === 0) {
      clearInterval(this.#doubt)
      this.#doubt = undefined
    }
    const bumped = this.#bump([...tags, ANY_WRITE])
    if (isPromise(bumped)) bumped.catch(() => undefined)
  }

  #tryAgain(): void {
    this.#retry = undefined
    const bumped = this.#bump([...this.#owed.keys()])
    if (isPromise(bumped)) bumped.catch(() => undefined)
  }
}
