/**
 * Every refusal the gateway words itself, with its usual status and what it means. Codes are Hasura's where
 * Hasura has one (graphql-engine server/lib/hasura-base/src/Hasura/Base/Error.hs); the rest end the list.
 * docs/ERRORS.md is made from this.
 */
export const GATEWAY_ERRORS = {
  'access-denied': {
    status: 401,
    meaning:
      'A secret, token or session that is wrong, missing or over; a role that is not allowed.',
  },
  'invalid-headers': {
    status: 400,
    meaning: 'A header cannot be read: Authorization, Cookie or X-Hasura-*.',
  },
  'invalid-params': { status: 400, meaning: 'The webhook told no role.' },
  'invalid-json': { status: 400, meaning: 'The body is no JSON, no UTF-8, or has a key twice.' },
  'invalid-jwt': {
    status: 400,
    meaning: 'The token cannot be verified: signature, algorithm, audience, issuer or time.',
  },
  'jwt-invalid-claims': {
    status: 400,
    meaning: 'The token is genuine, but its claims are not as Hasura wants them.',
  },
  'jwt-missing-role-claims': {
    status: 400,
    meaning: 'The token names no default or no allowed roles.',
  },
  'not-found': { status: 404, meaning: 'There is nothing at this path.' },
  'not-supported': {
    status: 400,
    meaning: 'The request is understood, but not supported: persisted queries, when they are off.',
  },
  PERSISTED_QUERY_NOT_FOUND: {
    status: 200,
    meaning:
      'No document is known by this hash; the client sends it along and asks again. In the words of Apollo’s protocol.',
  },
  'persisted-query-invalid': {
    status: 400,
    meaning: 'The hash is not that of the query, or extensions.persistedQuery cannot be read.',
  },
  'document-not-found': { status: 400, meaning: 'The manifest has no such documentId.' },
  'document-not-trusted': {
    status: 403,
    meaning: 'The document is not in the manifest, and trusted_documents.mode is only.',
  },
  'parse-failed': { status: 400, meaning: 'The body is no GraphQL request.' },
  'validation-failed': {
    status: 400,
    meaning: 'The document is no valid GraphQL, or names no operation that it has.',
  },
  'bad-request': { status: 400, meaning: 'The request is no valid HTTP.' },
  unexpected: {
    status: 500,
    meaning:
      'The webhook failed, or its answer makes no sense; else a bug of the gateway. The log has more.',
  },
  'unexpected-payload': { status: 400, meaning: 'The body is JSON, but of another shape.' },
  timeout: {
    status: 504,
    meaning: 'Hasura did not answer within upstream.headers_timeout or body_timeout.',
  },
  'rate-limit-exceeded': {
    status: 429,
    meaning:
      'A limit is used up; Retry-After says when to come back. 200 with rate_limit.reject_status: 200.',
  },
  'cost-limit-exceeded': {
    status: 400,
    meaning:
      'The operation costs more than a rule of rate_limit.rules ever has; waiting does not help.',
  },
  'depth-limit-exceeded': {
    status: 400,
    meaning:
      'The document is nested deeper than limits.depth_max, a rule of limits.rules or Hasura’s depth_limit allows.',
  },
  'node-limit-exceeded': {
    status: 400,
    meaning:
      'The document has more fields with a selection set than limits.nodes_max, a rule of limits.rules or Hasura’s node_limit allows.',
  },
  'batch-limit-exceeded': {
    status: 400,
    meaning:
      'The body has more operations than limits.batch_max, a rule of limits.rules or Hasura’s batch_limit allows.',
  },
  'time-limit-exceeded': {
    status: 504,
    meaning:
      'Hasura took longer than time_max of a rule of limits.rules, or Hasura’s time_limit, allows; it was asked to stop.',
  },
  'document-limit-exceeded': {
    status: 400,
    meaning: 'The document is longer than limits.document_length_max.',
  },
  'token-limit-exceeded': {
    status: 400,
    meaning: 'The document has more tokens, or lines, than limits.tokens_max or a rule allows.',
  },
  'alias-limit-exceeded': {
    status: 400,
    meaning: 'The document has more aliases than limits.aliases_max or a rule allows.',
  },
  'root-field-limit-exceeded': {
    status: 400,
    meaning: 'The operation has more root fields than limits.root_fields_max or a rule allows.',
  },
  'directive-limit-exceeded': {
    status: 400,
    meaning: 'The document has more directives than limits.directives_max or a rule allows.',
  },
  'variables-limit-exceeded': {
    status: 400,
    meaning:
      'The variables are larger than limits.variables_size_max, or nested deeper than limits.variables_depth_max, or than a rule allows.',
  },
  'payload-too-large': {
    status: 413,
    meaning: 'The body is larger than limits.body_size_max or a rule allows.',
  },
  'uri-too-long': {
    status: 414,
    meaning: 'The URL is longer than limits.url_length_max or a rule allows.',
  },
  'introspection-disabled': {
    status: 400,
    meaning:
      'The role may not ask for the schema, by a rule of limits.rules or Hasura’s graphql_schema_introspection.',
  },
  overloaded: {
    status: 503,
    meaning:
      'The gateway has more to do than it can (limits.event_loop_delay_max): hits are served, what needs Hasura is not. Retry-After says when to come back.',
  },
  'unsupported-media-type': {
    status: 415,
    meaning: 'The body is compressed, or of a type that cannot be read.',
  },
  'method-not-allowed': {
    status: 405,
    meaning: 'The path exists, but not for this method; a mutation was asked for with GET.',
  },
  'not-acceptable': {
    status: 406,
    meaning:
      'Accept takes neither application/json nor application/graphql-response+json, or not in UTF-8.',
  },
  'upstream-unreachable': {
    status: 502,
    meaning: 'Hasura cannot be reached, or closed the connection before its answer was complete.',
  },
  'upstream-invalid-response': {
    status: 502,
    meaning: 'Hasura’s answer is no valid HTTP, or larger than upstream.response_size_max.',
  },
  'upstream-overloaded': {
    status: 503,
    meaning: 'More than upstream.queue_max requests wait for Hasura.',
  },
  'token-revoked': {
    status: 401,
    meaning: 'The token is genuine, but was revoked by its id, for its user or for everyone.',
  },
  'store-full': {
    status: 503,
    meaning: 'The memory for sessions is full (engine.sessions_maxmemory): nobody can sign in.',
  },
  'not-confirmed': {
    status: 503,
    meaning:
      'The disk or the replicas that session.durability waits for did not confirm a write in time. A login or refresh was taken back, an end or a revocation holds and may be lost: do it again.',
  },
  'store-unavailable': {
    status: 503,
    meaning:
      'The store fails, and without it sessions or limits (on_store_failure: closed) cannot be told.',
  },
} as const satisfies Record<string, ErrorEntry>

