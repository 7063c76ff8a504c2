import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { invariant } from '../../../shared/assert.ts'
import type { FastLaneSnapshot } from '../../statistics/snapshot.ts'
import { LaneConnection, type LaneParts } from './lane-connection.ts'

/**
 * Serves plain requests for /v1/graphql on the socket, before Node.js' HTTP server: half of what a hit costs
 * is spent there (docs/PERFORMANCE.md). It knows one kind of request only; a connection on which anything
 * else is seen is handed to the HTTP server with every byte that was not answered, and stays there.
 */
export class FastLane {
  readonly #connections = new Set<LaneConnection>()
  #handedOver = 0
  #isFinishing = false

  snapshot(): FastLaneSnapshot {
    return { connections: this.#connections.size, handedOver: this.#handedOver }
  }

  /** Puts the lane in front of `server`, before it listens. */
  attach(server: Server, parts: Omit<LaneParts, 'handOver' | 'closed'>): void {
    const [serveHttp, ...others] = server.listeners('connection')
    invariant(serveHttp !== undefined && others.length === 0, 'Node.js listens for connections')
    server.removeAllListeners('connection')
    const handOver = (socket: Socket, unread: Buffer): void => {
      this.#handedOver += 1
      socket.pause()
      if (unread.length > 0) socket.unshift(unread)
      serveHttp.call(server, socket)
      socket.resume()
    }
    const closed = (connection: LaneConnection): void => {
      this.#connections.delete(connection)
    }
    const laneParts: LaneParts = { ...parts, handOver, closed }
    server.on('connection', (socket: Socket) => {
      if (this.#isFinishing) handOver(socket, Buffer.alloc(0))
      else this.#connections.add(new LaneConnection(socket, laneParts))
    })
  }

  /** Idle connections end now, the others behind the answer they wait for. */
  finish(): void {
    this.#isFinishing = true
    for (const connection of this.#connections) connection.finish()
  }

  terminate(): void {
    for (const connection of this.#connections) connection.destroy()
  }
}
