import { describe, expect, it } from 'vitest'
import { KeyedHash } from '../../../../src/engine/memory/keyed-hash.ts'
import { seededRandom } from '../../../../src/shared/random.ts'

const hasher = new KeyedHash(seededRandom(1))
const hash = (text: string) => hasher.hash(Buffer.from(text), 0, Buffer.byteLength(text))

describe('KeyedHash', () => {
  it('depends on the bytes alone, wherever they lie', () => {
    const bytes = Buffer.from('xxuser:1000yy')
    expect(hasher.hash(bytes, 2, 9)).toBe(hash('user:1000'))
  })

  it('differs with the key', () => {
    const other = new KeyedHash(seededRandom(2))
    expect(other.hash(Buffer.from('user:1000'), 0, 9)).not.toBe(hash('user:1000'))
  })

  it('tells apart keys of every length up to 64, zero bytes included', () => {
    const seen = new Set<number>()
    for (let length = 0; length <= 64; length += 1)
      seen.add(hasher.hash(Buffer.alloc(64), 0, length))
    expect(seen.size).toBe(65)
  })

  it('spreads similar keys evenly over buckets', () => {
    const buckets = new Uint32Array(1_024)
    for (let index = 0; index < 102_400; index += 1) {
      const bucket = hash(`key:${index}`) & 1_023
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    // 100 a bucket on average; a fair hash stays within five standard deviations.
    expect(Math.max(...buckets)).toBeLessThan(150)
    expect(Math.min(...buckets)).toBeGreaterThan(50)
  })
})
