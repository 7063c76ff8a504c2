import type { ClientRequest, IncomingMessage } from 'node:http'
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
const SESSION_CHECK_INTERVAL_MS = 1_000
const GOING_AWAY = 1001
const STOPPING = 'the gateway is stopping'
/** As Hasura ends a connection whose token has expired, and graphql-transport-ws names it. */
const FORBIDDEN = 4403
const ENDED = 'the session has ended'
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

/**
 * WebSockets to Hasura: each client gets a connection of its own, opened before the client's is accepted, so
 * that a refusal arrives as Hasura words it. A connection opened with a session cookie ends with its session.
 */
export class WebSocketProxy {
  #openedCount = 0
  #refusedCount = 0
  readonly #options: WebSocketProxyOptions
  readonly #server: WebSocketServer
  /** With who asks over each, once that is known. */
  readonly #clients = new Map<WebSocket, Identity | undefined>()
  readonly #relays = new Set<WebSocketRelay>()
  /** To the upstream, for clients that are not accepted yet. */
  readonly #opening = new Set<WebSocket>()
  #sessionCheck: NodeJS.Timeout | undefined
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
  }

  snapshot(): WebSocketsSnapshot {
    return {
      open: this.#clients.size,
      opened: this.#openedCount,
      refused: this.#refusedCount,
    }
  }

  start(): void {
    this.#sessionCheck = setInterval(() => this.#checkSessions(), SESSION_CHECK_INTERVAL_MS)
    this.#sessionCheck.unref()
  }

  /** Takes no more and asks those there are to end. Resolves when they have, which `terminate` makes sure of. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#sessionCheck)
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
    this.#clients.set(client, identity)
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
    if (this.#clients.has(client)) this.#clients.set(client, this.#clients.get(client) ?? identity)
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

  #checkSessions(): void {
    const now = this.#options.clock.nowMs()
    for (const [client, identity] of this.#clients) {
      if (identity === undefined) continue
      const { expiresAtMs, sessionId } = identity
      if (expiresAtMs <= now) client.close(FORBIDDEN, sessionId === undefined ? EXPIRED : ENDED)
      else if (sessionId !== undefined) void this.#checkSession(client, sessionId)
    }
  }

  async #checkSession(client: WebSocket, sessionId: string): Promise<void> {
    try {
      const record = await this.#options.sessions.read(sessionId)
      if (record === undefined) client.close(FORBIDDEN, ENDED)
    } catch (error) {
      this.#options.log.warn({ err: error }, 'could not check a session')
    }
  }

  #refuse(socket: Duplex, error: GatewayError): void {
    this.#refusedCount += 1
    if (error.code === 'unexpected' && error.cause !== undefined) {
      this.#options.log.error({ err: error.cause }, 'a WebSocket failed by a bug')
    }
    socket.end(refusalText(error))
  }
}
