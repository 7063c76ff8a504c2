import type { Target } from '../cache/cache-decisions.ts'
import type { CacheTarget } from '../cache/cache-target.ts'
import type { BypassReason } from '../cache/policy.ts'
import type { Lookup } from '../cache/response-cache.ts'
import type { CacheDetail } from '../options.ts'
import { retriedOnce } from '../upstream/retry.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { isOutage, mayHaveArrived } from '../upstream/upstream-error.ts'
import type { Answer } from './answer.ts'
import { bypassHeaders, type Forwarding, storedHeaders, unstoredHeaders } from './cache-headers.ts'
import type { Fetched } from './fetched.ts'
import { bufferedAnswerHeaders } from './forward-headers.ts'
import { fetchShared, ownRequest } from './graphql-fetch.ts'
import type { Ask, GraphqlParts } from './graphql-parts.ts'
import { staleInstead } from './graphql-stale.ts'
import { callUpstream } from './upstream-call.ts'
import { isUpstreamFailure, requireResult } from './upstream-result.ts'

/**
 * Whatever becomes of it, what it may have written is stale before the client hears of it: a mutation whose
 * answer was cut off or came too late may have been executed all the same. It is not ended when its client
 * goes away, nor sent twice.
 */
export async function mutate(parts: GraphqlParts, ask: Ask): Promise<Answer> {
  const { writes } = parts.decisions.plan(ask.prepared, ask.identity.role)
  let answer: UpstreamAnswer
  try {
    const request = ownRequest(parts, ask)
    answer = await callUpstream(parts, ask.identity.role, (signal) =>
      parts.upstream.fetch({ ...request, signal }),
    )
  } catch (error) {
    if (mayHaveArrived(error)) await parts.invalidation.mayHaveWritten(writes, 'mutation')
    throw error
  }
  await parts.invalidation.wrote(writes, 'mutation')
  return passedOn(answer, 'mutation', parts.detailOf(ask.identity.role))
}

/** Asks the upstream for this client alone. `reason` says why. */
export async function bypass(parts: GraphqlParts, ask: Ask, reason: BypassReason): Promise<Answer> {
  parts.requestStatistics.bypasses.add(reason)
  const request = ownRequest(parts, ask)
  const answer = await callUpstream(parts, ask.identity.role, (signal) =>
    retriedOnce(() => parts.upstream.fetch({ ...request, signal })),
  )
  return passedOn(answer, reason, parts.detailOf(ask.identity.role))
}

/**
 * Asks the upstream, together with all who ask the same meanwhile, and keeps the answer if it can be kept.
 * When the upstream fails, an answer that may be served even so takes its place.
 */
export async function fetchAndKeep(
  parts: GraphqlParts,
  ask: Ask,
  decision: Target,
  lookup: Lookup,
): Promise<Answer> {
  const { target, refresh } = decision
  const stamps = await parts.cache.stampsFor(target, lookup)
  try {
    const { result, forwarding } = await fetchShared(parts, ask, decision, stamps)
    if (!isUpstreamFailure(result.answer)) return told(parts, result, target, forwarding)
    const stale = refresh ? undefined : await staleInstead(parts, target)
    if (stale !== undefined) return stale
    requireResult(result.answer)
    return told(parts, result, target, forwarding)
  } catch (error) {
    const stale = refresh || !isOutage(error) ? undefined : await staleInstead(parts, target)
    if (stale === undefined) throw error
    return stale
  }
}

/** An answer that may be kept, in the form it has for everyone: nothing of the upstream's headers but its type. */
function told(
  parts: GraphqlParts,
  { answer, kept }: Fetched,
  target: CacheTarget,
  forwarding: Forwarding,
): Answer {
  const { status, body } = answer
  const outcome = forwarding === 'miss; collapsed' ? 'coalesced' : 'miss'
  if (typeof kept !== 'string') {
    const headers = storedHeaders(kept, target, parts.keptForm, forwarding)
    return { status, headers, body, outcome, etag: kept.etag }
  }
  const own = forwarding === 'miss; collapsed' ? [] : bufferedAnswerHeaders(answer.headers)
  const headers = own.length === 0 ? ['Content-Type', contentTypeOf(answer)] : own
  headers.push(...unstoredHeaders(forwarding, kept, target.detail))
  return { status, headers, body, outcome, etag: undefined }
}

function passedOn(answer: UpstreamAnswer, reason: string, detail: CacheDetail): Answer {
  requireResult(answer)
  const headers = [...bufferedAnswerHeaders(answer.headers), ...bypassHeaders(reason, detail)]
  return { status: answer.status, headers, body: answer.body, outcome: 'bypass', etag: undefined }
}

function contentTypeOf({ headers }: UpstreamAnswer): string {
  return headers['content-type'] ?? ''
}
