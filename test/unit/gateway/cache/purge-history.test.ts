import { beforeEach, describe, expect, it } from 'vitest'
import { createCacheTarget } from '../../../../src/gateway/cache/cache-target.ts'
import { Epochs } from '../../../../src/gateway/cache/epochs.ts'
import { Invalidation } from '../../../../src/gateway/cache/invalidation.ts'
import { PurgeHistory } from '../../../../src/gateway/cache/purge-history.ts'
import { ResponseCache } from '../../../../src/gateway/cache/response-cache.ts'
import { selectors } from '../../../../src/gateway/cache/selectors.ts'
import { purgeHistoryKey } from '../../../../src/gateway/keys.ts'
import { EntryCensus } from '../../../../src/gateway/purge/entry-census.ts'
import { CacheStatistics } from '../../../../src/gateway/statistics/cache-statistics.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { type Random, seededRandom } from '../../../../src/shared/random.ts'
import type { EmbeddedStore, Store } from '../../../../src/store/index.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { laterStore } from '../../../support/later-store.ts'
import { openStore } from '../../../support/open-store.ts'

const products = 'table:default:public.products'
const target = targetOf(1, ['role:user', 'operation:List'])
const other = targetOf(2, ['role:manager', 'operation:List'])
const answer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"data":{}}'),
}
const TTL_MS = 86_400_000

let clock: FakeClock
let store: EmbeddedStore
let random: Random
let gateway: ReturnType<typeof openGateway>

beforeEach(() => {
  clock = new FakeClock()
  store = openStore(clock)
  random = seededRandom(1)
  gateway = openGateway(store)
})

function targetOf(byte: number, own: readonly string[]) {
  return createCacheTarget({
    digest: Buffer.alloc(32, byte),
    familyDigest: Buffer.alloc(32, 9),
    ttlMs: 60_000,
    reads: [products],
    selectors: own,
  })
}

/** What one gateway has of its own, on a store that others may share. */
function openGateway(own: Store) {
  const statistics = new CacheStatistics()
  const epochs = new Epochs({ store: own, random, clock, entryLifeMaxMs: 3_600_000 })
  const log = silentLogger
  const purges = new PurgeHistory({ store: own, random, ttlMs: TTL_MS })
  const invalidation = new Invalidation({
    epochs,
    statistics,
    log,
    retryIntervalMs: 1_000,
    doubtMs: 0,
  })
  const census = new EntryCensus({ isStoreShared: false, entriesMax: 10 })
  const cache = new ResponseCache({
    store: own,
    epochs,
    invalidation,
    purges,
    census,
    clock,
    log,
    statistics,
    random,
    entryBytesMax: 1_000,
  })
  return { purges, invalidation, cache }
}

async function stampsOf(one: typeof target, { cache } = gateway): Promise<readonly Buffer[]> {
  return (await cache.stampsFor(one, await cache.lookUp(one, clock.nowMs()))) ?? []
}
async function fill(one: typeof target, { cache } = gateway) {
  return await cache.fill(one, await stampsOf(one), answer)
}
async function isServed(one: typeof target, { cache } = gateway): Promise<boolean> {
  return (await cache.lookUp(one, clock.nowMs())).entry !== undefined
}

