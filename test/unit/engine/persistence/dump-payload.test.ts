import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { EmbeddedClient } from '../../../../src/engine/index.ts'
import { Engine } from '../../../../src/engine/index.ts'
import { Crc64 } from '../../../../src/engine/structures/crc64.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

let client: EmbeddedClient

beforeEach(() => {
  const clock = new FakeClock()
  client = new Engine({ clock, random: seededRandom(1), log: silentLogger }).client()
})

function bytes(reply: unknown): Buffer {
  return Buffer.isBuffer(reply) ? reply : Buffer.from(String(reply), 'latin1')
}

function dump(key: string): Buffer {
  return Buffer.from(bytes(client.call('DUMP', key)))
}

/** A payload of this content, with its footer. */
function payload(content: readonly number[] | Buffer, version = 10): Buffer {
  const whole = Buffer.concat([Buffer.from(content), Buffer.from([version & 0xff, version >> 8])])
  const sum = new Crc64()
  sum.update(whole)
  const footer = Buffer.alloc(8)
  sum.writeTo(footer, 0)
  return Buffer.concat([whole, footer])
}

const read: Readonly<Record<string, (key: string) => unknown>> = {
  string: (key) => client.call('GET', key),
  list: (key) => client.call('LRANGE', key, 0, -1),
  hash: (key) => new Map(pairsOf(client.call('HGETALL', key))),
  set: (key) => new Set(listOf(client.call('SMEMBERS', key))),
  zset: (key) => client.call('ZRANGE', key, 0, -1, 'WITHSCORES'),
}

function listOf(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map((each) => bytes(each).toString('latin1')) : []
}

function pairsOf(reply: unknown): [string, string][] {
  const list = listOf(reply)
  return list.flatMap((each, index) => (index % 2 === 0 ? [[each, list[index + 1] ?? '']] : []))
}

function fields(count: number, length: number): string[] {
  return Array.from({ length: count }, (_, index) => [
    `f${index}`,
    `${index}`.padEnd(length, 'v'),
  ]).flat()
}

const VALUES: Readonly<Record<string, readonly string[]>> = {
  'an integer': ['SET', 'key', '12345'],
  'a long text': ['SET', 'key', 'abc'.repeat(1_000)],
  'no text': ['SET', 'key', ''],
  'a list of one node': ['RPUSH', 'key', 'a', '1', '-300', 'x'.repeat(200)],
  'a list of many nodes': ['RPUSH', 'key', ...fields(2_000, 20)],
  'an intset': ['SADD', 'key', '1', '-5', '70000', '5000000000'],
  'a set': ['SADD', 'key', 'a', '1', ...fields(300, 10)],
  'a small hash': ['HSET', 'key', ...fields(3, 3)],
  'a large hash': ['HSET', 'key', ...fields(600, 100)],
  'a small sorted set': ['ZADD', 'key', '1', 'a', '2.5', 'b', '-inf', 'c', '1e300', 'd'],
  'a large sorted set': [
    'ZADD',
    'key',
    ...Array.from({ length: 300 }, (_, at) => [`${at / 3}`, `m${at}`]).flat(),
  ],
}

/** XADD takes times of its own: commands that make a stream of several nodes, with a group. */
function makeStream(): void {
  for (let index = 1; index <= 250; index += 1) {
    client.call('XADD', 'key', `${index}-1`, 'field', `value${index}`, `f${index % 3}`, index)
  }
  client.call('XDEL', 'key', '7-1', '250-1')
  client.call('XGROUP', 'CREATE', 'key', 'group', '3-1')
  client.call('XREADGROUP', 'GROUP', 'group', 'alice', 'COUNT', 5, 'STREAMS', 'key', '>')
  client.call('XACK', 'key', 'group', '5-1')
  client.call('XGROUP', 'CREATECONSUMER', 'key', 'group', 'bob')
}