interface ErrorEntry {
  readonly status: number
  readonly meaning: string
}

export type GatewayErrorCode = keyof typeof GATEWAY_ERRORS

export interface GatewayErrorOptions extends ErrorOptions {
  /** Where in the request, as Hasura writes it; `$` unless told. Left out when empty: Apollo has none. */
  readonly path?: string
  /** The HTTP status when it is not the code's usual one. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Further fields of `extensions`. */
  readonly extensions?: Readonly<Record<string, unknown>>
  /** False for an `unexpected` that is no bug of the gateway: Hasura has it as well. */
  readonly isBug?: boolean
}

/** A request that is refused or could not be served. Carries no secret and no body. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: GatewayErrorCode
  /** The status of the failure itself. What /v1/graphql sends for it: http/graphql-response.ts. */
  readonly status: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly extensions: Readonly<Record<string, unknown>>
  /** A bug of the gateway: nothing of it is told, and it is logged. */
  readonly isBug: boolean

  constructor(code: GatewayErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.status = options.status ?? GATEWAY_ERRORS[code].status
    this.path = options.path ?? '$'
    this.headers = options.headers ?? {}
    this.extensions = options.extensions ?? {}
    this.isBug = code === 'unexpected' && options.isBug !== false
  }
}

/** The body of a refusal on a GraphQL endpoint, in Hasura's shape. */
export function graphqlErrorBody(error: GatewayError): string {
  const { path, code } = error
  const extensions = { ...(path === '' ? {} : { path }), code, ...error.extensions }
  return JSON.stringify({ errors: [{ message: error.message, extensions }] })
}

/** The body of a refusal on any other endpoint, in Hasura's shape. */
export function plainErrorBody(error: GatewayError): string {
  return JSON.stringify({ path: error.path, error: error.message, code: error.code })
}
