import { describe, expect, it } from 'vitest'
import { evictionFinding } from '../../../src/app/eviction-check.ts'

const info = (maxmemory: number, policy: string): string =>
  `# Memory\r\nused_memory:1\r\nmaxmemory:${maxmemory}\r\nmaxmemory_policy:${policy}\r\n`

describe('evictionFinding', () => {
  it.each(['volatile-lru', 'allkeys-lfu', 'volatile-ttl'])('finds %s', (policy) => {
    expect(evictionFinding(info(1_000, policy))).toEqual({ maxmemory: 1_000, policy })
  })

  it('finds nothing where nothing is evicted', () => {
    expect(evictionFinding(info(1_000, 'noeviction'))).toBeUndefined()
    expect(evictionFinding(info(0, 'allkeys-lru'))).toBeUndefined()
  })
})
