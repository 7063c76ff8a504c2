import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const CRLF = Buffer.from('\r\n')
/** What a primary says for itself. */
const NOT_TOLD = new Set(['SELECT', 'PING'])

/** What redis-server tells a replica, from now on: commands as lines. Started without diskless replication. */
export class ReplicationStream {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #wake: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
  }

  static async open(port: number): Promise<ReplicationStream> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const stream = new ReplicationStream(socket)
    socket.write('SYNC\r\n')
    // Line breaks keep the connection alive while the snapshot is made.
    let line = await stream.#line()
    while (line === '') line = await stream.#line()
    await stream.#bytes(Number(line.slice(1)))
    return stream
  }

  /** All commands up to the one that says this. */
  async until(last: string): Promise<string[]> {
    const commands: string[] = []
    for (;;) {
      const command = await this.#command()
      if (command === last) return commands
      if (!NOT_TOLD.has(command.split(' ')[0] ?? '')) commands.push(command)
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  async #command(): Promise<string> {
    const count = Number((await this.#line()).slice(1))
    const parts: string[] = []
    for (let index = 0; index < count; index += 1) {
      const length = Number((await this.#line()).slice(1))
      parts.push((await this.#bytes(length + CRLF.length)).toString('latin1', 0, length))
    }
    return parts.join(' ')
  }

  async #line(): Promise<string> {
    let end = this.#received.indexOf(CRLF)
    // While a snapshot is made, a lone line feed comes now and then.
    if (this.#received[0] === 0x0a) {
      this.#received = this.#received.subarray(1)
      return ''
    }
    while (end < 0) {
      await this.#more()
      end = this.#received.indexOf(CRLF)
    }
    return (await this.#bytes(end + CRLF.length)).toString('latin1', 0, end)
  }

  async #bytes(length: number): Promise<Buffer> {
    while (this.#received.length < length) await this.#more()
    const bytes = this.#received.subarray(0, length)
    this.#received = this.#received.subarray(length)
    return bytes
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
