import { describe, expect, it } from 'vitest'
import { parseSyntax } from '../../../../src/engine/commands/docs/syntax.ts'

/** Only what is told of the argument. */
function told(syntax: string): unknown {
  return JSON.parse(JSON.stringify(parseSyntax(syntax)), (key: string, value: unknown) =>
    (key === 'arguments' || key === 'flags') && Array.isArray(value) && value.length === 0
      ? undefined
      : value,
  )
}

describe('parseSyntax', () => {
  it.each<[string, unknown]>([
    ['key#0', [{ name: 'key', type: 'key', keySpecIndex: 0 }]],
    ['value count', [named('value', 'string'), named('count', 'integer')]],
    ['count:string', [named('count', 'string')]],
    ['.ID', [named('ID', 'string')]],
    ['ip:port~2.8.12', [{ name: 'ip:port', type: 'string', deprecatedSince: '2.8.12' }]],
    ['[GET@6.2.0]', [{ ...token('GET'), since: '6.2.0', flags: ['optional'] }]],
    ['CH=change', [{ name: 'change', type: 'pure-token', token: 'CH' }]],
    ['""=empty', [{ name: 'empty', type: 'pure-token', token: '' }]],
    ['==equal', [{ name: 'equal', type: 'pure-token', token: '=' }]],
    ['COUNT count', [{ ...named('count', 'integer'), token: 'COUNT' }]],
    ['key...', [{ ...named('key', 'key'), flags: ['multiple'] }]],
    [
      'GET pattern+...',
      [{ ...named('pattern', 'pattern'), token: 'GET', flags: ['multiple', 'multiple_token'] }],
    ],
    ['(NX | XX)', [{ name: 'nx_xx', type: 'oneof', arguments: [token('NX'), token('XX')] }]],
    [
      '[LIMIT <offset count>@7.0.0]',
      [
        {
          name: 'offset_count',
          type: 'block',
          token: 'LIMIT',
          since: '7.0.0',
          flags: ['optional'],
          arguments: [named('offset', 'integer'), named('count', 'integer')],
        },
      ],
    ],
    ['unit=(M)', [{ name: 'unit', type: 'oneof', arguments: [token('M')] }]],
  ])('reads %s', (syntax, expected) => {
    expect(told(syntax)).toEqual(expected)
  })

  it.each(['[key', '(a | b', 'key]', '<a'])('refuses %s', (syntax) => {
    expect(() => parseSyntax(syntax)).toThrow()
  })
})

function named(name: string, type: string) {
  return { name, type }
}

function token(word: string) {
  return { name: word.toLowerCase(), type: 'pure-token', token: word }
}
