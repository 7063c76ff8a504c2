import { clientIp } from '../ratelimit/client-ip.ts'
import { rateLimitError } from '../ratelimit/ratelimit-headers.ts'
import type { Answer, RequestHead } from './answer.ts'
import type { GraphqlParts } from './graphql-parts.ts'
import { errorAnswer, toGatewayError } from './graphql-response.ts'

/**
 * Counts GraphQL that is asked for under another path like that of /v1/graphql, or the path would be a way
 * round the limits. The refusal, when there is one; who is not known is left to Hasura, which refuses too.
 */
export async function limitAlias(
  parts: GraphqlParts,
  head: RequestHead,
  body: Buffer,
): Promise<Answer | undefined> {
  const { headers, socketAddress, trustedHops } = head
  const ip = clientIp(headers, socketAddress, trustedHops)
  try {
    const identity = await parts.identities.resolve(headers)
    parts.documents.refuseUnnamed(identity)
    for (let count = operationCount(parts, body); count > 0; count -= 1) {
      const decision = await parts.limiter.take(identity, ip)
      parts.limitStatistics.decided(decision)
      if (!decision.allowed) throw rateLimitError(decision)
    }
    return undefined
  } catch (error) {
    const told = toGatewayError(error)
    if (!LIMITS.has(told.code)) return undefined
    const { preserve401Errors } = parts
    return errorAnswer(told, { preserve401Errors, mediaType: 'json' })
  }
}

const LIMITS: ReadonlySet<string> = new Set([
  'document-not-trusted',
  'rate-limit-exceeded',
  'store-unavailable',
])

/** One for what cannot be read: Hasura may be able to. */
function operationCount(parts: GraphqlParts, body: Buffer): number {
  try {
    const prepared = parts.requests.prepare(body)
    return prepared.kind === 'batch' ? prepared.members.length : 1
  } catch {
    return 1
  }
}