describe('DUMP and RESTORE of a stream', () => {
  it('give it back with its groups', () => {
    makeStream()
    expect(client.call('RESTORE', 'copy', 0, dump('key'))).toBe('OK')
    expect(client.call('XRANGE', 'copy', '-', '+')).toEqual(client.call('XRANGE', 'key', '-', '+'))
    expect(client.call('XINFO', 'STREAM', 'copy', 'FULL')).toEqual(
      client.call('XINFO', 'STREAM', 'key', 'FULL'),
    )
  })

  it('refuse one with a bit flipped, or take it for another, and lose no memory', () => {
    makeStream()
    client.call('CONFIG', 'SET', 'rdbcompression', 'no')
    const content = dump('key').subarray(0, -10)
    client.call('FLUSHALL')
    const before = usedBytes()
    for (let at = 0; at < content.length; at += 41) {
      const flipped = Buffer.from(content)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
      const reply = client.call('RESTORE', 'key', 0, payload(flipped))
      if (reply === 'OK') client.call('XRANGE', 'key', '-', '+')
      client.call('DEL', 'key')
    }
    client.call('FLUSHALL')
    expect(usedBytes()).toBe(before)
  })
})

describe('DUMP and RESTORE', () => {
  it.each(Object.entries(VALUES))('give back %s, in its encoding', (_name, command) => {
    client.call(...command)
    const type = String(client.call('TYPE', 'key'))
    expect(client.call('RESTORE', 'copy', 0, dump('key'))).toBe('OK')
    expect(read[type]?.('copy')).toEqual(read[type]?.('key'))
    expect(client.call('OBJECT', 'ENCODING', 'copy')).toEqual(
      client.call('OBJECT', 'ENCODING', 'key'),
    )
  })

  it('take any string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        client.call('SET', 'key', value)
        client.call('RESTORE', 'copy', 0, dump('key'), 'REPLACE')
        expect(client.get('copy')).toEqual(Buffer.from(value))
      }),
    )
  })

  it.each(Object.entries(VALUES))(
    'refuse %s with a bit flipped, or take it for another, and lose no memory',
    (_name, command) => {
      client.call(...command)
      const content = dump('key').subarray(0, -10)
      client.call('FLUSHALL')
      const before = usedBytes()
      const step = Math.max(1, Math.floor(content.length / 20))
      for (let at = 0; at < content.length; at += step) {
        for (let bit = 0; bit < 8; bit += 1) {
          const flipped = Buffer.from(content)
          flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
          const reply = client.call('RESTORE', 'key', 0, payload(flipped))
          if (reply === 'OK') read[String(client.call('TYPE', 'key'))]?.('key')
          client.call('DEL', 'key')
        }
        const cut = client.call('RESTORE', 'key', 0, payload(content.subarray(0, at)))
        expect(String(cut)).toMatch(/OK|Bad data format/)
        client.call('DEL', 'key')
      }
      client.call('FLUSHALL')
      expect(usedBytes()).toBe(before)
    },
  )

  it.each([
    [
      'no version is newer than 7.4',
      payload([0, 1, 97], 13),
      'ERR DUMP payload version or checksum are wrong',
    ],
    [
      'a sum is the sum',
      payload([0, 1, 97]).fill(0, 12),
      'ERR DUMP payload version or checksum are wrong',
    ],
    ['a footer is ten bytes', Buffer.alloc(9), 'ERR DUMP payload version or checksum are wrong'],
    ['a type is known', payload([99, 1, 97]), 'ERR Bad data format'],
    ['a value has bytes', payload([0]), 'ERR Bad data format'],
    ['a set has a member', payload([2, 0]), 'ERR Bad data format'],
    ['a member comes once', payload([2, 2, 1, 97, 1, 97]), 'ERR Bad data format'],
    ['a field comes once', payload([4, 2, 1, 97, 1, 97, 1, 97, 1, 97]), 'ERR Bad data format'],
    ['a score is a number', payload([3, 1, 1, 97, 253]), 'ERR Bad data format'],
    [
      'lists are not endless',
      payload([1, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 1, 97]),
      'ERR Bad data format',
    ],
    [
      'tables are not endless',
      payload([4, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 1, 97]),
      'ERR Bad data format',
    ],
  ])('hold that %s', (_name, damaged, error) => {
    expect(client.call('RESTORE', 'key', 0, damaged)).toMatchObject({ message: error })
    expect(client.call('EXISTS', 'key')).toBe(0)
  })

  it.each([
    ['no', 'default', 0],
    ['yes', 'trusted', 1],
    ['clients', 'default', 1],
    ['clients', 'trusted', 0],
  ])('with sanitize-dump-payload %s, for the user %s, count %i checks', (mode, user, checks) => {
    client.call('CONFIG', 'SET', 'sanitize-dump-payload', mode)
    client.call('ACL', 'SETUSER', 'trusted', 'on', 'nopass', '+@all', '~*', 'skip-sanitize-payload')
    client.call('HSET', 'key', 'f', 'v')
    client.call('AUTH', user, 'x')
    expect(client.call('RESTORE', 'copy', 0, dump('key'))).toBe('OK')
    expect(String(client.call('INFO', 'stats'))).toContain(`dump_payload_sanitizations:${checks}\r`)
  })

  it('DEBUG lets a wrong sum pass', () => {
    client.call('DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', 1)
    expect(client.call('RESTORE', 'key', 0, payload([0, 1, 97]).fill(0, 12))).toBe('OK')
  })

  it.each([
    ['12', payload([0, 1, 97], 12)],
    ['a plain list', payload([1, 2, 1, 97, 1, 97])],
    ['a list of ziplists', payload([14, 1, 14, ...ziplist([0x01, 97])])],
    ['a ziplist', payload([10, 14, ...ziplist([0x01, 97])])],
    ['a set in a listpack', payload([20, 10, 10, 0, 0, 0, 1, 0, 0x81, 97, 2, 255])],
    ['a hash in a zipmap', payload([9, 8, 1, 1, 97, 1, 1, 98, 0, 255])],
    ['text scores', payload([3, 1, 1, 97, 3, 49, 46, 53])],
    ['a hash of old', payload([4, 1, 1, 97, 1, 98])],
  ])('take %s', (_name, old) => {
    expect(client.call('RESTORE', 'key', 0, old)).toBe('OK')
    expect(client.call('EXISTS', 'key')).toBe(1)
  })
})

