import { describe, expect, it } from 'vitest'
import { infoNumber, parseInfo } from '../../../src/admin/redis-info.ts'

const TEXT = [
  '# Server',
  'redis_version:7.0.15',
  'config_file:',
  '',
  '# Memory',
  'used_memory:1024',
  'maxmemory_policy:noeviction',
  '# Keyspace',
  'db0:keys=1,expires=0,avg_ttl=0',
].join('\r\n')

describe('parseInfo', () => {
  it('tells fields by section, in lower case', () => {
    expect(parseInfo(TEXT)).toEqual({
      server: { redis_version: '7.0.15', config_file: '' },
      memory: { used_memory: '1024', maxmemory_policy: 'noeviction' },
      keyspace: { db0: 'keys=1,expires=0,avg_ttl=0' },
    })
  })
})

describe('infoNumber', () => {
  it.each([
    ['used_memory', 1024],
    ['maxmemory_policy', 0],
    ['absent', 0],
  ])('reads %s', (field, value) => {
    expect(infoNumber(parseInfo(TEXT), 'memory', field)).toBe(value)
  })
})
