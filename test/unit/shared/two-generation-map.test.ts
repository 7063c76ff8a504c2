import { describe, expect, it } from 'vitest'
import { TwoGenerationMap } from '../../../src/shared/two-generation-map.ts'

describe('TwoGenerationMap', () => {
  it('finds what was set and nothing else', () => {
    const map = new TwoGenerationMap<string, number>(4)
    map.set('a', 1)
    expect(map.get('a')).toBe(1)
    expect(map.get('b')).toBeUndefined()
  })

  it('never holds more than two generations', () => {
    const map = new TwoGenerationMap<number, number>(10)
    for (let key = 0; key < 1_000; key += 1) {
      map.set(key, key)
      expect(map.size).toBeLessThanOrEqual(20)
    }
  })

  it('keeps what is read and drops what is not', () => {
    const map = new TwoGenerationMap<number, number>(10)
    map.set(-1, -1)
    map.set(-2, -2)
    for (let key = 0; key < 100; key += 1) {
      map.set(key, key)
      map.get(-1)
    }
    expect(map.get(-1)).toBe(-1)
    expect(map.get(-2)).toBeUndefined()
  })

  it('keeps what is read under the key that the value gives', () => {
    const map = new TwoGenerationMap<string, { readonly id: string }>(1)
    map.set('a', { id: 'other a' })
    expect(map.get('a', ({ id }) => id)).toEqual({ id: 'other a' })
    expect(map.get('a')).toBeUndefined()
    expect(map.get('other a')).toEqual({ id: 'other a' })
  })

  it('forgets a deleted key in both generations', () => {
    const map = new TwoGenerationMap<string, number>(2)
    map.set('old', 1)
    map.set('fills the generation', 2)
    map.set('young', 3)
    map.delete('old')
    map.delete('young')
    expect([map.get('old'), map.get('young')]).toEqual([undefined, undefined])
  })

  it('is empty after clear', () => {
    const map = new TwoGenerationMap<string, number>(2)
    for (const key of ['a', 'b', 'c']) map.set(key, 1)
    map.clear()
    expect(map.size).toBe(0)
  })
})
