import { Client } from './client.ts'

export interface NewClient {
  readonly address: string
  readonly nowMs: number
  readonly isEmbedded: boolean
  /** The primary that is followed: no user, and no need to log in. So are callers in this process. */
  readonly isTrusted?: boolean
}

/** Everyone who sends commands, in the order they came; ids are never used again. */
export class ClientRegistry implements Iterable<Client> {
  readonly #clients = new Map<number, Client>()
  readonly #arrivalListeners: ((client: Client) => void)[] = []
  readonly #removalListeners: ((client: Client) => void)[] = []
  readonly #resetListeners: ((client: Client) => void)[] = []
  #lastId = 0

  get size(): number {
    return this.#clients.size
  }

  add(options: NewClient): Client {
    this.#lastId += 1
    const client = new Client({ id: this.#lastId, ...options })
    this.#clients.set(client.id, client)
    for (const listener of this.#arrivalListeners) listener(client)
    return client
  }

  find(id: number): Client | undefined {
    return this.#clients.get(id)
  }

  /** Once its connection is gone: whoever keeps something of the client hears of it and lets go. */
  remove(client: Client): void {
    if (!this.#clients.delete(client.id)) return
    for (const listener of this.#removalListeners) listener(client)
  }

  /** Hangs up on a client; the one whose command is running is answered first. */
  kill(client: Client, current: Client | undefined): void {
    client.isClosing = true
    if (client !== current) client.output.close()
  }

  onAdded(listener: (client: Client) => void): void {
    this.#arrivalListeners.push(listener)
  }

  onRemoved(listener: (client: Client) => void): void {
    this.#removalListeners.push(listener)
  }

  /** RESET: the client is to be as if it had just come, but for its id. */
  reset(client: Client): void {
    for (const listener of this.#resetListeners) listener(client)
    client.databaseIndex = 0
    client.protocol = 2
    client.name = ''
    client.setReplyMode('on')
  }

  onReset(listener: (client: Client) => void): void {
    this.#resetListeners.push(listener)
  }

  [Symbol.iterator](): Iterator<Client> {
    return this.#clients.values()
  }
}
