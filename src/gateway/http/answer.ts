import type { IncomingHttpHeaders } from 'node:http'
import type { Outcome } from '../statistics/snapshot.ts'

/** One HTTP request as the pipeline sees it, whoever read it from the socket. */
export interface RequestHead {
  readonly headers: IncomingHttpHeaders
  /** The client's x-request-id, or one of ours: the same goes upstream and back. */
  readonly requestId: string
  /** Of the socket's other end: the client, or the nearest proxy. */
  readonly socketAddress: string
  /** How many proxies in front are believed. */
  readonly trustedHops: number
}

/** What the client gets, but for what is the same on all answers: http/send-answer.ts. */
export interface Answer {
  readonly status: number
  /** name, value, name, value …; owned by whoever sends it. */
  readonly headers: string[]
  readonly body: Buffer
  readonly outcome: Outcome
  /** Of an answer that is kept, with its quotes. */
  readonly etag: string | undefined
}
