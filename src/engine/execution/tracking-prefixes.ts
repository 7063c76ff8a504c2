import type { Client } from './client.ts'

export type TrackingPrefixes = ReadonlySet<string>

const NO_PREFIXES: TrackingPrefixes = new Set()

/** Who wants to hear of changed keys that begin with a prefix, and which have changed in this turn. */
interface Broadcast {
  readonly clients: Set<Client>
  /** By key, who changed it last. */
  changed: Map<string, Client | undefined>
}

/** CLIENT TRACKING BCAST: prefixes, and the clients that listen to them. */
export class BroadcastTable {
  readonly #byPrefix = new Map<string, Broadcast>()
  readonly #byClient = new Map<Client, Set<string>>()

  get prefixCount(): number {
    return this.#byPrefix.size
  }

  prefixesOf(client: Client): TrackingPrefixes {
    return this.#byClient.get(client) ?? NO_PREFIXES
  }

  /** No prefix: every key. */
  add(client: Client, prefixes: readonly string[]): void {
    const own = this.#byClient.get(client) ?? new Set()
    this.#byClient.set(client, own)
    for (const prefix of prefixes.length === 0 ? [''] : prefixes) {
      own.add(prefix)
      const broadcast = this.#byPrefix.get(prefix) ?? { clients: new Set(), changed: new Map() }
      this.#byPrefix.set(prefix, broadcast)
      broadcast.clients.add(client)
    }
  }

  remove(client: Client): void {
    for (const prefix of this.prefixesOf(client)) {
      const broadcast = this.#byPrefix.get(prefix)
      broadcast?.clients.delete(client)
      if (broadcast?.clients.size === 0) this.#byPrefix.delete(prefix)
    }
    this.#byClient.delete(client)
  }

  /** Whether anybody listens to a prefix of the key. */
  touch(key: string, changedBy: Client | undefined): boolean {
    let isHeard = false
    for (const [prefix, { changed }] of this.#byPrefix) {
      if (!key.startsWith(prefix)) continue
      changed.set(key, changedBy)
      isHeard = true
    }
    return isHeard
  }

  /** Tells each client of the keys changed since the last time. `isSilent`: not of those it changed itself. */
  flush(tell: (client: Client, keys: readonly string[]) => void, isSilent: IsSilent): void {
    for (const broadcast of this.#byPrefix.values()) {
      const { changed, clients } = broadcast
      if (changed.size === 0) continue
      broadcast.changed = new Map()
      const all = [...changed.keys()].sort()
      for (const client of clients) {
        const keys = isSilent(client) ? all.filter((key) => changed.get(key) !== client) : all
        if (keys.length > 0) tell(client, keys)
      }
    }
  }
}

type IsSilent = (client: Client) => boolean
