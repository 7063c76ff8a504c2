import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encode } from './raw-resp-client.ts'

/** Sends commands and collects whatever comes, answer or not. */
export class Listener {
  readonly #socket: Socket
  /** All that has come, as latin1 text. */
  text = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.text += '<closed>'
    })
  }

  static async connect(port: number): Promise<Listener> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new Listener(socket)
  }

  static async connectAll(
    port: number,
    names: Iterable<string>,
  ): Promise<ReadonlyMap<string, Listener>> {
    const clients = new Map<string, Listener>()
    for (const name of names) clients.set(name, await Listener.connect(port))
    return clients
  }

  /** `;` between commands sends them together. */
  send(argv: readonly string[]): void {
    const commands = argv.join(' ').split(' ; ')
    this.#socket.write(commands.map((command) => encode(command.split(' '))).join(''), 'latin1')
  }

  /** Sends bytes as they are. */
  write(bytes: string): void {
    this.#socket.write(bytes, 'latin1')
  }

  /** Takes nothing any more. */
  pause(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.destroy()
  }
}
