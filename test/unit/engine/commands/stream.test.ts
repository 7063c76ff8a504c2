import { beforeEach, describe, expect, it } from 'vitest'
import { CommandDriver } from '../../../support/command-driver.ts'

const NOW = 1_700_000_000_000

let driver: CommandDriver

beforeEach(() => {
  driver = new CommandDriver()
})

/** Entries 1-0 to 4-0, of which al has got the first two. */
function deliverTwo(): void {
  for (let ms = 1; ms <= 4; ms += 1) driver.run(`XADD s ${ms}-0 f ${ms}`)
  driver.run('XGROUP CREATE s g 0')
  driver.run('XREADGROUP GROUP g al COUNT 2 STREAMS s >')
}

describe('XADD with an id of its own', () => {
  it('counts within a millisecond, and starts anew in the next', () => {
    expect(driver.run('XADD s * a 1')).toBe(`${NOW}-0`)
    expect(driver.run('XADD s * a 1')).toBe(`${NOW}-1`)
    driver.clock.advance(1)
    expect(driver.run('XADD s * a 1')).toBe(`${NOW + 1}-0`)
  })

  it('goes on where it was when the clock has gone back', () => {
    driver.run(`XADD s ${NOW + 5_000}-7 a 1`)
    expect(driver.run('XADD s * a 1')).toBe(`${NOW + 5_000}-8`)
  })

  it('goes over to the next millisecond when one is used up', () => {
    driver.run(`XADD s ${NOW}-18446744073709551615 a 1`)
    expect(driver.run('XADD s * a 1')).toBe(`${NOW + 1}-0`)
  })
})

describe('a node of a stream', () => {
  it.each([
    ['stream-node-max-entries 3', 3, 1],
    ['stream-node-max-entries 3', 4, 2],
    ['stream-node-max-entries 0', 500, 2],
    ['stream-node-max-entries 100', 100, 1],
    ['stream-node-max-entries 100', 101, 2],
  ])('with %s: %i entries are in %i', (limit, entries, nodes) => {
    driver.run(`CONFIG SET ${limit}`)
    for (let ms = 1; ms <= entries; ms += 1) driver.run(`XADD s ${ms}-0 a 1`)
    expect(fact('s', 'radix-tree-keys')).toBe(nodes)
  })

  it('is given less than redis-server gives it', () => {
    for (let ms = 1; ms <= 10_000; ms += 1) driver.run(`XADD s ${ms}-0 field value`)
    // MEMORY USAGE s SAMPLES 0 of redis-server 7.0.15: 216,692.
    expect(driver.run('MEMORY USAGE s')).toBeLessThan(216_692)
  })
})

describe('pending entries', () => {
  it('are shown with the time since their last delivery', () => {
    deliverTwo()
    driver.clock.advance(50)
    expect(driver.run('XPENDING s g - + 10')).toEqual([
      ['1-0', 'al', 50, 1],
      ['2-0', 'al', 50, 1],
    ])
    driver.run('XREADGROUP GROUP g al COUNT 1 STREAMS s 0')
    driver.clock.advance(1)
    expect(driver.run('XPENDING s g - + 10')).toEqual([
      ['1-0', 'al', 1, 2],
      ['2-0', 'al', 51, 1],
    ])
  })

  it.each([
    [49, 2],
    [50, 2],
    [51, 0],
  ])('after 50 ms, IDLE %i shows %i', (idle, count) => {
    deliverTwo()
    driver.clock.advance(50)
    expect(driver.run(`XPENDING s g IDLE ${idle} - + 10`)).toHaveLength(count)
    expect(driver.run(`XPENDING s g IDLE ${idle} - + 10 al`)).toHaveLength(count)
  })

  it.each([
    [50, [['1-0', ['f', '1']]]],
    [51, []],
  ])('after 50 ms, XCLAIM with a minimum of %i gives %j', (idle, claimed) => {
    deliverTwo()
    driver.clock.advance(50)
    expect(driver.run(`XCLAIM s g bo ${idle} 1-0`)).toEqual(claimed)
  })

  it.each([
    [50, ['0-0', ['1-0', '2-0'], []]],
    [51, ['0-0', [], []]],
  ])('after 50 ms, XAUTOCLAIM with a minimum of %i gives %j', (idle, claimed) => {
    deliverTwo()
    driver.clock.advance(50)
    expect(driver.run(`XAUTOCLAIM s g bo ${idle} - JUSTID`)).toEqual(claimed)
  })

  it.each([
    ['', 0, 2],
    ['JUSTID', 0, 1],
    ['IDLE 30', 30, 2],
    [`TIME ${NOW + 20}`, 30, 2],
    [`TIME ${NOW + 51}`, 0, 2],
    ['IDLE -1', 0, 2],
    ['TIME -5', 0, 2],
    ['RETRYCOUNT 9', 0, 9],
    ['RETRYCOUNT 0 JUSTID', 0, 0],
    ['RETRYCOUNT -1', 0, 2],
    ['RETRYCOUNT 9223372036854775807', 0, 9_223_372_036_854_775_807n],
  ])('after XCLAIM %s its delivery is %i ms ago, the %i.', (options, idle, count) => {
    deliverTwo()
    driver.clock.advance(50)
    driver.run(`XCLAIM s g bo 0 1-0 ${options}`.trim())
    expect(driver.run('XPENDING s g 1 1 10')).toEqual([['1-0', 'bo', idle, count]])
  })

  it('keeps the time of a consumer that asks, not of one that is asked about', () => {
    deliverTwo()
    driver.clock.advance(70)
    driver.run('XGROUP CREATECONSUMER s g bo')
    driver.run('XPENDING s g - + 10 al')
    driver.clock.advance(5)
    expect(driver.run('XINFO CONSUMERS s g')).toEqual([
      ['name', 'al', 'pending', 2, 'idle', 75],
      ['name', 'bo', 'pending', 0, 'idle', 5],
    ])
    driver.run('XREADGROUP GROUP g al STREAMS s 0')
    expect(driver.run('XINFO CONSUMERS s g')).toContainEqual([
      'name',
      'al',
      'pending',
      2,
      'idle',
      0,
    ])
  })
})

describe('a stream among other values', () => {
  it('gives all its memory back when it is deleted', () => {
    driver.run('SET other x')
    const before = driver.run('MEMORY USAGE other')
    const used = usedMemory()
    deliverTwo()
    for (let ms = 5; ms < 3_000; ms += 1) driver.run(`XADD s ${ms}-0 f ${'x'.repeat(ms % 90)}`)
    driver.run('XREADGROUP GROUP g bo STREAMS s >')
    expect(usedMemory()).toBeGreaterThan(used + 100_000)
    driver.run('XGROUP DESTROY s g')
    driver.run('XTRIM s MAXLEN 100')
    driver.run('DEL s')
    expect(usedMemory()).toBe(used)
    expect(driver.run('MEMORY USAGE other')).toBe(before)
  })
})

function fact(key: string, name: string): unknown {
  const info = driver.run(`XINFO STREAM ${key}`)
  return Array.isArray(info) ? info[info.indexOf(name) + 1] : undefined
}

function usedMemory(): number {
  return Number(/used_memory_dataset:(\d+)/.exec(String(driver.run('INFO memory')))?.[1])
}
