import { describe, expect, it } from 'vitest'
import { arcsine, cosine, sine } from '../../../src/engine/structures/exact-trigonometry.ts'
import { seededRandom } from '../../../src/shared/random.ts'

const SAMPLES = 5_000
const BITS = 240n
const ONE = 1n << BITS

/** The double as a whole number of 2^-240; not smaller ones than 2^-120, or bits are lost. */
function toFixed(value: number): bigint {
  const high = Math.trunc(value * 2 ** 60)
  const low = Math.round((value * 2 ** 60 - high) * 2 ** 60)
  return (BigInt(high) << (BITS - 60n)) + (BigInt(low) << (BITS - 120n))
}

/** Rounded to the nearest double, as Number does. */
function fromFixed(value: bigint): number {
  return Number(value) / 2 ** Number(BITS)
}

/** The rest of a Taylor series whose first term is that of x^power. */
function series(x: bigint, first: bigint, power: bigint): bigint {
  const square = (x * x) >> BITS
  let term = first
  let sum = first
  for (let next = power; term !== 0n && term !== -1n; next += 2n) {
    term = -((term * square) >> BITS) / ((next + 1n) * (next + 2n))
    sum += term
  }
  return sum
}

const exactSine = (x: bigint): bigint => series(x, x, 1n)
const exactCosine = (x: bigint): bigint => series(x, ONE, 0n)

/** By Newton's method, whose right digits double. */
function exactArcsine(value: number): bigint {
  const sinus = toFixed(value)
  let angle = toFixed(Math.asin(value))
  for (let step = 0; step < 4; step += 1) {
    angle -= ((exactSine(angle) - sinus) << BITS) / exactCosine(angle)
  }
  return angle
}

const random = seededRandom(7)
/** Of -1 to 1, as often small as large. */
const number = (): number => {
  const fraction = random.uint32() / 2 ** 32 + random.uint32() / 2 ** 64
  const sign = random.uint32() % 2 === 0 ? 1 : -1
  return sign * fraction ** (1 + (random.uint32() % 4))
}
const numbers = (scale: number): readonly number[] =>
  Array.from({ length: SAMPLES }, () => number() * scale)

describe('exact trigonometry', () => {
  it('gives the sine that is nearest', () => {
    for (const x of [...numbers(Math.PI), 0, Math.PI / 2, -Math.PI / 2, 1 / 512, 3 / 512]) {
      expect([x, sine(x)]).toEqual([x, fromFixed(exactSine(toFixed(x)))])
    }
  })

  it('gives the cosine that is nearest', () => {
    for (const x of [...numbers(Math.PI / 2), 0, Math.PI / 2, -1 / 512, 1.4844]) {
      expect([x, cosine(x)]).toEqual([x, fromFixed(exactCosine(toFixed(x)))])
    }
  })

  it('gives the angle that is nearest', () => {
    const near = numbers(1).map((x) => 1 - Math.abs(x) / 1_000)
    const values = [...numbers(1).map(Math.abs), ...near, 0, 0.5, 0.500000001, 1 - 2 ** -53]
    for (const x of values.filter((value) => value < 1)) {
      expect([x, arcsine(x)]).toEqual([x, fromFixed(exactArcsine(x))])
    }
    expect(arcsine(1)).toBe(Math.PI / 2)
    expect(arcsine(1.1)).toBeNaN()
  })

  it('gives 1.2246467991473532e-16 for the sine of Math.PI, and what V8 does beyond', () => {
    expect(sine(Math.PI)).toBe(1.2246467991473532e-16)
    expect(sine(-Math.PI)).toBe(-1.2246467991473532e-16)
    expect(sine(4)).toBe(Math.sin(4))
    expect(cosine(2)).toBe(Math.cos(2))
    expect(cosine(Number.NaN)).toBeNaN()
  })
})
