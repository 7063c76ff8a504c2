import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  denseRegister,
  raiseDenseRegister,
} from '../../../../src/engine/structures/hyperloglog/dense.ts'
import { patternOf } from '../../../../src/engine/structures/hyperloglog/element.ts'
import {
  estimateCardinality,
  histogramOf,
} from '../../../../src/engine/structures/hyperloglog/estimate.ts'
import {
  DENSE,
  DENSE_BYTES,
  REGISTERS,
  writeHeader,
} from '../../../../src/engine/structures/hyperloglog/header.ts'
import { SparseHyperLogLog } from '../../../../src/engine/structures/hyperloglog/sparse.ts'

const raises = fc.array(
  fc.record({ index: fc.nat(REGISTERS - 1), count: fc.integer({ min: 1, max: 32 }) }),
  { maxLength: 300 },
)

function registersOf(sparse: SparseHyperLogLog): Uint8Array {
  const registers = new Uint8Array(REGISTERS)
  expect(
    sparse.forEachRun((length, value, first) => registers.fill(value, first, first + length)),
  ).toBe(true)
  return registers
}

describe('HyperLogLog registers', () => {
  it('hold the largest value each, sparse and dense alike', () => {
    fc.assert(
      fc.property(raises, (list) => {
        const expected = new Uint8Array(REGISTERS)
        const sparse = SparseHyperLogLog.empty()
        const dense = new Uint8Array(DENSE_BYTES)
        writeHeader(dense, 0, DENSE)
        for (const raise of list) {
          const isRaised = raise.count > (expected[raise.index] ?? 0)
          if (isRaised) expected[raise.index] = raise.count
          expect(raiseDenseRegister(dense, 0, raise)).toBe(isRaised)
          const result = sparse.raise(raise.index, raise.count, 100_000)
          expect(result).toBe(isRaised ? 'raised' : 'unchanged')
        }
        expect(Buffer.compare(registersOf(sparse), expected)).toBe(0)
        const read = Uint8Array.from({ length: REGISTERS }, (_, index) =>
          denseRegister(dense, 0, index),
        )
        expect(Buffer.compare(read, expected)).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  it('ask for the dense form when a value is too large or the bytes are used up', () => {
    const sparse = SparseHyperLogLog.empty()
    expect(sparse.raise(7, 33, 3_000)).toBe('dense')
    expect(sparse.raise(7, 32, 18)).toBe('dense')
    expect(sparse.raise(7, 32, 100)).toBe('raised')
    expect(sparse.toDense()?.length).toBe(DENSE_BYTES)
  })

  it('are damaged when their runs are not all of them', () => {
    const bytes = SparseHyperLogLog.empty().bytes.slice(0, 17)
    const damaged = SparseHyperLogLog.from(bytes, 0, 17)
    expect(damaged.forEachRun(() => undefined)).toBe(false)
    expect(damaged.toDense()).toBeUndefined()
  })

  it.each([0, 10, 1_000, 50_000])('tell %i elements within the error they promise', (count) => {
    const registers = new Uint8Array(REGISTERS)
    for (let element = 0; element < count; element += 1) {
      const text = Buffer.from(`element ${element}`)
      const pattern = patternOf(text, 0, text.length)
      registers[pattern.index] = Math.max(registers[pattern.index] ?? 0, pattern.count)
    }
    const estimate = estimateCardinality(histogramOf(registers))
    expect(Math.abs(estimate - count)).toBeLessThanOrEqual(0.03 * count)
  })
})
