import { beforeEach, describe, expect, it } from 'vitest'
import { CommandDriver } from '../../../support/command-driver.ts'

let driver: CommandDriver

beforeEach(() => {
  driver = new CommandDriver()
})

describe('what others are told of a list', () => {
  it.each([
    [
      ['RPUSH l a b', 'LPUSHX l c', 'LPUSHX none c', 'LPUSH l d'],
      ['RPUSH l a b', 'LPUSHX l c', 'LPUSH l d'],
    ],
    [
      ['RPUSH l a b c', 'LPOP l', 'RPOP l 5', 'LPOP l', 'RPOP l 1'],
      ['RPUSH l a b c', 'LPOP l', 'RPOP l 5'],
    ],
    [
      ['RPUSH l a b', 'LPOP l 0', 'LSET l 0 x', 'LSET l 9 x'],
      ['RPUSH l a b', 'LSET l 0 x'],
    ],
    [
      ['RPUSH l a b', 'LINSERT l AFTER a x', 'LINSERT l AFTER none x', 'LREM l 0 x', 'LREM l 0 x'],
      ['RPUSH l a b', 'LINSERT l AFTER a x', 'LREM l 0 x'],
    ],
    [
      ['RPUSH l a b', 'LTRIM l 0 -1', 'LTRIM l 1 -1', 'LTRIM none 1 -1'],
      ['RPUSH l a b', 'LTRIM l 1 -1'],
    ],
    [
      ['RPUSH l a b', 'LMOVE l m LEFT RIGHT', 'RPOPLPUSH l m', 'RPOPLPUSH l m'],
      ['RPUSH l a b', 'LMOVE l m LEFT RIGHT', 'RPOPLPUSH l m'],
    ],
    [
      ['RPUSH l a b c', 'LMPOP 2 none l LEFT', 'LMPOP 1 l RIGHT COUNT 9', 'LMPOP 1 l LEFT'],
      ['RPUSH l a b c', 'LPOP l 1', 'RPOP l 2'],
    ],
    [
      ['RPUSH l a b', 'BLPOP none l 0', 'BRPOP l 0', 'BLPOP l 0'],
      ['RPUSH l a b', 'LPOP l', 'RPOP l'],
    ],
    [
      ['RPUSH l a b c', 'BLMPOP 0 1 l RIGHT COUNT 2', 'BLMOVE l m LEFT right 0'],
      ['RPUSH l a b c', 'RPOP l 2', 'LMOVE l m LEFT right'],
    ],
    [
      ['RPUSH l a', 'BRPOPLPUSH l m 0', 'BRPOPLPUSH l m 0'],
      ['RPUSH l a', 'RPOPLPUSH l m'],
    ],
    [['LRANGE l 0 -1', 'LLEN l', 'LINDEX l 0', 'LPOS l a', 'LREM l 0 a', 'LPOP l'], []],
  ])('%j: %j', (lines, effects) => {
    for (const line of lines) driver.run(line)
    expect(driver.effects).toEqual(effects)
  })
})

describe('list-max-listpack-size', () => {
  it.each([
    [1, 4, 4],
    [3, 3, 1],
    [3, 4, 2],
    [-1, 371, 1],
    [-1, 372, 2],
    [-2, 743, 1],
    [-2, 744, 2],
  ])('%i: %i elements of 9 bytes need %i nodes', (size, count, nodes) => {
    driver.run(`CONFIG SET list-max-listpack-size ${size}`)
    for (let index = 0; index < count; index += 1) driver.run('RPUSH l element:1')
    expect(nodeCount('l')).toBe(nodes)
  })

  it('counts for lists that come after it', () => {
    driver.run('RPUSH l a')
    driver.run('CONFIG SET list-max-listpack-size 1')
    driver.run('RPUSH l b')
    driver.run('RPUSH m a b')
    expect([nodeCount('l'), nodeCount('m')]).toEqual([1, 2])
  })
})

function nodeCount(key: string): number {
  const text = String(driver.run(`DEBUG OBJECT ${key}`))
  return Number(/ql_nodes:(\d+)/.exec(text)?.[1])
}
