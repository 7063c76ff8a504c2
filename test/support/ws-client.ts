import { once } from 'node:events'
import { WebSocket } from 'ws'

const TIMEOUT_MS = 5_000

export interface Message {
  readonly type: string
  readonly id?: string
  readonly payload?: unknown
}

/** graphql-transport-ws by hand: what is sent and received, message by message; pings are left out. */
export class WsClient {
  readonly #socket: WebSocket
  readonly #received: Message[] = []
  readonly #closed: Promise<{ code: number; reason: string }>
  #wake: () => void = () => undefined

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.#closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    socket.on('message', (data: Buffer) => {
      const message: Message = JSON.parse(data.toString())
      if (message.type === 'ping') return
      this.#received.push(message)
      this.#wake()
    })
  }

  /** Open; `connection_init` is yours to send. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>> = {},
    protocol = 'graphql-transport-ws',
  ): Promise<WsClient> {
    const address = `${url.replace(/^http/, 'ws')}/v1/graphql`
    const socket = new WebSocket(address, protocol, { headers })
    const client = new WsClient(socket)
    await once(socket, 'open')
    return client
  }

  /** Acknowledged, as whoever the headers name. */
  static async connect(url: string, headers: Readonly<Record<string, string>>): Promise<WsClient> {
    const client = await WsClient.open(url)
    client.send({ type: 'connection_init', payload: { headers } })
    const { type } = await client.next()
    if (type !== 'connection_ack') throw new Error(`expected connection_ack, got ${type}`)
    return client
  }

  send(message: object | string): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  subscribe(id: string, query: string, variables?: unknown): void {
    this.send({ type: 'subscribe', id, payload: { query, variables } })
  }

  /** The next message that was not taken yet. */
  async next(): Promise<Message> {
    const limit = AbortSignal.timeout(TIMEOUT_MS)
    while (this.#received.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        limit.addEventListener('abort', () => reject(new Error('no message came')))
        void this.#closed.then(({ code }) => reject(new Error(`closed with ${code}`)))
      })
    }
    const [message] = this.#received.splice(0, 1)
    if (message === undefined) throw new Error('no message')
    return message
  }

  /** What came and was not taken. */
  get untaken(): readonly Message[] {
    return this.#received
  }

  /** How the other side ended it. */
  async closed(): Promise<{ code: number; reason: string }> {
    return await this.#closed
  }

  async close(): Promise<void> {
    this.#socket.close()
    await this.#closed
  }
}
