import { afterEach, describe, expect, it } from 'vitest'
import { Slab, SlabExhaustedError } from '../../../src/engine/memory/slab.ts'
import { CommandDriver } from '../../support/command-driver.ts'

/** More blocks than any of the commands below asks for. */
const BLOCKS_MAX = 500

// oxlint-disable-next-line typescript/unbound-method -- called with the slab it is put back on
const { allocate } = Slab.prototype

afterEach(() => {
  Slab.prototype.allocate = allocate
})

/** As if the process might take no more memory after so many blocks. */
function refuseAfter(blocks: number): void {
  let left = blocks
  Slab.prototype.allocate = function refusing(bytes) {
    if (left === 0) throw new SlabExhaustedError('no more')
    left -= 1
    return allocate.call(this, bytes)
  }
}

function allocatedBytes({ engine }: CommandDriver): number {
  return Number(/allocator_allocated:(\d+)/.exec(engine.info('memory'))?.[1])
}

/** Whether the command came to its end. */
function tryWith(driver: CommandDriver, blocks: number, line: string): boolean {
  refuseAfter(blocks)
  try {
    driver.run(line)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(SlabExhaustedError)
    return false
  } finally {
    Slab.prototype.allocate = allocate
  }
}

function newDriver(): CommandDriver {
  const driver = new CommandDriver()
  for (const name of ['hash-max-listpack-entries', 'zset-max-listpack-entries']) {
    driver.run(`CONFIG SET ${name} 4`)
  }
  driver.run('CONFIG SET set-max-intset-entries 4 list-max-listpack-size 2')
  driver.run('CONFIG SET list-compress-depth 1 stream-node-max-entries 2')
  return driver
}

const LONG = 'x'.repeat(80)
const STREAM = ['XADD key 1-1 f v', 'XADD key 1-2 f v', 'XADD key 1-3 f v']
const GROUP = ['XGROUP CREATE key g 0', 'XREADGROUP GROUP g c COUNT 2 STREAMS key >']

describe('a command that gets no memory in the middle', () => {
  it.each([
    ['of making a hash a table', ['HSET key 1 a 2 b 3 c 4 d'], 'HSET key 5 e'],
    ['of making a set a table', ['SADD key 1 2 3 4'], 'SADD key a'],
    ['of making a sorted set a tree', ['ZADD key 1 a 2 b 3 c 4 d'], 'ZADD key 5 e'],
    ['of copying a hash', ['HSET key 1 a 2 b 3 c 4 d 5 e'], 'COPY key copy'],
    ['of copying a set', ['SADD key a b c'], 'COPY key copy'],
    ['of copying a sorted set', ['ZADD key 1 a 2 b 3 c 4 d 5 e'], 'COPY key copy'],
    ['of copying a list', [`RPUSH key ${LONG} ${LONG} ${LONG} ${LONG} ${LONG}`], 'COPY key copy'],
    ['of copying a stream', [...STREAM, ...GROUP], 'COPY key copy'],
    ['of beginning a list', [], 'RPUSH key a'],
    ['of beginning a set', [], 'SADD key a'],
    ['of beginning a stream', [], 'XADD key 1-1 f v'],
    ['of lengthening a list', [`RPUSH key ${LONG} ${LONG} ${LONG} ${LONG}`], `RPUSH key ${LONG}`],
    ['of storing a sorted list', ['RPUSH key 3 1 2 5 4'], 'SORT key STORE copy'],
  ])('%s leaves no block behind', (_name, setUp, line) => {
    let blocks = 0
    for (; blocks < BLOCKS_MAX; blocks += 1) {
      const driver = newDriver()
      for (const each of setUp) driver.run(each)
      const isDone = tryWith(driver, blocks, line)
      driver.run('DEL key copy')
      expect(allocatedBytes(driver), `after ${blocks} blocks`).toBe(0)
      if (isDone) break
    }
    expect(blocks).toBeGreaterThan(0)
    expect(blocks).toBeLessThan(BLOCKS_MAX)
  })

  it('leaves the value as it was', () => {
    const driver = newDriver()
    driver.run('SADD key 1 2 3 4')
    expect(tryWith(driver, 1, 'SADD key a')).toBe(false)
    expect(driver.sorted('SMEMBERS key')).toEqual(['1', '2', '3', '4'])
    expect(driver.run('OBJECT ENCODING key')).toBe('intset')
    expect(driver.run('SADD key a')).toBe(1)
  })
})
