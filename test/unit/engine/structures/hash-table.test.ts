import { describe, expect, it } from 'vitest'
import { ANY_LENGTH } from '../../../../src/engine/structures/hash-table.ts'
import { HashTableDriver } from '../../../support/hash-table-driver.ts'

function filled(count: number, valueBytes = 0): HashTableDriver {
  const driver = new HashTableDriver({ valueBytes })
  for (let index = 0; index < count; index += 1) driver.set(`key:${index}`)
  return driver
}

/** Sum over all keys of (seen - expected)² / expected. */
function chiSquare(driver: HashTableDriver, draws: number): number {
  const seen = new Map(driver.entries().map(([key]) => [key, 0]))
  for (let draw = 0; draw < draws; draw += 1) {
    const key = driver.key(driver.table.random(driver.root))
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  const expected = draws / seen.size
  return [...seen.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

describe('HashTable', () => {
  it('doubles its buckets with the first entry beyond them', () => {
    const driver = filled(4)
    expect(driver.table.bucketCount(driver.root)).toBe(4)
    driver.set('one more')
    expect(driver.table.bucketCount(driver.root)).toBe(4 + 8)
  })

  it('is made with buckets for what is expected', () => {
    const driver = filled(0)
    expect(driver.table.bucketCount(driver.table.create(4))).toBe(4)
    expect(driver.table.bucketCount(driver.table.create(5))).toBe(8)
  })

  it('grows without room only when its chains are long', () => {
    const driver = filled(4)
    driver.hasRoom = false
    for (const key of ['5', '6', '7']) driver.set(key)
    expect(driver.table.bucketCount(driver.root)).toBe(4)
    driver.set('8')
    expect(driver.table.bucketCount(driver.root)).toBe(4 + 8)
  })

  it('shrinks when fewer than a tenth of its buckets would be used', () => {
    const driver = filled(100)
    driver.table.rehash(driver.root, 1_000)
    expect(driver.table.bucketCount(driver.root)).toBe(128)
    for (let index = 0; index < 87; index += 1) driver.delete(`key:${index}`)
    expect(driver.table.isRehashing(driver.root)).toBe(false)
    driver.delete('key:87')
    expect(driver.table.bucketCount(driver.root)).toBe(128 + 16)
    driver.table.rehash(driver.root, 1_000)
    expect(driver.table.bucketCount(driver.root)).toBe(16)
    expect(driver.size).toBe(12)
  })

  it('moves a bucket with each insertion while it rehashes', () => {
    const driver = filled(65)
    expect(driver.table.isRehashing(driver.root)).toBe(true)
    for (let index = 0; index < 60; index += 1) driver.set(`more:${index}`)
    expect(driver.table.bucketCount(driver.root)).toBe(128)
  })

  it('keeps values of one length before the key, where a float fits', () => {
    const driver = new HashTableDriver({ valueBytes: 8 })
    driver.set('member', '8 bytes!')
    const entry = driver.find('member')
    driver.table.viewOf(entry).setFloat64(driver.table.valueStart(entry), 1.5, true)
    expect(driver.table.valueLength(entry)).toBe(8)
    expect(driver.key(driver.find('member'))).toBe('member')
    expect(driver.table.viewOf(entry).getFloat64(driver.table.valueStart(entry), true)).toBe(1.5)
  })

  it('gives a value of the same block its new length in place, and moves it otherwise', () => {
    const driver = new HashTableDriver({ valueBytes: ANY_LENGTH })
    driver.set('key', 'x'.repeat(13))
    const entry = driver.find('key')
    driver.set('key', 'y')
    expect(driver.find('key')).toBe(entry)
    driver.set('key', 'z'.repeat(14))
    expect(driver.find('key')).not.toBe(entry)
    expect(driver.value(driver.find('key'))).toBe('z'.repeat(14))
  })

  it('frees in slices of so many entries and buckets', () => {
    const driver = filled(64)
    expect(driver.table.freeSome(driver.root, 100)).toBe(false)
    expect(driver.table.freeSome(driver.root, 100)).toBe(true)
    expect(driver.slab.usedBytes).toBe(0)
  })

  it.each([
    ['a full table', 64],
    ['a sparse table', 130],
    ['a table that rehashes', 70],
  ])('gives a random entry of %s with equal chances', (_name, count) => {
    const driver = filled(count)
    if (count === 130) {
      driver.table.rehash(driver.root, 1_000)
      for (let index = 0; index < 70; index += 1) driver.delete(`key:${index}`)
    }
    // 120 is beyond what 69 degrees of freedom reach once in ten thousand times.
    expect(chiSquare(driver, 20_000)).toBeLessThan(120)
  })

  it('gives a random entry of a table that has lost nearly all', () => {
    const driver = filled(20_000)
    driver.table.rehash(driver.root, 100_000)
    for (let index = 3; index < 20_000; index += 1) driver.delete(`key:${index}`)
    const seen = new Set<string>()
    for (let draw = 0; draw < 200; draw += 1) {
      seen.add(driver.key(driver.table.random(driver.root)))
    }
    expect(seen.size).toBe(3)
  })
})
