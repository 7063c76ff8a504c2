import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * The open connections of a server. Node.js takes one that has sent nothing yet for busy, as browsers open
 * ahead and load balancers keep: a stop would wait for all of them.
 */
export class Connections {
  readonly #sockets = new Set<Socket>()

  attach(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  endSilent(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
  }
}
