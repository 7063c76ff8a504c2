import type { Socket } from 'node:net'
import { GatewayError, plainErrorBody } from '../errors.ts'
import { JSON_TYPE } from './graphql-response.ts'

/** Answers what is not HTTP, or comes too slowly, in the shape of all other refusals, and ends the connection. */
export function refuseMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const { told, status } = refusalOf(error.code)
  const body = plainErrorBody(told)
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function refusalOf(code: string | undefined): { told: GatewayError; status: string } {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        told: new GatewayError('timeout', 'the request did not arrive in time'),
        status: '408 Request Timeout',
      }
    case 'HPE_HEADER_OVERFLOW':
      return {
        told: new GatewayError('bad-request', 'the headers of the request are too large'),
        status: '431 Request Header Fields Too Large',
      }
    default:
      return {
        told: new GatewayError('bad-request', 'the request is not valid HTTP'),
        status: '400 Bad Request',
      }
  }
}
