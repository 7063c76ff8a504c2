import { beforeEach, describe, expect, it } from 'vitest'
import {
  TakeLimits,
  type WindowLimit,
  type WindowState,
  windowArguments,
} from '../../../../../src/gateway/ratelimit/take-limits.ts'
import type { EmbeddedStore } from '../../../../../src/store/index.ts'
import { FakeClock } from '../../../../support/fake-clock.ts'
import { openStore } from '../../../../support/open-store.ts'

const WINDOW_MS = 60_000
const KEY = Buffer.from('gerbang:limit:{subject}:rule')
const OTHER_KEY = Buffer.from('gerbang:limit:{subject}:other')
const procedure = new TakeLimits()

let clock: FakeClock
let store: EmbeddedStore

beforeEach(() => {
  // The start of a slot, so that a test can count them.
  clock = new FakeClock(1_700_000_040_000)
  store = openStore(clock)
})

const limitOf = (limit: number, slots = 120, windowMs = WINDOW_MS): WindowLimit => ({
  limit,
  slots,
  windowMs,
})

function take(limit: WindowLimit, cost = 1, atMs = 0): WindowState {
  const args = windowArguments(cost, [limit], { atMs })
  const { states } = store.run(procedure, [KEY], args)
  const [state] = states
  if (state === undefined) throw new Error('no state for the key')
  return state
}

const isAllowed = (state: WindowState): boolean => state.retryMs === 0

function admitted(limit: WindowLimit, tries: number): number {
  let count = 0
  for (let index = 0; index < tries; index += 1) if (isAllowed(take(limit))) count += 1
  return count
}

