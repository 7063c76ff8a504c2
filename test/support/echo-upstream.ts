import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { sqlAnswer, TEST_METADATA } from './test-metadata.ts'

/** A request as the upstream received it. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** As name, value, name, value …: shows what stands twice. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export type Respond = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>

/**
 * An HTTP server of a test's own in Hasura's place: it remembers what it received and answers as told. What
 * the gateway asks on its own account, metadata and the database's catalogue, it answers by itself.
 */
export class EchoUpstream {
  readonly received: ReceivedRequest[] = []
  respond: Respond = respondWithRows
  /** What `export_metadata` gives; to change it is to change Hasura's metadata. */
  metadata: object = TEST_METADATA
  resourceVersion = 1
  readonly server: Server
  readonly #events = new EventEmitter()
  readonly #sockets = new Set<Socket>()
  #readingsOfMetadata = 0

  constructor() {
    this.#events.setMaxListeners(0)
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('error', () => undefined)
      request.on('end', () => {
        const { method = '', url: path = '', headers, rawHeaders } = request
        const body = Buffer.concat(chunks).toString()
        void this.#answer({ method, path, headers, rawHeaders, body }, response)
      })
    })
    this.server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get port(): number {
    const address = this.server.address() as AddressInfo
    return address.port
  }

  /** How often the gateway has read the metadata. */
  get readingsOfMetadata(): number {
    return this.#readingsOfMetadata
  }

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
  }

  async stop(): Promise<void> {
    this.server.close()
    // Those that became WebSockets, too.
    for (const socket of this.#sockets) socket.destroy()
    await once(this.server, 'close')
  }

  /** Once so many requests have been received in all. */
  async receives(count: number): Promise<void> {
    while (this.received.length < count) await once(this.#events, 'received')
  }

  /** From now on answers wait until they are let go. */
  hold(respond: Respond = this.respond): HeldAnswers {
    const held = new HeldAnswers(respond)
    this.respond = held.respond
    return held
  }

  async #answer(request: ReceivedRequest, response: ServerResponse): Promise<void> {
    const own = this.#ownAnswer(request)
    if (own !== undefined) {
      sendJson(response, own)
      return
    }
    this.received.push(request)
    this.#events.emit('received')
    await this.respond(request, response)
  }

  #ownAnswer({ path, body }: ReceivedRequest): unknown {
    if (path === '/v1/metadata' && body.includes('"export_metadata"')) {
      this.#readingsOfMetadata += 1
      return { resource_version: this.resourceVersion, metadata: this.metadata }
    }
    return path === '/v2/query' ? sqlAnswer(body) : undefined
  }
}

/** Answers kept back, in the order in which they were asked for. */
export class HeldAnswers {
  readonly #respond: Respond
  readonly #waiting: (() => void)[] = []
  #isOpen = false

  constructor(respond: Respond) {
    this.#respond = respond
  }

  readonly respond: Respond = async (request, response) => {
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    await this.#respond(request, response)
  }

  releaseNext(): void {
    this.#waiting.shift()?.()
  }

  /** All that wait, and all that come. */
  release(): void {
    this.#isOpen = true
    for (const resolve of this.#waiting.splice(0)) resolve()
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

/** Tells who asked, in the upstream's view: a mix-up of two clients shows in the body. */
export const echoIdentity: Respond = ({ headers, body }, response) => {
  const told = Object.entries(headers).filter(
    ([name]) => name === 'authorization' || name === 'cookie' || name.startsWith('x-hasura-'),
  )
  sendJson(response, { data: { headers: Object.fromEntries(told), body } })
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(value))
}

const respondWithRows: Respond = (_request, response) => {
  sendJson(response, { data: { products: [] } })
}
