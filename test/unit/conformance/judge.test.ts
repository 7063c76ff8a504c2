import { describe, expect, it } from 'vitest'
import { judge } from '../../../conformance/suite/judge.ts'

const RESULT = {
  unit: 'unit/x',
  passed: 8,
  ignored: 0,
  failed: [{ name: 'a', detail: 'why' }],
  hung: ['b'],
  broken: undefined,
  seconds: 1,
  log: '',
}

describe('judge', () => {
  it('is content when all that is missing is known', () => {
    expect(judge(RESULT, 10, ['a', 'b'])).toEqual({ unexplained: [], outdated: [] })
  })

  it('tells failures and hung tests that nobody knows', () => {
    expect(judge(RESULT, 10, [])).toMatchObject({ unexplained: ['a: why', 'b: never ended'] })
  })

  it('counts what was left out as known', () => {
    expect(judge(RESULT, 11, ['a', 'b', 'c'], ['c'])).toMatchObject({ unexplained: [] })
  })

  it('misses tests that neither passed nor failed', () => {
    expect(judge(RESULT, 12, ['a', 'b']).unexplained).toEqual(['2 tests did not run'])
  })

  it('counts tests of one name as two', () => {
    const failed = [...RESULT.failed, ...RESULT.failed]
    expect(judge({ ...RESULT, failed }, 11, ['a', 'b'])).toMatchObject({ unexplained: [] })
  })

  it('is never content with a server that is gone', () => {
    const broken = 'the engine does not answer any more'
    expect(judge({ ...RESULT, broken }, 10, ['a', 'b']).unexplained).toEqual([broken])
  })

  it('names what passes in spite of its reason to fail', () => {
    expect(judge(RESULT, 10, ['a', 'b', 'c']).outdated).toEqual(['c'])
  })
})
