import { type IncomingMessage, STATUS_CODES } from 'node:http'
import { type Duplex, pipeline } from 'node:stream'
import { GatewayError, plainErrorBody } from '../errors.ts'
import { JSON_TYPE } from '../http/graphql-response.ts'

export const TRANSPORT = 'graphql-transport-ws'
const KEY = /^[+/\dA-Za-z]{22}==$/

/** Node.js takes every Upgrade for one to WebSocket, h2c as well. */
export function refuseBadHandshake({ method, headers }: IncomingMessage): void {
  const isHandshake =
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    KEY.test(headers['sec-websocket-key'] ?? '') &&
    headers['sec-websocket-version'] === '13'
  if (!isHandshake) throw new GatewayError('bad-request', 'not a handshake for a WebSocket')
}

/** What Hasura makes of the client's wish: the new protocol when it is the only one, else the older one. */
export function subprotocolFor(request: IncomingMessage): string {
  const wished = request.headers['sec-websocket-protocol']
  return wished === TRANSPORT ? wished : 'graphql-ws'
}

/** The upstream’s answer to a client that is not accepted, as it words it. */
export function relayRefusal(response: IncomingMessage, socket: Duplex): void {
  const head = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`, 'Connection: close']
  const type = response.headers['content-type']
  if (type !== undefined) head.push(`Content-Type: ${type}`)
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  pipeline(response, socket, () => undefined)
}

/** The gateway’s own answer to a client that is not accepted. */
export function refusalText(error: GatewayError): string {
  const body = plainErrorBody(error)
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(error.headers).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
