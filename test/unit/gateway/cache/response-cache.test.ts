import { beforeEach, describe, expect, it } from 'vitest'
import { createCacheTarget } from '../../../../src/gateway/cache/cache-target.ts'
import { ANY_WRITE, Epochs, EVERYTHING } from '../../../../src/gateway/cache/epochs.ts'
import { Invalidation } from '../../../../src/gateway/cache/invalidation.ts'
import { PurgeHistory } from '../../../../src/gateway/cache/purge-history.ts'
import { type Lookup, ResponseCache } from '../../../../src/gateway/cache/response-cache.ts'
import { epochKey } from '../../../../src/gateway/keys.ts'
import { EntryCensus } from '../../../../src/gateway/purge/entry-census.ts'
import { CacheStatistics } from '../../../../src/gateway/statistics/cache-statistics.ts'
import { nth } from '../../../../src/shared/assert.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { type EmbeddedStore, StoreError } from '../../../../src/store/index.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

const products = 'table:default:public.products'
const users = 'table:default:public.users'
const target = createCacheTarget({
  digest: Buffer.alloc(32, 1),
  familyDigest: Buffer.alloc(32, 2),
  ttlMs: 60_000,
  reads: [products, users],
})
const answer = (body: string) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(body),
})
const OLD = '{"data":{"price":1}}'
const NEW = '{"data":{"price":2}}'

let clock: FakeClock
let store: EmbeddedStore
let statistics: CacheStatistics
let cache: ResponseCache
let invalidation: Invalidation

beforeEach(() => {
  clock = new FakeClock()
  store = openStore(clock)
  statistics = new CacheStatistics()
  const epochs = new Epochs({ store, random: seededRandom(1), clock, entryLifeMaxMs: 3_600_000 })
  invalidation = new Invalidation({
    epochs,
    statistics,
    log: silentLogger,
    doubtMs: 0,
    retryIntervalMs: 1_000,
  })
  cache = new ResponseCache({
    store,
    epochs,
    invalidation,
    purges: new PurgeHistory({ store, random: seededRandom(2), ttlMs: 86_400_000 }),
    census: new EntryCensus({ isStoreShared: false, entriesMax: 100 }),
    clock,
    log: silentLogger,
    statistics,
    random: seededRandom(1),
    entryBytesMax: 1_000,
  })
})

async function lookUp(): Promise<Lookup> {
  return await cache.lookUp(target, clock.nowMs())
}

/** As a miss does it before it asks the upstream. */
async function readStamps(): Promise<readonly Buffer[]> {
  return (await cache.stampsFor(target, await lookUp())) ?? []
}

async function servedBody(): Promise<string | undefined> {
  return (await lookUp()).entry?.body.toString()
}

