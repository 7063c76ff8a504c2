import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addToIntSet,
  intSetHas,
  isValidIntSet,
  removeFromIntSet,
} from '../../../src/engine/structures/int-set.ts'
import type { Int64 } from '../../../src/engine/structures/int64.ts'
import { integersOf, intSetOf } from '../../support/int-set-driver.ts'

const NUMBER_LIMIT = 10n ** 15n

/** As int64.ts has it: a number up to 15 digits. */
function int64(value: bigint): Int64 {
  return value > -NUMBER_LIMIT && value < NUMBER_LIMIT ? Number(value) : value
}

const integer = fc
  .oneof(
    fc.bigInt({ min: -100n, max: 100n }),
    fc.bigInt({ min: -40_000n, max: 40_000n }),
    fc.bigInt({ min: -(2n ** 32n), max: 2n ** 32n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  )
  .map(int64)

describe('an intset', () => {
  it('does what a sorted array does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), integer), { maxLength: 200 }),
        integer,
        (changes, other) => {
          const region = intSetOf([])
          const model = new Set<Int64>()
          for (const [isAdded, value] of changes) {
            if (isAdded) expect(addToIntSet(region, value)).toBe(!model.has(value))
            else expect(removeFromIntSet(region, value)).toBe(model.has(value))
            if (isAdded) model.add(value)
            else model.delete(value)
          }
          expect(integersOf(region)).toEqual([...model].sort((a, b) => (a < b ? -1 : 1)))
          expect(isValidIntSet(region.bytes, region.start, region.length)).toBe(model.size > 0)
          for (const value of [other, ...model]) {
            expect(intSetHas(region.bytes, region.start, value)).toBe(model.has(value))
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
