import type { Logger } from '../../shared/logger.ts'
import { CLIENT_STATE, type Client, type CountedAs } from './client.ts'
import type { ClientRegistry } from './client-registry.ts'
import type { Tracking } from './tracking.ts'

/** What the engine holds per client beside its buffers: about what V8 takes for its objects. */
const CLIENT_BYTES = 2_048
/** And for each key it watches, name it listens to, prefix it tracks, about. */
const WATCHED_KEY_BYTES = 200
const SUBSCRIPTION_BYTES = 150
const PREFIX_BYTES = 150
/** A lower limit would end those who want to raise it (networking.c, getClientEvictionLimit). */
const LIMIT_BYTES_MIN = 128 * 1_024
/** Clients below and above are alike (server.h, CLIENT_MEM_USAGE_BUCKET_MIN_LOG and MAX_LOG). */
const SIZE_CLASS_MIN = 15
const SIZE_CLASS_MAX = 33

export interface ClientMemoryOptions {
  readonly clients: ClientRegistry
  readonly log: Logger
  readonly tracking: () => Tracking
}

/** What the server holds for each client, and maxmemory-clients: the largest ones go when it is too much. */
export class ClientMemory {
  evictedClients = 0
  /** Of all clients that are no replicas, as they were when they were counted last. */
  normalBytes = 0
  replicaBytes = 0
  readonly #options: ClientMemoryOptions
  #limitBytes = Number.POSITIVE_INFINITY
  #hasWarned = false

  constructor(options: ClientMemoryOptions) {
    this.#options = options
    options.clients.onRemoved((client) => this.#forget(client))
  }

  /** maxmemory-clients, a number of bytes or a percentage of maxmemory; 0: as much as they want. */
  configure(limit: string, maxmemoryBytes: number): void {
    const isPercent = limit.endsWith('%')
    const bytes = isPercent ? (maxmemoryBytes * Number.parseInt(limit, 10)) / 100 : Number(limit)
    this.#limitBytes = bytes === 0 ? Number.POSITIVE_INFINITY : Math.max(LIMIT_BYTES_MIN, bytes)
    this.#hasWarned = false
    if (this.#isLimited) this.sample()
  }

  /** Bytes held for one client, but for the arguments of its running command. */
  bytesOf(client: Client): number {
    return (
      CLIENT_BYTES +
      client.output.heldBytes +
      (client.transaction?.bytes ?? 0) +
      (client.watchedKeys?.size ?? 0) * WATCHED_KEY_BYTES +
      (client.subscriptionCount(false) + client.subscriptionCount(true)) * SUBSCRIPTION_BYTES +
      this.#options.tracking().prefixesOf(client).size * PREFIX_BYTES
    )
  }

  /** After anything that may have changed what is held for the client. Costs a comparison without a limit. */
  update(client: Client): void {
    if (!this.#isLimited) return
    this.#count(client)
    this.#evict()
  }

  /** Once a cycle: all of them. */
  sample(): void {
    for (const client of this.#options.clients) this.#count(client)
    this.#evict()
  }

  get #isLimited(): boolean {
    return this.#limitBytes !== Number.POSITIVE_INFINITY
  }

  #count(client: Client): void {
    const kind = kindOf(client)
    const bytes = kind === 'nothing' ? 0 : this.bytesOf(client)
    this.#add(client.countedAs, -client.countedBytes)
    client.countedAs = kind
    client.countedBytes = bytes
    this.#add(kind, bytes)
  }

  #forget(client: Client): void {
    this.#add(client.countedAs, -client.countedBytes)
    client.countedAs = 'nothing'
    client.countedBytes = 0
  }

  #add(kind: CountedAs, bytes: number): void {
    if (kind === 'normal') this.normalBytes += bytes
    else if (kind === 'replica') this.replicaBytes += bytes
  }

  /** From the largest down, as long as they hold too much together (networking.c, evictClients). */
  #evict(): void {
    if (this.normalBytes < this.#limitBytes) {
      this.#hasWarned = false
      return
    }
    const { clients, log } = this.#options
    const candidates = [...clients].filter(mayGo).sort((a, b) => sizeClassOf(b) - sizeClassOf(a))
    for (const client of candidates) {
      const { address, countedBytes, id, name } = client
      log.info({}, `Evicting client: id=${id} addr=${address} name=${name} tot-mem=${countedBytes}`)
      this.#forget(client)
      this.evictedClients += 1
      clients.kill(client, undefined)
      if (this.normalBytes < this.#limitBytes) return
    }
    if (!this.#hasWarned) log.warn({}, 'Over client maxmemory after evicting all evictable clients')
    this.#hasWarned = true
  }
}

function kindOf(client: Client): CountedAs {
  if (client.isEmbedded || client.isClosing || client.is(CLIENT_STATE.primary)) return 'nothing'
  return client.is(CLIENT_STATE.replica) ? 'replica' : 'normal'
}

function mayGo(client: Client): boolean {
  return client.countedAs === 'normal' && !client.isKeptFromEviction
}

/** Redis tells clients apart by powers of two. */
function sizeClassOf({ countedBytes }: Client): number {
  const bits = Math.floor(Math.log2(Math.max(1, countedBytes))) + 1
  return Math.min(SIZE_CLASS_MAX, Math.max(SIZE_CLASS_MIN, bits))
}
