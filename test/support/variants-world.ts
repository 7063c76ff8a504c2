import { brotliDecompressSync } from 'node:zlib'
import { type CacheTarget, createCacheTarget } from '../../src/gateway/cache/cache-target.ts'
import { Compressor } from '../../src/gateway/cache/compressor.ts'
import { Epochs } from '../../src/gateway/cache/epochs.ts'
import { Invalidation } from '../../src/gateway/cache/invalidation.ts'
import { PurgeHistory } from '../../src/gateway/cache/purge-history.ts'
import { ResponseCache } from '../../src/gateway/cache/response-cache.ts'
import { EntryCensus } from '../../src/gateway/purge/entry-census.ts'
import { CacheStatistics } from '../../src/gateway/statistics/cache-statistics.ts'
import { nth } from '../../src/shared/assert.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import type { Random } from '../../src/shared/random.ts'
import type { Store } from '../../src/store/index.ts'
import { FakeClock } from './fake-clock.ts'
import { openStore } from './open-store.ts'
import { distantStore, Turns } from './turns.ts'

const ACTORS_MAX = 10
const FILLER = 'all of one kind '.repeat(30)

/** Gateways on one store that fetch, read and compress one answer, and what each read may give. */
export class VariantsWorld {
  /** Reads that gave what they must not, in words. */
  readonly stale: string[] = []
  servedCompressed = 0
  readonly #random: Random
  readonly #clock = new FakeClock()
  readonly #turns: Turns
  readonly #gateways: readonly ModelGateway[]
  /** Of the answers kept one after the other: the last one that its client was given. */
  #told = 0
  #isFetching = false

  constructor(random: Random) {
    this.#random = random
    this.#turns = new Turns(random)
    const store = openStore(this.#clock)
    this.#gateways = [
      store,
      distantStore(store, this.#turns),
      distantStore(store, this.#turns),
    ].map((own) => openModelGateway(own, this.#clock, random))
  }

  /** Up to ten things at once, in one of their orders. */
  async runSchedule(): Promise<void> {
    const count = 2 + (this.#random.uint32() % ACTORS_MAX)
    await this.#turns.run(Array.from({ length: count }, () => this.#act()))
  }

  async #act(): Promise<void> {
    const gateway = nth(this.#gateways, this.#random.uint32() % this.#gateways.length)
    await this.#turns.next()
    if (this.#random.next() < 0.8) await this.#read(gateway)
    else if (!this.#isFetching) await this.#refresh(gateway)
  }

  /** As @cached(refresh: true): nothing was written, so that the stamps stay as they are. */
  async #refresh({ cache, target }: ModelGateway): Promise<void> {
    this.#isFetching = true
    const stamps = (await cache.currentStamps(target)) ?? []
    const number = this.#told + 1
    await this.#turns.next()
    // Nor would two of one millisecond be told apart by their times alone.
    if (this.#random.next() < 0.5) this.#clock.advance(1)
    await cache.fill(target, stamps, answerOf(number))
    this.#told = number
    this.#isFetching = false
  }

  async #read({ cache, compressor, target }: ModelGateway): Promise<void> {
    const told = this.#told
    const { entry } = await cache.lookUp(target, this.#clock.nowMs(), 'br')
    if (entry === undefined) return
    if (entry.encoding === 'identity') compressor.want(target, 'br', entry)
    else this.servedCompressed += 1
    const number = numberIn(entry.encoding === 'br' ? brotliDecompressSync(entry.body) : entry.body)
    if (number < told) this.stale.push(`${entry.encoding}: ${number}, told ${told}`)
  }
}

interface ModelGateway {
  readonly cache: ResponseCache
  readonly compressor: Compressor
  readonly target: CacheTarget
}

function openModelGateway(store: Store, clock: FakeClock, random: Random): ModelGateway {
  const statistics = new CacheStatistics()
  const common = { store, clock, random, statistics, log: silentLogger }
  const epochs = new Epochs({ ...common, entryLifeMaxMs: 3_600_000 })
  const invalidation = new Invalidation({
    ...common,
    epochs,
    retryIntervalMs: 1_000,
    doubtMs: 0,
  })
  const purges = new PurgeHistory({ ...common, ttlMs: 86_400_000 })
  const census = new EntryCensus({ isStoreShared: true, entriesMax: 10 })
  const bounds = { entryBytesMax: 10_000 }
  return {
    cache: new ResponseCache({ ...common, ...bounds, epochs, invalidation, purges, census }),
    compressor: new Compressor({ ...common, bytesMin: 100, queueMax: 10 }),
    target: createCacheTarget({
      digest: Buffer.alloc(32, 1),
      familyDigest: Buffer.alloc(32, 2),
      ttlMs: 3_600_000,
      reads: ['table:default:public.products'],
    }),
  }
}

function answerOf(number: number) {
  const body = Buffer.from(JSON.stringify({ data: { number, FILLER } }))
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

function numberIn(body: Buffer): number {
  return JSON.parse(body.toString()).data.number
}
