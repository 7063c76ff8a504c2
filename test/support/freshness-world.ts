import { type CacheTarget, createCacheTarget } from '../../src/gateway/cache/cache-target.ts'
import { Epochs } from '../../src/gateway/cache/epochs.ts'
import { FillLocks } from '../../src/gateway/cache/fill-locks.ts'
import { Invalidation } from '../../src/gateway/cache/invalidation.ts'
import { PurgeHistory } from '../../src/gateway/cache/purge-history.ts'
import { ResponseCache } from '../../src/gateway/cache/response-cache.ts'
import { selectors } from '../../src/gateway/cache/selectors.ts'
import { SingleFlight } from '../../src/gateway/cache/single-flight.ts'
import { GatewayError } from '../../src/gateway/errors.ts'
import { tableTags } from '../../src/gateway/metadata/relation-tags.ts'
import { EntryCensus } from '../../src/gateway/purge/entry-census.ts'
import type { PurgeOrder, PurgeTarget } from '../../src/gateway/purge/purge-order.ts'
import { planPurge } from '../../src/gateway/purge/purge-plan.ts'
import { Purger } from '../../src/gateway/purge/purger.ts'
import { CacheStatistics } from '../../src/gateway/statistics/cache-statistics.ts'
import { nth } from '../../src/shared/assert.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import type { Random } from '../../src/shared/random.ts'
import type { Store } from '../../src/store/index.ts'
import { FakeClock } from './fake-clock.ts'
import { openStore } from './open-store.ts'
import { distantStore, Turns } from './turns.ts'

type Table = 'products' | 'orders'

/** An answer: what the tables were worth when the model upstream read them, and when that was. */
interface Answer {
  readonly products: number
  readonly orders: number
  readonly readAt: number
}

interface Subject {
  readonly target: CacheTarget
  readonly tables: readonly Table[]
}

const TTL_MS = 60_000
const STAMP_TTL_MS = 86_400_000
const ACTORS_MAX = 10

const tagsOf = (table: Table): readonly string[] => tableTags('default', `public.${table}`)

function subject(byte: number, tables: readonly Table[], own: readonly string[]): Subject {
  const target = createCacheTarget({
    digest: Buffer.alloc(32, byte),
    familyDigest: Buffer.alloc(32, 100 + (byte % 2)),
    ttlMs: TTL_MS,
    reads: tables.map((table) => nth(tagsOf(table), 0)),
    selectors: own,
    staleness: { whileRevalidateMs: TTL_MS, ifErrorMs: 0 },
  })
  return { target, tables }
}

const SUBJECTS: readonly Subject[] = [
  subject(1, ['products'], [selectors.role('user'), selectors.operation('Catalogue')]),
  subject(
    2,
    ['products', 'orders'],
    [selectors.role('user'), selectors.variable('x-hasura-a', '7')],
  ),
  subject(3, ['orders'], [selectors.role('manager'), selectors.operation('Orders')]),
  subject(4, ['orders'], [selectors.role('user'), selectors.variable('x-hasura-a', '8')]),
]

const PURGES: readonly PurgeTarget[] = [
  { key: nth(SUBJECTS, 0).target.cacheKey },
  { family: nth(SUBJECTS, 1).target.familyKey },
  { operation: 'Catalogue' },
  { table: 'public.orders', source: 'default' },
  { role: 'user' },
  { role: 'nobody' },
  { session_variable: { name: 'x-hasura-a', value: '7' } },
  { tag: nth(tagsOf('products'), 0) },
  { everything: true },
]

const NAMES = { ofTable: tableTags, ofRow: () => [] }
const WHO = { via: 'admin', secret: 1, address: '127.0.0.1' } as const

export interface WorldParts {
  readonly clock: FakeClock
  readonly random: Random
  readonly turns: Turns
  /** Starts a gateway; one that is not there before is started when it is first asked. */
  readonly start: (node: ModelNode) => void
}

/** Where a gateway keeps what it caches. */
export interface ModelNode {
  readonly store: Store
  /** Its process has ended: nobody hears its answers any more. */
  readonly isGone: boolean
}

