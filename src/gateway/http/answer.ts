import type { IncomingHttpHeaders } from 'node:http'
import type { WordedFields } from '../cache/representation.ts'
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
  /** Of an answer from the cache, in front of `headers`; shared with others, so nobody changes it. */
  readonly kept?: WordedFields
  /** name, value, name, value …; owned by whoever sends it. */
  readonly headers: string[]
  readonly body: Buffer
  readonly outcome: Outcome
  /** Of an answer that is kept, with its quotes. */
  readonly etag: string | undefined
}

/** With all of its headers in `headers`: for who changes one of them. */
export function withOwnHeaders({ kept, ...answer }: Answer): Answer {
  return kept === undefined ? answer : { ...answer, headers: [...kept.list, ...answer.headers] }
}
