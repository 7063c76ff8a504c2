import { describe, expect, it } from 'vitest'
import { jsonPath } from '../../../../src/demo/sql/json-path.ts'

describe('jsonPath', () => {
  it.each([
    ['$', '{}'],
    ['color', '{"color"}'],
    ['$.a.b', '{"a","b"}'],
    ['tags[0]', '{"tags","0"}'],
    ['$[1].x', '{"1","x"}'],
    [`['a b']["c"]`, '{"a b","c"}'],
  ])('reads %s', (path, array) => {
    expect(jsonPath(path, '$')).toBe(array)
  })

  it.each(['a..b', '$.', 'a[', 'a[x]', 'a b'])('refuses %s', (path) => {
    expect(() => jsonPath(path, '$.args.path')).toThrow(/parse json path error/)
  })
})
