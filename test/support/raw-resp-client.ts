import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Ends a script: its answer is known, so that all replies before it have arrived. */
const END = 'gerbang:end:of:script'
const END_REPLY = `$${END.length}\r\n${END}\r\n`

/** Sends bytes, gives bytes: replies are compared as they stand on the wire. One script at a time. */
export class RawRespClient {
  readonly #socket: Socket
  #received: string[] = []
  /** The last characters received: looking at their whole for every chunk would take a large reply for ever. */
  #tail = ''
  #isClosed = false
  #onEvent: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      this.#received.push(text)
      this.#tail = (this.#tail + text).slice(-END_REPLY.length)
      this.#onEvent()
    })
    // A server that hangs up on bytes still on their way resets the connection: closed, too.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#isClosed = true
      this.#onEvent()
    })
  }

  static async connect(port: number): Promise<RawRespClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new RawRespClient(socket)
  }

  /** The reply to one command, as latin1 text. */
  async send(...argv: readonly string[]): Promise<string> {
    return this.sendBytes(encode(argv))
  }

  /** What comes back until the server has answered an ECHO sent after the bytes, or has hung up. */
  async sendBytes(bytes: string): Promise<string> {
    this.#socket.write(bytes + encode(['ECHO', END]), 'latin1')
    return this.answered()
  }

  /** Sends the bytes and nothing behind them. */
  write(bytes: string): void {
    this.#socket.write(bytes, 'latin1')
  }

  /** What has come since, once the answer to the ECHO has, or the server has hung up. */
  async answered(): Promise<string> {
    await this.#until(() => this.#isClosed || this.#tail === END_REPLY)
    const received = this.#received.join('')
    this.#received = []
    this.#tail = ''
    return received.endsWith(END_REPLY)
      ? received.slice(0, -END_REPLY.length)
      : `${received}<closed>`
  }

  close(): void {
    this.#socket.destroy()
  }

  async #until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return
    await new Promise<void>((resolve) => {
      this.#onEvent = () => {
        if (isTrue()) resolve()
      }
    })
  }
}

/** A command as clients send it, as latin1 text; its arguments are UTF-8. */
export function encode(argv: readonly string[]): string {
  const bulks = argv.map((argument) => {
    const text = Buffer.from(argument).toString('latin1')
    return `$${text.length}\r\n${text}\r\n`
  })
  return `*${argv.length}\r\n${bulks.join('')}`
}

/** Asks to be answered once all before it has been: `answered` waits for it. */
export const END_REQUEST = encode(['ECHO', END])