describe('ResponseCache', () => {
  it('serves what was kept, at once', async () => {
    await cache.fill(target, await readStamps(), answer(OLD))
    const lookup = cache.lookUp(target, clock.nowMs())
    expect(lookup).not.toBeInstanceOf(Promise)
    expect(await servedBody()).toBe(OLD)
  })

  it('serves it until its TTL has passed', async () => {
    await cache.fill(target, await readStamps(), answer(OLD))
    clock.advance(59_999)
    expect(await servedBody()).toBe(OLD)
    clock.advance(1)
    expect(await servedBody()).toBeUndefined()
  })

  it.each([
    ['a table it reads', [products]],
    ['another table it reads', [users]],
    ['everything', [EVERYTHING]],
  ])('does not serve it once %s is written', async (_case, tags) => {
    await cache.fill(target, await readStamps(), answer(OLD))
    await invalidation.wrote(tags, 'mutation')
    expect(await servedBody()).toBeUndefined()
  })

  it('serves it although another table is written', async () => {
    await cache.fill(target, await readStamps(), answer(OLD))
    await invalidation.wrote(['table:default:public.orders'], 'mutation')
    expect(await servedBody()).toBe(OLD)
  })

  it('bumps any-write with every write', async () => {
    const before = store.get(epochKey(ANY_WRITE))
    await invalidation.wrote([products], 'mutation')
    expect(store.get(epochKey(ANY_WRITE))).not.toEqual(before)
  })

  it('never keeps an answer fetched before its table was written', async () => {
    const stamps = await readStamps()
    await invalidation.wrote([products], 'mutation')
    expect(await cache.fill(target, stamps, answer(OLD))).toBe('epoch')
    expect(await servedBody()).toBeUndefined()
  })

  it('keeps the newer answer when an older one arrives late', async () => {
    const stamps = await readStamps()
    await invalidation.wrote([products], 'mutation')
    await cache.fill(target, await readStamps(), answer(NEW))
    await cache.fill(target, stamps, answer(OLD))
    expect(await servedBody()).toBe(NEW)
  })

  it('keeps the answer of the fetch that began last, whichever arrives last', async () => {
    const stamps = await readStamps()
    clock.advance(300)
    await cache.fill(target, stamps, answer(NEW), 100)
    clock.advance(100)
    expect(await cache.fill(target, stamps, answer(OLD), 400)).toBe('overtaken')
    expect(await servedBody()).toBe(NEW)
    clock.advance(1)
    await cache.fill(target, stamps, answer(OLD), 1)
    expect(await servedBody()).toBe(OLD)
  })

  it('goes on keeping answers when its clock was put back', async () => {
    const stamps = await readStamps()
    await cache.fill(target, stamps, answer(OLD), 1)
    clock.advance(-3_600_000)
    await cache.fill(target, stamps, answer(NEW), 1)
    expect(await servedBody()).toBe(NEW)
  })

  it('does not revive an entry when the stamp of its table was evicted', async () => {
    await cache.fill(target, await readStamps(), answer(OLD))
    store.delete([epochKey(products)])
    expect(await servedBody()).toBeUndefined()
    await readStamps()
    expect(await servedBody()).toBeUndefined()
  })

  it('takes the stamp another gateway created meanwhile', async () => {
    const lookup = await lookUp()
    const other = nth(await readStamps(), 0)
    expect(nth((await cache.stampsFor(target, lookup)) ?? [], 0)).toEqual(other)
  })

  it('counts what it kept and what it did not', async () => {
    const stamps = await readStamps()
    await cache.fill(target, stamps, answer(OLD))
    await cache.fill(target, stamps, answer('{"rows":[]}'))
    expect(statistics).toMatchObject({ fills: 1, fillBytes: OLD.length })
    expect(statistics.discards.get('not-json')).toBe(1)
  })
})

describe('an answer whose time has passed', () => {
  const lenient = createCacheTarget({
    digest: Buffer.alloc(32, 1),
    familyDigest: Buffer.alloc(32, 2),
    ttlMs: 60_000,
    reads: [products, users],
    staleness: { whileRevalidateMs: 5_000, ifErrorMs: 30_000 },
  })
  const staleBody = async (): Promise<string | undefined> => {
    const lookup = await cache.lookUp(lenient, clock.nowMs())
    expect(lookup.entry).toBeUndefined()
    return lookup.stale?.body.toString()
  }
  const keep = async (): Promise<void> => {
    const lookup = await cache.lookUp(lenient, clock.nowMs())
    await cache.fill(lenient, (await cache.stampsFor(lenient, lookup)) ?? [], answer(OLD))
  }

  it('is there as stale for the longer of what its target allows', async () => {
    await keep()
    clock.advance(60_000)
    expect(await staleBody()).toBe(OLD)
    clock.advance(29_999)
    expect(await staleBody()).toBe(OLD)
    clock.advance(1)
    expect(await staleBody()).toBeUndefined()
  })

  it('is not there when its target does not allow it', async () => {
    await keep()
    clock.advance(60_000)
    expect((await lookUp()).stale).toBeUndefined()
  })

  it('is gone at once when a table it was read from is written', async () => {
    await keep()
    clock.advance(60_000)
    await invalidation.wrote([users], 'mutation')
    expect(await staleBody()).toBeUndefined()
  })

  it('is replaced under the stamps of now', async () => {
    await keep()
    clock.advance(60_000)
    const stamps = (await cache.currentStamps(lenient)) ?? []
    expect(await cache.fill(lenient, stamps, answer(NEW))).not.toBeTypeOf('string')
    expect((await cache.lookUp(lenient, clock.nowMs())).entry?.body.toString()).toBe(NEW)
  })
})

