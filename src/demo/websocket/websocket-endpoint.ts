import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { toRequestHeaders } from '../auth/request-headers.ts'
import { Connection, type ConnectionOptions } from './connection.ts'

export interface WebSocketEndpointOptions extends ConnectionOptions {
  readonly messageBytesMax: number
}

const PATH = '/v1/graphql'
const PROTOCOL = 'graphql-transport-ws'
const CONNECTIONS_MAX = 1_000
/** How long clients have to say goodbye. */
const CLOSE_GRACE_MS = 500
const SERVICE_RESTART = 1012

/** Takes the upgrades of an HTTP server. */
export class WebSocketEndpoint {
  readonly #options: WebSocketEndpointOptions
  readonly #server: WebSocketServer
  #isStopping = false

  constructor(options: WebSocketEndpointOptions) {
    this.#options = options
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: options.messageBytesMax,
      perMessageDeflate: false,
      handleProtocols: () => PROTOCOL,
    })
  }

  attach(server: Server): void {
    server.on('upgrade', (request, socket, firstBytes) => {
      this.#accept(request, socket, firstBytes)
    })
  }

  /** Clients come back and see the new schema; Hasura does so after every change of its metadata. */
  closeAll(reason: string): void {
    for (const client of this.#server.clients) client.close(SERVICE_RESTART, reason)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const clients = [...this.#server.clients]
    this.closeAll('the server is shutting down')
    const end = setTimeout(() => {
      for (const client of clients) client.terminate()
    }, CLOSE_GRACE_MS)
    await Promise.all(clients.map(closed))
    clearTimeout(end)
  }

  #accept(request: IncomingMessage, socket: Duplex, firstBytes: Buffer): void {
    socket.on('error', () => socket.destroy())
    const [path] = (request.url ?? '').split('?', 1)
    if (this.#isStopping) return refuse(socket, 503, 'the server is shutting down')
    if (path !== PATH) return refuse(socket, 404, `only '${PATH}' is a WebSocket endpoint`)
    if (request.headers['sec-websocket-protocol'] !== PROTOCOL) {
      return refuse(socket, 400, `the demo speaks ${PROTOCOL} only`)
    }
    if (this.#server.clients.size >= CONNECTIONS_MAX) return refuse(socket, 503, 'too many clients')
    this.#server.handleUpgrade(request, socket, firstBytes, (client) => {
      new Connection(client, toRequestHeaders(request.headers), this.#options).start()
    })
  }
}

async function closed(client: WebSocket): Promise<void> {
  if (client.readyState === client.CLOSED) return
  await new Promise<void>((resolve) => {
    client.once('close', () => resolve())
  })
}

function refuse(socket: Duplex, status: number, message: string): void {
  socket.end(
    [
      `HTTP/1.1 ${status} Refused`,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(message)}`,
      '',
      message,
    ].join('\r\n'),
  )
}
