import { beforeEach, describe, expect, it } from 'vitest'
import { CommandDriver } from '../../../support/command-driver.ts'

let driver: CommandDriver

beforeEach(() => {
  driver = new CommandDriver()
})

/** `f0 v0 f1 v1 …` */
const pairs = (count: number): string =>
  Array.from({ length: count }, (_, index) => `f${index} v${index}`).join(' ')

describe('the encoding of a hash', () => {
  it.each([
    [`HSET h ${pairs(512)}`, 'listpack'],
    [`HSET h ${pairs(513)}`, 'hashtable'],
    [`HSET h f ${'x'.repeat(64)}`, 'listpack'],
    [`HSET h f ${'x'.repeat(65)}`, 'hashtable'],
    [`HSET h ${'x'.repeat(64)} v`, 'listpack'],
    [`HSET h ${'x'.repeat(65)} v`, 'hashtable'],
    [`HINCRBY h ${'x'.repeat(65)} 1`, 'hashtable'],
  ])('after %.40s… it is %s', (line, encoding) => {
    driver.run(line)
    expect(driver.run('OBJECT ENCODING h')).toBe(encoding)
  })

  it('never goes back', () => {
    driver.run(`HSET h ${pairs(513)}`)
    driver.run(`HDEL h ${pairs(512)}`)
    expect(driver.run('OBJECT ENCODING h')).toBe('hashtable')
  })

  it('follows the directives, for hashes that are written next', () => {
    driver.run('HSET h a 1 b 2 c 3')
    driver.run('CONFIG SET hash-max-ziplist-entries 2')
    expect(driver.run('OBJECT ENCODING h')).toBe('listpack')
    driver.run('HSET h a 2')
    expect(driver.run('OBJECT ENCODING h')).toBe('hashtable')
    expect(driver.run('HGETALL h')).toHaveLength(6)
  })
})

describe('what others are told of a hash', () => {
  it.each([
    [['HSET h f 1 g 2'], ['HSET h f 1 g 2']],
    [['HMSET h f 1'], ['HMSET h f 1']],
    [['HSETNX h f 1', 'HSETNX h f 2'], ['HSETNX h f 1']],
    [['HINCRBY h f 5', 'HINCRBY h f x'], ['HINCRBY h f 5']],
    [['HINCRBYFLOAT h f 10.50'], ['HSET h f 10.5']],
    [
      ['HSET h f 1', 'HDEL h g', 'HDEL h f'],
      ['HSET h f 1', 'HDEL h f'],
    ],
    [['HGET h f', 'HGETALL h', 'HRANDFIELD h 1', 'HSCAN h 0'], []],
  ])('%j: %j', (lines, effects) => {
    for (const line of lines) driver.run(line)
    expect(driver.effects).toEqual(effects)
  })
})

describe('HRANDFIELD', () => {
  it.each([
    ['packed, few of many', 100, 5],
    ['packed, most', 20, 15],
    ['table, few of many', 600, 5],
    ['table, most', 600, 500],
    ['more than there are', 30, 50],
  ])('gives different fields with their values: %s', (_name, size, count) => {
    driver.run(`HSET h ${pairs(size)}`)
    const reply = driver.run(`HRANDFIELD h ${count} WITHVALUES`)
    const found = new Map(Array.isArray(reply) ? reply.map(String).map(pairOf) : [])
    expect(found.size).toBe(Math.min(size, count))
    for (const [field, value] of found) expect(value).toBe(field.replace('f', 'v'))
  })

  it.each([[30], [600]])('gives each of %i fields with the same chance', (size) => {
    driver.run(`HSET h ${pairs(size)}`)
    const seen = new Map<string, number>()
    for (let draw = 0; draw < 400; draw += 1) {
      const reply = driver.run('HRANDFIELD h 15')
      for (const field of Array.isArray(reply) ? reply.map(String) : []) {
        seen.set(field, (seen.get(field) ?? 0) + 1)
      }
    }
    const expected = (400 * 15) / size
    let chiSquare = (size - seen.size) * expected
    for (const count of seen.values()) chiSquare += (count - expected) ** 2 / expected
    // Five standard deviations above what is expected of so many fields.
    expect(chiSquare).toBeLessThan(size + 5 * Math.sqrt(2 * size))
  })

  it('refuses more draws than a reply can hold', () => {
    driver.run('HSET h f 1')
    expect(driver.run('HRANDFIELD h -16777217')).toBe('ERR value is out of range')
  })
})

/** Of a reply in RESP3: a field and its value are an array of two. */
function pairOf(text: string): [string, string] {
  const [field = '', value = ''] = text.split(',')
  return [field, value]
}

describe('HSCAN', () => {
  it('finds every field of a table, each with its value', () => {
    driver.run(`HSET h ${pairs(1_000)}`)
    const found = new Map<string, string>()
    let cursor = '0'
    do {
      const reply = driver.run(`HSCAN h ${cursor} COUNT 20`)
      const [next, elements] = Array.isArray(reply) ? reply : []
      cursor = String(next)
      const list = Array.isArray(elements) ? elements.map(String) : []
      for (let index = 0; index < list.length; index += 2) {
        found.set(list[index] ?? '', list[index + 1] ?? '')
      }
    } while (cursor !== '0')
    expect(found.size).toBe(1_000)
    for (const [field, value] of found) expect(value).toBe(field.replace('f', 'v'))
  })
})

describe('the memory of a hash', () => {
  it('is told to the byte, and comes back', () => {
    driver.run('SET other 1')
    const before = usedBytes(driver)
    driver.run(`HSET h ${pairs(513)}`)
    const told = Number(driver.run('MEMORY USAGE h'))
    // The key's place in the database's table is part of what is told.
    expect(usedBytes(driver) - before).toBe(told - 4)
    driver.run(`HDEL h ${pairs(513)}`)
    expect(driver.run('EXISTS h')).toBe(0)
    expect(usedBytes(driver)).toBe(before)
  })
})

function usedBytes({ engine }: CommandDriver): number {
  const match = /used_memory_dataset:(\d+)/.exec(engine.info('memory'))
  return Number(match?.[1])
}
