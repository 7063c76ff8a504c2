import { hash } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import { type Store, StoreError } from '../../store/index.ts'
import { fillLockKey } from '../keys.ts'
import type { CacheStatistics, FillLockResult } from '../statistics/cache-statistics.ts'
import { endFillLock, endMark, takeFillLock } from './fill-lock.ts'

export interface FillLocksOptions {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly statistics: CacheStatistics
  /** How long a lock is held at most: a gateway that dies holds up nobody longer. */
  readonly holdMs: number
  /** Waits for so many milliseconds; by a timer unless given. */
  readonly pause?: (ms: number) => Promise<void>
}

/** What can be done about an answer that is missing. */
export interface Fill<T> {
  readonly fetch: () => Promise<T>
  /** Whether what was fetched is there for others now. */
  readonly isKept: (fetched: T) => boolean
  /** Looks up what another gateway has kept a moment ago, and fetches it if it is gone. */
  readonly find: () => Promise<T>
}

/** What one is to do who would fetch. */
type Turn =
  | { readonly kind: 'lead'; readonly token: string }
  /** Another gateway has kept the answer. */
  | { readonly kind: 'filled' }
  /** No other gateway fetches for all. */
  | { readonly kind: 'alone' }

/** Those who wait look every few milliseconds. Longer than that takes, with a process that is busy. */
const FILLED_MS = 1_000
/** What cannot be kept must not be fetched by one after the other: for so long all gateways go alone. */
const UNKEPT_MS = 10_000
/** Of this gateway, over all keys: each of them asks the store again and again. Further ones go alone. */
const WAITERS_MAX = 1_000
/** Of two that wait for one that died, one takes its place, and the other must not be out of patience just then. */
const LOCKS_AWAITED = 2
const FIRST_LOOK_MS = 2
const LOOK_INTERVAL_MAX_MS = 50
const TOKEN_BYTES = 16

const ALONE: Turn = { kind: 'alone' }
const FILLED: Turn = { kind: 'filled' }

/**
 * Lets one of the gateways of a store fetch what several miss. It only ever saves work: what is served after a
 * wait is looked up like anything else, and whoever cannot wait, or waits in vain, fetches.
 *
 * A lock is of a key and of the stamps its tags had when the fetch began, so that who asks after a write was
 * answered never waits for a fetch that began before it.
 */
export class FillLocks {
  readonly #options: FillLocksOptions
  #waiters = 0

  constructor(options: FillLocksOptions) {
    this.#options = options
  }

  get waiters(): number {
    return this.#waiters
  }

  /** Fetches, or finds what another gateway fetches meanwhile; waits no longer than two locks are held at most. */
  async fill<T>(flightKey: string, { fetch, isKept, find }: Fill<T>): Promise<T> {
    const key = lockKeyOf(flightKey)
    const turn = (await this.#take(key)) ?? (await this.#waitInLine(key))
    if (turn.kind === 'filled') return await find()
    if (turn.kind === 'alone') return await fetch()
    let isFilled = false
    try {
      const fetched = await fetch()
      isFilled = isKept(fetched)
      return fetched
    } finally {
      this.#end(key, turn.token, isFilled)
    }
  }

  async #waitInLine(key: Buffer): Promise<Turn> {
    if (this.#waiters >= WAITERS_MAX) return this.#settled('crowded', ALONE)
    this.#waiters += 1
    try {
      return await this.#wait(key)
    } finally {
      this.#waiters -= 1
    }
  }

  async #wait(key: Buffer): Promise<Turn> {
    const { clock, holdMs, pause = sleep } = this.#options
    const untilMs = clock.monotonicMs() + holdMs * LOCKS_AWAITED
    let pauseMs = FIRST_LOOK_MS
    while (clock.monotonicMs() < untilMs) {
      await pause(pauseMs)
      pauseMs = Math.min(pauseMs * 2, LOOK_INTERVAL_MAX_MS)
      const turn = await this.#take(key)
      if (turn !== undefined) return turn
    }
    return this.#settled('timeout', ALONE)
  }

  /** `undefined` while another gateway fetches. */
  async #take(key: Buffer): Promise<Turn | undefined> {
    const { store, random, holdMs } = this.#options
    const token = random.bytes(TOKEN_BYTES).toString('hex')
    try {
      const state = await store.run(takeFillLock, [key], [token, holdMs])
      if (state === 'held') return undefined
      if (state === 'filled') return this.#settled('filled', FILLED)
      if (state === 'unkept') return this.#settled('unkept', ALONE)
      return this.#settled('led', { kind: 'lead', token })
    } catch (error) {
      this.#failed(error)
      return this.#settled('failed', ALONE)
    }
  }

  /** Nobody waits for it here. */
  #end(key: Buffer, token: string, isKept: boolean): void {
    const args = [token, endMark(isKept), isKept ? FILLED_MS : UNKEPT_MS]
    const run = async (): Promise<boolean> =>
      await this.#options.store.run(endFillLock, [key], args)
    run().catch((error: unknown) => this.#failed(error))
  }

  #settled(result: FillLockResult, turn: Turn): Turn {
    this.#options.statistics.fillLocks.add(result)
    return turn
  }

  #failed(error: unknown): void {
    const { log } = this.#options
    if (error instanceof StoreError) log.debug({ err: error }, 'the store failed at a fill lock')
    else log.error({ err: error }, 'a fill lock failed by a bug')
  }
}

function lockKeyOf(flightKey: string): Buffer {
  return fillLockKey(hash('sha256', Buffer.from(flightKey, 'latin1'), 'buffer'))
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
