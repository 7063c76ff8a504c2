import type { PreparedRequest } from '../graphql/operation.ts'
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
    for (const prepared of operationsOf(parts, body)) {
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
    if (!LIMITS.has(told.code) && !parts.identities.tellsUpstream) return undefined
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

/** One that is not known for what cannot be read: Hasura may be able to. */
function operationsOf(parts: GraphqlParts, body: Buffer): readonly (PreparedRequest | undefined)[] {
  try {
    const prepared = parts.requests.prepare(body)
    if (prepared.kind === 'single') return [prepared]
    if (prepared.kind === 'reference') return [undefined]
    return prepared.members.map(({ request }) => ('operation' in request ? request : undefined))
  } catch {
    return [undefined]
  }
}
