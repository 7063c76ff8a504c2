import { beforeEach, describe, expect, it } from 'vitest'
import { ActiveExpiry } from '../../../../src/engine/keyspace/active-expiry.ts'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { DatabaseDriver } from '../../../support/keyspace-driver.ts'

let keyspace: Keyspace
let first: DatabaseDriver
let second: DatabaseDriver
let emptyBytes: number

beforeEach(() => {
  keyspace = new Keyspace({ databaseCount: 2, random: seededRandom(1) })
  keyspace.advance(1_000)
  first = new DatabaseDriver(keyspace.database(0))
  second = new DatabaseDriver(keyspace.database(1))
  emptyBytes = keyspace.usedBytes
})

function fill(driver: DatabaseDriver, count: number): void {
  for (let index = 0; index < count; index += 1) {
    driver.set(`key:${index}`, 'value', index % 2 === 0 ? 5_000 + index : undefined)
  }
}

describe('flushAll', () => {
  it('takes all memory back at once, of every size, and works on', () => {
    fill(first, 3_000)
    first.set('large', 'v'.repeat(300_000))
    first.set('huge', 'v'.repeat(65 * 1_024 * 1_024))
    fill(second, 10)
    keyspace.flushAll()
    expect(keyspace.usedBytes).toBe(emptyBytes)
    expect(keyspace.slab.heldBytes).toBe(0)
    expect([first.keys(), second.keys()]).toEqual([[], []])
    fill(first, 3_000)
    expect(first.keys()).toHaveLength(3_000)
    expect(first.get('key:2999')).toBe('value')
  })

  it('takes back what an earlier flush has left', () => {
    fill(first, 100)
    fill(second, 100)
    keyspace.flush(first.database)
    expect(keyspace.hasGarbage).toBe(true)
    keyspace.flushAll()
    expect(keyspace.hasGarbage).toBe(false)
    expect(keyspace.usedBytes).toBe(emptyBytes)
  })
})

describe('flush', () => {
  it('takes memory back at once when no other database has a key', () => {
    fill(first, 1_000)
    keyspace.flush(first.database)
    expect(keyspace.usedBytes).toBe(emptyBytes)
  })

  it('takes memory back by and by when another has', () => {
    fill(second, 7)
    const before = keyspace.usedBytes
    fill(first, 1_000)
    const filled = keyspace.usedBytes
    keyspace.flush(first.database)
    expect(first.keys()).toEqual([])
    expect(first.database.volatileCount).toBe(0)
    expect(keyspace.slab.usedBytes).toBeGreaterThan(before)
    let slices = 0
    for (let last = filled; keyspace.hasGarbage; slices += 1) {
      keyspace.freeGarbage(100)
      expect(keyspace.usedBytes).toBeLessThanOrEqual(last)
      last = keyspace.usedBytes
    }
    expect(slices).toBeGreaterThan(5)
    expect(keyspace.usedBytes).toBe(before)
    expect(second.keys()).toHaveLength(7)
  })
})

describe('rehash', () => {
  it('brings a table that grows to its end without a write', () => {
    fill(first, 5_000)
    first.set('one more', 'v')
    expect(keyspace.rehash(10)).toBe(true)
    while (keyspace.rehash(100));
    expect(keyspace.rehash(1)).toBe(false)
    expect(first.keys()).toHaveLength(5_001)
  })

  it('waits with a larger table while memory is short, up to a load of 1.618', () => {
    const asked: number[] = []
    keyspace.onGrowth((bytes) => {
      asked.push(bytes)
      return false
    })
    fill(first, 25)
    expect(first.database.hashTableBytes).toBe(16 * 4)
    expect(asked[0]).toBe(32 * 4)
    first.set('crowd', 'v')
    first.set('more', 'v')
    expect(first.database.hashTableBytes).toBe((16 + 32) * 4)
    expect(first.get('key:24')).toBe('value')
  })
})

describe('expiry of very many keys', () => {
  it('takes them in their order, over several chunks of the heap', () => {
    const count = 70_000
    for (let index = 0; index < count; index += 1) {
      first.set(String(index), 'v', 2_000 + ((index * 7_919) % count))
    }
    for (let index = 0; index < count; index += 3) first.delete(String(index))
    const told: number[] = []
    keyspace.onRemoval((_reason, _database, key) => {
      told.push((Number(Buffer.from(key).toString()) * 7_919) % count)
    })
    keyspace.advance(2_000 + count)
    new ActiveExpiry(keyspace, new FakeClock()).run(1_000)
    expect(told).toHaveLength(count - Math.ceil(count / 3))
    expect(told.every((instant, index) => index === 0 || instant >= (told[index - 1] ?? 0))).toBe(
      true,
    )
    expect(first.database.volatileCount).toBe(0)
    while (keyspace.rehash(1_000));
    // Two chunks of the heap stay in hand.
    expect(first.database.expiryHeapBytes).toBeLessThanOrEqual(2 * 16_384 * 12)
    keyspace.flushAll()
    expect(keyspace.usedBytes).toBe(emptyBytes)
  })
})
