import { describe, expect, it } from 'vitest'
import { seededRandom, systemRandom } from '../../../src/shared/random.ts'

describe('seededRandom', () => {
  it('repeats itself for the same seed and differs for another', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed)
      return Array.from({ length: 8 }, () => random.uint32())
    }
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })

  it('draws floats in [0, 1) with a mean near a half', () => {
    const random = seededRandom(7)
    const values = Array.from({ length: 10_000 }, () => random.next())
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThan(1)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02)
  })
})

describe.each([
  ['systemRandom', systemRandom],
  ['seededRandom', seededRandom(3)],
])('%s', (_name, random) => {
  it('gives as many bytes as asked for', () => {
    expect(random.bytes(0)).toHaveLength(0)
    expect(random.bytes(33)).toHaveLength(33)
  })
})
