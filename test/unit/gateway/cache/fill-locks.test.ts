import { beforeEach, describe, expect, it } from 'vitest'
import { FillLocks, type FillLocksOptions } from '../../../../src/gateway/cache/fill-locks.ts'
import { CacheStatistics } from '../../../../src/gateway/statistics/cache-statistics.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import type { EmbeddedStore } from '../../../../src/store/index.ts'
import { failingStore } from '../../../support/failing-store.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

const HOLD_MS = 5_000

let clock: FakeClock
let store: EmbeddedStore
let statistics: CacheStatistics
let fetches: string[]

beforeEach(() => {
  clock = new FakeClock()
  store = openStore(clock)
  statistics = new CacheStatistics()
  fetches = []
})

/** Those of one gateway; a pause takes its time by the fake clock, and one turn. */
function open(changes: Partial<FillLocksOptions> = {}): FillLocks {
  return new FillLocks({
    store,
    clock,
    random: seededRandom(fetches.length + statistics.fillLocks.get('led')),
    log: silentLogger,
    statistics,
    holdMs: HOLD_MS,
    pause: async (ms) => {
      clock.advance(ms)
      await turn()
    },
    ...changes,
  })
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What one gateway does: fetches as told, or finds what there is. */
function fill(locks: FillLocks, name: string, fetch = async () => 'kept'): Promise<string> {
  return locks.fill('key', {
    fetch: () => {
      fetches.push(name)
      return fetch()
    },
    isKept: (result) => result === 'kept',
    find: async () => `${name} found it`,
  })
}

/** A fetch that ends when it is told to. */
function held() {
  let land: (result: string) => void = () => undefined
  const landed = new Promise<string>((resolve) => {
    land = resolve
  })
  return { fetch: () => landed, land }
}

describe('FillLocks', () => {
  it('lets one gateway fetch, and the others find what it kept', async () => {
    const { fetch, land } = held()
    const led = fill(open(), 'one', fetch)
    const others = [fill(open(), 'two'), fill(open(), 'three')]
    await turn()
    land('kept')
    expect(await led).toBe('kept')
    expect(await Promise.all(others)).toEqual(['two found it', 'three found it'])
    expect(fetches).toEqual(['one'])
    expect(statistics.fillLocks.snapshot()).toMatchObject({ led: 1, filled: 2 })
  })

  it('tells one who comes just behind the fill to look again', async () => {
    await fill(open(), 'one')
    expect(await fill(open(), 'two')).toBe('two found it')
    clock.advance(1_001)
    expect(await fill(open(), 'three')).toBe('kept')
  })

  it.each([
    ['cannot be kept', async () => 'unkept'],
    ['fails', () => Promise.reject(new Error('down'))],
  ])('lets all fetch at once when what was fetched %s', async (_case, fetch) => {
    const first = held()
    const led = fill(open(), 'one', async () => {
      await first.fetch()
      return await fetch()
    }).catch(() => 'failed')
    const others = [fill(open(), 'two', first.fetch), fill(open(), 'three', first.fetch)]
    await turn()
    expect(fetches).toEqual(['one'])
    first.land('unkept')
    await Promise.all([led, ...others])
    expect(fetches).toEqual(['one', 'two', 'three'])
    const { fetch: slow, land } = held()
    const later = [fill(open(), 'four', slow), fill(open(), 'five', slow)]
    await turn()
    expect(fetches.slice(3)).toEqual(['four', 'five'])
    land('kept')
    await Promise.all(later)
  })

  it('lets one fetch after so long who waits for a gateway that died', async () => {
    const startMs = clock.monotonicMs()
    const { fetch } = held()
    fill(open(), 'dead', fetch).catch(() => undefined)
    expect(await fill(open(), 'two')).toBe('kept')
    const waitedMs = clock.monotonicMs() - startMs
    expect(waitedMs).toBeGreaterThanOrEqual(HOLD_MS)
    expect(waitedMs).toBeLessThanOrEqual(HOLD_MS + 51)
    expect(statistics.fillLocks.snapshot()).toMatchObject({ led: 2, timeout: 0 })
  })

  it('lets one of several take the place of a gateway that died, and no more', async () => {
    fill(open(), 'dead', held().fetch).catch(() => undefined)
    const names = ['two', 'three', 'four']
    const results = await Promise.all(names.map((name) => fill(open(), name)))
    expect(fetches).toHaveLength(2)
    expect(results.toSorted().filter((result) => result !== 'kept')).toHaveLength(2)
  })

  it('lets a slow one end no lock but its own', async () => {
    const slow = held()
    const first = fill(open({ random: seededRandom(1) }), 'slow', slow.fetch)
    await turn()
    clock.advance(HOLD_MS + 1)
    const second = held()
    const next = fill(open({ random: seededRandom(2) }), 'next', second.fetch)
    await turn()
    slow.land('kept')
    await first
    // Still held by the second: a third waits.
    const third = fill(open(), 'third')
    await turn()
    expect(fetches).toEqual(['slow', 'next'])
    second.land('kept')
    await next
    expect(await third).toBe('third found it')
  })

  it('stays within its time when others take the lock again and again', async () => {
    const blocked = open({
      pause: async (ms) => {
        clock.advance(ms)
        await turn()
        // Whoever held it died, and yet another was faster.
        const keys = [...lockKeys]
        for (const key of keys) store.set(key, Buffer.from('hanother'), { ttlMs: 60_000 })
      },
    })
    const lockKeys: Buffer[] = []
    const spied: FillLocksOptions['store'] = Object.assign(Object.create(store), {
      run: (...call: Parameters<EmbeddedStore['run']>) => {
        lockKeys.push(...call[1])
        return store.run(...call)
      },
    })
    fill(open({ store: spied }), 'dead', held().fetch).catch(() => undefined)
    const startMs = clock.monotonicMs()
    expect(await fill(blocked, 'two')).toBe('kept')
    expect(statistics.fillLocks.get('timeout')).toBe(1)
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(2 * HOLD_MS + 50)
  })

  it('has each fetch for itself when the store fails', async () => {
    const failing = failingStore(store)
    failing.isDown = true
    const locks = open({ store: failing })
    expect(await Promise.all([fill(locks, 'one'), fill(locks, 'two')])).toEqual(['kept', 'kept'])
    expect(statistics.fillLocks.get('failed')).toBe(2)
  })

  it('lets no more than a thousand wait', async () => {
    const { fetch, land } = held()
    const locks = open({ pause: () => fetch().then(() => undefined) })
    const led = fill(locks, 'one', fetch)
    const waiting = Array.from({ length: 1_001 }, () => fill(locks, 'other'))
    await turn()
    expect(locks.waiters).toBe(1_000)
    expect(fetches).toEqual(['one', 'other'])
    land('kept')
    await Promise.all([led, ...waiting])
    expect(locks.waiters).toBe(0)
  })
})
