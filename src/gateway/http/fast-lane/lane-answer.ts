import { STATUS_CODES, validateHeaderValue } from 'node:http'
import type { Clock } from '../../../shared/clock.ts'
import type { Answer, RequestHead } from '../answer.ts'
import { completeHeaders } from '../send-answer.ts'

const MS_PER_SECOND = 1_000

/** Words answers as Node.js does: our fields, then Date and those of the connection. */
export class LaneAnswers {
  readonly #clock: Clock
  readonly #keepAlive: string
  #second = Number.NaN
  #end = ''

  constructor(clock: Clock, keepAliveTimeoutMs: number) {
    this.#clock = clock
    const timeout = Math.floor(keepAliveTimeoutMs / MS_PER_SECOND)
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${timeout}\r\n\r\n`
  }

  /** Status line and fields, in latin1. */
  head(answer: Answer, request: RequestHead, isLast: boolean): string {
    const headers = completeHeaders(answer, request)
    let text = answer.status === 200 ? OK_LINE : statusLine(answer.status)
    if (answer.kept !== undefined) text += answer.kept.text
    for (let at = 0; at < headers.length; at += 2) {
      text += `${headers[at]}: ${headers[at + 1]}\r\n`
    }
    return text + this.#ending(isLast)
  }

  #ending(isLast: boolean): string {
    const second = Math.floor(this.#clock.nowMs() / MS_PER_SECOND)
    if (second !== this.#second) {
      this.#second = second
      this.#end = `Date: ${new Date(second * MS_PER_SECOND).toUTCString()}\r\n`
    }
    return this.#end + (isLast ? 'Connection: close\r\n\r\n' : this.#keepAlive)
  }
}

const OK_LINE = statusLine(200)

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
}

/** Throws for what Node.js would refuse to send: what an upstream made of a field could end ours. */
export function validateHeaders(headers: readonly string[]): void {
  for (let at = 0; at < headers.length; at += 2) {
    validateHeaderValue(headers[at] ?? '', headers[at + 1] ?? '')
  }
}
