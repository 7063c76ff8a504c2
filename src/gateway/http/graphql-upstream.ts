import type { Target } from '../cache/cache-decisions.ts'
import type { CacheTarget } from '../cache/cache-target.ts'
import type { BypassReason } from '../cache/policy.ts'
import type { Filled, Lookup } from '../cache/response-cache.ts'
import type { Identity } from '../identity/identity.ts'
import { retriedOnce } from '../upstream/retry.ts'
import type { UpstreamAnswer, UpstreamRequest } from '../upstream/upstream-client.ts'
import { mayHaveArrived } from '../upstream/upstream-error.ts'
import type { Answer } from './answer.ts'
import { bypassHeaders, type Forwarding, storedHeaders, unstoredHeaders } from './cache-headers.ts'
import {
  bufferedAnswerHeaders,
  ownRequestHeaders,
  sharedRequestHeaders,
} from './forward-headers.ts'
import type { Ask, GraphqlParts } from './graphql-route.ts'
import { invalidResponse, isPersonalRefusal, requireResult } from './upstream-result.ts'

const PATH = '/v1/graphql'

/** What one fetch got, for all who waited for it. */
export interface Fetched {
  readonly answer: UpstreamAnswer
  /** As whom it was fetched. */
  readonly identity: Identity
  /** `undefined` when it could not be kept. */
  readonly filled: Filled | undefined
  /** A refusal of who asked, not of what was asked. */
  readonly isPersonal: boolean
}

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

/** Asks the upstream, together with all who ask the same meanwhile, and keeps the answer if it can be kept. */
export async function fetchAndKeep(
  parts: GraphqlParts,
  ask: Ask,
  { target, refresh }: Target,
  lookup: Lookup,
): Promise<Answer> {
  const stamps = await parts.cache.stampsFor(target, lookup)
  const fetch = (): Promise<Fetched> => fetchOnce(parts, ask, target, stamps)
  // Without stamps it cannot be told whether a flight began before a write that was answered since.
  if (stamps === undefined) return told(await fetch(), target, 'miss')
  // A refresh asks for an answer that is younger than the request: one under way may not be.
  if (refresh) return told(await fetch(), target, 'request')
  const { result, isShared } = await parts.flights.fly(flightKey(target, stamps), fetch)
  if (isShared && result.isPersonal && result.identity !== ask.identity) {
    return told(await fetch(), target, 'miss')
  }
  return told(result, target, isShared ? 'miss; collapsed' : 'miss')
}

async function fetchOnce(
  parts: GraphqlParts,
  ask: Ask,
  target: CacheTarget,
  stamps: readonly Buffer[] | undefined,
): Promise<Fetched> {
  const request = target.forwardsHeaders ? ownRequest(parts, ask) : sharedRequest(ask)
  const answer = await retriedOnce(() => parts.upstream.fetch(request))
  requireResult(answer)
  const { identity } = ask
  if (stamps === undefined) return { answer, identity, filled: undefined, isPersonal: false }
  const kept = await parts.cache.fill(target, stamps, answer)
  if (typeof kept !== 'string') return { answer, identity, filled: kept, isPersonal: false }
  if (kept === 'not-json') throw invalidResponse(answer)
  const isError = kept === 'errors' || kept === 'status'
  return { answer, identity, filled: undefined, isPersonal: isError && isPersonalRefusal(answer) }
}

/**
 * The stamps are part of it: who asks after a write was answered finds others, and does not join a flight
 * that began before the write.
 */
function flightKey(target: CacheTarget, stamps: readonly Buffer[]): string {
  return [target.digest, ...stamps].map((bytes) => bytes.toString('latin1')).join('')
}

/** An answer that may be kept, in the form it has for everyone: nothing of the upstream's headers but its type. */
function told({ answer, filled }: Fetched, target: CacheTarget, forwarding: Forwarding): Answer {
  const { status, body } = answer
  const outcome = forwarding === 'miss; collapsed' ? 'coalesced' : 'miss'
  if (filled !== undefined) {
    const headers = storedHeaders(filled, target, forwarding)
    return { status, headers, body, outcome, etag: filled.etag }
  }
  const kept = forwarding === 'miss; collapsed' ? [] : bufferedAnswerHeaders(answer.headers)
  const headers = kept.length === 0 ? ['Content-Type', contentTypeOf(answer)] : kept
  headers.push(...unstoredHeaders(forwarding))
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
