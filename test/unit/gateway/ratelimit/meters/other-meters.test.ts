import { beforeEach, describe, expect, it } from 'vitest'
import {
  type LimitCharge,
  limitArguments,
  type TakeContext,
  TakeLimits,
  type WindowState,
} from '../../../../../src/gateway/ratelimit/take-limits.ts'
import { nth } from '../../../../../src/shared/assert.ts'
import type { EmbeddedStore } from '../../../../../src/store/index.ts'
import { FakeClock } from '../../../../support/fake-clock.ts'
import { openStore } from '../../../../support/open-store.ts'

const KEY = Buffer.from('gerbang:limit:{subject}:rule')
const OTHER_KEY = Buffer.from('gerbang:limit:{subject}:other')
const procedure = new TakeLimits()

let clock: FakeClock
let store: EmbeddedStore

beforeEach(() => {
  clock = new FakeClock(1_700_000_040_000)
  store = openStore(clock)
})

function take(charge: Partial<LimitCharge>, context: TakeContext = {}): WindowState {
  const whole: LimitCharge = {
    kind: 'log',
    cost: 1,
    limit: 2,
    windowMs: 60_000,
    extra: 0,
    isShadow: false,
    ...charge,
  }
  return nth(store.run(procedure, [KEY], limitArguments([whole], context)).states, 0)
}

describe('LogMeter', () => {
  it('admits the limit in any window, to the millisecond', () => {
    take({})
    clock.advance(20_000)
    expect(take({})).toEqual({ remaining: 0, resetMs: 60_001, retryMs: 0 })
    clock.advance(30_000)
    expect(take({}).retryMs).toBe(10_001)
    clock.advance(10_000)
    expect(take({}).retryMs).toBe(1)
    clock.advance(1)
    expect(take({})).toMatchObject({ remaining: 0, retryMs: 0 })
    expect(take({}).retryMs).toBe(20_000)
  })

  it('keeps one entry for an instant, and lets the key go', () => {
    take({ cost: 2, limit: 10 })
    take({ cost: 3, limit: 10 })
    expect(store.get(KEY)).toHaveLength(10)
    clock.advance(1)
    take({ limit: 10 })
    expect(store.get(KEY)).toHaveLength(20)
    clock.advance(60_002)
    expect(store.get(KEY)).toBeUndefined()
  })

  it('refuses for a window what never fits', () => {
    expect(take({ cost: 3 })).toMatchObject({ retryMs: 60_000, remaining: 2 })
    expect(store.get(KEY)).toBeUndefined()
  })

  it('gives back to the instant of the taking only', () => {
    const atMs = clock.nowMs()
    take({ limit: 5, cost: 3 })
    clock.advance(5)
    take({ limit: 5, cost: 2 })
    expect(take({ limit: 5, cost: -9 }, { atMs })).toMatchObject({ remaining: 3 })
    expect(take({ limit: 5, cost: -9 }, { atMs })).toMatchObject({ remaining: 3 })
    expect(take({ limit: 5, cost: -2 }, { atMs: atMs + 5 })).toMatchObject({ remaining: 5 })
    expect(store.get(KEY)).toBeUndefined()
  })

  it('holds as many entries as the largest limit', () => {
    for (let count = 0; count < 1_000; count += 1) {
      expect(take({ limit: 1_000 }).retryMs).toBe(0)
      clock.advance(1)
    }
    expect(store.get(KEY)).toHaveLength(10_000)
    expect(take({ limit: 1_000 }).retryMs).toBe(59_001)
  })

  it('does not wait for a clock that was far ahead', () => {
    clock.advance(86_400_000)
    take({ cost: 2 })
    clock.advance(-86_400_000)
    expect(take({}).retryMs).toBe(0)
  })
})

