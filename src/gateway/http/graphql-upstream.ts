import type { Target } from '../cache/cache-decisions.ts'
import type { CacheTarget } from '../cache/cache-target.ts'
import type { BypassReason } from '../cache/policy.ts'
import type { Lookup } from '../cache/response-cache.ts'
import { retriedOnce } from '../upstream/retry.ts'
import type { UpstreamAnswer, UpstreamRequest } from '../upstream/upstream-client.ts'
import { isOutage, mayHaveArrived } from '../upstream/upstream-error.ts'
import type { Answer } from './answer.ts'
import { bypassHeaders, type Forwarding, storedHeaders, unstoredHeaders } from './cache-headers.ts'
import type { Fetched } from './fetched.ts'
import {
  bufferedAnswerHeaders,
  ownRequestHeaders,
  sharedRequestHeaders,
} from './forward-headers.ts'
import type { Ask, GraphqlParts } from './graphql-parts.ts'
import { staleInstead } from './graphql-stale.ts'
import {
  invalidResponse,
  isPersonalRefusal,
  isUpstreamFailure,
  requireResult,
} from './upstream-result.ts'

const PATH = '/v1/graphql'

/**
 * Whatever becomes of it, what it may have written is stale before the client hears of it: a mutation whose
 * answer was cut off or came too late may have been executed all the same. It is not ended when its client
 * goes away, nor sent twice.
 */
export async function mutate(parts: GraphqlParts, ask: Ask): Promise<Answer> {
  const { writes } = parts.decisions.plan(ask.prepared, ask.identity.role)
  let answer: UpstreamAnswer
  try {
    answer = await parts.upstream.fetch(ownRequest(parts, ask))
  } catch (error) {
    if (mayHaveArrived(error)) await parts.invalidation.mayHaveWritten(writes, 'mutation')
    throw error
  }
  await parts.invalidation.wrote(writes, 'mutation')
  return passedOn(answer, 'mutation')
}

/** Asks the upstream for this client alone. `reason` says why. */
export async function bypass(parts: GraphqlParts, ask: Ask, reason: BypassReason): Promise<Answer> {
  parts.requestStatistics.bypasses.add(reason)
  const answer = await retriedOnce(() => parts.upstream.fetch(ownRequest(parts, ask)))
  return passedOn(answer, reason)
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

/** Fetches an answer anew for those who come later. Tells whether it was kept. */
export async function fetchAgain(
  parts: GraphqlParts,
  ask: Ask,
  decision: Target,
): Promise<boolean> {
  const stamps = await parts.cache.currentStamps(decision.target)
  if (stamps === undefined) return false
  const { result } = await fetchShared(parts, ask, decision, stamps)
  if (isUpstreamFailure(result.answer)) requireResult(result.answer)
  return typeof result.kept !== 'string'
}

async function fetchShared(
  parts: GraphqlParts,
  ask: Ask,
  { target, refresh }: Target,
  stamps: readonly Buffer[] | undefined,
): Promise<{ readonly result: Fetched; readonly forwarding: Forwarding }> {
  const fetch = async (): Promise<Fetched> => {
    const fetched = await fetchOnce(parts, ask, target, stamps)
    parts.discards.note(target, fetched.kept, parts.clock.nowMs())
    return fetched
  }
  // Without stamps it cannot be told whether a flight began before a write that was answered since.
  if (stamps === undefined) return { result: await fetch(), forwarding: 'miss' }
  // A refresh asks for an answer that is younger than the request: one under way may not be.
  if (refresh) return { result: await fetch(), forwarding: 'request' }
  const { result, isShared } = await parts.flights.fly(flightKey(target, stamps), fetch)
  if (isShared && result.isPersonal && result.identity !== ask.identity) {
    return { result: await fetch(), forwarding: 'miss' }
  }
  if (typeof result.kept !== 'string') parts.compressor.want(target, ask.encoding, result.kept)
  return { result, forwarding: isShared ? 'miss; collapsed' : 'miss' }
}

async function fetchOnce(
  parts: GraphqlParts,
  ask: Ask,
  target: CacheTarget,
  stamps: readonly Buffer[] | undefined,
): Promise<Fetched> {
  const startMs = parts.clock.monotonicMs()
  const request = target.forwardsHeaders ? ownRequest(parts, ask) : sharedRequest(ask)
  const answer = await retriedOnce(() => parts.upstream.fetch(request))
  const fetchMs = parts.clock.monotonicMs() - startMs
  const { identity } = ask
  // Each who waits has something else to serve instead, or nothing.
  if (isUpstreamFailure(answer)) return { answer, identity, kept: 'status', isPersonal: false }
  requireResult(answer)
  if (stamps === undefined) return { answer, identity, kept: 'store', isPersonal: false }
  const kept = await parts.cache.fill(target, stamps, answer, fetchMs)
  if (kept === 'not-json') throw invalidResponse(answer)
  const isError = kept === 'errors' || kept === 'status'
  return { answer, identity, kept, isPersonal: isError && isPersonalRefusal(answer) }
}

/**
 * The stamps are part of it: who asks after a write was answered finds others, and does not join a flight
 * that began before the write.
 */
function flightKey(target: CacheTarget, stamps: readonly Buffer[]): string {
  return [target.digest, ...stamps].map((bytes) => bytes.toString('latin1')).join('')
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
  headers.push(...unstoredHeaders(forwarding, kept))
  return { status, headers, body, outcome, etag: undefined }
}

function passedOn(answer: UpstreamAnswer, reason: string): Answer {
  requireResult(answer)
  const headers = [...bufferedAnswerHeaders(answer.headers), ...bypassHeaders(reason)]
  return { status: answer.status, headers, body: answer.body, outcome: 'bypass', etag: undefined }
}

function contentTypeOf({ headers }: UpstreamAnswer): string {
  return headers['content-type'] ?? ''
}

function ownRequest(parts: GraphqlParts, { head, identity, body }: Ask): UpstreamRequest {
  const headers = ownRequestHeaders(head, identity, parts.sessionCookieName)
  return { method: 'POST', path: PATH, headers, body }
}

function sharedRequest({ head, identity, body }: Ask): UpstreamRequest {
  return { method: 'POST', path: PATH, headers: sharedRequestHeaders(head, identity), body }
}
