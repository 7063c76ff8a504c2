import { type EmbeddedClient, Engine } from '../../src/engine/index.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import {
  EmbeddedStore,
  type PrimaryConnection,
  ReplicatedStore,
  type Role,
  StoreError,
} from '../../src/store/index.ts'
import type { FakeClock } from './fake-clock.ts'
import type { ModelNode, WorldParts } from './freshness-world.ts'
import { distantStore, type Turns } from './turns.ts'

export const LEASE_MS = 1_000

type Effect = readonly (string | Buffer)[]

/** A connection over which a stream goes; each end finds out by itself that it is cut. */
interface Feed {
  readonly to: GroupNode
  /** Of the replica, for this stream: a transaction that is cut off ends with it. */
  readonly client: EmbeddedClient
  isHereForPrimary: boolean
  isHereForReplica: boolean
  /** Of the primary's effects, how many have been applied; known to the primary. */
  applied: number
  acknowledged: number
  /** Nothing moves until then, and nobody knows. */
  stuckUntilMs: number
}

/** An engine in a group, with the store on it. What replication does is played, so that it can lag and be cut. */
class GroupNode implements ModelNode, Role {
  readonly name: string
  readonly store: ReplicatedStore
  readonly engine: Engine
  readonly client: EmbeddedClient
  readonly local: EmbeddedStore
  isGone = false
  /** What this engine wrote as a primary. */
  readonly effects: Effect[] = []
  feeds: readonly Feed[] = []
  arrivals = 0
  linkCount = 0
  feed: Feed | undefined
  following: GroupNode | undefined
  #roleChanged: () => void = () => undefined

  constructor(name: string, group: ReplicaGroup) {
    this.name = name
    this.engine = new Engine({ clock: group.clock, random: group.random })
    this.client = this.engine.client()
    this.local = new EmbeddedStore(this.client)
    this.engine.onEffect((_database, effect) => {
      if (this.following !== undefined) return
      this.effects.push(
        effect.map((part) => (typeof part === 'object' ? Buffer.from(part) : String(part))),
      )
    })
    this.store = new ReplicatedStore({
      name,
      local: this.local,
      replication: this,
      own: {
        members: () => this.members(),
        wait: (count, timeoutMs) => group.wait(this, count, timeoutMs),
      },
      connect: ({ host }) => group.connect(host),
      leaseMs: LEASE_MS,
      asksPrimary: false,
      confirmsReplication: false,
      clock: group.clock,
      random: group.random,
      log: silentLogger,
      after: group.after,
    })
  }

  get isReplica(): boolean {
    return this.following !== undefined
  }

  get primary() {
    return this.following && { host: this.following.name, port: 1 }
  }

  get isLinked(): boolean {
    return this.feed?.isHereForReplica === true
  }

  onRoleChanged(listener: () => void): void {
    this.#roleChanged = listener
  }

  members() {
    const here = this.feeds.filter(({ isHereForPrimary }) => isHereForPrimary)
    return { online: here.length, identity: `${here.length} ${this.arrivals}` }
  }

  acknowledgedBy(offset: number): number {
    return this.feeds.filter((one) => one.isHereForPrimary && one.acknowledged >= offset).length
  }

  /** As REPLICAOF does. */
  follow(primary: GroupNode | undefined): void {
    this.dropFeed()
    this.following = primary
    this.#roleChanged()
  }

  dropFeed(): void {
    if (this.feed !== undefined) this.feed.isHereForReplica = false
    this.feed = undefined
    for (const feed of this.feeds) feed.isHereForPrimary = false
  }
}

/**
 * Three gateways, of whose engines one is the primary. Between two turns of the world the streams go on a little or do
 * not, connections are cut and made again, time passes, the primary dies and another takes its place.
 */
export class ReplicaGroup {
  readonly clock: FakeClock
  readonly random: WorldParts['random']
  readonly #turns: Turns
  readonly #start: WorldParts['start']
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  #nodes: GroupNode[] = []
  #names = 0
  promotions = 0
  cuts = 0

  constructor({ clock, random, turns, start }: WorldParts) {
    this.clock = clock
    this.random = random
    this.#turns = turns
    this.#start = start
    turns.between = () => this.#goOn()
    for (let count = 0; count < 3; count += 1) this.#join()
  }

  nodes(): readonly ModelNode[] {
    return this.#nodes
  }

  /** Over all gateways that there are. */
  get reads(): { readonly unsure: number; readonly late: number } {
    const status = this.#nodes.map(({ store }) => store.status)
    return {
      unsure: status.reduce((sum, { unsureReads }) => sum + unsureReads, 0),
      late: status.reduce((sum, { lateSettlements }) => sum + lateSettlements, 0),
    }
  }

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: this.clock.monotonicMs() + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** WAIT at `node`, for all that it has written so far. */
  async wait(node: GroupNode, count: number, timeoutMs: number) {
    const offset = node.effects.length
    const untilMs = this.clock.monotonicMs() + timeoutMs
    while (node.acknowledgedBy(offset) < count && this.clock.monotonicMs() < untilMs) {
      await this.#turns.next()
    }
    return { acknowledged: node.acknowledgedBy(offset), members: node.members() }
  }

