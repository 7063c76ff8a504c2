import type { Target } from '../cache/cache-decisions.ts'
import type { CacheEntry } from '../cache/cache-entry.ts'
import type { CacheTarget } from '../cache/cache-target.ts'
import type { RefreshResult } from '../cache/refresher.ts'
import { retriedOnce } from '../upstream/retry.ts'
import type { UpstreamRequest } from '../upstream/upstream-client.ts'
import type { Forwarding } from './cache-headers.ts'
import type { Fetched } from './fetched.ts'
import { ownRequestHeaders, sharedRequestHeaders } from './forward-headers.ts'
import type { Ask, GraphqlParts } from './graphql-parts.ts'
import { JSON_TYPE } from './graphql-response.ts'
import { callUpstream } from './upstream-call.ts'
import {
  invalidResponse,
  isPersonalRefusal,
  isUpstreamFailure,
  requireResult,
} from './upstream-result.ts'

const PATH = '/v1/graphql'

export type Stamps = readonly Buffer[] | undefined

/** Fetches an answer together with all who ask the same meanwhile, and keeps it if it can be kept. */
export async function fetchShared(
  parts: GraphqlParts,
  ask: Ask,
  { target, refresh }: Target,
  stamps: Stamps,
): Promise<{ readonly result: Fetched; readonly forwarding: Forwarding }> {
  // Without stamps it cannot be told whether a flight began before a write that was answered since.
  if (stamps === undefined) {
    return { result: await fetchNoted(parts, ask, target, stamps), forwarding: 'miss' }
  }
  // A refresh asks for an answer that is younger than the request: one under way may not be.
  if (refresh) {
    return { result: await fetchNoted(parts, ask, target, stamps), forwarding: 'request' }
  }
  const key = flightKey(target, stamps)
  const fetch = (): Promise<Fetched> => fetchForGateways(parts, ask, target, { stamps, key })
  const { result, isShared } = await parts.flights.fly(key, fetch)
  if (isShared && result.isPersonal && result.identity !== ask.identity) {
    return { result: await fetchNoted(parts, ask, target, stamps), forwarding: 'miss' }
  }
  if (typeof result.kept !== 'string') parts.compressor.want(target, ask.encoding, result.kept)
  const isCollapsed = isShared || result.isCollapsed
  return { result, forwarding: isCollapsed ? 'miss; collapsed' : 'miss' }
}

/** Fetches an answer anew for those who come later, unless another gateway does. */
export async function fetchAgain(
  parts: GraphqlParts,
  ask: Ask,
  decision: Target,
): Promise<RefreshResult> {
  const stamps = await parts.cache.currentStamps(decision.target)
  if (stamps === undefined) return 'unkept'
  const { result } = await fetchShared(parts, ask, decision, stamps)
  if (isUpstreamFailure(result.answer)) requireResult(result.answer)
  if (typeof result.kept === 'string') return 'unkept'
  return result.isCollapsed ? 'elsewhere' : 'kept'
}

interface Flight {
  readonly stamps: readonly Buffer[]
  readonly key: string
}

/** Once for all gateways of the store, where they have agreed on it. */
async function fetchForGateways(
  parts: GraphqlParts,
  ask: Ask,
  target: CacheTarget,
  { stamps, key }: Flight,
): Promise<Fetched> {
  const fetch = (): Promise<Fetched> => fetchNoted(parts, ask, target, stamps)
  if (parts.fillLocks === undefined) return await fetch()
  return await parts.fillLocks.fill(key, {
    fetch,
    isKept: ({ kept }) => typeof kept !== 'string',
    find: () => foundOrFetched(parts, ask, target),
  })
}

/** Another gateway has kept the answer; it is served by the same rules as any entry, for it may be stale by now. */
async function foundOrFetched(
  parts: GraphqlParts,
  ask: Ask,
  target: CacheTarget,
): Promise<Fetched> {
  const lookup = await parts.cache.lookUp(target, parts.clock.nowMs())
  if (lookup.entry !== undefined) return collapsed(ask, lookup.entry)
  return await fetchNoted(parts, ask, target, await parts.cache.stampsFor(target, lookup))
}

function collapsed({ identity }: Ask, entry: CacheEntry): Fetched {
  const { etag, body, storedAtMs, expiresAtMs } = entry
  return {
    answer: { status: 200, headers: { 'content-type': JSON_TYPE }, body },
    identity,
    kept: { encoding: 'identity', etag, body, storedAtMs, expiresAtMs },
    isPersonal: false,
    isCollapsed: true,
  }
}

async function fetchNoted(
  parts: GraphqlParts,
  ask: Ask,
  target: CacheTarget,
  stamps: Stamps,
): Promise<Fetched> {
  const fetched = await fetchOnce(parts, ask, target, stamps)
  parts.discards.note(target, fetched.kept, parts.clock.nowMs())
  return fetched
}

async function fetchOnce(
  parts: GraphqlParts,
  ask: Ask,
  target: CacheTarget,
  stamps: Stamps,
): Promise<Fetched> {
  const startMs = parts.clock.monotonicMs()
  const request = target.forwardsHeaders ? ownRequest(parts, ask) : sharedRequest(ask)
  const answer = await callUpstream(parts, ask.identity.role, (signal) =>
    retriedOnce(() => parts.upstream.fetch({ ...request, signal })),
  )
  const fetchMs = parts.clock.monotonicMs() - startMs
  const own = { answer, identity: ask.identity, isPersonal: false, isCollapsed: false }
  // Each who waits has something else to serve instead, or nothing.
  if (isUpstreamFailure(answer)) return { ...own, kept: 'status' }
  requireResult(answer)
  if (stamps === undefined) return { ...own, kept: 'store' }
  const kept = await parts.cache.fill(target, stamps, answer, fetchMs)
  if (kept === 'not-json') throw invalidResponse(answer)
  const isError = kept === 'errors' || kept === 'status'
  return { ...own, kept, isPersonal: isError && isPersonalRefusal(answer) }
}

/**
 * The stamps are part of it: who asks after a write was answered finds others, and does not join a flight
 * that began before the write.
 */
function flightKey(target: CacheTarget, stamps: readonly Buffer[]): string {
  return [target.digest, ...stamps].map((bytes) => bytes.toString('latin1')).join('')
}

/** For who asks alone: with all of the client's headers that are passed on. */
export function ownRequest(parts: GraphqlParts, { head, identity, body }: Ask): UpstreamRequest {
  const headers = ownRequestHeaders(head, identity, parts.sessionCookieName)
  return { method: 'POST', path: PATH, headers, body }
}

function sharedRequest({ head, identity, body }: Ask): UpstreamRequest {
  return { method: 'POST', path: PATH, headers: sharedRequestHeaders(head, identity), body }
}
