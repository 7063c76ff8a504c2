import { type Answer, withOwnHeaders } from './answer.ts'
import { GRAPHQL_RESPONSE_TYPE } from './graphql-response.ts'
import type { MediaType } from './media-types.ts'

/** Hasura's codes whose errors are no fault of the request, or of its document. */
const STATUS_OF_CODE: ReadonlyMap<unknown, number> = new Map([
  ['access-denied', 403],
  ['permission-denied', 403],
  ['permission-error', 403],
  ['invalid-jwt', 401],
  ['internal-error', 500],
  ['postgres-error', 500],
  ['unexpected', 500],
  ['remote-schema-error', 502],
  ['postgres-max-connections-error', 503],
  ['timeout', 504],
  ['time-limit-exceeded', 504],
])
const BAD_REQUEST = 400
const OK = 200

/**
 * An answer of the upstream or the cache as the client takes it. As application/graphql-response+json what
 * has a `data` entry is a success, whatever errors stand beside it, and what has none is not: the draft of
 * GraphQL over HTTP, section "Status Codes". The gateway's own refusals are in their form already.
 */
export function inMediaType(answer: Answer, mediaType: MediaType): Answer {
  if (mediaType === 'json' || answer.outcome === 'refused' || answer.outcome === 'error') {
    return answer
  }
  const own = withOwnHeaders(answer)
  const headers = [...own.headers]
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === 'content-type') headers[at + 1] = GRAPHQL_RESPONSE_TYPE
  }
  return { ...own, headers, status: statusOf(answer) }
}

function statusOf({ etag, status, body }: Answer): number {
  // What is kept, or made of several answers, was read already.
  if (etag !== undefined || body[0] === OPENING_BRACKET) return status
  const { data, errors } = read(body)
  if (data !== undefined) return OK
  if (status >= BAD_REQUEST) return status
  return STATUS_OF_CODE.get(firstCode(errors)) ?? BAD_REQUEST
}

const OPENING_BRACKET = 0x5b

interface PossibleResult {
  readonly data?: unknown
  readonly errors?: unknown
}

function read(body: Buffer): PossibleResult {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

interface PossibleError {
  readonly extensions?: { readonly code?: unknown } | null
}

function firstCode(errors: unknown): unknown {
  if (!Array.isArray(errors)) return undefined
  const first: PossibleError | null | undefined = errors[0]
  return first?.extensions?.code
}
