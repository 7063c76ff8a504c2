import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type CacheTarget, createCacheTarget } from '../../../../src/gateway/cache/cache-target.ts'
import { Compressor } from '../../../../src/gateway/cache/compressor.ts'
import type { Compression, Encoding } from '../../../../src/gateway/cache/encoding.ts'
import { Epochs } from '../../../../src/gateway/cache/epochs.ts'
import { Invalidation } from '../../../../src/gateway/cache/invalidation.ts'
import { PurgeHistory } from '../../../../src/gateway/cache/purge-history.ts'
import { type Lookup, ResponseCache } from '../../../../src/gateway/cache/response-cache.ts'
import { EntryCensus } from '../../../../src/gateway/purge/entry-census.ts'
import {
  CacheStatistics,
  type VariantResult,
} from '../../../../src/gateway/statistics/cache-statistics.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { failingStore } from '../../../support/failing-store.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

const products = 'table:default:public.products'
const BYTES_MIN = 100
const rows = (name: string): string => JSON.stringify({ data: { names: Array(100).fill(name) } })
const OLD = rows('old')
const NEW = rows('new')

let clock: FakeClock
let store: ReturnType<typeof failingStore>
let statistics: CacheStatistics
let cache: ResponseCache
let compressor: Compressor
let invalidation: Invalidation

beforeEach(() => {
  clock = new FakeClock()
  store = failingStore(openStore(clock))
  statistics = new CacheStatistics()
  const log = silentLogger
  const epochs = new Epochs({ store, random: seededRandom(1), clock, entryLifeMaxMs: 3_600_000 })
  const retry = { retryIntervalMs: 1_000, doubtMs: 0 }
  invalidation = new Invalidation({ epochs, statistics, log, ...retry })
  const parts = { store, clock, log, statistics }
  const purging = {
    purges: new PurgeHistory({ store, random: seededRandom(2), ttlMs: 86_400_000 }),
    census: new EntryCensus({ isStoreShared: false, entriesMax: 100 }),
  }
  const caching = { epochs, invalidation, ...purging, random: seededRandom(1) }
  cache = new ResponseCache({ ...parts, ...caching, entryBytesMax: 1_000_000 })
  compressor = new Compressor({ ...parts, bytesMin: BYTES_MIN, queueMax: 2 })
})

/** As another gateway on the store, or another spelling of the request, has it. */
const createTarget = (first = 1): CacheTarget =>
  createCacheTarget({
    digest: Buffer.alloc(32, first),
    familyDigest: Buffer.alloc(32, 2),
    ttlMs: 60_000,
    reads: [products],
  })

async function fill(target: CacheTarget, body: string): Promise<void> {
  const stamps = (await cache.currentStamps(target)) ?? []
  const headers = { 'content-type': 'application/json' }
  await cache.fill(target, stamps, { status: 200, headers, body: Buffer.from(body) })
}

async function lookUp(target: CacheTarget, encoding: Encoding): Promise<Lookup> {
  return await cache.lookUp(target, clock.nowMs(), encoding)
}

async function want(target: CacheTarget, encoding: Compression): Promise<void> {
  const { entry } = await lookUp(target, encoding)
  if (entry?.encoding === 'identity') compressor.want(target, encoding, entry)
}

async function isCounted(result: VariantResult, count = 1): Promise<void> {
  await vi.waitFor(() => expect(statistics.variants.get(result)).toBe(count))
}

