import { describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function createEngine(directives: Readonly<Record<string, string>> = {}): Engine {
  return new Engine({
    clock: new FakeClock(),
    random: seededRandom(1),
    log: silentLogger,
    directives: directives,
  })
}

describe('the first command of an engine that holds nothing yet', () => {
  it.each([
    [['INCR', 'a'], 1],
    [['DECRBY', 'a', '-9223372036854775807'], 9_223_372_036_854_775_807n],
    [['INCRBYFLOAT', 'a', '1.5'], Buffer.from('1.5')],
    [['APPEND', 'a', 'x'], 1],
    [['SETRANGE', 'a', '2', 'x'], 3],
    [['GETSET', 'a', 'x'], null],
    [['GETDEL', 'a'], null],
    [['GETEX', 'a', 'EX', '1'], null],
    [['GETRANGE', 'a', '0', '-1'], Buffer.alloc(0)],
    [['STRLEN', 'a'], 0],
    [['MSETNX', 'a', '1'], 1],
    [['RENAME', 'a', 'b'], expect.objectContaining({ message: 'ERR no such key' })],
    [['EXPIRE', 'a', '1'], 0],
    [['RANDOMKEY'], null],
    [['KEYS', '*'], []],
    [
      ['SCAN', '0'],
      [Buffer.from('0'), []],
    ],
    [['FLUSHALL'], 'OK'],
    [['MEMORY', 'USAGE', 'a'], null],
  ])('%j', (argv, reply) => {
    expect(
      createEngine()
        .client()
        .call(...argv),
    ).toEqual(reply)
  })
})

describe('CONFIG SET while everything is being loaded', () => {
  it('refuses what loading depends on, and nothing else', () => {
    const client = new Engine({ isPersistent: true }).client()
    const loading = { message: 'LOADING Redis is loading the dataset in memory' }
    expect(client.call('CONFIG', 'SET', 'appendonly', 'yes')).toMatchObject(loading)
    expect(client.call('CONFIG', 'SET', 'dir', '/nosuch')).toMatchObject(loading)
    expect(client.call('CONFIG', 'SET', 'hz', '20')).toBe('OK')
  })
})
