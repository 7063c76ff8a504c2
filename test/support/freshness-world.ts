import { type CacheTarget, createCacheTarget } from '../../src/gateway/cache/cache-target.ts'
import { Epochs } from '../../src/gateway/cache/epochs.ts'
import { FillLocks } from '../../src/gateway/cache/fill-locks.ts'
import { Invalidation } from '../../src/gateway/cache/invalidation.ts'
import { PurgeHistory } from '../../src/gateway/cache/purge-history.ts'
import { ResponseCache } from '../../src/gateway/cache/response-cache.ts'
import { selectors } from '../../src/gateway/cache/selectors.ts'
import { SingleFlight } from '../../src/gateway/cache/single-flight.ts'
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
  readonly #gateways: readonly ModelGateway[]
  readonly #database = { products: 0, orders: 0 }
  /** What everybody has been told of: no read that begins later may be older. */
  readonly #told = { products: 0, orders: 0 }
  /** By subject: an answer that was read no later is purged. */
  readonly #purgedAt = SUBJECTS.map(() => 0)
  #time = 0

  constructor(random: Random) {
    this.#random = random
    this.#turns = new Turns(random)
    const store = openStore(this.#clock)
    const pause = () => this.#turns.next()
    const open = (own: Store): ModelGateway =>
      openModelGateway(own, { clock: this.#clock, random, pause })
    this.#gateways = [
      open(store),
      open(distantStore(store, this.#turns)),
      open(distantStore(store, this.#turns)),
    ]
  }

  /** Up to ten things at once, in one of their orders; then some time passes, or none. */
  async runSchedule(): Promise<void> {
    const count = 2 + (this.#random.uint32() % ACTORS_MAX)
    await this.#turns.run(Array.from({ length: count }, () => this.#act()))
    if (this.#random.next() < 0.1) this.#clock.advance(this.#random.uint32() % (2 * TTL_MS))
  }

  async #act(): Promise<void> {
    const gateway = this.#pick(this.#gateways)
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

  async #mutate({ invalidation }: ModelGateway, table: Table): Promise<void> {
    await this.#turns.next()
    this.#database[table] += 1
    const version = this.#database[table]
    await this.#turns.next()
    await invalidation.wrote(tagsOf(table), 'mutation')
    this.#told[table] = Math.max(this.#told[table], version)
  }

  /** The event of it comes late, perhaps twice, perhaps after that of a later write. */
  async #writeAround({ invalidation }: ModelGateway, table: Table): Promise<void> {
    await this.#turns.next()
    this.#database[table] += 1
    const version = this.#database[table]
    for (let count = 0; count < 1 + (this.#random.uint32() % 2); count += 1) {
      await this.#turns.next()
      await invalidation.wrote(tagsOf(table), 'event')
      this.#told[table] = Math.max(this.#told[table], version)
    }
  }

  async #purge({ purger }: ModelGateway, what: PurgeTarget): Promise<void> {
    const mode = this.#random.next() < 0.7 ? 'hard' : 'soft'
    const order: PurgeOrder = { what, mode, isDryRun: false, why: undefined }
    const beganAt = this.#time
    await purger.purge(order, WHO)
    if (mode === 'soft') return
    const { selectors: named } = planPurge(what, NAMES)
    for (const [index, { target }] of SUBJECTS.entries()) {
      if (!named.some((one) => target.selectors.includes(one))) continue
      this.#purgedAt[index] = Math.max(nth(this.#purgedAt, index), beganAt)
    }
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

function openModelGateway(store: Store, { clock, random, pause }: Common) {
  const statistics = new CacheStatistics()
  const log = silentLogger
  const epochs = new Epochs({ store, random, clock, entryLifeMaxMs: 3_600_000 })
  const history = new PurgeHistory({ store, random, ttlMs: STAMP_TTL_MS })
  const retry = { retryIntervalMs: 1_000, doubtMs: 0 }
  const invalidation = new Invalidation({ epochs, statistics, log, ...retry })
  const census = new EntryCensus({ isStoreShared: true, entriesMax: 10 })
  const common = { store, invalidation, census, clock, log }
  const caching = { ...common, epochs, purges: history, statistics, random }
  const cache = new ResponseCache({ ...caching, entryBytesMax: 1_000 })
  const purger = new Purger({ ...common, history, tagNames: NAMES, recordsMax: 10 })
  const waiting = { flightsMax: 100, waitersMax: 100, waitTimeoutMs: 60_000 }
  const fillLocks = new FillLocks({ store, clock, random, log, statistics, holdMs: 5_000, pause })
  return { invalidation, cache, purger, flights: new SingleFlight<Answer>(waiting), fillLocks }
}

function toUpstreamAnswer(answer: Answer) {
  const body = Buffer.from(JSON.stringify({ data: answer }))
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

function answerIn(body: Buffer): Answer {
  return JSON.parse(body.toString()).data
}
