import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the upstream received it. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Respond = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>

/** An HTTP server of a test's own in Hasura's place: it remembers what it received and answers as told. */
export class EchoUpstream {
  readonly received: ReceivedRequest[] = []
  /** Answers everything but metadata, which it has none of. */
  respond: Respond = respondWithRows
  readonly server: Server

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('error', () => undefined)
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        const received = { method, path, headers, body: Buffer.concat(chunks).toString() }
        if (path !== '/v1/metadata') this.received.push(received)
        void this.respond(received, response)
      })
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
  }

  async stop(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  get #port(): number {
    const address = this.server.address() as AddressInfo
    return address.port
  }
}

/** `{"data":{"call":n}}`: another answer each time, so that a test sees which one it got. */
export function countingRows(): Respond {
  let calls = 0
  return (_request, response) => {
    calls += 1
    sendJson(response, { data: { call: calls } })
  }
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(value))
}

const respondWithRows: Respond = (_request, response) => {
  sendJson(response, { data: { products: [] } })
}
