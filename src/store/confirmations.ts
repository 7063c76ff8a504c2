import type { Redis } from 'ioredis'
import { checkReplicas, type ReplicationDemand, unconfirmed } from './replication-demand.ts'

export interface ConfirmationsOptions {
  /** The connection that everything is written on: WAIT tells of what its own connection wrote. */
  readonly redis: Redis
  readonly demand: ReplicationDemand
  /** Nobody takes longer from a write to the question whether it is confirmed. */
  readonly doubtMs: number
}

/**
 * Asks with WAIT whether replicas have what was written on a connection, once for all who ask at the same time. A new
 * connection knows nothing of what was written on the one before, and would confirm it at once: so nothing is confirmed
 * for a while after one was lost.
 */
export class Confirmations {
  readonly #options: ConfirmationsOptions
  /** The question under way. */
  #asking: Promise<void> = Promise.resolve()
  /** The one behind it, which all share who have written since. */
  #next: Promise<void> | undefined
  #isInDoubt = false
  #doubt: NodeJS.Timeout | undefined

  constructor(options: ConfirmationsOptions) {
    this.#options = options
    options.redis.on('close', () => this.#lost())
  }

  confirm(): Promise<void> {
    if (this.#isInDoubt) return Promise.reject(connectionLost())
    this.#next ??= this.#asking
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        this.#asking = this.#ask()
        return this.#asking
      })
    return this.#next
  }

  stop(): void {
    clearTimeout(this.#doubt)
  }

  async #ask(): Promise<void> {
    const { redis, demand } = this.#options
    let reply: unknown
    try {
      reply = await redis.call('WAIT', [demand.replicas, demand.timeoutMs])
    } catch (error) {
      throw unconfirmed(error instanceof Error ? error.message : String(error))
    }
    if (this.#isInDoubt) throw connectionLost()
    checkReplicas(reply, demand.replicas)
  }

  #lost(): void {
    this.#isInDoubt = true
    clearTimeout(this.#doubt)
    this.#doubt = setTimeout(() => {
      this.#isInDoubt = false
    }, this.#options.doubtMs)
    this.#doubt.unref()
  }
}

function connectionLost(): Error {
  return unconfirmed('the connection to the server was lost')
}
