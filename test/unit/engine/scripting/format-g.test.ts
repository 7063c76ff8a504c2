import { describe, expect, it } from 'vitest'
import { formatG } from '../../../../src/engine/scripting/format-g.ts'

describe('formatG', () => {
  it.each([
    [0, 14, '0'],
    [-0, 14, '-0'],
    [0.1, 14, '0.1'],
    [0.1, 17, '0.10000000000000001'],
    [1e15, 14, '1e+15'],
    [1e14, 14, '1e+14'],
    [99_999_999_999_999, 14, '99999999999999'],
    [1e16, 17, '10000000000000000'],
    [1e17, 17, '1e+17'],
    [0.0001, 14, '0.0001'],
    [0.000_01, 14, '1e-05'],
    [-123.456, 14, '-123.456'],
    [3.141_59, 3, '3.14'],
    [1 / 0, 14, 'inf'],
    [-1 / 0, 14, '-inf'],
    [Number.NaN, 14, '-nan'],
    [5e-324, 14, '4.9406564584125e-324'],
  ])('prints %d with %d digits as %s', (value, digits, text) => {
    expect(formatG(value, digits)).toBe(text)
  })

  it.each([
    ['even stays', 123_456_789_012_345, '1.2345678901234e+14'],
    ['odd goes up', 123_456_789_012_355, '1.2345678901236e+14'],
    ['more than half goes up', 123_456_789_012_345.02, '1.2345678901235e+14'],
  ])('rounds a tie to even: %s', (_name, value, text) => {
    expect(formatG(value, 14)).toBe(text)
  })
})
