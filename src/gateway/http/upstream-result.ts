import { GatewayError } from '../errors.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'

/**
 * Throws unless an answer may be a GraphQL result. A proxy between, another program at Hasura's address or
 * half an answer would make the client's GraphQL library stumble. What came with 200 is not parsed for it:
 * some are large.
 */
export function requireResult(answer: UpstreamAnswer): void {
  if (!hasJsonType(answer) || !hasBraces(answer.body)) throw invalidResponse(answer)
  if (answer.status === 200) return
  const result = parseObject(answer.body)
  if (!('data' in result || 'errors' in result)) throw invalidResponse(answer)
}

/** The upstream says itself that it is at fault, or what stands between says it for it. */
export function isUpstreamFailure({ status }: UpstreamAnswer): boolean {
  return status >= FAILURES_FROM
}

const FAILURES_FROM = 500

export function invalidResponse({ status }: UpstreamAnswer): GatewayError {
  const message = `the upstream did not answer with a GraphQL result but with status ${status}`
  return new GatewayError('upstream-invalid-response', message)
}

/** Hasura's codes for what is wrong with who asks: another one may be answered. */
const PERSONAL_CODES: ReadonlySet<unknown> = new Set([
  'access-denied',
  'invalid-headers',
  'invalid-jwt',
  'jwt-invalid-claims',
  'jwt-missing-role-claims',
  // A session variable is missing.
  'not-found',
])

export function isPersonalRefusal({ status, body }: UpstreamAnswer): boolean {
  if (status === 401 || status === 403) return true
  const { errors } = parseObject(body)
  return Array.isArray(errors) && errors.some((error: unknown) => PERSONAL_CODES.has(codeOf(error)))
}

function codeOf(error: unknown): unknown {
  const extensions = member(error, 'extensions')
  return member(extensions, 'code')
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined
}

function hasJsonType({ headers }: UpstreamAnswer): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '')
}

const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d
const SPACE = 0x20

function hasBraces(body: Buffer): boolean {
  let start = 0
  let end = body.length - 1
  while (start < end && body.readUInt8(start) <= SPACE) start += 1
  while (start < end && body.readUInt8(end) <= SPACE) end -= 1
  return start < end && body[start] === OPENING_BRACE && body[end] === CLOSING_BRACE
}

interface PossibleResult {
  readonly data?: unknown
  readonly errors?: unknown
}

function parseObject(body: Buffer): PossibleResult {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
