import { describe, expect, it } from 'vitest'
import { parseTableEvent } from '../../../../src/gateway/events/event-payload.ts'
import { refusal } from '../../../support/prepare.ts'

const event = (change: object = {}) => ({
  created_at: '2026-01-02T03:04:05.678901Z',
  delivery_info: { current_retry: 0, max_retries: 10 },
  event: { op: 'UPDATE', data: { old: { id: 1 }, new: { id: 2 } }, session_variables: null },
  id: '5d2b2f1e-0000-0000-0000-000000000000',
  table: { schema: 'public', name: 'orders' },
  trigger: { name: 'gerbang_public_orders_01234567' },
  ...change,
})
const parse = (value: unknown) => parseTableEvent(Buffer.from(JSON.stringify(value)))

describe('parseTableEvent', () => {
  it('reads the table, both rows and the time of the change', () => {
    const { relation, rows, createdAtMs } = parse(event())
    expect(relation).toBe('public.orders')
    expect(rows.map((row) => row.get('id'))).toEqual([{ lexeme: '1' }, { lexeme: '2' }])
    expect(createdAtMs).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 678))
  })

  it.each([
    ['an insert', { old: null, new: { id: 2 } }, ['2']],
    ['a delete', { old: { id: 1 }, new: null }, ['1']],
    ['neither', { old: null, new: null }, []],
  ])('takes the rows there are: %s', (_case, data, ids) => {
    const { rows } = parse(event({ event: { op: 'MANUAL', data } }))
    expect(rows.map((row) => row.get('id'))).toEqual(ids.map((lexeme) => ({ lexeme })))
  })

  it('keeps the digits of keys beyond 2^53', () => {
    const text = JSON.stringify(event()).replace('"id":2', '"id":9007199254740993')
    const { rows } = parseTableEvent(Buffer.from(text))
    expect(rows[1]?.get('id')).toEqual({ lexeme: '9007199254740993' })
  })

  it.each([
    ['without a zone', '2026-01-02T03:04:05.678', Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ['in another zone', '2026-01-02T05:04:05+02:00', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['that is none', 'yesterday', undefined],
    ['that is missing', undefined, undefined],
  ])('reads a time %s', (_case, text, expected) => {
    expect(parse(event({ created_at: text })).createdAtMs).toBe(expected)
  })

  it.each([
    ['no object', [], 'unexpected-payload'],
    ['no table', event({ table: null }), 'unexpected-payload'],
    ['a table without schema', event({ table: { name: 'orders' } }), 'unexpected-payload'],
    ['no data', event({ event: { op: 'INSERT' } }), 'unexpected-payload'],
  ])('refuses %s', (_case, value, code) => {
    expect(refusal(() => parse(value)).code).toBe(code)
  })

  it('refuses what is no JSON', () => {
    expect(refusal(() => parseTableEvent(Buffer.from('{'))).code).toBe('invalid-json')
  })
})
