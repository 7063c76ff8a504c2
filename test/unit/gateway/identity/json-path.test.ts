import { describe, expect, it } from 'vitest'
import {
  formatJsonPath,
  parseJsonPath,
  valueAtJsonPath,
} from '../../../../src/gateway/identity/json-path.ts'

describe('parseJsonPath', () => {
  it.each([
    ['$', []],
    ['$.hasura.claims', ['hasura', 'claims']],
    ['hasura.claims', ['hasura', 'claims']],
    ['.hasura', ['hasura']],
    ['$hasura', ['hasura']],
    ['$.roles[0]', ['roles', 0]],
    ['$[1][23]', [1, 23]],
    ["$.hasura['claims%']", ['hasura', 'claims%']],
    ['$["a b"]["c"]', ['a b', 'c']],
    [`$['it\\'s "x"']`, ['it\'s "x"']],
    ['$["\\u00e9"]', ['é']],
    ['$.x-hasura-user-id', ['x-hasura-user-id']],
  ])('reads %s', (text, path) => expect(parseJsonPath(text)).toEqual(path))

  it.each(['', '$.', '$..a', '$.1a', '$[a]', "$['a", '$[-1]', '$.a b', '$.*', '$[0', "$['a\\x']"])(
    'refuses %j',
    (text) => expect(parseJsonPath(text)).toBeUndefined(),
  )
})

describe('formatJsonPath', () => {
  it.each([
    ['$', '$'],
    ["$['hasura'].claims[0]", '$.hasura.claims[0]'],
    ["hasura['claims%']", '$.hasura["claims%"]'],
  ])('writes %s as %s', (text, formatted) => {
    expect(formatJsonPath(parseJsonPath(text) ?? [])).toBe(formatted)
  })
})

describe('valueAtJsonPath', () => {
  const root = JSON.parse('{"a":{"b":[1,null,{"c":"d"}]},"0":"zero","__proto__":"own"}') as unknown

  it.each([
    [['a', 'b', 0], 1],
    [['a', 'b', 1], null],
    [['a', 'b', 2, 'c'], 'd'],
    [['__proto__'], 'own'],
    [['a', 'b', 3], undefined],
    [['a', 'b', '0'], undefined],
    [['a', 'b', 'length'], undefined],
    [[0], undefined],
    [['constructor'], undefined],
    [['a', '__proto__'], undefined],
    [['a', 'b', 1, 'c'], undefined],
  ])('finds at %j %j', (path, value) => expect(valueAtJsonPath(root, path)).toEqual(value))
})
