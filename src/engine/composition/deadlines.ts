import { replyErrors } from '../protocol/reply-errors.ts'
import type { EngineParts } from './parts.ts'

/** Longer ones Node.js takes for no time at all. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** One timer for the deadline that comes next: of those who wait for keys, of a pause. */
export class Deadlines {
  readonly #parts: EngineParts
  #timer: NodeJS.Timeout | undefined

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  /** A deadline has come or gone: a late one is set again, an early one finds nothing to do. */
  wake(): void {
    const { options, pause, services } = this.#parts
    const nextMs = Math.min(
      services.blocking.nextDeadlineMs ?? Number.POSITIVE_INFINITY,
      pause.endsAtMs ?? Number.POSITIVE_INFINITY,
    )
    clearTimeout(this.#timer)
    if (nextMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(1, nextMs - options.clock.nowMs()))
    this.#timer = setTimeout(() => {
      this.#giveUpWaiting()
      this.wake()
    }, delayMs)
    this.#timer.unref()
  }

  /** Calls of this process that still wait get an error; connections are closed. */
  stop(): void {
    clearTimeout(this.#timer)
    const { clients, executor, services } = this.#parts
    for (const client of clients) {
      if (client.isEmbedded) services.blocking.unblock(client, replyErrors.stopped)
    }
    executor.settle()
  }

  #giveUpWaiting(): void {
    const { executor } = this.#parts
    executor.beginTurn()
    executor.giveUpWaiting()
    executor.settle()
  }
}