  connect(name: string): PrimaryConnection {
    const node = this.#nodes.find((one) => one.name === name)
    if (node === undefined) throw new Error(`there is no ${name}`)
    let isOpen = true
    const check = (): void => {
      if (!isOpen || node.isGone) throw new StoreError('unreachable', 'the connection was lost')
      if (node.following !== undefined) throw new StoreError('refused', 'READONLY')
    }
    const far = distantStore(node.local, this.#turns, check)
    return {
      store: far,
      start: () => undefined,
      stop: () => {
        isOpen = false
      },
      members: async () => {
        await this.#turns.next()
        check()
        const members = node.members()
        await this.#turns.next()
        check()
        return members
      },
      wait: async (count, timeoutMs) => {
        await this.#turns.next()
        check()
        const round = await this.wait(node, count, timeoutMs)
        await this.#turns.next()
        check()
        return round
      },
    }
  }

  get #primary(): GroupNode | undefined {
    return this.#nodes.find(({ following }) => following === undefined)
  }

  #goOn(): void {
    if (this.#chance(0.5)) this.clock.advance(this.random.uint32() % 30)
    if (this.#chance(0.003)) this.clock.advance(LEASE_MS / 2 + (this.random.uint32() % LEASE_MS))
    for (const node of this.#nodes) {
      if (node.feed === undefined) this.#link(node)
      else this.#stream(node, node.feed)
    }
    if (this.#chance(0.0006)) this.#changePrimary()
    const nowMs = this.clock.monotonicMs()
    for (const timer of this.#timers) {
      if (timer.atMs > nowMs) continue
      this.#timers.delete(timer)
      timer.run()
    }
  }

  #stream(node: GroupNode, feed: Feed): void {
    const { following } = node
    if (following === undefined) return
    if (this.#chance(0.004)) {
      this.cuts += 1
      feed.isHereForPrimary = false
    }
    if (this.#chance(0.004)) {
      this.cuts += 1
      feed.isHereForReplica = false
      node.feed = undefined
      return
    }
    const nowMs = this.clock.monotonicMs()
    if (this.#chance(0.008)) feed.stuckUntilMs = nowMs + (this.random.uint32() % (2 * LEASE_MS))
    if (nowMs < feed.stuckUntilMs) return
    if (feed.isHereForPrimary && this.#chance(0.4)) {
      const next = following.effects.slice(feed.applied, feed.applied + (this.random.uint32() % 4))
      for (const effect of next) feed.client.call(...effect)
      feed.applied += next.length
    }
    if (feed.isHereForPrimary && this.#chance(0.4)) feed.acknowledged = feed.applied
  }

  /** By a copy of everything: what a partial synchronization gives is the same. */
  #link(node: GroupNode): void {
    const { following } = node
    if (following === undefined || following.isGone || following.following !== undefined) return
    if (!this.#chance(0.1)) return
    node.client.call('FLUSHALL')
    const keys = following.client.call('KEYS', '*')
    for (const key of Array.isArray(keys) ? keys : []) {
      if (!Buffer.isBuffer(key)) continue
      const value = following.client.get(key)
      const ttlMs = Number(following.client.call('PTTL', key))
      if (value !== undefined) node.client.set(key, value, ttlMs > 0 ? { ttlMs } : undefined)
    }
    const offset = following.effects.length
    const feed: Feed = {
      to: node,
      client: node.engine.client(),
      isHereForPrimary: true,
      isHereForReplica: true,
      applied: offset,
      acknowledged: offset,
      stuckUntilMs: 0,
    }
    following.arrivals += 1
    // Of two connections of one replica the older one is over.
    const others = following.feeds.filter((one) => one.to !== node && one.isHereForPrimary)
    following.feeds = [...others, feed]
    node.linkCount += 1
    node.feed = feed
  }

  /** It dies, and a new one comes for it; or it goes on as a replica. */
  #changePrimary(): void {
    const old = this.#primary
    const next = this.#nodes.find(({ following }) => following !== undefined)
    if (old === undefined || next === undefined) return
    this.promotions += 1
    const dies = this.#chance(0.6)
    if (dies) {
      old.isGone = true
      old.dropFeed()
      void old.store.stop()
      this.#nodes = this.#nodes.filter((node) => node !== old)
    }
    next.follow(undefined)
    for (const node of this.#nodes) if (node !== next) node.follow(next)
    if (dies) this.#join()
  }

  #join(): void {
    this.#names += 1
    const primary = this.#primary
    const node = new GroupNode(`node${this.#names}`, this)
    this.#nodes.push(node)
    if (primary !== undefined) node.follow(primary)
    this.#start(node)
    void node.store.start()
  }

  #chance(probability: number): boolean {
    return this.random.next() < probability
  }
}
