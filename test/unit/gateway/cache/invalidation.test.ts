import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCacheTarget } from '../../../../src/gateway/cache/cache-target.ts'
import { Epochs, EVERYTHING } from '../../../../src/gateway/cache/epochs.ts'
import { Invalidation } from '../../../../src/gateway/cache/invalidation.ts'
import { PurgeHistory } from '../../../../src/gateway/cache/purge-history.ts'
import { ResponseCache } from '../../../../src/gateway/cache/response-cache.ts'
import { EntryCensus } from '../../../../src/gateway/purge/entry-census.ts'
import { CacheStatistics } from '../../../../src/gateway/statistics/cache-statistics.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { type FailingStore, failingStore } from '../../../support/failing-store.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

const products = 'table:default:public.products'
const target = createCacheTarget({
  digest: Buffer.alloc(32, 1),
  familyDigest: Buffer.alloc(32, 2),
  ttlMs: 60_000,
  reads: [products],
})
const answer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"data":{}}'),
}

let store: FailingStore
let invalidation: Invalidation
let unsettled: number
let cache: ResponseCache

beforeEach(async () => {
  const clock = new FakeClock()
  const statistics = new CacheStatistics()
  store = failingStore(openStore(clock))
  const epochs = new Epochs({ store, random: seededRandom(1), clock, entryLifeMaxMs: 3_600_000 })
  const log = silentLogger
  unsettled = 0
  invalidation = new Invalidation({
    epochs,
    statistics,
    log,
    onUnsettled: () => {
      unsettled += 1
    },
    retryIntervalMs: 10,
    doubtMs: 30,
  })
  cache = new ResponseCache({
    store,
    epochs,
    invalidation,
    purges: new PurgeHistory({ store, random: seededRandom(2), ttlMs: 86_400_000 }),
    census: new EntryCensus({ isStoreShared: false, entriesMax: 100 }),
    clock,
    log,
    statistics,
    random: seededRandom(1),
    entryBytesMax: 1_000,
  })
  const stamps = await cache.stampsFor(target, await cache.lookUp(target, 0))
  await cache.fill(target, stamps ?? [], answer)
})

const isServed = async (): Promise<boolean> => (await cache.lookUp(target, 0)).entry !== undefined

describe('an invalidation that the store could not be told of', () => {
  it('does not fail', async () => {
    store.isDown = true
    await expect(invalidation.wrote([products], 'mutation')).resolves.toBeUndefined()
  })

  it('keeps what it concerns from being served when the store is back', async () => {
    expect(await isServed()).toBe(true)
    store.isDown = true
    await invalidation.wrote([products], 'mutation')
    store.isDown = false
    expect(await isServed()).toBe(false)
    expect(invalidation.owes([products])).toBe(true)
    expect(invalidation.owes(['table:default:public.users'])).toBe(false)
  })

  it('is told as soon as the store is back', async () => {
    store.isDown = true
    await invalidation.wrote([products], 'mutation')
    store.isDown = false
    await vi.waitFor(() => expect(invalidation.owes([products])).toBe(false))
    expect(await isServed()).toBe(false)
  })

  it('concerns all when it was of everything', async () => {
    store.isDown = true
    await invalidation.everything('metadata')
    expect(invalidation.owes([products])).toBe(true)
    invalidation.stop()
  })

  it('concerns all when there are too many to remember', async () => {
    store.isDown = true
    const tags = Array.from({ length: 1_001 }, (_, index) => `table:default:public.t${index}`)
    await invalidation.wrote(tags, 'mutation')
    expect(invalidation.owes([EVERYTHING, products])).toBe(true)
    invalidation.stop()
  })

  it('is settled by a later one of the same tags', async () => {
    store.isDown = true
    await invalidation.wrote([products], 'mutation')
    store.isDown = false
    await invalidation.wrote([products], 'mutation')
    expect(invalidation.owes([products])).toBe(false)
    invalidation.stop()
  })
})

describe('a store that is down', () => {
  it('gives misses and keeps nothing', async () => {
    store.isDown = true
    const lookup = await cache.lookUp(target, 0)
    expect(lookup).toEqual({ entry: undefined, stamps: undefined })
    expect(await cache.stampsFor(target, lookup)).toBeUndefined()
  })
})

describe('a write whose end was not seen', () => {
  afterEach(() => vi.useRealTimers())

  it('is taken to be executed at any time while it is in doubt', async () => {
    vi.useFakeTimers()
    await invalidation.mayHaveWritten([products], 'mutation')
    const served: boolean[] = []
    for (let round = 0; round < 5; round += 1) {
      const stamps = await cache.stampsFor(target, await cache.lookUp(target, 0))
      await cache.fill(target, stamps ?? [], answer)
      vi.advanceTimersByTime(10)
      served.push(await isServed())
    }
    expect(served).toEqual([false, false, false, true, true])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('isSettled', () => {
  afterEach(() => vi.useRealTimers())

  it('is so as long as the store is told of everything', async () => {
    expect(invalidation.isSettled).toBe(true)
    await invalidation.wrote([products], 'mutation')
    expect([invalidation.isSettled, unsettled]).toEqual([true, 0])
  })

  it.each(['isDown', 'isUnconfirmed'] as const)(
    'is not so, and is told before the write is answered, from a store that %s until it is not',
    async (fault) => {
      store[fault] = true
      await invalidation.wrote([products], 'mutation')
      expect(invalidation.isSettled).toBe(false)
      expect(unsettled).toBeGreaterThan(0)
      store[fault] = false
      await vi.waitFor(() => expect(invalidation.isSettled).toBe(true))
    },
  )

  it('is not so while something may still be executed', async () => {
    vi.useFakeTimers()
    await invalidation.mayHaveWritten([products], 'mutation')
    expect([invalidation.isSettled, unsettled]).toEqual([false, 1])
    vi.advanceTimersByTime(20)
    expect(invalidation.isSettled).toBe(false)
    vi.advanceTimersByTime(10)
    expect(invalidation.isSettled).toBe(true)
  })
})
