import type { Logger } from '../shared/logger.ts'
import { infoField } from './info-field.ts'
import { RemoteStore } from './remote-store.ts'
import type { ReplicationDemand } from './replication-demand.ts'
import type { Group, Members, Round } from './settlement.ts'
import type { Store } from './store.ts'
import type { RemoteAddress } from './store-url.ts'

/** Where a replica writes. */
export interface PrimaryConnection extends Group {
  readonly store: Store
  /** In the background, again and again until it stands; resolves when the first attempt is over. */
  start(): Promise<void>
  /** What is under way fails. */
  stop(): void
}

export interface PrimaryConnectionOptions {
  readonly address: RemoteAddress
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
  readonly commandsMax: number
  /** How long WAIT waits at most. */
  readonly leaseMs: number
  /** What `confirm` of the store waits for; nothing unless given. */
  readonly replication?: ReplicationDemand | undefined
  readonly log: Logger
}

/** To another gateway's engine, or a Redis. Two sockets: WAIT holds up what comes behind it. */
export class RemotePrimary implements PrimaryConnection {
  readonly store: RemoteStore
  readonly #waiting: RemoteStore

  constructor(options: PrimaryConnectionOptions) {
    this.store = new RemoteStore(options)
    const commandTimeoutMs = options.commandTimeoutMs + options.leaseMs
    this.#waiting = new RemoteStore({ ...options, commandTimeoutMs, replication: undefined })
  }

  async start(): Promise<void> {
    await Promise.all([this.store.connect(), this.#waiting.connect()])
  }

  stop(): void {
    this.store.disconnect()
    this.#waiting.disconnect()
  }

  async members(): Promise<Members> {
    return membersIn(await this.store.replicationInfo())
  }

  async wait(count: number, timeoutMs: number): Promise<Round> {
    const { acknowledged, info } = await this.#waiting.waitForReplicas(count, timeoutMs)
    return { acknowledged, members: membersIn(info) }
  }
}

/**
 * Of INFO's sections on replication and statistics. As long as nobody comes (no synchronization is counted) and there
 * are as many as before, nobody went either.
 */
export function membersIn(info: string): Members {
  const names = ['master_replid', 'connected_slaves', 'sync_full', 'sync_partial_ok']
  return {
    online: info.match(/^slave\d+:.*\bstate=online\b/gm)?.length ?? 0,
    identity: names.map((name) => infoField(info, name)).join(' '),
  }
}
