import type { NodeAddress } from './node-address.ts'
import type { Replication } from './replication.ts'

/** How many follow an engine. */
export interface ReplicaCounts {
  readonly connected: number
  /** Have their copy, and get the stream. */
  readonly online: number
  /** Since the engine was made: as long as it stays the same nobody has come, whoever has gone. */
  readonly arrivals: number
}

/** What an engine is to others of its kind, for the process that runs it. */
export class EngineReplication {
  readonly #replication: Replication

  constructor(replication: Replication) {
    this.#replication = replication
  }

  get isReplica(): boolean {
    return this.#replication.isReplica
  }

  /** Whom it follows. */
  get primary(): NodeAddress | undefined {
    return this.#replication.link?.address
  }

  /** What the primary writes is applied as it comes. */
  get isLinked(): boolean {
    return this.#replication.link?.state === 'connected'
  }

  /** How often that has begun. */
  get linkCount(): number {
    return this.#replication.linkCount
  }

  get replicas(): ReplicaCounts {
    const { primary, totals } = this.#replication
    let online = 0
    for (const { state } of primary.replicas) if (state === 'online') online += 1
    return { connected: primary.replicas.size, online, arrivals: totals.full + totals.partial }
  }

  /** Where those that follow it can be reached, as they say. */
  get followers(): readonly NodeAddress[] {
    return [...this.#replication.primary.replicas].map(({ address }) => address)
  }

  /** How often one of them has gone. */
  get departures(): number {
    return this.#replication.primary.replicas.departures
  }

  /** Where those can be reached that have gone since so many had; of many the last ones. */
  departedSince(departures: number): readonly NodeAddress[] {
    return this.#replication.primary.replicas.departedSince(departures)
  }

  /** Of what was written: the same at all that have it. */
  get replicationId(): string {
    return this.#replication.history.id
  }

  /**
   * `listener` is called when the engine comes to follow another primary, or none: within a command, so that it may
   * take note of it and must not ask the engine anything.
   */
  onRoleChanged(listener: () => void): void {
    this.#replication.onRoleChanged(listener)
  }
}
