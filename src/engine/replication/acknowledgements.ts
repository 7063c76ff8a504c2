import type { Client } from '../execution/client.ts'
import type { Replicas } from './replicas.ts'

interface Wait {
  readonly offset: number
  readonly count: number
  readonly answer: (count: number) => void
}

/** Clients that wait until so many replicas have what they wrote (WAIT). */
export class Acknowledgements {
  readonly #replicas: Replicas
  readonly #waits = new Map<Client, Wait>()

  constructor(replicas: Replicas) {
    this.#replicas = replicas
  }

  add(client: Client, wait: Wait): void {
    this.#waits.set(client, wait)
  }

  forget(client: Client): void {
    this.#waits.delete(client)
  }

  /** A replica has told how far it is. */
  serve(): void {
    for (const [client, { offset, count, answer }] of this.#waits) {
      const acknowledged = this.#replicas.countAcknowledged(offset)
      if (acknowledged < count) continue
      this.#waits.delete(client)
      answer(acknowledged)
    }
  }
}
