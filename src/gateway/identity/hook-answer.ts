import { GatewayError } from '../errors.ts'
import { isJsonObject, parseJson } from '../graphql/lossless-json.ts'
import type { JsonObject } from '../graphql/operation.ts'
import { ROLE_HEADER } from './identity-headers.ts'
import { cacheControlDirectives } from './jwks-lifetime.ts'
import { unsendableVariable } from './upstream-session.ts'

/** Who the webhook says it is. */
export interface HookAnswer {
  /** Names in lower case; `x-hasura-role` is among them and not empty. */
  readonly session: ReadonlyMap<string, string>
  /** From then on the answer no longer holds; Infinity when it does not say. */
  readonly expiresAtMs: number
  /** It may be given again to the same question, until then. */
  readonly isReusable: boolean
}

const VARIABLE_PREFIX = 'x-hasura-'
/** mkUserInfo of v2 drops them, and honours the last with an admin secret only. */
const NEVER_VARIABLES: readonly string[] = [
  'x-hasura-admin-secret',
  'x-hasura-access-key',
  'x-hasura-use-backend-only-permissions',
]
const DEPTH_MAX = 8
/** RFC 1123, as Hasura reads it. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Refuses in Hasura's words what Hasura refuses; see mkUserInfoFromResp of v2. */
export function readHookAnswer(status: number, body: Buffer, nowMs: number): HookAnswer {
  if (status === 401) {
    throw new GatewayError('access-denied', 'Authentication hook unauthorized this request')
  }
  if (status !== 200) throw invalidAnswer('')
  const answer = readTexts(body)
  const session = sessionIn(answer)
  if ((session.get(ROLE_HEADER) ?? '') === '') {
    throw new GatewayError('invalid-params', `"${ROLE_HEADER}" not found in session variables`)
  }
  const unsendable = unsendableVariable(session)
  if (unsendable !== undefined) {
    throw invalidAnswer(`: "${unsendable}" does not fit into a header`)
  }
  const expiresAtMs = expiryOf(answer, nowMs) ?? Number.POSITIVE_INFINITY
  const isReusable = Number.isFinite(expiresAtMs) && !forbidsReuse(answer.get('Cache-Control'))
  return { session, expiresAtMs, isReusable }
}

/** Of the webhook, not of the client. To Hasura it is an internal error all the same. */
export function invalidAnswer(why: string): GatewayError {
  const message = `Invalid response from authorization hook${why}`
  return new GatewayError('unexpected', message, { isBug: false })
}

/** An object of texts, and no key twice: of two roles it could not be told which is meant. */
function readTexts(body: Buffer): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const [name, value] of readObject(body)) {
    if (typeof value !== 'string') throw invalidAnswer(`: "${name}" is no text`)
    texts.set(name, value)
  }
  return texts
}

function readObject(body: Buffer): JsonObject {
  try {
    const { value } = parseJson(body, DEPTH_MAX)
    if (isJsonObject(value)) return value
  } catch {
    // Told below, like JSON that is no object.
  }
  throw invalidAnswer(': it is no JSON object')
}

function sessionIn(answer: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const session = new Map<string, string>()
  for (const [written, value] of answer) {
    const name = written.toLowerCase()
    if (!name.startsWith(VARIABLE_PREFIX) || NEVER_VARIABLES.includes(name)) continue
    if (session.has(name)) throw invalidAnswer(`: "${name}" is there in two spellings`)
    session.set(name, value)
  }
  return session
}

/** Fields of the body, not headers, in this very spelling. What cannot be read is as if it were not there. */
function expiryOf(answer: ReadonlyMap<string, string>, nowMs: number): number | undefined {
  const directives = cacheControlDirectives(answer.get('Cache-Control') ?? '')
  const seconds = directives.get('max-age') ?? directives.get('s-maxage')
  if (seconds !== undefined && /^\d{1,10}$/.test(seconds)) return nowMs + Number(seconds) * 1_000
  const expires = answer.get('Expires') ?? ''
  const expiresAtMs = HTTP_DATE.test(expires) ? Date.parse(expires) : Number.NaN
  return Number.isNaN(expiresAtMs) ? undefined : expiresAtMs
}

function forbidsReuse(cacheControl = ''): boolean {
  const directives = cacheControlDirectives(cacheControl)
  return directives.has('no-store') || directives.has('no-cache')
}
