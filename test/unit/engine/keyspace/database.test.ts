import { beforeEach, describe, expect, it } from 'vitest'
import { KEEP_EXPIRY, NO_EXPIRY } from '../../../../src/engine/keyspace/database.ts'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { DatabaseDriver } from '../../../support/keyspace-driver.ts'

let keyspace: Keyspace
let driver: DatabaseDriver

beforeEach(() => {
  keyspace = new Keyspace({ databaseCount: 2, random: seededRandom(1) })
  keyspace.advance(1_000)
  driver = new DatabaseDriver(keyspace.database(0))
})

describe('Database', () => {
  it('makes its table for keys that are about to come, once', () => {
    driver.database.reserve(1_000)
    const { hashTableBytes } = driver.database
    expect(hashTableBytes).toBe(1_024 * 4)
    for (let index = 0; index < 1_000; index += 1) driver.set(`key${index}`, `${index}`)
    expect(driver.database.hashTableBytes).toBe(hashTableBytes)
    expect([driver.get('key0'), driver.get('key999')]).toEqual(['0', '999'])
    expect(keyspace.database(0).size).toBe(1_000)
  })

  it('keeps its table when keys are there already, or when it is larger', () => {
    driver.database.reserve(1_000)
    driver.database.reserve(10)
    driver.set('a', '1')
    driver.database.reserve(1_000_000)
    expect(driver.database.hashTableBytes).toBe(1_024 * 4)
    expect(driver.get('a')).toBe('1')
  })

  it('keeps empty keys, empty values and binary bytes', () => {
    driver.set('', '')
    driver.set('a\0b', '\r\n\0')
    expect(driver.get('')).toBe('')
    expect(driver.get('a\0b')).toBe('\r\n\0')
  })

  it.each([20_000, 300_000, 70_000_000])('keeps a value of %i bytes', (bytes) => {
    const value = 'v'.repeat(bytes)
    const record = driver.set('large', value)
    expect(driver.database.valueLength(record)).toBe(bytes)
    expect(driver.get('large') === value).toBe(true)
    expect(driver.database.memoryUsage(record)).toBeGreaterThanOrEqual(bytes)
  })

  it('keeps a key of 300,000 bytes', () => {
    const key = 'k'.repeat(300_000)
    driver.set(key, 'value')
    expect(driver.get(key)).toBe('value')
    expect(driver.delete(key)).toBe(true)
  })

  it('counts a read and touches the key, a look does neither', () => {
    driver.set('a', '1')
    driver.read('a')
    driver.read('b')
    driver.peek('a')
    expect(keyspace.stats).toMatchObject({ hits: 1, misses: 1 })
  })

  it('keeps the key through the millisecond of its instant and not longer', () => {
    driver.set('a', '1', 2_000)
    keyspace.advance(2_000)
    expect(driver.get('a')).toBe('1')
    keyspace.advance(2_001)
    expect(driver.get('a')).toBeUndefined()
    expect(keyspace.stats.expiredKeys).toBe(1)
    expect(driver.database.size).toBe(0)
  })

  it('tells who listens of a key that expires, before it is gone', () => {
    const told: string[] = []
    keyspace.onRemoval((reason, index, key) => {
      told.push(`${reason} ${index} ${Buffer.from(key).toString()}`)
    })
    driver.set('a', '1', 1_500)
    keyspace.advance(3_000)
    driver.peek('a')
    expect(told).toEqual(['expired 0 a'])
  })

  it('drops the expiry with a new value, or keeps it when asked to', () => {
    driver.set('a', '1', 5_000)
    driver.set('a', 'longer than before', KEEP_EXPIRY)
    expect(driver.database.expiresAtMs(driver.peek('a'))).toBe(5_000)
    driver.set('a', '2')
    expect(driver.database.expiresAtMs(driver.peek('a'))).toBe(NO_EXPIRY)
    expect(driver.database.volatileCount).toBe(0)
  })

  it('moves an expiry earlier, later and away', () => {
    let record = driver.set('a', '1')
    for (const expiresAtMs of [9_000, 2_000, 7_000, NO_EXPIRY]) {
      record = driver.database.setExpiry(record, expiresAtMs)
      expect(driver.database.expiresAtMs(record)).toBe(expiresAtMs)
      expect(driver.value(record)).toBe('1')
    }
    expect(driver.database.volatileCount).toBe(0)
  })

  it('fills a string that grows with zero bytes and keeps its expiry', () => {
    const record = driver.set('a', 'abc', 9_000)
    const grown = driver.database.resizeString(record, 400)
    expect(driver.value(grown)).toBe(`abc${'\0'.repeat(397)}`)
    expect(driver.database.expiresAtMs(grown)).toBe(9_000)
    expect(driver.database.encoding(grown)).toBe('raw')
    expect(driver.value(driver.database.resizeString(grown, 2))).toBe('ab')
  })

  it('renames over another key and keeps value and expiry', () => {
    driver.set('from', 'value', 4_000)
    driver.set('to', 'other')
    expect(driver.rename('from', 'to')).toBe(true)
    expect(driver.keys()).toEqual(['to'])
    expect(driver.get('to')).toBe('value')
    expect(driver.database.expiresAtMs(driver.peek('to'))).toBe(4_000)
  })

  it('renames a key to itself', () => {
    driver.set('a', '1')
    driver.rename('a', 'a')
    expect(driver.get('a')).toBe('1')
  })

  it('gives all memory back with the last key', () => {
    for (let index = 0; index < 5_000; index += 1) driver.set(`key:${index}`, 'v', 2_000 + index)
    keyspace.flush(driver.database)
    expect(keyspace.slab.usedBytes).toBe(0)
    expect(driver.database.size).toBe(0)
    expect(driver.database.volatileCount).toBe(0)
  })

  it('swaps with another database', () => {
    driver.set('a', '1')
    keyspace.swap(0, 1)
    expect(keyspace.database(0).size).toBe(0)
    expect(new DatabaseDriver(keyspace.database(1)).get('a')).toBe('1')
    expect(keyspace.database(1).index).toBe(1)
  })
})

describe('OBJECT FREQ and IDLETIME', () => {
  it('ages by the second since the last use', () => {
    const record = driver.set('a', '1')
    keyspace.advance(61_000)
    expect(driver.database.idleSeconds(record)).toBe(60)
    driver.read('a')
    expect(driver.database.idleSeconds(record)).toBe(0)
  })

  it('counts uses on a logarithm and forgets with the minutes', () => {
    keyspace.access.settings.mode = 'lfu'
    const record = driver.set('a', '1')
    expect(driver.database.frequency(record)).toBe(5)
    for (let use = 0; use < 1_000; use += 1) driver.read('a')
    const used = driver.database.frequency(record)
    expect(used).toBeGreaterThan(10)
    expect(used).toBeLessThan(100)
    keyspace.advance(1_000 + 3 * 60_000)
    expect(driver.database.frequency(record)).toBe(used - 3)
  })
})
