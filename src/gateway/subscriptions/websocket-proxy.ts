import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { WrittenTags } from '../cache/written-tags.ts'
import { GatewayError, plainErrorBody } from '../errors.ts'
import type { RequestHead } from '../http/answer.ts'
import { passthroughRequestHeaders } from '../http/forward-headers.ts'
import { JSON_TYPE, toGatewayError } from '../http/graphql-response.ts'
import { sessionIdentity } from '../http/passthrough-route.ts'
import type { Identity } from '../identity/identity.ts'
import type { IdentityResolver } from '../identity/resolve-identity.ts'
import type { RequestLimits, UpstreamOptions } from '../options.ts'
import type { SessionCookie } from '../session/session-cookie.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { WebSocketsSnapshot } from '../statistics/snapshot.ts'
import { parseUpstreamUrl } from '../upstream/upstream-url.ts'
import { MutationTracker } from './mutation-tracker.ts'
import { WebSocketRelay } from './websocket-relay.ts'

export interface WebSocketProxyOptions {
  readonly upstream: UpstreamOptions
  readonly limits: RequestLimits
  readonly identities: IdentityResolver
  readonly sessions: SessionStore
  readonly sessionCookie: SessionCookie | undefined
  readonly invalidation: Invalidation
  readonly writtenTags: WrittenTags
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

const PATHS = new Set(['/v1/graphql', '/v1alpha1/graphql', '/v1beta1/relay'])
const HANDSHAKE_HEADER = 'sec-websocket-'
const MUTATIONS_MAX = 1_000
const SESSION_CHECK_INTERVAL_MS = 1_000
const GOING_AWAY = 1001
/** As Hasura ends a connection whose token has expired, and graphql-transport-ws names it. */
const FORBIDDEN = 4403

/**
 * WebSockets to Hasura: each client gets a connection of its own, opened before the client's is accepted, so
 * that a refusal arrives as Hasura words it. A connection opened with a session cookie ends with its session.
 */
export class WebSocketProxy {
  #openedCount = 0
  #refusedCount = 0
  readonly #options: WebSocketProxyOptions
  readonly #server: WebSocketServer
  /** With the id of the session each was opened with, if it was. */
  readonly #clients = new Map<WebSocket, Identity | undefined>()
  #sessionCheck: NodeJS.Timeout | undefined

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

  stop(): void {
    clearInterval(this.#sessionCheck)
    for (const client of this.#clients.keys()) client.close(GOING_AWAY, 'the gateway is stopping')
  }

  terminate(): void {
    for (const client of this.#clients.keys()) client.terminate()
  }

  accept(upgrade: Upgrade): void {
    const { socket } = upgrade
    socket.on('error', () => socket.destroy())
    this.#admit(upgrade).catch((error: unknown) => this.#refuse(socket, toGatewayError(error)))
  }

  async #admit(upgrade: Upgrade): Promise<void> {
    const path = new URL(upgrade.request.url ?? '/', 'http://upstream').pathname
    if (!PATHS.has(path)) throw new GatewayError('not-found', 'resource does not exist')
    const identity = await sessionIdentity(this.#options, upgrade.head)
    this.#connect(upgrade, identity)
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
    const onClientGone = (): void => toUpstream.terminate()
    const onFailure = (error: Error): void => {
      const message = 'the upstream cannot be reached'
      this.#refuse(socket, new GatewayError('upstream-unreachable', message, { cause: error }))
    }
    socket.once('close', onClientGone)
    toUpstream.once('error', onFailure)
    toUpstream.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
      this.#refusedCount += 1
      relayRefusal(response, socket)
    })
    toUpstream.once('open', () => {
      socket.off('close', onClientGone)
      toUpstream.off('error', onFailure)
      this.#server.handleUpgrade(request, socket, upgrade.firstBytes, (client) => {
        this.#open(client, toUpstream, identity)
      })
    })
  }

  #open(client: WebSocket, upstream: WebSocket, identity: Identity | undefined): void {
    const { writtenTags, invalidation } = this.#options
    this.#openedCount += 1
    this.#clients.set(client, identity)
    client.once('close', () => this.#clients.delete(client))
    const mutations = new MutationTracker({
      writtenTags,
      invalidation,
      mutationsMax: MUTATIONS_MAX,
    })
    new WebSocketRelay({ client, upstream, mutations }).start()
  }

  #handshakeHeaders(head: RequestHead, identity: Identity | undefined): Record<string, string> {
    const cookieName = this.#options.sessionCookie?.name ?? ''
    const flat = passthroughRequestHeaders(head, identity, cookieName)
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
      if (identity?.sessionId === undefined) continue
      if (identity.expiresAtMs <= now) client.close(FORBIDDEN, 'the session has ended')
      else this.#checkSession(client, identity.sessionId)
    }
  }

  #checkSession(client: WebSocket, sessionId: string): void {
    Promise.resolve(this.#options.sessions.read(sessionId)).then(
      (record) => {
        if (record === undefined) client.close(FORBIDDEN, 'the session has ended')
      },
      (error: unknown) => this.#options.log.warn({ err: error }, 'could not check a session'),
    )
  }

  #refuse(socket: Duplex, error: GatewayError): void {
    this.#refusedCount += 1
    const body = plainErrorBody(error)
    const head = [
      `HTTP/1.1 ${error.status} Refused`,
      `Content-Type: ${JSON_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
}

/** What Hasura makes of the client's wish: the new protocol when it is the only one, else the older one. */
function subprotocolFor(request: IncomingMessage): string {
  const wished = request.headers['sec-websocket-protocol']
  return wished === 'graphql-transport-ws' ? wished : 'graphql-ws'
}

function relayRefusal(response: IncomingMessage, socket: Duplex): void {
  const head = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`, 'Connection: close']
  const type = response.headers['content-type']
  if (type !== undefined) head.push(`Content-Type: ${type}`)
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  response.pipe(socket)
}
