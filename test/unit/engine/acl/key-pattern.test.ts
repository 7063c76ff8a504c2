import { describe, expect, it } from 'vitest'
import { KEY_ACCESS, KeyPattern } from '../../../../src/engine/acl/key-pattern.ts'
import { matchesGlob } from '../../../../src/shared/glob.ts'

const matches = (glob: string, key: string): boolean => {
  const bytes = Buffer.from(`__${key}__`, 'latin1')
  return new KeyPattern(glob, KEY_ACCESS.both).matches(bytes, 2, key.length)
}

describe('a pattern of keys', () => {
  it.each(['', '*', 'a*', 'ab*', 'a\\*', '\\**', '[ab]*', '?*', 'a*b*', 'a', '\xff*'])(
    'as a prefix or not, %s matches as a glob does',
    (glob) => {
      for (const key of ['', 'a', 'ab', 'abc', 'a*', 'b', '*', '\xff', '\xff1']) {
        expect(`${key} ${matches(glob, key)}`).toBe(`${key} ${matchesGlob(glob, key)}`)
      }
    },
  )

  it.each([
    [KEY_ACCESS.read, [true, true, false, false]],
    [KEY_ACCESS.write, [true, false, true, false]],
    [KEY_ACCESS.both, [true, true, true, true]],
  ])('for access %i allows no more than that', (access, expected) => {
    const pattern = new KeyPattern('a', access)
    const asked = [0, KEY_ACCESS.read, KEY_ACCESS.write, KEY_ACCESS.both]
    expect(asked.map((each) => pattern.allows(each))).toEqual(expected)
  })
})