/** Gateways on one store in front of a model of Hasura, and what each read may give. */
export class FreshnessWorld {
  /** Reads that gave what they must not, in words. */
  readonly stale: string[] = []
  servedFromCache = 0
  /** Reads that waited for another gateway's fetch and were served what it kept. */
  servedByAnother = 0
  readonly #random: Random
  readonly #clock = new FakeClock()
  readonly #turns: Turns
  readonly #nodes: () => readonly ModelNode[]
  readonly #gateways = new Map<ModelNode, ModelGateway>()
  readonly #database = { products: 0, orders: 0 }
  /** What everybody has been told of: no read that begins later may be older. */
  readonly #told = { products: 0, orders: 0 }
  /** By subject: an answer that was read no later is purged. */
  readonly #purgedAt = SUBJECTS.map(() => 0)
  #time = 0

  /** `open` gives those that there are now: gateways of one store, unless told. */
  constructor(random: Random, open: (parts: WorldParts) => () => readonly ModelNode[] = shareOne) {
    this.#random = random
    this.#turns = new Turns(random)
    const start = (node: ModelNode): void => void this.#gatewayOn(node)
    this.#nodes = open({ clock: this.#clock, random, turns: this.#turns, start })
  }

  /** Up to ten things at once, in one of their orders; then some time passes, or none. */
  async runSchedule(): Promise<void> {
    const count = 2 + (this.#random.uint32() % ACTORS_MAX)
    await this.#turns.run(Array.from({ length: count }, () => this.#act()))
    if (this.#random.next() < 0.1) this.#clock.advance(this.#random.uint32() % (2 * TTL_MS))
  }

  async #act(): Promise<void> {
    const gateway = this.#gatewayOn(this.#pick(this.#nodes()))
    const drawn = this.#random.next()
    await this.#turns.next()
    if (drawn < 0.65) await this.#read(gateway, this.#random.uint32() % SUBJECTS.length)
    else if (drawn < 0.78) await this.#mutate(gateway, this.#pick(['products', 'orders']))
    else if (drawn < 0.88) await this.#writeAround(gateway, this.#pick(['products', 'orders']))
    else await this.#purge(gateway, this.#pick(PURGES))
  }

  async #read(gateway: ModelGateway, index: number): Promise<void> {
    const { target, tables } = nth(SUBJECTS, index)
    const told = { ...this.#told }
    const purgedAt = nth(this.#purgedAt, index)
    const check = (answer: Answer, how: string): void => {
      if (gateway.node.isGone) return
      for (const table of tables) {
        if (answer[table] >= told[table]) continue
        this.stale.push(`${how}: ${table} ${answer[table]}, told ${told[table]}`)
      }
      if (answer.readAt <= purgedAt) {
        this.stale.push(`${how}: read at ${answer.readAt}, purged at ${purgedAt}`)
      }
    }
    const lookup = await gateway.cache.lookUp(target, this.#clock.nowMs())
    const { entry, stale } = lookup
    if (entry !== undefined) {
      this.servedFromCache += 1
      check(answerIn(entry.body), 'a hit')
      return
    }
    // Softly purged or expired: it may be shown, but for what was written or purged hard since.
    if (stale !== undefined) check(answerIn(stale.body), 'a stale one')
    const stamps = await gateway.cache.stampsFor(target, lookup)
    const fetch = async (): Promise<Answer> => {
      const answer = await this.#askUpstream()
      if (stamps !== undefined) await gateway.cache.fill(target, stamps, toUpstreamAnswer(answer))
      return answer
    }
    if (stamps === undefined) return check(await fetch(), 'a fetch')
    const flight = [target.digest, ...stamps].map((bytes) => bytes.toString('hex')).join()
    const { result, isShared } = await gateway.flights.fly(flight, () =>
      gateway.fillLocks.fill(flight, {
        fetch,
        isKept: () => true,
        find: () => this.#find(gateway, target, fetch),
      }),
    )
    check(result, isShared ? 'a shared fetch' : 'a fetch')
  }

  /** What another gateway has kept; fetched when it is gone again. */
  async #find(
    gateway: ModelGateway,
    target: CacheTarget,
    fetch: () => Promise<Answer>,
  ): Promise<Answer> {
    const { entry } = await gateway.cache.lookUp(target, this.#clock.nowMs())
    if (entry === undefined) return await fetch()
    this.servedByAnother += 1
    return answerIn(entry.body)
  }

  async #askUpstream(): Promise<Answer> {
    await this.#turns.next()
    this.#time += 1
    const answer = { ...this.#database, readAt: this.#time }
    await this.#turns.next()
    return answer
  }

  async #mutate(gateway: ModelGateway, table: Table): Promise<void> {
    await this.#turns.next()
    this.#database[table] += 1
    const version = this.#database[table]
    await this.#turns.next()
    await this.#tell(gateway, table, { version, source: 'mutation' })
  }

  /** Of a write that was made. What the store could not be told is owed, and not promised to anybody. */
  async #tell(
    { invalidation, node }: ModelGateway,
    table: Table,
    { version, source }: { readonly version: number; readonly source: 'mutation' | 'event' },
  ): Promise<void> {
    await invalidation.wrote(tagsOf(table), source)
    if (node.isGone || invalidation.owes(tagsOf(table))) return
    this.#told[table] = Math.max(this.#told[table], version)
  }

  /** The event of it comes late, perhaps twice, perhaps after that of a later write. */
  async #writeAround(gateway: ModelGateway, table: Table): Promise<void> {
    await this.#turns.next()
    this.#database[table] += 1
    const version = this.#database[table]
    for (let count = 0; count < 1 + (this.#random.uint32() % 2); count += 1) {
      await this.#turns.next()
      await this.#tell(gateway, table, { version, source: 'event' })
    }
  }

  async #purge({ node, purger }: ModelGateway, what: PurgeTarget): Promise<void> {
    const mode = this.#random.next() < 0.7 ? 'hard' : 'soft'
    const order: PurgeOrder = { what, mode, isDryRun: false, why: undefined }
    const beganAt = this.#time
    try {
      const { outcome } = await purger.purge(order, WHO)
      if (mode === 'soft' || outcome === 'owed' || node.isGone) return
    } catch (error) {
      if (error instanceof GatewayError) return
      throw error
    }
    const { selectors: named } = planPurge(what, NAMES)
    for (const [index, { target }] of SUBJECTS.entries()) {
      if (!named.some((one) => target.selectors.includes(one))) continue
      this.#purgedAt[index] = Math.max(nth(this.#purgedAt, index), beganAt)
    }
  }