describe('WindowMeter', () => {
  it.each([1, 2, 100, 65_535])('admits exactly %d at one instant', (limit) => {
    expect(admitted(limitOf(limit), limit + 10)).toBe(limit)
  })

  it.each([65_535, 65_536, 1_000_000, 4_294_967_295])(
    'takes a cost of the whole limit of %d',
    (limit) => {
      expect(take(limitOf(limit), limit)).toEqual({ remaining: 0, resetMs: 60_500, retryMs: 0 })
      expect(isAllowed(take(limitOf(limit)))).toBe(false)
    },
  )

  it.each([
    [65_535, 10 + 120 * 2],
    [65_536, 14 + 120 * 4],
  ])('keeps the counts of a limit of %d in %d bytes', (limit, bytes) => {
    take(limitOf(limit))
    expect(store.get(KEY)).toHaveLength(bytes)
  })

  it('counts down what remains', () => {
    expect(take(limitOf(3)).remaining).toBe(2)
    expect(take(limitOf(3)).remaining).toBe(1)
    expect(take(limitOf(3)).remaining).toBe(0)
    expect(take(limitOf(3)).remaining).toBe(0)
  })

  it('says when a refused request will pass, and then lets it pass', () => {
    take(limitOf(2))
    clock.advance(10_000)
    take(limitOf(2))
    const { retryMs } = take(limitOf(2))
    expect(retryMs).toBe(50_500)
    clock.advance(retryMs - 1)
    expect(take(limitOf(2)).retryMs).toBe(1)
    clock.advance(1)
    expect(isAllowed(take(limitOf(2)))).toBe(true)
    expect(isAllowed(take(limitOf(2)))).toBe(false)
  })

  it('still counts what is exactly one window old', () => {
    clock.advance(499)
    take(limitOf(1))
    clock.advance(WINDOW_MS)
    expect(isAllowed(take(limitOf(1)))).toBe(false)
    clock.advance(1)
    expect(isAllowed(take(limitOf(1)))).toBe(true)
  })

  it('refuses for a whole window what can never pass', () => {
    expect(take(limitOf(5), 6)).toMatchObject({ retryMs: WINDOW_MS, remaining: 5 })
    take(limitOf(5))
    expect(take(limitOf(5), 6)).toMatchObject({ retryMs: WINDOW_MS, remaining: 4 })
  })

  it('does not charge what it refuses', () => {
    take(limitOf(10), 8)
    for (let index = 0; index < 5; index += 1) take(limitOf(10), 3)
    expect(take(limitOf(10), 2)).toMatchObject({ remaining: 0, retryMs: 0 })
  })

  it('begins anew when nothing was taken for a window', () => {
    admitted(limitOf(5), 5)
    clock.advance(WINDOW_MS + 500)
    expect(admitted(limitOf(5), 10)).toBe(5)
  })

  it('lets the key go once nothing in it counts', () => {
    take(limitOf(5))
    clock.advance(WINDOW_MS + 499)
    expect(store.get(KEY)).toBeDefined()
    // Redis lets a key live to the end of its last millisecond.
    clock.advance(2)
    expect(store.get(KEY)).toBeUndefined()
  })

  it('keeps the key as long as it is used', () => {
    for (let index = 0; index < 10; index += 1) {
      take(limitOf(100))
      clock.advance(WINDOW_MS / 2)
    }
    expect(take(limitOf(100)).remaining).toBe(97)
  })

  it('empties the slots it passes, around the end of the ring too', () => {
    const limit = limitOf(1_000, 32, 32_000)
    for (let index = 0; index < 200; index += 1) {
      take(limit)
      clock.advance(7_000)
    }
    // Admitted 7, 14, 21 and 28 s ago, and now.
    expect(take(limit).remaining).toBe(1_000 - 5)
  })

  it('stays strict when the clock goes back a little', () => {
    admitted(limitOf(5), 5)
    clock.advance(-10_000)
    expect(isAllowed(take(limitOf(5)))).toBe(false)
  })

  it('does not wait for a clock that was far ahead', () => {
    clock.advance(86_400_000)
    admitted(limitOf(5), 5)
    clock.advance(-86_400_000)
    expect(isAllowed(take(limitOf(5)))).toBe(true)
  })

  it('begins anew when the rule got other slots or counts of another size', () => {
    admitted(limitOf(5), 5)
    expect(take(limitOf(5, 64)).remaining).toBe(4)
    expect(take(limitOf(70_000)).remaining).toBe(69_999)
    expect(take(limitOf(5, 120, 3_600_000)).remaining).toBe(4)
  })

  it('shows nothing as remaining when the limit was lowered below what was taken', () => {
    admitted(limitOf(10), 10)
    expect(take(limitOf(5))).toMatchObject({ remaining: 0 })
  })

  it('gives back to the slot that was taken from, and no more than it has', () => {
    take(limitOf(5), 2)
    expect(take(limitOf(5), -1).remaining).toBe(4)
    expect(take(limitOf(5), -9).remaining).toBe(5)
    take(limitOf(5), 2)
    clock.advance(1_000)
    expect(take(limitOf(5), -1).remaining).toBe(3)
  })

  it('gives back to a slot before, as long as it counts', () => {
    const takenAtMs = clock.nowMs()
    take(limitOf(5), 3)
    clock.advance(10_000)
    take(limitOf(5), 1)
    expect(take(limitOf(5), -2, takenAtMs).remaining).toBe(3)
    // No more than is left of it.
    expect(take(limitOf(5), -2, takenAtMs).remaining).toBe(4)
    expect(take(limitOf(5), -2, takenAtMs).remaining).toBe(4)
    clock.advance(50_500)
    expect(take(limitOf(5), 1).remaining).toBe(3)
  })

  it('gives nothing back to a slot that has left the window', () => {
    const takenAtMs = clock.nowMs()
    take(limitOf(5), 3)
    clock.advance(WINDOW_MS / 2)
    take(limitOf(5), 2)
    clock.advance(WINDOW_MS / 2 + 500)
    expect(take(limitOf(5), -3, takenAtMs).remaining).toBe(3)
    expect(take(limitOf(5), 3).remaining).toBe(0)
  })

  it('gives back around the end of the ring', () => {
    const limit = limitOf(100, 32, 32_000)
    for (let index = 0; index < 100; index += 1) {
      const takenAtMs = clock.nowMs()
      take(limit, 3)
      clock.advance(7_000)
      take(limit, -3, takenAtMs)
    }
    expect(take(limit).remaining).toBe(99)
  })

  it('writes nothing to give back to a key that is not there', () => {
    take(limitOf(5), -1)
    expect(store.get(KEY)).toBeUndefined()
  })

  it('takes from all limits of a call or from none', () => {
    const limits = [limitOf(100), limitOf(2, 120, 1_000)]
    const both = (): readonly WindowState[] =>
      store.run(procedure, [KEY, OTHER_KEY], windowArguments(1, limits)).states
    both()
    both()
    const [long, short] = both()
    expect(long).toMatchObject({ remaining: 98, retryMs: 0 })
    expect(short).toMatchObject({ remaining: 0, retryMs: 1_009 })
    expect(both()[0]).toMatchObject({ remaining: 98 })
  })
})