describe('a purge by what is no tag', () => {
  it.each([
    ['role', selectors.role('user')],
    ['key', selectors.key(target.cacheKey)],
  ])('by %s concerns those that have it, and no others', async (_kind, selector) => {
    await fill(target)
    await fill(other)
    await gateway.purges.append(selector, 'hard')
    expect(await isServed(target)).toBe(false)
    expect(await isServed(other)).toBe(true)
  })

  it.each([
    ['family', selectors.family(target.familyKey)],
    ['operation', selectors.operation('List')],
    ['tag', selectors.tag(products)],
  ])('by %s concerns all that have it', async (_kind, selector) => {
    await fill(target)
    await fill(other)
    await gateway.purges.append(selector, 'hard')
    expect([await isServed(target), await isServed(other)]).toEqual([false, false])
  })

  it('leaves what is kept after it', async () => {
    await gateway.purges.append(selectors.role('user'), 'hard')
    await fill(target)
    expect(await isServed(target)).toBe(true)
    await gateway.purges.append(selectors.role('other'), 'hard')
    expect(await isServed(target)).toBe(true)
  })

  it('answers at once when it has heard of the purge, as the embedded store does', async () => {
    await fill(target)
    await gateway.purges.append(selectors.role('other'), 'hard')
    expect(gateway.cache.lookUp(target, clock.nowMs())).not.toBeInstanceOf(Promise)
  })

  it('keeps an answer that was under way only if it was not meant', async () => {
    const stamps = await stampsOf(target)
    await gateway.purges.append(selectors.role('manager'), 'hard')
    expect(typeof (await gateway.cache.fill(target, stamps, answer))).toBe('object')
    await gateway.purges.append(selectors.role('user'), 'hard')
    expect(await gateway.cache.fill(target, stamps, answer)).toBe('epoch')
    expect(await isServed(target)).toBe(false)
  })

  it('does not hide a write, nor a purge of everything', async () => {
    await fill(target)
    await gateway.purges.append(selectors.role('other'), 'hard')
    await gateway.invalidation.wrote([products], 'mutation')
    expect(await isServed(target)).toBe(false)
    await fill(target)
    await gateway.invalidation.everything('metadata')
    expect(await isServed(target)).toBe(false)
    await gateway.purges.append(selectors.role('other'), 'hard')
    expect(await isServed(target)).toBe(false)
  })

  it('kills rather than guesses when its history is gone', async () => {
    await fill(target)
    await gateway.purges.append(selectors.role('other'), 'hard')
    store.delete([purgeHistoryKey()])
    expect(await isServed(target)).toBe(false)
  })

  it('forgets the oldest of very many, and kills what is older', async () => {
    await fill(target)
    for (let count = 0; count < 300; count += 1) {
      await gateway.purges.append(selectors.operation(`Old${count}`), 'hard')
    }
    expect(await isServed(target)).toBe(true)
    await fill(other)
    for (let count = 0; count < 1_000; count += 1) {
      await gateway.purges.append(selectors.operation(`Much_longer_name_of_one_${count}`), 'hard')
      if (count === 100) expect(await isServed(other)).toBe(true)
    }
    expect([await isServed(target), await isServed(other)]).toEqual([false, false])
    expect(store.get(purgeHistoryKey())?.length).toBeLessThanOrEqual(32_768)
  })

  it('reaches the other gateways of the store', async () => {
    const second = openGateway(laterStore(store))
    await fill(target)
    await fill(other)
    await second.purges.append(selectors.role('user'), 'hard')
    expect(await isServed(target)).toBe(false)
    await gateway.purges.append(selectors.role('nobody'), 'hard')
    expect(await Promise.all([isServed(target, second), isServed(other, second)])).toEqual([
      false,
      true,
    ])
  })
})

describe('a soft purge', () => {
  const lookUp = async (one: typeof target) => await gateway.cache.lookUp(one, clock.nowMs())

  it('leaves the entry to be shown as stale, and others as they are', async () => {
    await fill(target)
    await fill(other)
    await gateway.purges.append(selectors.role('user'), 'soft')
    expect(await lookUp(target)).toMatchObject({ entry: undefined, stale: { state: 'purged' } })
    expect(await isServed(other)).toBe(true)
  })

  it('is over once the entry is kept anew', async () => {
    await fill(target)
    await gateway.purges.append(selectors.tag(products), 'soft')
    await fill(target)
    expect(await isServed(target)).toBe(true)
  })

  it.each([
    ['a write', () => gateway.invalidation.wrote([products], 'mutation')],
    ['a hard purge', () => gateway.purges.append(selectors.role('user'), 'hard')],
    ['a hard purge of everything', () => gateway.invalidation.purged(['everything'])],
  ])('never makes what %s made stale be shown', async (_case, kill) => {
    await fill(target)
    await gateway.purges.append(selectors.role('user'), 'soft')
    await kill()
    expect(await lookUp(target)).toMatchObject({ entry: undefined, stale: undefined })
    await fill(target)
    await kill()
    await gateway.purges.append(selectors.role('user'), 'soft')
    expect(await lookUp(target)).toMatchObject({ entry: undefined, stale: undefined })
  })

  it('keeps no answer that was fetched before it', async () => {
    const stamps = await stampsOf(target)
    await gateway.purges.append(selectors.role('user'), 'soft')
    expect(await gateway.cache.fill(target, stamps, answer)).toBe('epoch')
  })
})

describe('selectors', () => {
  it('are short, plain, and different for different values', () => {
    const values = ['user', 'üser', 'x'.repeat(500), `${'x'.repeat(500)}y`, '\ud800', '\ud801', '']
    const all = values.map((value) => selectors.role(value))
    expect(new Set(all).size).toBe(values.length)
    for (const selector of all) expect(selector).toMatch(/^role[:#][\x20-\x7e]{1,160}$/)
  })

  it('tell names and values of variables apart', () => {
    expect(selectors.variable('x-hasura-a', 'b')).not.toBe(selectors.variable('x-hasura-a:b', ''))
  })
})
