import { describe, expect, it } from 'vitest'
import { WeightedMemo } from '../../../../src/gateway/graphql/weighted-memo.ts'

/** How many of the keys 0 … count-1 are still there, without touching the order. */
function kept(memo: WeightedMemo<number, string>, count: number): number {
  return Array.from({ length: count }, (_, key) => memo.get(key)).filter(Boolean).length
}

describe('WeightedMemo', () => {
  it('gives back what was set', () => {
    const memo = new WeightedMemo<string, number>(10, 1_000)
    memo.set('a', 1, 5)
    expect(memo.get('a')).toBe(1)
    expect(memo.get('b')).toBeUndefined()
  })

  it('gives the later of two values', () => {
    const memo = new WeightedMemo<string, number>(2, 1_000)
    memo.set('a', 1, 5)
    memo.set('b', 2, 5)
    memo.set('a', 3, 5)
    expect(memo.get('a')).toBe(3)
  })

  it('holds at most two generations of entries', () => {
    const memo = new WeightedMemo<number, string>(10, 1_000_000)
    for (let key = 0; key < 1_000; key += 1) memo.set(key, 'value', 1)
    expect(kept(memo, 1_000)).toBeLessThanOrEqual(20)
  })

  it('holds at most two generations of weight', () => {
    const memo = new WeightedMemo<number, string>(1_000_000, 1_000)
    for (let key = 0; key < 1_000; key += 1) memo.set(key, 'value', 100)
    expect(kept(memo, 1_000)).toBeLessThanOrEqual(20)
  })

  it('does not count a key twice that is set again', () => {
    const memo = new WeightedMemo<string, number>(10, 100)
    memo.set('other', 0, 30)
    for (let value = 0; value < 100; value += 1) memo.set('a', value, 30)
    expect(memo.get('other')).toBe(0)
    expect(memo.get('a')).toBe(99)
  })

  it('keeps what is read while others go', () => {
    const memo = new WeightedMemo<string, number>(10, 1_000)
    memo.set('read', 1, 1)
    memo.set('unread', 1, 1)
    for (let index = 0; index < 100; index += 1) {
      memo.set(`other ${index}`, index, 1)
      memo.get('read')
    }
    expect(memo.get('read')).toBe(1)
    expect(memo.get('unread')).toBeUndefined()
  })
})
