import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { Awaitable } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { WrittenTags } from '../cache/written-tags.ts'
import { GatewayError } from '../errors.ts'
import type { RequestHead } from '../http/answer.ts'
import { passthroughRequestHeaders } from '../http/forward-headers.ts'
import { toGatewayError } from '../http/graphql-response.ts'
import { sessionIdentity } from '../http/passthrough-route.ts'
import type { SocketDecision, SocketOperation } from '../http/socket-operation.ts'
import type { Identity } from '../identity/identity.ts'
import type { IdentityResolver } from '../identity/resolve-identity.ts'
import type { RequestLimits, UpstreamOptions } from '../options.ts'
import type { Denials } from '../revocation/denials.ts'
import { concernsToken, type Revocation } from '../revocation/revocation.ts'
import type { RevocationFeed } from '../revocation/revocation-feed.ts'
import type { SessionCookie } from '../session/session-cookie.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { WebSocketsSnapshot } from '../statistics/snapshot.ts'
import { parseUpstreamUrl } from '../upstream/upstream-url.ts'
import {
  refusalText,
  refuseBadHandshake,
  relayRefusal,
  subprotocolFor,
  TRANSPORT,
} from './handshake.ts'
import { MutationTracker } from './mutation-tracker.ts'
import { SocketOperations } from './socket-operations.ts'
import { WebSocketRelay } from './websocket-relay.ts'

export interface WebSocketProxyOptions {
  readonly upstream: UpstreamOptions
  readonly limits: RequestLimits
  readonly identities: IdentityResolver
  readonly sessions: SessionStore
  readonly denials: Denials
  readonly feed: RevocationFeed
  readonly sessionCookie: SessionCookie | undefined
  readonly invalidation: Invalidation
  readonly writtenTags: WrittenTags
  /** Headers that hold a token, in lower case. */
  readonly tokenHeaders: readonly string[]
  readonly decide: (operation: SocketOperation) => Awaitable<SocketDecision>
  readonly clock: Clock
  readonly log: Logger
}

export interface Upgrade {
  readonly head: RequestHead
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What the client sent behind its request. */
  readonly firstBytes: Buffer
}

interface OpenedSocket {
  readonly client: WebSocket
  readonly upstream: WebSocket
  readonly head: RequestHead
  readonly identity: Identity | undefined
}

const PATHS = new Set(['/v1/graphql', '/v1alpha1/graphql', '/v1beta1/relay'])
const HANDSHAKE_HEADER = 'sec-websocket-'
const MUTATIONS_MAX = 1_000
const EXPIRY_CHECK_INTERVAL_MS = 1_000
/** Sessions that were not used for too long end without a word: looked for every so manieth time. */
const CHECKS_PER_SESSION_CHECK = 30
/** Tokens and sessions that one client may have shown: in its handshake, and in its `connection_init`. */
const SHOWN_MAX = 4
const GOING_AWAY = 1001
const STOPPING = 'the gateway is stopping'
/** As Hasura ends a connection whose token has expired, and graphql-transport-ws names it. */
const FORBIDDEN = 4403
/** In graphql-transport-ws nobody tries again after it with the same token. */
const UNAUTHORIZED = 4401
const TRY_AGAIN_LATER = 1013
const ENDED = 'the session has ended'
const REVOKED = 'the token was revoked'
const EXPIRED = 'who asks has expired: the token, or what the webhook said'
/** Says nothing of who asks. */
const NOBODY: Identity = {
  kind: 'unauthorized',
  role: '',
  userId: undefined,
  sessionVariables: new Map(),
  expiresAtMs: Number.POSITIVE_INFINITY,
  upstreamHeaders: new Map(),
  sessionId: undefined,
}

/** A client, as far as it is known who it is. */
interface Holder {
  /** Who asks over the connection, which ends with them. */
  identity: Identity | undefined
  /** Whatever can be revoked of what was shown. */
  readonly shown: Identity[]
}

/**
 * WebSockets to Hasura: each client gets a connection of its own, opened before the client's is accepted, so
 * that a refusal arrives as Hasura words it. A connection opened with a session cookie ends with its session, and one
 * whose token is revoked with that.
 */
export class WebSocketProxy {
  #openedCount = 0
  #refusedCount = 0
  readonly #options: WebSocketProxyOptions
  readonly #server: WebSocketServer
  readonly #clients = new Map<WebSocket, Holder>()
  readonly #relays = new Set<WebSocketRelay>()
  /** To the upstream, for clients that are not accepted yet. */
  readonly #opening = new Set<WebSocket>()
  #check: NodeJS.Timeout | undefined
  #checkCount = 0
  #isStopping = false
  #lastEnded: (() => void) | undefined

