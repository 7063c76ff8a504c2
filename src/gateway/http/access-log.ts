import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'

export interface AccessLogOptions {
  readonly log: Logger
  readonly clock: Clock
  /** Lines per second, of failures and of all else, each. */
  readonly linesPerSecondMax: number
}

export interface Access {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly requestId: string
}

const MS_PER_SECOND = 1_000
const FAILURES_FROM = 500

/**
 * One line per request as long as there are few, and a count of the rest: a line for each of tens of
 * thousands a second would cost half as much as answering them (8 us of 17, 2026-11).
 */
export class AccessLog {
  readonly #options: AccessLogOptions
  #second = 0
  #lines = 0
  #failureLines = 0
  #unwritten = 0

  constructor(options: AccessLogOptions) {
    this.#options = options
  }

  /** A failure is written within a limit of its own: many hits must not hide it. */
  record(access: Access, nowMs: number): void {
    const second = Math.floor(nowMs / MS_PER_SECOND)
    if (second !== this.#second) this.#nextSecond(second)
    const { log, linesPerSecondMax } = this.#options
    if (access.status >= FAILURES_FROM && this.#failureLines < linesPerSecondMax) {
      this.#failureLines += 1
      log.warn({ ...access }, 'request failed')
    } else if (access.status < FAILURES_FROM && this.#lines < linesPerSecondMax) {
      this.#lines += 1
      log.info({ ...access }, 'request')
    } else {
      this.#unwritten += 1
    }
  }

  #nextSecond(second: number): void {
    if (this.#unwritten > 0) {
      this.#options.log.info({ requests: this.#unwritten }, 'more requests than lines of log')
    }
    this.#second = second
    this.#lines = 0
    this.#failureLines = 0
    this.#unwritten = 0
  }
}
