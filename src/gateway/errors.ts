/**
 * Every refusal the gateway words itself. Codes are Hasura's where Hasura has one
 * (graphql-engine server/lib/hasura-base/src/Hasura/Base/Error.hs); the rest end the list.
 */
const STATUS = {
  'access-denied': 401,
  'invalid-headers': 400,
  'invalid-json': 400,
  'invalid-jwt': 400,
  'jwt-invalid-claims': 400,
  'jwt-missing-role-claims': 400,
  'not-found': 404,
  'not-supported': 400,
  'parse-failed': 400,
  'validation-failed': 400,
  'bad-request': 400,
  unexpected: 500,
  'unexpected-payload': 400,
  timeout: 504,
  'rate-limit-exceeded': 429,
  'depth-limit-exceeded': 400,
  'node-limit-exceeded': 400,
  'batch-limit-exceeded': 400,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'method-not-allowed': 405,
  'upstream-unreachable': 502,
  'upstream-invalid-response': 502,
  'upstream-overloaded': 503,
  'store-unavailable': 503,
} as const satisfies Record<string, number>

export type GatewayErrorCode = keyof typeof STATUS

export interface GatewayErrorOptions extends ErrorOptions {
  /** Where in the request, as Hasura writes it; `$` unless told. */
  readonly path?: string
  /** The HTTP status when it is not the code's usual one. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Further fields of `extensions`. */
  readonly extensions?: Readonly<Record<string, unknown>>
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

  constructor(code: GatewayErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.status = options.status ?? STATUS[code]
    this.path = options.path ?? '$'
    this.headers = options.headers ?? {}
    this.extensions = options.extensions ?? {}
  }
}

/** The body of a refusal on a GraphQL endpoint, in Hasura's shape. */
export function graphqlErrorBody(error: GatewayError): string {
  const extensions = { path: error.path, code: error.code, ...error.extensions }
  return JSON.stringify({ errors: [{ message: error.message, extensions }] })
}

/** The body of a refusal on any other endpoint, in Hasura's shape. */
export function plainErrorBody(error: GatewayError): string {
  return JSON.stringify({ path: error.path, error: error.message, code: error.code })
}