  constructor(options: WebSocketProxyOptions) {
    this.#options = options
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: options.limits.bodyBytesMax,
      perMessageDeflate: false,
      handleProtocols: (wished, request) => {
        const subprotocol = subprotocolFor(request)
        return wished.has(subprotocol) && subprotocol
      },
    })
    options.feed.listen({
      revoked: (revocation) => this.#revoked(revocation),
      missed: () => void this.#recheck(),
    })
  }

  snapshot(): WebSocketsSnapshot {
    return {
      open: this.#clients.size,
      opened: this.#openedCount,
      refused: this.#refusedCount,
    }
  }

  start(): void {
    this.#check = setInterval(() => this.#checkClients(), EXPIRY_CHECK_INTERVAL_MS)
    this.#check.unref()
  }

  /** Takes no more and asks those there are to end. Resolves when they have, which `terminate` makes sure of. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#check)
    for (const opening of this.#opening) opening.terminate()
    for (const client of this.#clients.keys()) client.close(GOING_AWAY, STOPPING)
    if (this.#relays.size === 0) return
    await new Promise<void>((resolve) => {
      this.#lastEnded = resolve
    })
  }

  /** Ends all that is left, mutations that are still followed for clients that went away as well. */
  terminate(): void {
    for (const relay of this.#relays) relay.terminate()
    for (const client of this.#clients.keys()) client.terminate()
  }

  accept(upgrade: Upgrade): void {
    const { socket } = upgrade
    socket.on('error', () => socket.destroy())
    this.#admit(upgrade).catch((error: unknown) => this.#refuse(socket, toGatewayError(error)))
  }

  async #admit(upgrade: Upgrade): Promise<void> {
    const { request, socket, head } = upgrade
    this.#refuseStopping()
    refuseBadHandshake(request)
    const path = new URL(request.url ?? '/', 'http://upstream').pathname
    if (!PATHS.has(path)) throw new GatewayError('not-found', 'resource does not exist')
    const identity = await sessionIdentity(this.#options, head)
    this.#refuseStopping()
    if (!socket.destroyed) this.#connect(upgrade, identity)
  }

  #refuseStopping(): void {
    if (!this.#isStopping) return
    const headers = { 'Retry-After': '0' }
    throw new GatewayError('unexpected', STOPPING, { status: 503, headers })
  }

  #connect(upgrade: Upgrade, identity: Identity | undefined): void {
    const { request, socket } = upgrade
    const { upstream, limits } = this.#options
    const { origin, pathPrefix } = parseUpstreamUrl(upstream.url)
    const url = `${origin.replace(/^http/, 'ws')}${pathPrefix}${request.url ?? '/'}`
    const toUpstream = new WebSocket(url, subprotocolFor(request), {
      headers: this.#handshakeHeaders(upgrade.head, identity),
      handshakeTimeout: upstream.connectTimeoutMs,
      maxPayload: Math.max(upstream.responseBytesMax, limits.bodyBytesMax),
      perMessageDeflate: false,
      followRedirects: false,
    })
    this.#opening.add(toUpstream)
    const onClientGone = (): void => toUpstream.terminate()
    const onFailure = (error: Error): void => {
      socket.off('close', onClientGone)
      this.#opening.delete(toUpstream)
      const message = 'the upstream cannot be reached'
      this.#refuse(socket, new GatewayError('upstream-unreachable', message, { cause: error }))
    }
    socket.once('close', onClientGone)
    toUpstream.once('error', onFailure)
    // One error may follow another; without a listener it would end the process.
    toUpstream.on('error', () => undefined)
    toUpstream.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
      toUpstream.off('error', onFailure)
      this.#opening.delete(toUpstream)
      this.#refusedCount += 1
      relayRefusal(response, socket)
    })
    toUpstream.once('open', () => {
      socket.off('close', onClientGone)
      toUpstream.off('error', onFailure)
      this.#opening.delete(toUpstream)
      this.#upgradeClient(upgrade, toUpstream, identity)
    })
  }

  #upgradeClient(upgrade: Upgrade, toUpstream: WebSocket, identity: Identity | undefined): void {
    const { head, request, socket, firstBytes } = upgrade
    let isOpen = false
    this.#server.handleUpgrade(request, socket, firstBytes, (client) => {
      isOpen = true
      this.#open({ client, upstream: toUpstream, head, identity })
    })
    // The client is gone, or its handshake is one that ws refuses.
    if (!isOpen) toUpstream.terminate()
  }

  #open({ client, upstream, head, identity }: OpenedSocket): void {
    const { writtenTags, invalidation, limits } = this.#options
    this.#openedCount += 1
    this.#clients.set(client, { identity, shown: [] })
    if (identity === undefined) void this.#track(client, head.headers)
    else this.#showed(client, identity)
    client.once('close', () => this.#clients.delete(client))
    const mutations = new MutationTracker({
      writtenTags,
      invalidation,
      mutationsMax: MUTATIONS_MAX,
      jsonDepthMax: limits.jsonDepthMax,
    })
    const { headersTimeoutMs: mutationWaitMs } = this.#options.upstream
    const relay = new WebSocketRelay({
      client,
      upstream,
      mutations,
      operations: (send) =>
        new SocketOperations({
          head,
          isTransport: client.protocol === TRANSPORT,
          tokenHeaders: this.#options.tokenHeaders,
          jsonDepthMax: limits.jsonDepthMax,
          decide: this.#options.decide,
          identify: (headers) => this.#options.identities.resolve(headers),
          tellsUpstream: this.#options.identities.tellsUpstream,
          identified: (found) => this.#identified(client, found),
          initialised: (headers) => void this.#track(client, headers),
          send,
        }),
      mutationWaitMs,
      ended: (over) => {
        this.#relays.delete(over)
        if (this.#relays.size === 0) this.#lastEnded?.()
      },
    })
    this.#relays.add(relay)
    relay.start()
  }

  /** A session that the handshake's cookie named stays: it is what the connection ends with. */
  #identified(client: WebSocket, identity: Identity): void {
    const holder = this.#clients.get(client)
    if (holder === undefined) return
    holder.identity ??= identity
    this.#showed(client, identity)
  }

  /** Finds out whose token a client shows, and closes it when that is revoked already. */
  async #track(client: WebSocket, headers: IncomingHttpHeaders): Promise<void> {
    try {
      const identity = await this.#options.identities.holder(headers)
      if (identity !== undefined) this.#showed(client, identity)
    } catch (error) {
      this.#closeUntrusted(client, toGatewayError(error))
    }
  }

  #showed(client: WebSocket, identity: Identity): void {
    const shown = this.#clients.get(client)?.shown
    if (shown === undefined || identity.tokenSubject === undefined) return
    if (shown.includes(identity) || shown.length >= SHOWN_MAX) return
    shown.push(identity)
    // It may have been revoked since it was looked up.
    void this.#recheckOne(client, identity)
  }

  #revoked(revocation: Revocation): void {
    const isSessionEnd = revocation.kind === 'session-ended'
    for (const [client, { shown }] of this.#clients) {
      for (const { sessionId, tokenSubject } of shown) {
        if (isSessionEnd && sessionId === revocation.value) client.close(FORBIDDEN, ENDED)
        else if (tokenSubject !== undefined && concernsToken(revocation, tokenSubject)) {
          client.close(UNAUTHORIZED, REVOKED)
        }
      }
    }
  }

  #handshakeHeaders(head: RequestHead, identity: Identity | undefined): Record<string, string> {
    const { identities, sessionCookie } = this.#options
    const cookieName = sessionCookie?.name ?? ''
    // Where Hasura is told who asks, it is so by `connection_init`: what the handshake says must not join that.
    const teller = identities.tellsUpstream ? NOBODY : identity
    const flat = passthroughRequestHeaders(head, teller, cookieName)
    const headers: Record<string, string> = {}
    for (let index = 0; index < flat.length; index += 2) {
      const [name = '', value = ''] = flat.slice(index, index + 2)
      if (!name.startsWith(HANDSHAKE_HEADER)) headers[name] = value
    }
    return headers
  }

  #checkClients(): void {
    const now = this.#options.clock.nowMs()
    for (const [client, { identity }] of this.#clients) {
      if (identity === undefined || identity.expiresAtMs > now) continue
      client.close(FORBIDDEN, identity.sessionId === undefined ? EXPIRED : ENDED)
    }
    this.#checkCount += 1
    if (this.#checkCount % CHECKS_PER_SESSION_CHECK === 0) void this.#recheck()
  }

  /** Asks the store about all of them, one after the other: there may be many, and it has others to answer. */
  async #recheck(): Promise<void> {
    for (const [client, { shown }] of this.#clients) {
      for (const identity of shown) await this.#recheckOne(client, identity)
    }
  }

  async #recheckOne(client: WebSocket, { sessionId, tokenSubject }: Identity): Promise<void> {
    const { sessions, denials, log } = this.#options
    try {
      if (tokenSubject !== undefined) await denials.refuse(tokenSubject)
      if (sessionId === undefined || (await sessions.get(sessionId)) !== undefined) return
      client.close(FORBIDDEN, ENDED)
    } catch (error) {
      const told = toGatewayError(error)
      if (told.code === 'token-revoked') client.close(UNAUTHORIZED, REVOKED)
      else log.warn({ err: error }, 'could not check a session')
    }
  }

  #closeUntrusted(client: WebSocket, error: GatewayError): void {
    if (error.code === 'token-revoked') client.close(UNAUTHORIZED, REVOKED)
    else client.close(TRY_AGAIN_LATER, 'it cannot be told whether the token was revoked')
    if (error.code !== 'unexpected') return
    this.#options.log.error({ err: error.cause }, 'a WebSocket failed by a bug')
  }

  #refuse(socket: Duplex, error: GatewayError): void {
    this.#refusedCount += 1
    if (error.code === 'unexpected' && error.cause !== undefined) {
      this.#options.log.error({ err: error.cause }, 'a WebSocket failed by a bug')
    }
    socket.end(refusalText(error))
  }
}
