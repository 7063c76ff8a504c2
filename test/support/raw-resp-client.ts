import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Ends a script: its answer is known, so that all replies before it have arrived. */
const END = 'gerbang:end:of:script'

/** Sends bytes, gives bytes: replies are compared as they stand on the wire. */
export class RawRespClient {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async connect(port: number): Promise<RawRespClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RawRespClient(socket)
  }

  /** The reply to one command, as latin1 text. */
  async send(...argv: readonly string[]): Promise<string> {
    return this.sendBytes(encode(argv))
  }

  /** What comes back until the server has answered an ECHO sent after the bytes, or has hung up. */
  async sendBytes(bytes: string): Promise<string> {
    const end = `$${END.length}\r\n${END}\r\n`
    let received = ''
    const answered = new Promise<string>((resolve) => {
      const take = (chunk: Buffer): void => {
        received += chunk.toString('latin1')
        if (!received.endsWith(end)) return
        this.#socket.off('data', take)
        resolve(received.slice(0, -end.length))
      }
      this.#socket.on('data', take)
      this.#socket.once('close', () => resolve(`${received}<closed>`))
    })
    this.#socket.write(bytes + encode(['ECHO', END]), 'latin1')
    return answered
  }

  close(): void {
    this.#socket.destroy()
  }
}

function encode(argv: readonly string[]): string {
  const bulks = argv.map((argument) => {
    const text = Buffer.from(argument).toString('latin1')
    return `$${text.length}\r\n${text}\r\n`
  })
  return `*${argv.length}\r\n${bulks.join('')}`
}