describe('GcraMeter', () => {
  const gcra = { kind: 'gcra', limit: 60, extra: 3 } as const

  it('admits a burst, then one at a time', () => {
    expect(take(gcra)).toEqual({ remaining: 2, resetMs: 1_000, retryMs: 0 })
    expect(take(gcra).remaining).toBe(1)
    expect(take(gcra).remaining).toBe(0)
    expect(take(gcra)).toEqual({ remaining: 0, resetMs: 3_000, retryMs: 1_000 })
    clock.advance(999)
    expect(take(gcra).retryMs).toBe(1)
    clock.advance(1)
    expect(take(gcra).retryMs).toBe(0)
    expect(take(gcra).retryMs).toBe(1_000)
  })

  it('fills up to the burst and no further', () => {
    take(gcra)
    clock.advance(600_000)
    expect([take(gcra), take(gcra), take(gcra), take(gcra)].map(({ retryMs }) => retryMs)).toEqual([
      0, 0, 0, 1_000,
    ])
  })

  it('gives back, at most what is used', () => {
    take({ ...gcra, cost: 3 })
    expect(take({ ...gcra, cost: -2 }).remaining).toBe(2)
    expect(take({ ...gcra, cost: -9 }).remaining).toBe(3)
    expect(store.get(KEY)).toBeUndefined()
    expect(take({ ...gcra, cost: -1 }).remaining).toBe(3)
  })

  it('takes eight bytes, and lets the key go when nothing is used', () => {
    take(gcra)
    expect(store.get(KEY)).toHaveLength(8)
    clock.advance(1_001)
    expect(store.get(KEY)).toBeUndefined()
  })

  it('is never faster than its rate by rounding', () => {
    const odd = { kind: 'gcra', limit: 7, windowMs: 1_000, extra: 1 } as const
    let admitted = 0
    for (let ms = 0; ms < 10_000; ms += 1) {
      if (take(odd).retryMs === 0) admitted += 1
      clock.advance(1)
    }
    expect(admitted).toBeLessThanOrEqual(70)
    expect(admitted).toBeGreaterThanOrEqual(69)
  })
})

describe('LeaseMeter', () => {
  const lease = { kind: 'lease', limit: 2, windowMs: 10_000 } as const
  const [a, b, c] = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'] as const

  it('admits so many at once', () => {
    expect(take(lease, { token: a })).toEqual({ remaining: 1, resetMs: 10_000, retryMs: 0 })
    expect(take(lease, { token: b }).remaining).toBe(0)
    expect(take(lease, { token: c }).retryMs).toBe(1_000)
    expect(take({ ...lease, cost: -1 }, { token: a }).remaining).toBe(1)
    expect(take({ ...lease, cost: -1 }, { token: a }).remaining).toBe(1)
    expect(take(lease, { token: c })).toMatchObject({ remaining: 0, retryMs: 0 })
  })

  it('ends leases that nobody gave back', () => {
    take(lease, { token: a })
    clock.advance(9_500)
    take(lease, { token: b })
    expect(take(lease, { token: c }).retryMs).toBe(500)
    clock.advance(499)
    expect(take(lease, { token: c }).retryMs).toBe(1)
    clock.advance(1)
    expect(take(lease, { token: c }).retryMs).toBe(0)
    expect(store.get(KEY)).toHaveLength(28)
  })

  it('lets the key go with the last', () => {
    take(lease, { token: a })
    take({ ...lease, cost: -1 }, { token: a })
    expect(store.get(KEY)).toBeUndefined()
  })

  it('admits nobody with a limit of 0', () => {
    expect(take({ ...lease, limit: 0 }, { token: a }).retryMs).toBe(1_000)
  })
})

describe('TakeLimits', () => {
  const window: LimitCharge = {
    kind: 'window',
    cost: 1,
    limit: 5,
    windowMs: 60_000,
    extra: 120,
    isShadow: false,
  }
  const both = (other: Partial<LimitCharge>): readonly WindowState[] => {
    const args = limitArguments([window, { ...window, ...other }])
    return store.run(procedure, [KEY, OTHER_KEY], args).states
  }

  it.each([
    ['a log', { kind: 'log', limit: 1, extra: 0 }],
    ['a GCRA', { kind: 'gcra', limit: 60, extra: 1 }],
    ['a window', { limit: 1 }],
  ] as const)('takes from a window and %s together or from neither', (_name, other) => {
    both(other)
    const [first, second] = both(other)
    expect(first).toMatchObject({ remaining: 4, retryMs: 0 })
    expect(second?.retryMs).toBeGreaterThan(0)
    expect(both(other)[0]?.remaining).toBe(4)
  })

  it('is not held up by one in shadow, which is not charged when it would refuse', () => {
    const shadow = { limit: 1, isShadow: true }
    both(shadow)
    const [first, second] = both(shadow)
    expect([first?.remaining, second]).toEqual([3, expect.objectContaining({ remaining: 0 })])
    expect(second?.retryMs).toBeGreaterThan(0)
  })

  it('charges none in shadow when another refuses', () => {
    for (let count = 0; count < 6; count += 1) both({ limit: 100, isShadow: true })
    expect(both({ limit: 100, isShadow: true })[1]?.remaining).toBe(95)
  })

  it('tells the instant by the store’s clock', () => {
    expect(store.run(procedure, [KEY], limitArguments([window])).atMs).toBe(clock.nowMs())
  })
})
