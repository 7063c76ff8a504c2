import { createHash } from 'node:crypto'
import type { ExecutionResult } from '../execute.ts'

export interface LiveQueryOptions {
  readonly execute: () => Promise<ExecutionResult>
  readonly intervalMs: number
  /** False while the client has not read what it was sent. */
  readonly canSend: () => boolean
  readonly onChange: (body: string) => void
  /** Called once, with the answer of a query that cannot go on. */
  readonly onError: (body: string) => void
}

/** A subscription: the same query again and again, told only when its answer is another one. */
export class LiveQuery {
  readonly #options: LiveQueryOptions
  /** Of the answer sent last: answers can be large, and subscriptions many. */
  #lastDigest: string | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: LiveQueryOptions) {
    this.#options = options
  }

  start(): void {
    void this.#poll()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** The executor answers faults of its own, so that this does not reject. */
  async #poll(): Promise<void> {
    const { execute, canSend, onChange, onError, intervalMs } = this.#options
    if (canSend()) {
      const { status, body } = await execute()
      if (this.#isStopped) return
      if (status !== 200) {
        this.stop()
        onError(body)
        return
      }
      const digest = createHash('sha256').update(body).digest('base64')
      if (digest !== this.#lastDigest) onChange(body)
      this.#lastDigest = digest
    }
    this.#timer = setTimeout(() => void this.#poll(), intervalMs)
  }
}
