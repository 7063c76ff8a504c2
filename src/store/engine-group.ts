import type { EmbeddedClient, EngineReplication } from '../engine/index.ts'
import type { Members, OwnGroup, Round } from './settlement.ts'
import { StoreError } from './store.ts'

/** Those that follow an engine in this process. */
export class EngineGroup implements OwnGroup {
  readonly #client: EmbeddedClient
  readonly #replication: EngineReplication

  constructor(client: EmbeddedClient, replication: EngineReplication) {
    this.#client = client
    this.#replication = replication
  }

  members(): Members {
    const { arrivals, connected, online } = this.#replication.replicas
    return { online, identity: `${connected} ${arrivals}` }
  }

  async wait(count: number, timeoutMs: number): Promise<Round> {
    const acknowledged = await this.#client.callAsync('WAIT', count, Math.ceil(timeoutMs))
    if (typeof acknowledged !== 'number') throw new StoreError('refused', 'WAIT was refused')
    return { acknowledged, members: this.members() }
  }
}