/** A ziplist of one entry. */
function ziplist(entry: readonly number[]): number[] {
  const bytes = 10 + 1 + entry.length + 1
  return [bytes, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, ...entry, 255]
}

describe('RESTORE', () => {
  it('sets an instant, from a span or as it is', () => {
    client.call('SET', 'key', 'value')
    const value = dump('key')
    client.call('RESTORE', 'span', 5_000, value)
    expect(client.call('PTTL', 'span')).toBe(5_000)
    client.call('RESTORE', 'instant', client.nowMs() + 7_000, value, 'ABSTTL')
    expect(client.call('PTTL', 'instant')).toBe(7_000)
  })

  it('makes no key that would be due, and deletes the one it replaces', () => {
    client.call('SET', 'key', 'value')
    const value = dump('key')
    const [past, next] = [client.nowMs(), client.nowMs() + 1]
    expect(client.call('RESTORE', 'key', past, value, 'ABSTTL', 'REPLACE')).toBe('OK')
    expect(client.call('EXISTS', 'key')).toBe(0)
    client.call('RESTORE', 'key', next, value, 'ABSTTL')
    expect(client.call('EXISTS', 'key')).toBe(1)
  })

  it('sets the idle time, or the frequency while keys are evicted by that', () => {
    client.call('SET', 'key', 'value')
    const value = dump('key')
    client.call('RESTORE', 'idle', 0, value, 'IDLETIME', 1_000)
    expect(client.call('OBJECT', 'IDLETIME', 'idle')).toBe(1_000)
    client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu')
    client.call('RESTORE', 'often', 0, value, 'FREQ', 255)
    expect(client.call('OBJECT', 'FREQ', 'often')).toBe(255)
  })
})

function usedBytes(): number {
  return Number(/used_memory_dataset:(\d+)/.exec(String(client.call('INFO', 'memory')))?.[1])
}
