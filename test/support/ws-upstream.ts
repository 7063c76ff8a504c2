import { EventEmitter, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import type { EchoUpstream } from './echo-upstream.ts'

/** A WebSocket as the upstream sees it. */
export interface UpstreamSocket {
  readonly request: IncomingMessage
  readonly socket: WebSocket
  /** What came and was not taken yet. */
  readonly received: { readonly text: string; readonly isBinary: boolean }[]
}

/** Takes the WebSockets of an upstream, and does nothing by itself. */
export class WsUpstream {
  readonly sockets: UpstreamSocket[] = []
  readonly #events = new EventEmitter()
  readonly #server: WebSocketServer

  constructor(upstream: EchoUpstream) {
    this.#server = new WebSocketServer({ server: upstream.server, perMessageDeflate: true })
    this.#server.on('connection', (socket, request) => {
      const opened: UpstreamSocket = { request, socket, received: [] }
      this.sockets.push(opened)
      socket.on('message', (data: Buffer, isBinary) => {
        opened.received.push({ text: data.toString(), isBinary })
        this.#events.emit('event')
      })
      socket.on('error', () => undefined)
      this.#events.emit('event')
    })
  }

  /** The connection of this number, once it is there. */
  async opened(index = 0): Promise<UpstreamSocket> {
    for (;;) {
      const opened = this.sockets[index]
      if (opened !== undefined) return opened
      await once(this.#events, 'event')
    }
  }

  /** The next message of a connection. */
  async next({ received }: UpstreamSocket): Promise<string> {
    for (;;) {
      const message = received.shift()
      if (message !== undefined) return message.text
      await once(this.#events, 'event')
    }
  }
}
