import { describe, expect, it } from 'vitest'
import { membersIn } from '../../../src/store/primary-connection.ts'

function info(replicas: readonly string[], counts: { full: number; partial: number }): string {
  return [
    '# Replication',
    'role:master',
    `connected_slaves:${replicas.length}`,
    ...replicas.map(
      (state, index) => `slave${index}:ip=10.0.0.${index},port=1,state=${state},lag=0`,
    ),
    'master_replid:8b1d5f1e',
    '# Stats',
    `sync_full:${counts.full}`,
    `sync_partial_ok:${counts.partial}`,
    '',
  ].join('\r\n')
}

describe('who follows a server, by its INFO', () => {
  const one = info(['online'], { full: 1, partial: 0 })

  it('counts those that get the stream', () => {
    expect(
      membersIn(info(['online', 'wait_bgsave', 'online'], { full: 3, partial: 0 })).online,
    ).toBe(2)
    expect(membersIn('').online).toBe(0)
  })

  it('is the same as before while nobody comes or goes', () => {
    expect(membersIn(one).identity).toBe(
      membersIn(info(['online'], { full: 1, partial: 0 })).identity,
    )
  })

  it.each([
    ['one has gone', info([], { full: 1, partial: 0 })],
    ['one has gone and another one come', info(['online'], { full: 2, partial: 0 })],
    ['one has come back', info(['online'], { full: 1, partial: 1 })],
    ['it began anew', one.replace('8b1d5f1e', '00000000')],
  ])('is another when %s', (_what, text) => {
    expect(membersIn(text).identity).not.toBe(membersIn(one).identity)
  })
})
