import { describe, expect, it } from 'vitest'
import {
  identifier,
  join,
  literal,
  parameter,
  render,
  sql,
} from '../../../../src/demo/sql/fragment.ts'

describe('a fragment', () => {
  it('counts its parameters when it is rendered, wherever they come from', () => {
    const inner = sql`a = ${parameter('1', 'integer')} OR b = ${parameter(null, 'text')}`
    const whole = sql`SELECT ${parameter('x', 'text')} WHERE ${join([inner, inner], ' AND ')};`
    expect(render(whole)).toEqual({
      text: 'SELECT ($1::text)::text WHERE a = ($2::text)::integer OR b = ($3::text)::text AND a = ($4::text)::integer OR b = ($5::text)::text;',
      parameters: ['x', '1', null, '1', null],
    })
  })

  it('keeps a value out of the text', () => {
    const { text } = render(sql`${parameter("'; DROP TABLE users; --", 'text')}`)
    expect(text).toBe('($1::text)::text')
  })

  it('quotes names and constants', () => {
    expect(render(sql`${identifier('a"b')} ${literal("it's")}`).text).toBe(`"a""b" 'it''s'`)
  })

  it('joins nothing to nothing', () => {
    expect(render(join([])).text).toBe('')
  })
})
