import { type EmbeddedClient, Engine } from '../../src/engine/index.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import {
  EmbeddedStore,
  type NoRole,
  type PrimaryConnection,
  ReplicatedStore,
  type Role,
  type RoleReport,
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
  /** It has its copy, and gets the stream. */
  isOnline: boolean
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
  /** Those that have come since it was made the primary: one of them may be made it in its place. */
  readonly followedBy = new Set<GroupNode>()
  arrivals = 0
  readonly #departed: GroupNode[] = []
  replicationId: string
  /** Of the history that it goes on with. */
  formerReplicationId: string | undefined
  linkCount = 0
  feed: Feed | undefined
  following: GroupNode | undefined
  #roleChanged: () => void = () => undefined
  #promotions = 0

  constructor(name: string, group: ReplicaGroup) {
    this.name = name
    this.replicationId = `history of ${name}`
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
      connect: ({ host }) => {
        if (this.following === undefined) group.rivals += 1
        return group.connect(host)
      },
      askRole: ({ host }) => group.askRole(host),
      leaseMs: LEASE_MS,
      isCache: true,
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
    return this.feed?.isHereForReplica === true && this.feed.isOnline
  }

  onRoleChanged(listener: () => void): void {
    this.#roleChanged = listener
  }

  get followers() {
    return this.#here.map(({ to }) => ({ host: to.name, port: 1 }))
  }

  get departures(): number {
    return this.#departed.length
  }

  departedSince(departures: number) {
    return this.#departed.slice(departures).map(({ name }) => ({ host: name, port: 1 }))
  }

  members() {
    const here = this.#here
    const online = here.filter(({ isOnline }) => isOnline).length
    return { online, identity: `${here.length} ${this.arrivals}` }
  }

  get #here(): readonly Feed[] {
    return this.feeds.filter(({ isHereForPrimary }) => isHereForPrimary)
  }

  acknowledgedBy(offset: number): number {
    return this.#here.filter((one) => one.isOnline && one.acknowledged >= offset).length
  }

  /** As REPLICAOF does. */
  follow(primary: GroupNode | undefined): void {
    this.dropFeed()
    for (const feed of this.feeds) this.lose(feed)
    this.following = primary
    this.followedBy.clear()
    if (primary === undefined) {
      this.#promotions += 1
      this.formerReplicationId = this.replicationId
      this.replicationId = `history ${this.#promotions} of ${this.name}`
    }
    this.#roleChanged()
  }

  dropFeed(): void {
    if (this.feed !== undefined) this.feed.isHereForReplica = false
    this.feed = undefined
  }

  /** Of a replica that has gone. */
  lose(feed: Feed): void {
    if (feed.isHereForPrimary) this.#departed.push(feed.to)
    feed.isHereForPrimary = false
  }
}

/**
 * Three gateways, of whose engines one is the primary. Between two turns of the world the streams go on a little or do
 * not, connections are cut and made again, time passes, the primary dies and another takes its place; or it lives on, and
 * is told only later.
 */
export class ReplicaGroup {
  readonly clock: FakeClock
  readonly random: WorldParts['random']
  readonly #turns: Turns
  readonly #start: WorldParts['start']
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  #nodes: GroupNode[] = []
  /** With those that have gone, to which one may still connect in vain. */
  readonly #everyone: GroupNode[] = []
  /** The one that Sentinel takes for the primary. */
  #primary: GroupNode | undefined
  /** One that lives, and was taken for dead; it is told of it then. */
  #deposed: { readonly node: GroupNode; readonly untilMs: number } | undefined
  /** Replicas that have gone, which their primary finds out then. */
  #leaving: { readonly from: GroupNode; readonly feed: Feed; readonly atMs: number }[] = []
  #names = 0
  promotions = 0
  /** How often one that lived found another one in its place. */
  rivals = 0
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
    const node = this.#named(name)
    let isOpen = true
    const check = (): void => {
      if (!isOpen || node.isGone) throw new StoreError('unreachable', 'the connection was lost')
      if (node.following !== undefined) throw new StoreError('refused', 'READONLY')
    }
    const far = distantStore(node.local, this.#turns, check)
    return {
      store: far,
      start: () => this.#turns.next(),
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

  async askRole(name: string): Promise<RoleReport | NoRole> {
    await this.#turns.next()
    const node = this.#named(name)
    const { following, replicationId, formerReplicationId } = node
    const report = {
      follows: following && { host: following.name, port: 1 },
      replicationId,
      formerReplicationId,
    }
    await this.#turns.next()
    return node.isGone ? 'unreachable' : report
  }

  #named(name: string): GroupNode {
    const node = this.#everyone.find((one) => one.name === name)
    if (node === undefined) throw new Error(`there is no ${name}`)
    return node
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
    this.#leaving = this.#leaving.filter(({ from, feed, atMs }) => {
      if (atMs > nowMs) return true
      from.lose(feed)
      return false
    })
    if (this.#deposed !== undefined && nowMs >= this.#deposed.untilMs) this.#tellDeposed()
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
      following.lose(feed)
    }
    if (this.#chance(0.004)) {
      this.cuts += 1
      feed.isHereForReplica = false
      node.feed = undefined
      return
    }
    if (!feed.isOnline) return this.#copy(node, feed)
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

