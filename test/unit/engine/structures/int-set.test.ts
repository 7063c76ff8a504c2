import { describe, expect, it } from 'vitest'
import {
  addToIntSet,
  isValidIntSet,
  removeFromIntSet,
} from '../../../../src/engine/structures/int-set.ts'
import type { Int64 } from '../../../../src/engine/structures/int64.ts'
import { hexOf, integersOf, intSetOf } from '../../../support/int-set-driver.ts'

describe('an intset', () => {
  it.each<[string, Int64[], string]>([
    ['no integers', [], '0200000000000000'],
    ['16 bits', [5, -1, 32_767, -32_768], '02000000040000000080ffff0500ff7f'],
    ['one of 32 bits above', [1, 32_768], '04000000020000000100000000800000'],
    ['one of 32 bits below', [1, -32_769], '0400000002000000ff7fffff01000000'],
    ['the ends of 32 bits', [2_147_483_647, -2_147_483_648], '040000000200000000000080ffffff7f'],
    [
      'one of 64 bits above',
      [1, 2_147_483_648],
      '080000000200000001000000000000000000008000000000',
    ],
    [
      'one of 64 bits below',
      [1, -2_147_483_649],
      '0800000002000000ffffff7fffffffff0100000000000000',
    ],
    [
      'the ends of 64 bits',
      [9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n],
      '08000000020000000000000000000080ffffffffffffff7f',
    ],
  ])('has Redis’ bytes for %s', (_name, integers, hex) => {
    expect(hexOf(intSetOf(integers))).toBe(hex)
  })

  it('takes an integer once', () => {
    const set = intSetOf([1, 2, 100_000])
    for (const integer of integersOf(set)) expect(addToIntSet(set, integer)).toBe(false)
    expect(integersOf(set)).toEqual([1, 2, 100_000])
  })

  it('stays as wide as it was when the widest integer goes', () => {
    const set = intSetOf([1, 100_000])
    expect(removeFromIntSet(set, 100_000)).toBe(true)
    expect(removeFromIntSet(set, 100_000)).toBe(false)
    expect(removeFromIntSet(set, 2 ** 40)).toBe(false)
    expect(hexOf(set)).toBe('040000000100000001000000')
  })

  it.each([
    ['02000000010000000500', true],
    ['0200000000000000', false],
    ['020000000100000005', false],
    ['0200000001000000050000', false],
    ['03000000010000000500', false],
    ['020000000200000005000500', false],
    ['020000000200000006000500', false],
    ['020000000200000005000600', true],
    ['02', false],
  ])('from outside, %s: %s', (hex, isValid) => {
    const bytes = Buffer.from(hex, 'hex')
    expect(isValidIntSet(bytes, 0, bytes.length)).toBe(isValid)
  })
})
