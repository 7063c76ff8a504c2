import type { Socket } from 'node:net'
import { TargetConnection } from './target-connection.ts'

/** As many as Redis keeps, for as long (cluster.c). */
const KEPT_MAX = 64
const KEPT_MS = 10_000

export interface TargetAddress {
  readonly host: string
  readonly port: number
}

interface KeptConnection {
  readonly connection: TargetConnection
  readonly sinceMs: number
}

/** Connections to targets are kept for a while: keys are seldom moved one at a time. */
export class TargetPool {
  readonly #connect: (address: TargetAddress) => Socket
  /** One for each target, the longest kept first. */
  readonly #kept = new Map<string, KeptConnection>()
  readonly #used = new Set<TargetConnection>()

  constructor(connect: (address: TargetAddress) => Socket) {
    this.#connect = connect
  }

  /** Kept, and in use. */
  get size(): number {
    return this.#kept.size + this.#used.size
  }

  /** One that was kept, or a new one that is not connected yet; throws when there can be none. */
  take(address: TargetAddress): TargetConnection {
    const name = nameOf(address)
    const kept = this.#kept.get(name)
    this.#kept.delete(name)
    const connection = kept?.connection ?? this.#open(address, name)
    this.#used.add(connection)
    return connection
  }

  /** Its exchange has ended, and it may be used again. */
  giveBack(address: TargetAddress, connection: TargetConnection, nowMs: number): void {
    if (!this.#used.delete(connection)) return
    const name = nameOf(address)
    this.#close(name)
    if (this.#kept.size >= KEPT_MAX) {
      const [oldest = ''] = this.#kept.keys()
      this.#close(oldest)
    }
    this.#kept.set(name, { connection, sinceMs: nowMs })
  }

  closeUnused(nowMs: number): void {
    for (const [name, { sinceMs }] of this.#kept) {
      if (nowMs - sinceMs > KEPT_MS) this.#close(name)
    }
  }

  closeAll(): void {
    for (const name of this.#kept.keys()) this.#close(name)
    for (const connection of this.#used) connection.close()
    this.#used.clear()
  }

  #open(address: TargetAddress, name: string): TargetConnection {
    const connection = new TargetConnection(this.#connect(address), () => {
      this.#used.delete(connection)
      if (this.#kept.get(name)?.connection === connection) this.#kept.delete(name)
    })
    return connection
  }

  #close(name: string): void {
    this.#kept.get(name)?.connection.close()
    this.#kept.delete(name)
  }
}

function nameOf({ host, port }: TargetAddress): string {
  return `${host}:${port}`
}