describe('a compressed variant', () => {
  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const)('is made once when a client wants it: %s', async (encoding, decompress) => {
    const target = createTarget()
    await fill(target, OLD)
    await want(target, encoding)
    await isCounted('made')
    const { entry } = await lookUp(target, encoding)
    expect(entry?.encoding).toBe(encoding)
    expect(entry && decompress(entry.body).toString()).toBe(OLD)
    expect((await lookUp(target, 'identity')).entry?.body.toString()).toBe(OLD)
    await want(target, encoding)
    expect(statistics.variants.get('made')).toBe(1)
  })

  it('has an ETag of its own, and the times of what it was made of', async () => {
    const target = createTarget()
    await fill(target, OLD)
    clock.advance(5_000)
    await want(target, 'br')
    await want(target, 'gzip')
    await isCounted('made', 2)
    const entries = await Promise.all(
      (['identity', 'br', 'gzip'] as const).map(async (encoding) => {
        return (await lookUp(target, encoding)).entry
      }),
    )
    const [tag = ''] = entries.map((entry) => entry?.etag)
    expect(entries.map((entry) => entry?.etag)).toEqual([
      tag,
      `${tag.slice(0, -1)}-br"`,
      `${tag.slice(0, -1)}-gzip"`,
    ])
    expect(new Set(entries.map((entry) => entry?.expiresAtMs)).size).toBe(1)
  })

  it('dies with what it was made of', async () => {
    const target = createTarget()
    await fill(target, OLD)
    await want(target, 'br')
    await isCounted('made')
    await invalidation.wrote([products], 'mutation')
    expect((await lookUp(target, 'br')).entry).toBeUndefined()
    await fill(target, OLD)
    await want(target, 'br')
    await isCounted('made', 2)
    clock.advance(60_000)
    expect((await lookUp(target, 'br')).entry).toBeUndefined()
  })

  it('is not found any more beside a newer answer, by other gateways either', async () => {
    const target = createTarget()
    const elsewhere = createTarget()
    await fill(target, OLD)
    await want(target, 'br')
    await isCounted('made')
    await want(elsewhere, 'br')
    await isCounted('found')
    await fill(target, NEW)
    for (const one of [target, elsewhere]) {
      const { entry } = await lookUp(one, 'br')
      expect([entry?.encoding, entry?.body.toString()]).toEqual(['identity', NEW])
    }
  })

  it('is found when another gateway made it', async () => {
    const target = createTarget()
    await fill(target, OLD)
    await want(target, 'br')
    await isCounted('made')
    const elsewhere = createTarget()
    expect((await lookUp(elsewhere, 'br')).entry?.encoding).toBe('identity')
    await want(elsewhere, 'br')
    await isCounted('found')
    expect((await lookUp(elsewhere, 'br')).entry?.encoding).toBe('br')
  })

  it('is not kept when a newer answer came while it was made', async () => {
    const target = createTarget()
    await fill(target, OLD)
    await want(target, 'br')
    await fill(target, NEW)
    await isCounted('outdated')
    expect((await lookUp(createTarget(), 'br')).entry?.body.toString()).toBe(NEW)
  })

  it('is made anew when the store lost it', async () => {
    const target = createTarget()
    await fill(target, OLD)
    await want(target, 'br')
    await isCounted('made')
    await store.delete((target.variants.br?.keys ?? []).slice(0, 1))
    await want(target, 'br')
    await isCounted('made', 2)
  })

  it('is not made of a body that is too small, or does not become smaller', async () => {
    await fill(createTarget(1), '{"data":{}}')
    await want(createTarget(1), 'br')
    const noise = seededRandom(3).bytes(75).toString('base64')
    await fill(createTarget(2), JSON.stringify({ data: { noise } }))
    const target = createTarget(2)
    for (let times = 0; times < 3; times += 1) await want(target, 'gzip')
    await isCounted('useless')
    await want(target, 'gzip')
    expect(statistics.variants.snapshot()).toMatchObject({ made: 0, useless: 1 })
  })

  it('is left for later when too many wait', async () => {
    const targets = [1, 2, 3, 4].map(createTarget)
    for (const target of targets) await fill(target, OLD)
    for (const target of targets) await want(target, 'br')
    expect(statistics.variants.get('dropped')).toBeGreaterThan(0)
    await isCounted('made', 4 - statistics.variants.get('dropped'))
    for (const target of targets) await want(target, 'br')
    await isCounted('made', 4)
  })

  it('is not made when the store fails, and nobody sees it', async () => {
    const target = createTarget()
    await fill(target, OLD)
    const { entry } = await lookUp(target, 'br')
    store.isDown = true
    if (entry !== undefined) compressor.want(target, 'br', entry)
    await isCounted('failed')
    store.isDown = false
    expect((await lookUp(target, 'br')).entry?.body.toString()).toBe(OLD)
  })

  it('is not made any more after the end', async () => {
    const target = createTarget()
    await fill(target, OLD)
    compressor.stop()
    await want(target, 'br')
    expect(Object.values(statistics.variants.snapshot())).toEqual([0, 0, 0, 0, 0, 0])
  })
})