  #link(node: GroupNode): void {
    const { following } = node
    if (following === undefined || following.isGone || following.following !== undefined) return
    if (!this.#chance(0.1)) return
    const feed: Feed = {
      to: node,
      client: node.engine.client(),
      isOnline: false,
      isHereForPrimary: true,
      isHereForReplica: true,
      applied: 0,
      acknowledged: 0,
      stuckUntilMs: 0,
    }
    following.arrivals += 1
    following.followedBy.add(node)
    // Of two connections of one replica the older one is over.
    for (const older of following.feeds) if (older.to === node) following.lose(older)
    const others = following.feeds.filter(({ isHereForPrimary }) => isHereForPrimary)
    following.feeds = [...others, feed]
    node.feed = feed
  }

  /** Of everything: what a partial synchronization gives is the same. */
  #copy(node: GroupNode, feed: Feed): void {
    const { following } = node
    if (following === undefined || !feed.isHereForPrimary || !this.#chance(0.3)) return
    node.client.call('FLUSHALL')
    const keys = following.client.call('KEYS', '*')
    for (const key of Array.isArray(keys) ? keys : []) {
      if (!Buffer.isBuffer(key)) continue
      const value = following.client.get(key)
      const ttlMs = Number(following.client.call('PTTL', key))
      if (value !== undefined) node.client.set(key, value, ttlMs > 0 ? { ttlMs } : undefined)
    }
    node.replicationId = following.replicationId
    node.linkCount += 1
    feed.applied = following.effects.length
    feed.acknowledged = feed.applied
    feed.isOnline = true
  }

  /** It dies, and a new one comes for it; or it goes on as a replica, at once or after a while. */
  #changePrimary(): void {
    const old = this.#primary
    if (old === undefined || this.#deposed !== undefined) return
    const next = this.#nodes.find((node) => node !== old && old.followedBy.has(node))
    if (next === undefined) return
    this.promotions += 1
    this.#primary = next
    const fate = this.random.next()
    if (fate < 0.3) return this.#depose(old, next)
    if (fate < 0.7) {
      old.isGone = true
      old.dropFeed()
      void old.store.stop()
      this.#nodes = this.#nodes.filter((node) => node !== old)
    }
    next.follow(undefined)
    for (const node of this.#nodes) if (node !== next) node.follow(next)
    if (old.isGone) this.#join()
  }

  /** Whoever followed it follows the other one; that they have gone is known within a lease. */
  #depose(old: GroupNode, next: GroupNode): void {
    const nowMs = this.clock.monotonicMs()
    const within = (ms: number): number => nowMs + (this.random.uint32() % ms)
    for (const feed of old.feeds) this.#leaving.push({ from: old, feed, atMs: within(LEASE_MS) })
    this.#deposed = { node: old, untilMs: within(10 * LEASE_MS) }
    next.follow(undefined)
    for (const node of this.#nodes) if (node !== next && node !== old) node.follow(next)
  }

  #tellDeposed(): void {
    this.#deposed?.node.follow(this.#primary)
    this.#deposed = undefined
  }

  #join(): void {
    this.#names += 1
    const primary = this.#primary
    const node = new GroupNode(`node${this.#names}`, this)
    this.#nodes.push(node)
    this.#everyone.push(node)
    if (primary === undefined) this.#primary = node
    else node.follow(primary)
    this.#start(node)
    void node.store.start()
  }

  #chance(probability: number): boolean {
    return this.random.next() < probability
  }
}
