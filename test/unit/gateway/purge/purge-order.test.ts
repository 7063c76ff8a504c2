import { describe, expect, it } from 'vitest'
import { parsePurgeOrder } from '../../../../src/gateway/purge/purge-order.ts'
import { planPurge } from '../../../../src/gateway/purge/purge-plan.ts'
import { refusal } from '../../../support/prepare.ts'

const DIGEST = 'a'.repeat(40)
const names = {
  ofTable: (source: string, relation: string) => [`table:${source}:${relation}`],
  ofRow: (source: string, relation: string, row: ReadonlyMap<string, unknown>) => [
    `row:${source}:${relation}:${JSON.stringify([...row])}`,
  ],
}
const plan = (what: unknown) => planPurge(parsePurgeOrder({ what }).what, names)

describe('parsePurgeOrder', () => {
  it('is hard and meant, unless told', () => {
    expect(parsePurgeOrder({ what: { role: 'user' } })).toEqual({
      what: { role: 'user' },
      mode: 'hard',
      isDryRun: false,
      why: undefined,
    })
    expect(
      parsePurgeOrder({ what: { role: 'user' }, mode: 'soft', dry_run: true, why: 'a try' }),
    ).toMatchObject({ mode: 'soft', isDryRun: true, why: 'a try' })
  })

  it.each([
    ['nothing', {}],
    ['no object', 'everything'],
    ['two things at once', { what: { role: 'user', operation: 'List' } }],
    ['an unknown thing', { what: { roles: ['user'] } }],
    ['everything, but not', { what: { everything: false } }],
    ['an empty name', { what: { role: '' } }],
    ['a key that is none', { what: { key: 'abc' } }],
    ['a mode that is none', { what: { everything: true }, mode: 'gentle' }],
    ['a member more', { what: { everything: true }, force: true }],
    ['a number that JSON rounds', { what: { row: { table: 't', key: { id: 2 ** 53 } } } }],
  ])('refuses %s', (_case, body) => {
    expect(refusal(() => parsePurgeOrder(body)).code).toBe('unexpected-payload')
  })
})

describe('planPurge', () => {
  it.each([
    [{ key: DIGEST }, [`key:${DIGEST}`], undefined],
    [{ family: DIGEST }, [`family:${DIGEST}`], undefined],
    [{ operation: 'List' }, ['operation:List'], undefined],
    [{ role: 'user' }, ['role:user'], undefined],
    [
      { session_variable: { name: 'X-Hasura-User-Id', value: '7' } },
      ['variable:x-hasura-user-id:7'],
      undefined,
    ],
    [{ session_variable: { name: 'X-Hasura-Role', value: 'user' } }, ['role:user'], undefined],
    [{ tag: 'any-write' }, ['tag:any-write'], ['any-write']],
    [{ table: 'orders' }, ['tag:table:default:public.orders'], ['table:default:public.orders']],
    [
      { table: 'sales.orders', source: 'other' },
      ['tag:table:other:sales.orders'],
      ['table:other:sales.orders'],
    ],
    [{ everything: true }, ['tag:everything'], ['everything']],
  ])('of %j', (what, selectors, tags) => {
    expect(plan(what)).toMatchObject({ selectors, tags })
  })

  it('takes a row’s key as the database writes it', () => {
    const { tags } = plan({ row: { table: 'orders', key: { id: 1, region: 'eu' } } })
    expect(tags).toEqual(['row:default:public.orders:[["id",{"lexeme":"1"}],["region","eu"]]'])
  })
})