describe('the stamps of entries', () => {
  const HOUR_MS = 3_600_000
  const long = createCacheTarget({
    digest: Buffer.alloc(32, 3),
    familyDigest: Buffer.alloc(32, 2),
    ttlMs: HOUR_MS,
    reads: [users],
  })

  it('never go while entries are kept with them, not even after days without a write', async () => {
    const stamp = (await readStamps()).map((bytes) => bytes.toString('hex'))
    for (let minutes = 0; minutes < 4 * 24 * 60; minutes += 30) {
      const lookup = await cache.lookUp(long, clock.nowMs())
      // Kept half an hour ago, for an hour: gone only if its stamps are.
      if (minutes % 60 === 30) expect(lookup.entry, `minute ${minutes}`).toBeDefined()
      else await cache.fill(long, (await cache.stampsFor(long, lookup)) ?? [], answer(OLD))
      clock.advance(HOUR_MS / 2)
    }
    const now = (await cache.currentStamps(long))?.map((bytes) => bytes.toString('hex')) ?? []
    expect(stamp).toEqual(expect.arrayContaining(now))
  })

  it('outlive an entry that is kept at any time', async () => {
    for (const hours of [24.992, 5.9, 5.9, 5.9, 5.9, 24.99, 24.99, 6, 24.9, 18.9, 6.1, 24.99]) {
      await cache.fill(target, await readStamps(), answer(OLD))
      clock.advance(hours * HOUR_MS)
      await cache.fill(target, await readStamps(), answer(NEW))
      clock.advance(59_999)
      expect(await servedBody(), `${hours} hours`).toBe(NEW)
    }
  })

  it('are renewed once in some hours, not with each entry', async () => {
    let touches = 0
    const touch = store.touch.bind(store)
    store.touch = (key, ttlMs) => {
      touches += 1
      return touch(key, ttlMs)
    }
    const fillFor = async (hours: number): Promise<void> => {
      for (let round = 0; round < hours * 60; round += 1) {
        clock.advance(60_000)
        await cache.fill(target, await readStamps(), answer(OLD))
      }
    }
    await fillFor(5)
    // Created here: renewed as it were.
    expect(touches).toBe(0)
    await fillFor(5)
    expect(touches).toBe(3)
  })

  it('do not keep an answer from being kept when they cannot be renewed', async () => {
    store.touch = () => {
      throw new StoreError('refused', 'no such command')
    }
    clock.advance(7 * HOUR_MS)
    expect(await cache.fill(target, await readStamps(), answer(OLD))).toBeTypeOf('object')
  })
})

describe('the jitter of a TTL', () => {
  it('only shortens it, by no more than its part, and differently each time', async () => {
    const lives = new Set<number>()
    for (let digest = 0; digest < 50; digest += 1) {
      const jittered = createCacheTarget({
        digest: Buffer.alloc(32, digest),
        familyDigest: Buffer.alloc(32, 2),
        ttlMs: 60_000,
        ttlJitter: 0.1,
        reads: [products],
      })
      const stamps = (await cache.currentStamps(jittered)) ?? []
      const filled = await cache.fill(jittered, stamps, answer(OLD))
      if (typeof filled !== 'string') lives.add(filled.expiresAtMs - filled.storedAtMs)
    }
    expect(lives.size).toBeGreaterThan(40)
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(54_000)
    expect(Math.max(...lives)).toBeLessThanOrEqual(60_000)
  })
})
