import { beforeEach, describe, expect, it } from 'vitest'
import { CommandDriver } from '../../../support/command-driver.ts'

let driver: CommandDriver

beforeEach(() => {
  driver = new CommandDriver()
})

const integers = (count: number, first = 0): string =>
  Array.from({ length: count }, (_, index) => String(first + index)).join(' ')
const words = (count: number): string =>
  Array.from({ length: count }, (_, index) => `m${index}`).join(' ')

describe('the encoding of a set', () => {
  it.each([
    [`SADD s ${integers(512)}`, 'intset'],
    [`SADD s ${integers(513)}`, 'hashtable'],
    ['SADD s 9223372036854775807', 'intset'],
    ['SADD s 9223372036854775808', 'hashtable'],
    ['SADD s 1 a', 'hashtable'],
    ['SADD s 01', 'hashtable'],
  ])('after %.30s… it is %s', (line, encoding) => {
    driver.run(line)
    expect(driver.run('OBJECT ENCODING s')).toBe(encoding)
  })

  it('never goes back', () => {
    driver.run('SADD s 1 a')
    driver.run('SREM s a')
    expect(driver.run('OBJECT ENCODING s')).toBe('hashtable')
  })

  it('of a result is chosen anew', () => {
    driver.run('SADD a 1 2 x')
    driver.run('SADD b 1 2 y')
    driver.run('SINTERSTORE d a b')
    expect(driver.run('OBJECT ENCODING d')).toBe('intset')
    driver.run(`SADD many ${integers(512)}`)
    driver.run('SADD one 1000')
    driver.run('SUNIONSTORE d many one')
    expect(driver.run('OBJECT ENCODING d')).toBe('hashtable')
  })
})

describe('what others are told of a set', () => {
  it.each([
    [['SADD s 1 2', 'SADD s 1'], ['SADD s 1 2']],
    [
      ['SADD s 1', 'SREM s 2', 'SREM s 1 5'],
      ['SADD s 1', 'SREM s 1 5'],
    ],
    [
      ['SADD s 1 2', 'SMOVE s t 1', 'SMOVE s t 1', 'SMOVE s s 2'],
      ['SADD s 1 2', 'SMOVE s t 1'],
    ],
    [
      ['SADD s a', 'SPOP s'],
      ['SADD s a', 'SREM s a'],
    ],
    [
      ['SADD s 1 2', 'SPOP s 0', 'SPOP s 2', 'SPOP s', 'SPOP s 1'],
      ['SADD s 1 2', 'DEL s'],
    ],
    [
      ['SADD s 1', 'SUNIONSTORE t s', 'SUNIONSTORE t u', 'SUNIONSTORE t u'],
      ['SADD s 1', 'SUNIONSTORE t s', 'SUNIONSTORE t u'],
    ],
    [['SMEMBERS s', 'SRANDMEMBER s', 'SUNION s', 'SINTERSTORE t s', 'SDIFFSTORE t s'], []],
  ])('%j: %j', (lines, effects) => {
    for (const line of lines) driver.run(line)
    expect(driver.effects).toEqual(effects)
  })

  it.each([
    ['few go', 100, 3, integers],
    ['nearly all go', 100, 95, integers],
    ['few words go', 100, 3, words],
    ['nearly all words go', 100, 95, words],
  ])('SPOP with a count: what was popped, in one transaction: %s', (_name, size, count, make) => {
    driver.run(`SADD s ${make(size)}`)
    driver.run('EXPIRE s 1000')
    driver.effects.length = 0
    const popped = driver.sorted(`SPOP s ${count}`)
    expect(driver.effects[0]).toBe('MULTI')
    expect(driver.effects.at(-1)).toBe('EXEC')
    const removed = driver.effects.slice(1, -1).map((effect) => effect.replace('SREM s ', ''))
    expect(removed.sort()).toEqual(popped)
    expect(new Set(popped).size).toBe(count)
    expect([...popped, ...driver.sorted('SMEMBERS s')].map(String).sort()).toEqual(
      make(size).split(' ').sort(),
    )
    expect(driver.run('TTL s')).toBe(1_000)
  })

  it('SPOP leaves an intset of the integers that stay of a table', () => {
    driver.run(`SADD s ${integers(600)}`)
    driver.run('SPOP s 590')
    expect(driver.run('OBJECT ENCODING s')).toBe('intset')
    expect(driver.run('SCARD s')).toBe(10)
  })
})

describe('SRANDMEMBER', () => {
  it.each([
    ['intset, few of many', integers(100), 5],
    ['intset, most', integers(20), 15],
    ['table, few of many', words(600), 5],
    ['table, most', words(600), 500],
    ['more than there are', words(30), 50],
  ])('gives different members: %s', (_name, members, count) => {
    driver.run(`SADD s ${members}`)
    const found = new Set(driver.sorted(`SRANDMEMBER s ${count}`))
    expect(found.size).toBe(Math.min(members.split(' ').length, count))
    for (const member of found) expect(members.split(' ')).toContain(member)
  })

  it('draws again and again with a negative count', () => {
    driver.run('SADD s 1 2')
    expect(driver.sorted('SRANDMEMBER s -50')).toHaveLength(50)
    expect(new Set(driver.sorted('SRANDMEMBER s -50'))).toEqual(new Set(['1', '2']))
  })

  it('refuses more draws than a reply can hold', () => {
    driver.run('SADD s 1')
    expect(driver.run('SRANDMEMBER s -16777217')).toBe('ERR value is out of range')
  })
})

describe('SDIFF', () => {
  it.each([
    ['by looking up', `SADD a ${integers(10)}`, `SADD b ${integers(100, 5)}`, integers(5)],
    ['by taking out', `SADD a ${integers(300)}`, 'SADD b 5', `${integers(5)} ${integers(294, 6)}`],
    ['words by taking out', `SADD a ${words(300)} x`, `SADD b ${words(300)}`, 'x'],
  ])('subtracts %s', (_name, first, second, expected) => {
    driver.run(first)
    driver.run(second)
    expect(driver.sorted('SDIFF a b b b b')).toEqual(expected.split(' ').sort())
    expect(driver.sorted('SDIFF a missing b')).toEqual(expected.split(' ').sort())
  })
})
