import type { Awaitable } from '../shared/awaitable.ts'
import type { Clock } from '../shared/clock.ts'

/** Those that follow a primary. */
export interface Members {
  /** Have their copy, and get the stream. */
  readonly online: number
  /** Stays the same exactly as long as nobody comes or goes. */
  readonly identity: string
}

export interface Round {
  /** How many of them have all that was written before. */
  readonly acknowledged: number
  /** As they are after that. */
  readonly members: Members
}

/** A primary and those that follow it. */
export interface Group {
  members(): Awaitable<Members>
  /** Until so many have all that was written, or the time is over. */
  wait(count: number, timeoutMs: number): Promise<Round>
}

/** The same with the primary in this process. */
export interface OwnGroup extends Group {
  members(): Members
}

export interface SettlementOptions {
  readonly clock: Clock
  /** How long a copy may be read that hears nothing. */
  readonly leaseMs: number
  /** Runs something later, and gives what calls it off. */
  readonly after: (ms: number, run: () => void) => () => void
}

/** On top of a lease: two clocks may differ by so much of it. */
const DRIFT = 1.1
/** Before it is tried again. */
const RETRY_MS = 10

/**
 * Waits until no copy is read any more in which something is missing. Whoever follows and gets the stream is waited
 * for; who went away less than a lease ago, or came then in the place of another, may still read its copy until the
 * lease is over. So may one that hears nothing, but no longer than a lease after the write.
 */
export class Settlement {
  lateCount = 0
  readonly #options: SettlementOptions
  readonly #waitMs: number
  #group: Group
  #online = 0
  #identity: string | undefined
  /** When it was first heard of that they are those that they are. */
  #sinceMs: number
  #round: Promise<void> | undefined
  #next: Promise<number | undefined> | undefined

  /** `members`: of a group that is known to have had no others within a lease. */
  constructor(group: Group, members: Members | undefined, options: SettlementOptions) {
    this.#options = options
    this.#group = group
    this.#waitMs = options.leaseMs * DRIFT
    this.#identity = members?.identity
    this.#sinceMs = members === undefined ? this.#nowMs : Number.NEGATIVE_INFINITY
  }

  /** From now on another primary is written to. */
  moveTo(group: Group): void {
    this.#group = group
    this.#online = 0
    this.#identity = undefined
    this.#sinceMs = this.#nowMs
  }

  /** Sees who there is; to be called now and then. */
  async look(): Promise<void> {
    const group = this.#group
    const members = await group.members()
    if (group === this.#group) this.#see(members)
  }

  /** Whether there is nobody to wait for. */
  isAlone(members: Members): boolean {
    this.#see(members)
    return members.online === 0 && this.#nowMs >= this.#sinceMs + this.#waitMs
  }

  /**
   * Of all that was written, and answered, before the call. False when another primary is written to by then: who has
   * an old copy knows it, but what was written may be lost.
   */
  async settle(): Promise<boolean> {
    const group = this.#group
    const deadlineMs = this.#nowMs + this.#waitMs
    while (this.#nowMs < deadlineMs && group === this.#group) {
      const goneAtMs = await this.#within(deadlineMs, this.#nextRound())
      // What was written to one primary is not settled by another.
      if (group !== this.#group) break
      if (goneAtMs !== undefined) {
        await this.#until(Math.min(goneAtMs, deadlineMs))
        return group === this.#group
      }
      await this.#until(Math.min(this.#nowMs + RETRY_MS, deadlineMs))
    }
    this.lateCount += 1
    await this.#until(deadlineMs)
    return group === this.#group
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  /** One for all that wait: it begins after the one under way, which may have come too early. */
  #nextRound(): Promise<number | undefined> {
    this.#next ??= (this.#round ?? Promise.resolve()).then(() => {
      this.#next = undefined
      const round = this.#run(this.#group)
      this.#round = round.then(() => undefined)
      return round
    })
    return this.#next
  }

  /** When those are out of date, too, that are not here to ask; `undefined` when somebody who is has not answered. */
  async #run(group: Group): Promise<number | undefined> {
    try {
      const { acknowledged, members } = await group.wait(this.#online, this.#options.leaseMs)
      if (group !== this.#group) return undefined
      this.#see(members)
      return acknowledged >= members.online ? this.#sinceMs + this.#waitMs : undefined
    } catch {
      // The store itself tells of its failures; here it is a reason to wait.
      return undefined
    }
  }

  #see({ identity, online }: Members): void {
    this.#online = online
    if (identity === this.#identity) return
    this.#identity = identity
    this.#sinceMs = this.#nowMs
  }

  async #until(atMs: number): Promise<void> {
    const ms = atMs - this.#nowMs
    if (ms > 0) await new Promise<void>((resolve) => this.#options.after(ms, resolve))
  }

  #within<T>(deadlineMs: number, work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.after(deadlineMs - this.#nowMs, () => resolve(undefined))
      work.then(resolve, reject).finally(cancel)
    })
  }
}
