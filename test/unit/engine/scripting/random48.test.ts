import { describe, expect, it } from 'vitest'
import { Random48 } from '../../../../src/engine/scripting/random48.ts'

describe('Random48', () => {
  it('repeats itself for a seed', () => {
    const random = new Random48()
    random.seed(42)
    const first = [random.next(), random.next()]
    random.seed(42)
    expect([random.next(), random.next()]).toEqual(first)
  })

  it('starts where rand.c does', () => {
    // 0x1234abcd330e once through drand48's step, its upper 31 bits.
    expect(new Random48().next()).toBe(851_401_618)
  })

  it('gives numbers in [0, 2^31)', () => {
    const random = new Random48()
    const numbers = Array.from({ length: 1_000 }, () => random.next())
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(2 ** 31)
  })
})
