import { GatewayError } from '../errors.ts'
import type { DocumentReference, PreparedBatch, PreparedRequest } from '../graphql/operation.ts'
import { isQueryLimitCode } from '../limits/limit-errors.ts'
import type { Answer, RequestHead } from './answer.ts'
import type { GraphqlParts } from './graphql-parts.ts'
import { errorAnswer, toGatewayError } from './graphql-response.ts'

/**
 * Counts GraphQL that is asked for under another path like that of /v1/graphql, or the path would be a way
 * round the limits. The refusal, when there is one; who is not known is left to Hasura, which refuses too, but
 * where the gateway alone can tell.
 */
export async function limitAlias(
  parts: GraphqlParts,
  head: RequestHead,
  body: Buffer,
): Promise<Answer | undefined> {
  try {
    const identity = await parts.identities.resolve(head.headers, body)
    parts.documents.refuseUnnamed(identity)
    const asked = askedIn(parts, body)
    checkQueryLimits(parts, asked, { role: identity.role, bodyBytes: body.length })
    for (const prepared of operationsOf(asked)) {
      const taken = await parts.limiter.take({ identity, head, prepared })
      // The answer is passed on unread: the estimate stands.
      const whole = taken.allowed ? await parts.limiter.reserve(taken, false) : taken
      parts.limitStatistics.decided(whole)
      if (!whole.allowed) throw parts.limiter.refusal(whole)
    }
    return undefined
  } catch (error) {
    const told = toGatewayError(error)
    if (told.isBug) throw error
    const isLimit = LIMITS.has(told.code) || isQueryLimitCode(told.code)
    if (!isLimit && !parts.identities.tellsUpstream) return undefined
    parts.queryLimitStatistics.refused(told.code)
    const { preserve401Errors } = parts
    return errorAnswer(told, { preserve401Errors, mediaType: 'json' })
  }
}

const LIMITS: ReadonlySet<string> = new Set([
  'document-not-trusted',
  'rate-limit-exceeded',
  'cost-limit-exceeded',
  'store-unavailable',
])

type Asked = PreparedRequest | PreparedBatch | DocumentReference | undefined

/** `undefined` for what cannot be read: Hasura may be able to. What is beyond the limits is refused. */
function askedIn(parts: GraphqlParts, body: Buffer): Asked {
  try {
    return parts.requests.prepare(body)
  } catch (error) {
    if (isQueryLimitCode(toGatewayError(error).code)) throw error
    return undefined
  }
}

/** One that is not known for what names its document, or cannot be read. */
function operationsOf(asked: Asked): readonly (PreparedRequest | undefined)[] {
  if (asked?.kind === 'single') return [asked]
  if (asked?.kind !== 'batch') return [undefined]
  return asked.members.map(({ request }) => ('operation' in request ? request : undefined))
}

interface Sent {
  readonly role: string
  readonly bodyBytes: number
}

function checkQueryLimits(parts: GraphqlParts, asked: Asked, { role, bodyBytes }: Sent): void {
  const { queryLimits } = parts
  queryLimits.checkBody(bodyBytes, role)
  if (asked?.kind === 'single') queryLimits.check(asked, role)
  if (asked?.kind !== 'batch') return
  queryLimits.checkBatch(asked.members.length, role)
  for (const { request } of asked.members) {
    if (request instanceof GatewayError && isQueryLimitCode(request.code)) throw request
    if ('operation' in request) queryLimits.check(request, role)
  }
}
