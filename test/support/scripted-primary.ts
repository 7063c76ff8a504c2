import { createServer, type Server, type Socket } from 'node:net'

const NAMES = ['PING', 'AUTH', 'REPLCONF', 'PSYNC', 'SYNC'] as const

/** The answer to each command of a replica; nothing is answered to what is left out. */
export type PrimaryScript = Readonly<Partial<Record<(typeof NAMES)[number], string | Buffer>>>

const FRIENDLY: PrimaryScript = { PING: '+PONG\r\n', AUTH: '+OK\r\n', REPLCONF: '+OK\r\n' }

/** Answers a replica's handshake as it is told to, whatever that makes of it. */
export class ScriptedPrimary {
  readonly port: number
  /** All that replicas have sent. */
  received = ''
  connections = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** They have asked for the stream: acknowledgements are not answered. */
  readonly #followers = new WeakSet<Socket>()
  readonly #script: PrimaryScript

  private constructor(server: Server, script: PrimaryScript) {
    this.#server = server
    this.#script = { ...FRIENDLY, ...script }
    const address = server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    server.on('connection', (socket) => this.#serve(socket))
  }

  static async start(script: PrimaryScript): Promise<ScriptedPrimary> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new ScriptedPrimary(server, script)
  }

  /** To all who are connected. */
  send(bytes: string | Buffer): void {
    for (const socket of this.#sockets) socket.write(bytes)
  }

  /** Hangs up on all. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.disconnect()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.connections += 1
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      this.received += text
      for (const word of text.split('\r\n')) this.#answer(socket, word)
    })
  }

  #answer(socket: Socket, word: string): void {
    const name = NAMES.find((each) => each === word)
    if (name === 'REPLCONF' && this.#followers.has(socket)) return
    if (name === 'PSYNC' || name === 'SYNC') this.#followers.add(socket)
    const answer = name === undefined ? undefined : this.#script[name]
    if (answer !== undefined) socket.write(answer)
  }
}
