import type { Worker } from 'node:worker_threads'
import { waitUntil } from './wait-until.ts'

/** Threads of this process that are started from now on, until their end is waited for. */
export class StartedThreads {
  readonly #ends: Promise<unknown>[] = []
  readonly #follow = (worker: Worker): void => {
    this.#ends.push(new Promise((resolve) => worker.once('exit', resolve)))
  }

  constructor() {
    process.on('worker', this.#follow)
  }

  async first(): Promise<void> {
    await waitUntil(() => this.#ends.length > 0)
  }

  /** Gives how many there were. */
  async ended(): Promise<number> {
    process.off('worker', this.#follow)
    return (await Promise.all(this.#ends)).length
  }
}
