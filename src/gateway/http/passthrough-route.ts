import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Dispatcher } from 'undici'
import type { Logger } from '../../shared/logger.ts'
import { EVERYTHING } from '../cache/epochs.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { Identity } from '../identity/identity.ts'
import type { IdentityResolver } from '../identity/resolve-identity.ts'
import type { Tag } from '../metadata/plan.ts'
import { refuseUnprovenGet } from '../session/cross-site.ts'
import type { SessionCookie } from '../session/session-cookie.ts'
import type { UpstreamClient } from '../upstream/upstream-client.ts'
import { mayHaveArrived } from '../upstream/upstream-error.ts'
import type { RequestHead } from './answer.ts'
import { answerHeaders, passthroughRequestHeaders } from './forward-headers.ts'

export interface PassthroughParts {
  readonly upstream: UpstreamClient
  readonly identities: IdentityResolver
  /** `undefined` when there are no sessions. */
  readonly sessionCookie: SessionCookie | undefined
  readonly invalidation: Invalidation
  /** Hasura's metadata may just have been changed. */
  readonly refreshMetadata: () => Promise<void>
  readonly log: Logger
}

export interface Exchange {
  readonly head: RequestHead
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Of a body that was read to learn what it writes; `undefined` leaves it in `request`. */
  readonly body?: Buffer
  /** What of the cache is stale once the upstream has answered; nothing for a read. */
  readonly writes: readonly Tag[]
  /** Whether it may change Hasura's metadata too. */
  readonly mayChangeMetadata: boolean
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * What a request may write that the gateway does not read. Everything but GET, HEAD and OPTIONS may (run_sql,
 * REST endpoints, metadata), whatever its path looks like: Hasura's router takes more spellings of a path
 * than would be safe to list here.
 */
export function writesOfMethod(method: string | undefined): readonly Tag[] {
  return SAFE_METHODS.has(method ?? '') ? [] : [EVERYTHING]
}

/** A stored GraphQL request, which changes no metadata; only where nobody could read the path otherwise. */
const REST_PATH = /^\/api\/rest\/[\w/-]+(?:\?|$)/

export function mayChangeMetadata({ method, url = '' }: IncomingMessage): boolean {
  return writesOfMethod(method).length > 0 && !(REST_PATH.test(url) && !url.includes('//'))
}

/**
 * Sends what the gateway does not answer to Hasura, which judges it, and its answer back, both as streams.
 * What it may have written is stale before the client sees the answer, unless Hasura refused it.
 */
export async function passThrough(parts: PassthroughParts, exchange: Exchange): Promise<void> {
  const { head, request, response } = exchange
  const identity = await identityToTell(parts, exchange)
  if (identity?.kind === 'session' && SAFE_METHODS.has(request.method ?? '')) {
    refuseUnprovenGet(head.headers)
  }
  const upstream = await send(parts, exchange, identity)
  try {
    if (await mayHaveExecuted(parts, exchange, upstream.statusCode)) {
      await invalidate(parts, exchange)
    }
    const headers = answerHeaders(upstream.headers)
    headers.push('X-Request-Id', head.requestId)
    response.writeHead(upstream.statusCode, headers)
  } catch (error) {
    // Unread, it would keep its connection for ever.
    upstream.body.destroy()
    throw error
  }
  try {
    await pipeline(upstream.body, response)
  } catch (error) {
    // Too late for an error of ours: both sides see the connection end.
    parts.log.debug({ err: error, path: request.url }, 'an answer was cut off')
  }
}

/** GraphQL under other names: the only other paths on which who asks may be somebody else than an admin. */
const GRAPHQL_PATH = /^\/(?:v1alpha1\/graphql|v1beta1\/relay|api\/rest\/.*)(?:\?|$)/

/**
 * Who asks, when Hasura would not find out by itself. Only for GraphQL: the admin secret must not go where an
 * endpoint might ask for nothing else.
 */
async function identityToTell(
  parts: PassthroughParts,
  { head, request, body }: Exchange,
): Promise<Identity | undefined> {
  if (!parts.identities.tellsUpstream) return await sessionIdentity(parts, head)
  if (!GRAPHQL_PATH.test(request.url ?? '')) {
    await parts.identities.refuseRevoked(head.headers)
    return undefined
  }
  const identity = await parts.identities.resolve(head.headers, body)
  return identity.kind === 'admin' ? undefined : identity
}

/**
 * Who a session cookie says the client is, unless he shows an admin secret; `undefined` when Hasura shall see. Rejects
 * as well when a token was revoked, which Hasura cannot know.
 */
export async function sessionIdentity(
  parts: Pick<PassthroughParts, 'identities' | 'sessionCookie'>,
  head: Pick<RequestHead, 'headers'>,
): Promise<Identity | undefined> {
  if (parts.sessionCookie?.read(head.headers.cookie) === undefined) {
    await parts.identities.refuseRevoked(head.headers)
    return undefined
  }
  const identity = await parts.identities.resolve(head.headers)
  return identity.kind === 'session' ? identity : undefined
}

async function send(
  parts: PassthroughParts,
  exchange: Exchange,
  identity: Identity | undefined,
): Promise<Dispatcher.ResponseData> {
  const { head, request, response, writes } = exchange
  const abandoned = new AbortController()
  // A client that goes away ends a read. A write goes on, or its outcome would stay unknown.
  if (writes.length === 0) {
    response.once('close', () => abandoned.abort())
    if (response.closed) abandoned.abort()
  }
  try {
    return await parts.upstream.stream({
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: passthroughRequestHeaders(head, identity, parts.sessionCookie?.name ?? ''),
      body: exchange.body ?? (hasBody(request) ? request : null),
      signal: abandoned.signal,
    })
  } catch (error) {
    if (mayHaveArrived(error)) await invalidate(parts, exchange, true)
    throw error
  }
}

async function invalidate(
  parts: PassthroughParts,
  exchange: Exchange,
  isInDoubt = false,
): Promise<void> {
  const { invalidation } = parts
  const { writes } = exchange
  if (writes.length === 0) return
  if (exchange.mayChangeMetadata) await parts.refreshMetadata()
  if (isInDoubt) await invalidation.mayHaveWritten(writes, 'passthrough')
  else await invalidation.wrote(writes, 'passthrough')
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Hasura did not know who asks, or for what. */
const EXECUTED_NOTHING: ReadonlySet<number> = new Set([401, 404, 405])

/**
 * An error of Hasura's may stand behind something that it did execute: the first half of a bulk, an action
 * before the mutation that failed. But nobody shall empty the cache whom it does not know, and it refuses
 * bad tokens with 400 as well.
 */
async function mayHaveExecuted(
  parts: PassthroughParts,
  exchange: Exchange,
  status: number,
): Promise<boolean> {
  if (EXECUTED_NOTHING.has(status)) return false
  if (status < 400 || status >= 500) return true
  try {
    await parts.identities.resolve(exchange.head.headers, exchange.body)
    return true
  } catch {
    return false
  }
}
