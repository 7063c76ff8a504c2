import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Store } from '../../store/index.ts'
import { revocationLogKey } from '../keys.ts'
import { parseRevocationLog, type RevocationLog } from './announce.ts'
import type { Revocation } from './revocation.ts'

export interface RevocationFeedOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** How often the log is read; often enough unless given. */
  readonly intervalMs?: number
}

export interface RevocationListener {
  /** In the order in which they were announced, whoever announced them: this gateway as well. */
  revoked(revocation: Revocation): void
  /** Anything may have been revoked: the log does not reach back to what was read of it. */
  missed(): void
}

const INTERVAL_MS = 400
/** With the interval, and the answer of a store that takes its time, less than a second. */
const TRUST_MS = 900
const KEY = revocationLogKey()

/**
 * What was revoked, by whichever gateway of the store, within half a second. Read again and again rather than
 * subscribed to: nothing is lost with a connection, and whoever cannot read knows that they do not know.
 */
export class RevocationFeed {
  readonly #options: RevocationFeedOptions
  readonly #listeners: RevocationListener[] = []
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** When the last reading that succeeded was begun. */
  #readAtMs = Number.NEGATIVE_INFINITY
  #bytes: Buffer | undefined
  #logId: string | undefined
  #sequence = 0
  #mayDeny = true
  #isFailing = false

  constructor(options: RevocationFeedOptions) {
    this.#options = options
  }

  /** Whether what is remembered may be believed: all that was revoked before the last second has been heard of. */
  get isFresh(): boolean {
    return this.#options.clock.monotonicMs() - this.#readAtMs < TRUST_MS
  }

  /** False while no token was ever denied: then there is nothing to look for. */
  get mayDeny(): boolean {
    return this.#mayDeny
  }

  listen(listener: RevocationListener): void {
    this.#listeners.push(listener)
  }

  async start(): Promise<void> {
    const { intervalMs = INTERVAL_MS } = this.#options
    this.#timer = setInterval(() => {
      if (this.#reading === undefined) this.#read().catch(() => undefined)
    }, intervalMs)
    this.#timer.unref()
    await this.catchUp()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Resolves once all that was revoked before the call has been heard of, or the store has failed. */
  catchUp(): Promise<void> {
    // A reading under way may have come too early.
    this.#next ??= (this.#reading ?? Promise.resolve()).then(() => {
      this.#next = undefined
      return this.#read()
    })
    return this.#next
  }

  #read(): Promise<void> {
    const beganAtMs = this.#options.clock.monotonicMs()
    const read = async (): Promise<void> => {
      try {
        this.#learn(await this.#options.store.get(KEY))
        this.#readAtMs = beganAtMs
        this.#note(undefined)
      } catch (error) {
        this.#note(error)
      }
    }
    const reading = read().finally(() => {
      this.#reading = undefined
    })
    this.#reading = reading
    return reading
  }

  #learn(bytes: Buffer | undefined): void {
    const isFirst = this.#readAtMs === Number.NEGATIVE_INFINITY
    if (!isFirst && isSame(bytes, this.#bytes)) return
    this.#bytes = bytes
    const log = bytes === undefined ? undefined : parseRevocationLog(bytes)
    const news = isFirst ? undefined : this.#news(log)
    this.#mayDeny = (!isFirst && this.#mayDeny) || (log?.denials ?? 0) > 0
    this.#logId = log?.id
    this.#sequence = log?.sequence ?? 0
    if (news === undefined) for (const listener of this.#listeners) listener.missed()
    else for (const revocation of news) this.#tell(revocation)
  }

  /** `undefined` when it cannot be told what happened since. */
  #news(log: RevocationLog | undefined): readonly Revocation[] | undefined {
    if (log === undefined || (this.#logId !== undefined && this.#logId !== log.id)) return undefined
    const news = log.lines.filter(([sequence]) => sequence > this.#sequence)
    if (news.length !== log.sequence - this.#sequence) return undefined
    return news.map(([, revocation]) => revocation)
  }

  #tell(revocation: Revocation): void {
    for (const listener of this.#listeners) listener.revoked(revocation)
  }

  /** One line when it begins to fail, and one when it is over. */
  #note(error: unknown): void {
    const { log } = this.#options
    const isFailing = error !== undefined
    if (isFailing && !this.#isFailing) log.warn({ err: error }, 'revocations cannot be read')
    if (!isFailing && this.#isFailing) log.info({}, 'revocations can be read again')
    this.#isFailing = isFailing
  }
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.equals(other)
}
