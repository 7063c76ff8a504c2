import { describe, expect, it } from 'vitest'
import { MemoryGauge } from '../../../../src/gateway/cache/memory-gauge.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import type { Store } from '../../../../src/store/index.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

function tellingStore(clock: FakeClock, used: number, policy: string): Store {
  const text = `# Memory\r\nused_memory:${used}\r\nmaxmemory:1000\r\nmaxmemory_policy:${policy}\r\n`
  return Object.assign(openStore(clock), { info: () => text })
}

async function isShort(used: number, policy: string, isEvictionRoom: boolean): Promise<boolean> {
  const clock = new FakeClock()
  const store = tellingStore(clock, used, policy)
  const gauge = new MemoryGauge({ store, clock, log: silentLogger, shortFrom: 0.9, isEvictionRoom })
  gauge.isShort()
  await Promise.resolve()
  return gauge.isShort()
}

describe('MemoryGauge', () => {
  it('is short from the part on that it was told', async () => {
    expect(await isShort(899, 'volatile-lru', false)).toBe(false)
    expect(await isShort(900, 'volatile-lru', false)).toBe(true)
  })

  it('is not short where eviction makes room, if that counts', async () => {
    expect(await isShort(1_000, 'volatile-lru', true)).toBe(false)
    expect(await isShort(899, 'noeviction', true)).toBe(false)
    expect(await isShort(900, 'noeviction', true)).toBe(true)
  })
})
