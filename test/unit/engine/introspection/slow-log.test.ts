import { describe, expect, it } from 'vitest'
import { SlowLog, slowCallArguments } from '../../../../src/engine/introspection/slow-log.ts'

const CALL = { second: 1, usec: 5, args: ['GET', 'a'], address: '', clientName: '' }

function shown(args: readonly string[]): string[] {
  return slowCallArguments({
    count: args.length,
    length: (index) => args[index]?.length ?? 0,
    text: (index, length) => (args[index] ?? '').slice(0, length),
  })
}

describe('SlowLog', () => {
  it.each([
    [10, 9, false],
    [10, 10, true],
    [0, 0, true],
    [-1, 1e9, false],
  ])('with threshold %i wants a call of %i us: %s', (thresholdUsec, usec, wants) => {
    const log = new SlowLog()
    log.thresholdUsec = thresholdUsec
    expect(log.wants(usec)).toBe(wants)
  })

  it('tells the newest first, under ids that go on after a reset', () => {
    const log = new SlowLog()
    for (let count = 0; count < 3; count += 1) log.add(CALL)
    expect(log.latest(2).map(({ id }) => id)).toEqual([2, 1])
    log.reset()
    log.add(CALL)
    expect(log.latest(10).map(({ id }) => id)).toEqual([3])
  })

  it('keeps as many as it may', () => {
    const log = new SlowLog()
    log.lengthMax = 2
    for (let count = 0; count < 3; count += 1) log.add(CALL)
    expect(log.latest(10).map(({ id }) => id)).toEqual([2, 1])
    log.lengthMax = 0
    log.trim()
    expect(log.length).toBe(0)
  })
})

describe('slowCallArguments', () => {
  it('keeps 32 arguments, or 31 and how many more there were', () => {
    const args = Array.from({ length: 32 }, (_, index) => `${index}`)
    expect(shown(args)).toEqual(args)
    expect(shown([...args, 'more'])).toEqual([...args.slice(0, 31), '... (2 more arguments)'])
  })

  it('keeps 128 bytes of an argument and how many more there were', () => {
    expect(shown(['x'.repeat(128)])).toEqual(['x'.repeat(128)])
    expect(shown(['x'.repeat(130)])).toEqual([`${'x'.repeat(128)}... (2 more bytes)`])
  })
})
