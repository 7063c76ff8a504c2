import { describe, expect, it } from 'vitest'
import { formatLine } from '../../../src/cli/engine-log.ts'

const context = {
  processId: 42,
  isReplica: false,
  now: new Date(2026, 10, 5, 7, 8, 9, 12),
}

describe('a line of the log of gerbang engine', () => {
  it.each([
    [20, '-'],
    [30, '*'],
    [40, '#'],
    [50, '#'],
  ])('of level %i has the mark %s', (level, mark) => {
    expect(formatLine({ level, message: 'hello', fields: {} }, context)).toBe(
      `42:M 05 Nov 2026 07:08:09.012 ${mark} hello`,
    )
  })

  it('tells that the engine is a replica', () => {
    const entry = { level: 30, message: 'hello', fields: {} }
    expect(formatLine(entry, { ...context, isReplica: true })).toMatch(/^42:S /)
  })

  it('tells the reason behind a colon, and other fields behind the message', () => {
    const fields = { err: new Error('disk full'), path: '/data/a', count: 2 }
    expect(formatLine({ level: 50, message: 'failed', fields }, context)).toMatch(
      / # failed: disk full \(path=\/data\/a, count=2\)$/,
    )
  })

  it('is one line, whatever a client put into it', () => {
    const entry = { level: 30, message: 'a\r\nb\u001b[2J', fields: { key: 'c\nd' } }
    expect(formatLine(entry, context)).toMatch(/ \* a {2}b \[2J \(key=c d\)$/)
  })
})
