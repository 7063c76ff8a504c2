import { beforeEach, describe, expect, it } from 'vitest'
import { Refresher, type RefreshResult } from '../../../../src/gateway/cache/refresher.ts'
import { GatewayError } from '../../../../src/gateway/errors.ts'
import { CacheStatistics } from '../../../../src/gateway/statistics/cache-statistics.ts'
import { type Logger, silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const ENTRY = {
  state: 'fresh',
  storedAtMs: 0,
  expiresAtMs: 60_000,
  fetchMs: 100,
  encoding: 'identity',
  etag: '"e"',
  body: Buffer.alloc(0),
} as const

let clock: FakeClock
let statistics: CacheStatistics
let warnings: string[]

beforeEach(() => {
  clock = new FakeClock(0)
  statistics = new CacheStatistics()
  warnings = []
})

function createRefresher({ isEarly = true, keysMax = 10 } = {}): Refresher {
  const log: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) }
  return new Refresher({ isEarly, keysMax, clock, random: seededRandom(7), log, statistics })
}

/** Of so many draws at this instant, the part that says it is due. */
function shareDue(refresher: Refresher, nowMs: number): number {
  const draws = 2_000
  let due = 0
  for (let draw = 0; draw < draws; draw += 1) due += Number(refresher.isDue(ENTRY, nowMs))
  return due / draws
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('an early refresh', () => {
  it.each([
    // What XFetch says: e to the power of minus what is left, in fetches.
    [0, 1],
    [50, 0.607],
    [100, 0.368],
    [300, 0.05],
  ])('is due %i ms before the expiry with probability %f', (leftMs, probability) => {
    const share = shareDue(createRefresher(), ENTRY.expiresAtMs - leftMs)
    expect(share).toBeGreaterThan(probability - 0.05)
    expect(share).toBeLessThanOrEqual(probability + 0.05)
  })

  it('is not due far from the expiry', () => {
    expect(shareDue(createRefresher(), ENTRY.expiresAtMs - 2_001)).toBe(0)
  })

  it('is never due when it is switched off', () => {
    expect(shareDue(createRefresher({ isEarly: false }), ENTRY.expiresAtMs - 1)).toBe(0)
  })
})

describe('a refresh', () => {
  it('is one at a time for a key', async () => {
    const refresher = createRefresher()
    const started: string[] = []
    let end: (result: RefreshResult) => void = () => undefined
    const refresh = (name: string) => () => {
      started.push(name)
      return new Promise<RefreshResult>((resolve) => {
        end = resolve
      })
    }
    refresher.start('key', refresh('first'))
    refresher.start('key', refresh('second'))
    refresher.start('other', refresh('of another key'))
    expect(started).toEqual(['first', 'of another key'])
    end('kept')
    await turn()
    refresher.start('other', refresh('third'))
    expect(started).toEqual(['first', 'of another key', 'third'])
  })

  it('is counted by how it ended', async () => {
    const refresher = createRefresher()
    refresher.start('kept', () => Promise.resolve('kept'))
    refresher.start('unkept', () => Promise.resolve('unkept'))
    refresher.start('elsewhere', () => Promise.resolve('elsewhere'))
    refresher.start('failed', () => Promise.reject(new GatewayError('timeout', 'late')))
    await turn()
    expect(statistics.refreshes.snapshot()).toEqual({ kept: 1, unkept: 1, elsewhere: 1, failed: 1 })
  })

  it.each([
    ['failed', () => Promise.reject(new GatewayError('timeout', 'late'))],
    ['got nothing to keep', () => Promise.resolve('unkept')],
  ] satisfies readonly [string, () => Promise<RefreshResult>][])(
    'waits a second when one before it %s',
    async (_case, refresh) => {
      const refresher = createRefresher()
      refresher.start('key', refresh)
      await turn()
      const started: number[] = []
      const next = (): Promise<RefreshResult> => {
        started.push(clock.monotonicMs())
        return Promise.resolve('kept')
      }
      clock.advance(999)
      refresher.start('key', next)
      clock.advance(1)
      refresher.start('key', next)
      expect(started).toEqual([1_000])
    },
  )

  it('tells of failures once in ten seconds', async () => {
    const refresher = createRefresher()
    const fail = () => Promise.reject(new GatewayError('timeout', 'late'))
    for (const key of ['a', 'b', 'c']) refresher.start(key, fail)
    await turn()
    expect(warnings).toHaveLength(1)
    clock.advance(10_000)
    refresher.start('a', fail)
    await turn()
    expect(warnings).toHaveLength(2)
  })

  it('does not begin when as many keys are remembered as may be, until their pauses are over', async () => {
    const refresher = createRefresher({ keysMax: 2 })
    for (const key of ['a', 'b']) refresher.start(key, () => Promise.resolve('unkept'))
    await turn()
    let starts = 0
    const refresh = (): Promise<RefreshResult> => {
      starts += 1
      return Promise.resolve('kept')
    }
    refresher.start('c', refresh)
    expect(starts).toBe(0)
    clock.advance(1_000)
    refresher.start('c', refresh)
    expect(starts).toBe(1)
  })

  it('neither begins nor is told of once it was stopped', async () => {
    const refresher = createRefresher()
    refresher.start('a', () => Promise.reject(new GatewayError('upstream-unreachable', 'gone')))
    refresher.stop()
    refresher.start('b', () => Promise.reject(new GatewayError('timeout', 'late')))
    await turn()
    expect(warnings).toEqual([])
    expect(statistics.refreshes.get('failed')).toBe(0)
  })
})