  #gatewayOn(node: ModelNode): ModelGateway {
    let gateway = this.#gateways.get(node)
    if (gateway === undefined) {
      const pause = () => this.#turns.next()
      gateway = openModelGateway(node, { clock: this.#clock, random: this.#random, pause })
      this.#gateways.set(node, gateway)
    }
    return gateway
  }

  #pick<T>(values: readonly T[]): T {
    return nth(values, this.#random.uint32() % values.length)
  }
}

type ModelGateway = ReturnType<typeof openModelGateway>

interface Common {
  readonly clock: FakeClock
  readonly random: Random
  readonly pause: () => Promise<void>
}

function shareOne({ clock, turns }: WorldParts): () => readonly ModelNode[] {
  const store = openStore(clock)
  const stores = [store, distantStore(store, turns), distantStore(store, turns)]
  const nodes = stores.map((one) => ({ store: one, isGone: false }))
  return () => nodes
}

function openModelGateway(node: ModelNode, { clock, random, pause }: Common) {
  const { store } = node
  const statistics = new CacheStatistics()
  const log = silentLogger
  const epochs = new Epochs({ store, random, clock, entryLifeMaxMs: 3_600_000 })
  const history = new PurgeHistory({ store, random, ttlMs: STAMP_TTL_MS })
  const retry = { retryIntervalMs: 1_000, doubtMs: 0 }
  const invalidation = new Invalidation({ epochs, statistics, log, ...retry })
  store.sharing?.onTakeover(() => invalidation.everything('failover'))
  const census = new EntryCensus({ isStoreShared: true, entriesMax: 10 })
  const common = { store, invalidation, census, clock, log }
  const caching = { ...common, epochs, purges: history, statistics, random }
  const cache = new ResponseCache({ ...caching, entryBytesMax: 1_000 })
  const purger = new Purger({ ...common, history, tagNames: NAMES, recordsMax: 10 })
  const waiting = { flightsMax: 100, waitersMax: 100, waitTimeoutMs: 60_000 }
  const fillLocks = new FillLocks({ store, clock, random, log, statistics, holdMs: 5_000, pause })
  return {
    node,
    invalidation,
    cache,
    purger,
    flights: new SingleFlight<Answer>(waiting),
    fillLocks,
  }
}

function toUpstreamAnswer(answer: Answer) {
  const body = Buffer.from(JSON.stringify({ data: answer }))
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

function answerIn(body: Buffer): Answer {
  return JSON.parse(body.toString()).data
}
