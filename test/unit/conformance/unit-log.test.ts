import { describe, expect, it } from 'vitest'
import { hasStarted, parseUnitLog } from '../../../conformance/suite/unit-log.ts'

const LOG = [
  'Starting test server at port 14001',
  '[ready]: 77',
  'Testing unit/type/list',
  '[ok]: LPUSH (of many) in one (12 ms)',
  '[ignore]: Tagged: external:skip',
  '[err]: LPOP in tests/unit/type/list.tcl',
  "Expected 'a' to be equal to 'b'",
  '[1/1 done]: unit/type/list (3 seconds)',
  '!!! WARNING The following tests failed:',
  '*** [err]: LPOP in tests/unit/type/list.tcl',
].join('\n')

describe('parseUnitLog', () => {
  it('names what passed and what failed, once, with what was expected', () => {
    const log = parseUnitLog(LOG)
    expect(log.passed).toEqual(['LPUSH (of many) in one'])
    expect(log.failed).toEqual([{ name: 'LPOP', detail: "Expected 'a' to be equal to 'b'" }])
    expect(log).toMatchObject({ ignored: 1, isDone: true, exception: undefined })
  })

  it('names the test in which nothing moved', () => {
    const text = '[TIMEOUT]: clients state report follows.\nsock55 => (IN PROGRESS) BLPOP waits\n'
    expect(parseUnitLog(text)).toMatchObject({ stalledIn: 'BLPOP waits', isDone: false })
  })

  it('tells an exception, and a suite that did not start', () => {
    const text = 'Testing unit/x\n[exception]: Executing test client: ERR boom\nmore'
    expect(parseUnitLog(text).exception).toBe('Executing test client: ERR boom more')
    expect([hasStarted(text), hasStarted('no tclsh')]).toEqual([true, false])
  })
})
