import { beforeEach, describe, expect, it } from 'vitest'
import { Eviction, type MaxmemoryPolicy } from '../../../../src/engine/keyspace/eviction.ts'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { DatabaseDriver } from '../../../support/keyspace-driver.ts'

let keyspace: Keyspace
let driver: DatabaseDriver
let eviction: Eviction
let otherBytes = 0

beforeEach(() => {
  otherBytes = 0
  keyspace = new Keyspace({ databaseCount: 2, random: seededRandom(5) })
  keyspace.advance(1_000_000)
  driver = new DatabaseDriver(keyspace.database(0))
  eviction = new Eviction({ keyspace, clock: new FakeClock(), otherBytes: () => otherBytes })
})

/** 200 keys, half of them volatile, each used a second after the one before. */
function fill(): void {
  if (eviction.policy.endsWith('lfu')) keyspace.access.settings.mode = 'lfu'
  for (let index = 0; index < 100; index += 1) {
    keyspace.advance(1_000_000 + index * 1_000)
    driver.set(`volatile:${index}`, 'v'.repeat(100), 10_000_000 + index)
    driver.set(`lasting:${index}`, 'v'.repeat(100))
  }
}

function limitTo(share: number, policy: MaxmemoryPolicy): void {
  eviction.policy = policy
  fill()
  eviction.maxmemoryBytes = Math.floor(keyspace.usedBytes * share)
}

describe('makeRoom', () => {
  it('asks for nothing without a limit', () => {
    fill()
    expect(eviction.makeRoom()).toBe(true)
    expect(keyspace.keyCount).toBe(200)
  })

  it('refuses under noeviction and keeps every key', () => {
    limitTo(0.5, 'noeviction')
    expect(eviction.makeRoom()).toBe(false)
    expect(keyspace.keyCount).toBe(200)
  })

  it.each<MaxmemoryPolicy>(['allkeys-lru', 'allkeys-lfu', 'allkeys-random'])(
    'takes any key under %s until it is under the limit',
    (policy) => {
      limitTo(0.6, policy)
      expect(eviction.makeRoom()).toBe(true)
      expect(eviction.isOverLimit).toBe(false)
      expect(keyspace.stats.evictedKeys).toBe(200 - keyspace.keyCount)
      expect(keyspace.keyCount).toBeGreaterThan(60)
    },
  )

  it.each<MaxmemoryPolicy>(['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl'])(
    'takes only volatile keys under %s',
    (policy) => {
      limitTo(0.8, policy)
      expect(eviction.makeRoom()).toBe(true)
      expect(driver.keys().filter((key) => key.startsWith('lasting'))).toHaveLength(100)
      expect(driver.database.volatileCount).toBeLessThan(100)
    },
  )

  it.each<MaxmemoryPolicy>(['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl'])(
    'refuses under %s once no volatile key is left',
    (policy) => {
      limitTo(0.2, policy)
      expect(eviction.makeRoom()).toBe(false)
      expect(driver.database.volatileCount).toBe(0)
    },
  )

  it('takes what expires soonest under volatile-ttl', () => {
    limitTo(0.9, 'volatile-ttl')
    eviction.makeRoom()
    const left = driver.keys().filter((key) => key.startsWith('volatile'))
    const lowest = Math.min(...left.map((key) => Number(key.split(':')[1])))
    expect(left).toHaveLength(100 - lowest)
  })

  it('prefers keys not used for long under allkeys-lru', () => {
    limitTo(0.5, 'allkeys-lru')
    eviction.makeRoom()
    const ages = driver.keys().map((key) => Number(key.split(':')[1]))
    const mean = ages.reduce((sum, age) => sum + age, 0) / ages.length
    // Random eviction would leave a mean of 50, true LRU 75.
    expect(mean).toBeGreaterThan(62)
  })

  it('counts buffers as memory', () => {
    eviction.policy = 'noeviction'
    eviction.maxmemoryBytes = keyspace.usedBytes + 1_000
    expect(eviction.makeRoom()).toBe(true)
    otherBytes = 1_001
    expect(eviction.makeRoom()).toBe(false)
  })
})

describe('who watches latency', () => {
  it('has every key taken away before their eyes', () => {
    const seen: string[] = []
    keyspace.timeRemovals((reason, remove) => {
      const before = keyspace.keyCount
      remove()
      seen.push(`${reason} ${before - keyspace.keyCount}`)
    })
    eviction.onEvent = (event) => seen.push(event)
    limitTo(0.9, 'allkeys-random')
    eviction.makeRoom()
    expect(new Set(seen)).toEqual(new Set(['evicted 1', 'eviction-cycle']))
    seen.length = 0
    driver.set('due', 'v', keyspace.nowMs)
    keyspace.advance(keyspace.nowMs + 1)
    expect(driver.peek('due')).toBe(0)
    expect(seen).toEqual(['expired 1'])
  })
})
