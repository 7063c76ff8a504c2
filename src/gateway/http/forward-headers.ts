import type { IncomingHttpHeaders } from 'node:http'
import type { Identity } from '../identity/identity.ts'
import type { RequestHead } from './answer.ts'

/** About one connection, not about the message: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Made anew for the upstream, or decided by the gateway. */
const REPLACED_UP = new Set([
  'accept-encoding',
  'authorization',
  'content-length',
  'cookie',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
])

/** All an answer that is shared may depend on: anything else a client sends must not shape it. */
const SHARED_UP = ['traceparent', 'tracestate', 'user-agent'] as const

/** Not compressed: it is read, kept as it is, or becomes a part of a batch. */
const IDENTITY_ONLY = ['accept-encoding', 'identity'] as const

const SESSION_VARIABLE = 'x-hasura-'
/** Of a WebSocket, of which an operation is sent on as a request of its own. */
const HANDSHAKE = 'sec-websocket-'

/** For a request whose answer is kept or shared. */
export function sharedRequestHeaders(head: RequestHead, identity: Identity): string[] {
  const headers = [...gatewayHeaders(head), 'content-type', 'application/json', ...IDENTITY_ONLY]
  for (const name of SHARED_UP) {
    const value = head.headers[name]
    if (typeof value === 'string') headers.push(name, value)
  }
  return withIdentity(headers, identity)
}

/**
 * For a request that is answered for this client alone: actions may be told all its headers. Of those that
 * say who it is, only what the gateway itself has found out.
 */
export function ownRequestHeaders(
  head: RequestHead,
  identity: Identity,
  sessionCookie: string,
): string[] {
  const headers = [...gatewayHeaders(head), ...IDENTITY_ONLY]
  const dropped = namedByConnection(head.headers)
  for (const [name, value] of Object.entries(head.headers)) {
    if (HOP_BY_HOP.has(name) || isReplaced(name, identity) || dropped.has(name)) continue
    if (name.startsWith(SESSION_VARIABLE) || name.startsWith(HANDSHAKE)) continue
    if (value === undefined) continue
    // A token in a header of its own.
    if (identity.upstreamHeaders.has(name)) continue
    push(headers, name, value)
  }
  const cookie = withoutCookie(head.headers.cookie, sessionCookie)
  if (cookie !== '' && !identity.upstreamHeaders.has('cookie')) headers.push('cookie', cookie)
  return withIdentity(headers, identity)
}

/** What the webhook was shown, actions may be: Hasura does not look at it where it is told the session. */
function isReplaced(name: string, { kind }: Identity): boolean {
  return REPLACED_UP.has(name) && !(kind === 'hook' && name === 'authorization')
}

/**
 * For what the upstream judges itself: as the client sent it. With an identity, which a session cookie has
 * given, what else the client says of itself is dropped.
 */
export function passthroughRequestHeaders(
  head: RequestHead,
  identity: Identity | undefined,
  sessionCookie: string,
): string[] {
  if (identity !== undefined) {
    const headers = ownRequestHeaders(head, identity, sessionCookie)
    const length = head.headers['content-length']
    return length === undefined ? headers : [...headers, 'content-length', length]
  }
  const headers = gatewayHeaders(head)
  const dropped = namedByConnection(head.headers)
  for (const [name, value] of Object.entries(head.headers)) {
    const isReplaced = name === 'host' || name.startsWith('x-forwarded-') || name === 'x-request-id'
    if (HOP_BY_HOP.has(name) || isReplaced || dropped.has(name) || value === undefined) continue
    if (name !== 'cookie') push(headers, name, value)
  }
  const cookie = withoutCookie(head.headers.cookie, sessionCookie)
  if (cookie !== '') headers.push('cookie', cookie)
  return headers
}

/** What of the upstream's answer travels on, with a body that is passed on as it comes. */
export function answerHeaders(upstream: IncomingHttpHeaders): string[] {
  const headers: string[] = []
  const dropped = namedByConnection(upstream)
  for (const [name, value] of Object.entries(upstream)) {
    if (HOP_BY_HOP.has(name) || dropped.has(name) || value === undefined) continue
    if (name === 'x-request-id' || name === 'date') continue
    push(headers, name, value)
  }
  return headers
}

/** As `answerHeaders`, for an answer that was read whole and gets the gateway's own CORS headers. */
export function bufferedAnswerHeaders(upstream: IncomingHttpHeaders): string[] {
  const headers: string[] = []
  for (let index = 0, all = answerHeaders(upstream); index < all.length; index += 2) {
    const [name = '', value = ''] = all.slice(index, index + 2)
    if (name === 'content-length' || name === 'vary') continue
    if (!name.startsWith('access-control-')) headers.push(name, value)
  }
  return headers
}

/** A Cookie header without one cookie. */
export function withoutCookie(header: string | undefined, name: string): string {
  if (header === undefined || name === '' || !header.includes(name)) return header ?? ''
  const others = header.split(';').filter((pair) => pair.split('=', 1)[0]?.trim() !== name)
  return others.join(';').trim()
}

/** What the upstream is told of this hop. Of other proxies only those are believed that are trusted. */
function gatewayHeaders(head: RequestHead): string[] {
  const { headers, socketAddress } = head
  const isBehindProxy = head.trustedHops > 0
  const host = (isBehindProxy ? headers['x-forwarded-host'] : undefined) ?? headers.host
  const scheme = (isBehindProxy ? headers['x-forwarded-proto'] : undefined) ?? 'http'
  const told = ['x-request-id', head.requestId]
  const earlier = isBehindProxy ? headers['x-forwarded-for'] : undefined
  told.push('x-forwarded-for', [earlier ?? [], socketAddress].flat().join(', '))
  if (host !== undefined) push(told, 'x-forwarded-host', host)
  push(told, 'x-forwarded-proto', scheme)
  return told
}

function withIdentity(headers: string[], identity: Identity): string[] {
  for (const [name, value] of identity.upstreamHeaders) headers.push(name, value)
  return headers
}

function push(headers: string[], name: string, value: string | readonly string[]): void {
  if (typeof value === 'string') headers.push(name, value)
  else for (const one of value) headers.push(name, one)
}

function namedByConnection(headers: IncomingHttpHeaders): ReadonlySet<string> {
  const { connection } = headers
  if (connection === undefined || connection === 'keep-alive') return new Set()
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
}
