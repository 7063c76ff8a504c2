import { describe, expect, it } from 'vitest'
import { formatDouble } from '../../../../src/engine/protocol/format-double.ts'

describe('formatDouble', () => {
  // What printf("%.17g") of glibc says.
  it.each([
    [0, '0'],
    [-0, '-0'],
    [3, '3'],
    [100, '100'],
    [-2.5, '-2.5'],
    [0.1, '0.10000000000000001'],
    [99.919090270996094, '99.919090270996094'],
    [0.0001, '0.0001'],
    [0.00001, '1.0000000000000001e-05'],
    [0.00001234, '1.234e-05'],
    [1e16, '10000000000000000'],
    [2 ** 53, '9007199254740992'],
    [41_343_044_579_261_150, '41343044579261152'],
    // In the middle between two: the even one.
    [1 + 2 ** -17, '1.0000076293945312'],
    [281_474_976_710_656.125, '281474976710656.12'],
    [281_474_976_710_656.375, '281474976710656.38'],
    [1e17, '1e+17'],
    [1e20, '1e+20'],
    [5e-324, '4.9406564584124654e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    [Number.NaN, 'nan'],
  ])('prints %d as %s', (value, text) => expect(formatDouble(value)).toBe(text))
})
