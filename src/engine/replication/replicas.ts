import type { Client } from '../execution/client.ts'
import type { NodeAddress } from './node-address.ts'
import { newReplicaSettings, type ReplicaFeed, type ReplicaSettings } from './replica-feed.ts'

/** Of those that have gone so many are remembered. */
const DEPARTED_MAX = 16

/** The replicas of this engine, in the order they came. */
export class Replicas implements Iterable<ReplicaFeed> {
  readonly #feeds = new Map<Client, ReplicaFeed>()
  /** Of clients that have sent REPLCONF, replicas or not. */
  readonly #settings = new WeakMap<Client, ReplicaSettings>()
  /** Since when there is none. */
  noneSinceMs = 0
  /** How often one has gone. */
  departures = 0
  /** The last of them. */
  readonly #departed: NodeAddress[] = []

  get size(): number {
    return this.#feeds.size
  }

  settingsOf(client: Client): ReplicaSettings {
    const known = this.#settings.get(client)
    if (known !== undefined) return known
    const settings = newReplicaSettings()
    this.#settings.set(client, settings)
    return settings
  }

  find(client: Client): ReplicaFeed | undefined {
    return this.#feeds.get(client)
  }

  findByAddress(host: string, port: number): ReplicaFeed | undefined {
    const name = host.toLowerCase()
    for (const feed of this) {
      if (feed.host.toLowerCase() === name && feed.settings.port === port) return feed
    }
    return undefined
  }

  add(feed: ReplicaFeed): void {
    this.#feeds.set(feed.client, feed)
  }

  /** Its connection is gone. */
  remove(client: Client, nowMs: number): boolean {
    const feed = this.#feeds.get(client)
    if (feed === undefined) return false
    this.#feeds.delete(client)
    this.#departs(feed)
    if (this.size === 0) this.noneSinceMs = nowMs
    return true
  }

  /** They are to come again, and ask for what they miss. */
  disconnectAll(nowMs: number): void {
    if (this.size > 0) this.noneSinceMs = nowMs
    for (const feed of this) {
      feed.client.output.close()
      this.#departs(feed)
    }
    this.#feeds.clear()
  }

  #departs({ address }: ReplicaFeed): void {
    this.departures += 1
    this.#departed.push(address)
    if (this.#departed.length > DEPARTED_MAX) this.#departed.shift()
  }

  /** Where those can be reached, as they said, that have gone since so many had; the last sixteen at most. */
  departedSince(departures: number): readonly NodeAddress[] {
    const count = Math.min(this.departures - departures, this.#departed.length)
    return this.#departed.slice(this.#departed.length - count)
  }

  /** How many have said that they have everything up to this offset. */
  countAcknowledged(offset: number): number {
    let count = 0
    for (const feed of this) {
      if (feed.state === 'online' && feed.acknowledgedOffset >= offset) count += 1
    }
    return count
  }

  /** Those that are not at this offset, in Redis' words (server.c, finishShutdown). */
  describeLagging(offset: number, nowMs: number): readonly string[] {
    const lagging = [...this].filter((feed) => feed.acknowledgedOffset !== offset)
    return lagging.map(({ acknowledgedAtMs, acknowledgedOffset, host, settings, state }) => {
      const lag = state === 'online' ? secondsBetween(acknowledgedAtMs, nowMs) : 0
      const behind = offset - acknowledgedOffset
      return `${host}:${settings.port} reported offset ${behind} behind master, lag=${lag}, state=${state}`
    })
  }

  /** How many have been heard of lately: min-replicas-max-lag. */
  countGood(nowMs: number, lagSecondsMax: number): number {
    let count = 0
    for (const feed of this) {
      const lagSeconds = secondsBetween(feed.acknowledgedAtMs, nowMs)
      if (feed.state === 'online' && lagSeconds <= lagSecondsMax) count += 1
    }
    return count
  }

  [Symbol.iterator](): Iterator<ReplicaFeed> {
    return this.#feeds.values()
  }
}

/** As Redis counts: by a clock of whole seconds. */
export function secondsBetween(sinceMs: number, nowMs: number): number {
  return Math.floor(nowMs / 1_000) - Math.floor(sinceMs / 1_000)
}
