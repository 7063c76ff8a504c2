import { GatewayError, type GatewayErrorCode, graphqlErrorBody } from '../errors.ts'
import type { Answer } from './answer.ts'
import type { MediaType } from './media-types.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'
export const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json; charset=utf-8'

/** Of refusals that the gateway words itself: no browser shall take them for a page. Never on Hasura's answers. */
export const REFUSAL_HEADERS = ['X-Content-Type-Options', 'nosniff'] as const

/** Refusals of the gateway itself. All others are Hasura's too, and Hasura sends them with 200. */
const OWN_REFUSALS: ReadonlySet<GatewayErrorCode> = new Set([
  'timeout',
  'rate-limit-exceeded',
  'cost-limit-exceeded',
  'payload-too-large',
  'uri-too-long',
  'overloaded',
  'unsupported-media-type',
  'method-not-allowed',
  'not-acceptable',
  'persisted-query-invalid',
  'upstream-unreachable',
  'upstream-invalid-response',
  'upstream-overloaded',
  'store-unavailable',
  'store-full',
])

/** Not the request was at fault but what serves it. */
const FAILURES_FROM = 500

/** How refusals on /v1/graphql are sent. */
export interface ErrorForm {
  readonly preserve401Errors: boolean
  readonly mediaType: MediaType
}

/**
 * A refusal on /v1/graphql. Hasura answers 200 there whatever happened, but 401 under
 * HASURA_GRAPHQL_PRESERVE_401_ERRORS; a load balancer or client library must see the gateway's own for
 * what they are. As application/graphql-response+json each has its own status.
 */
export function errorAnswer(error: GatewayError, form: ErrorForm): Answer {
  return {
    status: statusOf(error, form),
    headers: [
      'Content-Type',
      form.mediaType === 'json' ? JSON_TYPE : GRAPHQL_RESPONSE_TYPE,
      'Cache-Control',
      'no-store',
      'Cache-Status',
      'gerbang; detail=refused',
      ...REFUSAL_HEADERS,
      ...Object.entries(error.headers).flat(),
    ],
    body: Buffer.from(graphqlErrorBody(error)),
    outcome: error.status >= FAILURES_FROM ? 'error' : 'refused',
    etag: undefined,
  }
}

/** What of a thrown thing may be told: a bug of ours shows nothing of itself. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return new GatewayError('unexpected', 'internal error', { cause: error })
}

function statusOf(error: GatewayError, { preserve401Errors, mediaType }: ErrorForm): number {
  if (mediaType === 'graphql-response' || error.isBug || OWN_REFUSALS.has(error.code)) {
    return error.status
  }
  return error.status === 401 && preserve401Errors ? 401 : 200
}
