/**
 * sin, cos and asin, rounded to the nearest double: those of the C library that Redis is linked with (glibc) nearly
 * always are, and those of V8 (fdlibm) are an ulp off now and then. GEO distances are told, and with STOREDIST kept,
 * to the last digit.
 *
 * A result is reckoned as the sum of two doubles, to some 70 bits, and rounded once. A second double holds what the
 * first one lost: differences and products of doubles have such an error term that is a double itself (Dekker 1971,
 * Knuth). Angles are taken apart into a multiple of 1/256, whose sine and cosine are in a table, and a rest so small
 * that the terms behind the first need no second double.
 */
const STEPS_PER_RADIAN = 256
/** Of 0 up to a right angle. */
const STEPS = Math.ceil((Math.PI / 2) * STEPS_PER_RADIAN)
/** What Math.PI and its half lack. */
const PI_LOW = 1.2246467991473532e-16
const HALF_PI_LOW = PI_LOW / 2
const HALF_PI = Math.PI / 2
/** 2^27 + 1: times this, a double falls apart into two halves whose products are exact. */
const SPLITTER = 134_217_729

const FIXED_POINT_BITS = 200n
const COLUMNS = 4

/** Per step: sine, what it lacks, cosine, what it lacks. */
const TABLE = newTable()

/** For angles up to a half turn; beyond that V8's. */
export function sine(radians: number): number {
  const angle = Math.abs(radians)
  if (!(angle <= Math.PI)) return Math.sin(radians)
  // The difference is exact: both are within a factor of two.
  const value = angle <= HALF_PI ? sineLess(angle, 0, 0) : sineLess(Math.PI - angle, PI_LOW, 0)
  return radians < 0 ? -value : value
}

/** For angles up to a quarter turn; beyond that V8's. */
export function cosine(radians: number): number {
  const angle = Math.abs(radians)
  if (!(angle <= HALF_PI)) return Math.cos(radians)
  const rest = HALF_PI - angle
  return sineLess(rest, HALF_PI - rest - angle + HALF_PI_LOW, 0)
}

/** For 0 to 1; not a number beyond. */
export function arcsine(value: number): number {
  const isSmall = value <= 0.5
  if (isSmall || !(value < 1)) return isSmall ? correctedArcsine(value) : Math.asin(value)
  // Near 1 an ulp of the sine is many of the angle: asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)).
  const square = (1 - value) / 2
  const root = Math.sqrt(square)
  const rootLow = (square - root * root - productError(root, root, root * root)) / (2 * root)
  const angle = Math.asin(root)
  const correction = (sineLess(angle, 0, root) - rootLow) / Math.cos(angle)
  const high = HALF_PI - 2 * angle
  return high + (HALF_PI - high - 2 * angle + (HALF_PI_LOW + 2 * correction))
}

/** One step of Newton's method from V8's, which is nearly right. */
function correctedArcsine(value: number): number {
  const angle = Math.asin(value)
  return angle - sineLess(angle, 0, value) / Math.cos(angle)
}

/** sin(high + low) - subtrahend, for angles from 0 to a right one: the difference is as exact as the sine. */
function sineLess(high: number, low: number, subtrahend: number): number {
  const step = Math.round(high * STEPS_PER_RADIAN)
  const rest = high - step / STEPS_PER_RADIAN
  const at = step * COLUMNS
  const sineHigh = TABLE[at] ?? 0
  const sineLow = TABLE[at + 1] ?? 0
  const cosineHigh = TABLE[at + 2] ?? 0
  const cosineLow = TABLE[at + 3] ?? 0
  const square = rest * rest
  const cosineTail = square * (-1 / 2 + square * (1 / 24 - square / 720))
  const sineTail = rest * square * (-1 / 6 + square * (1 / 120 - square / 5_040))
  const product = cosineHigh * rest
  const sum = sineHigh + product
  const added = sum - sineHigh
  const sumError = sineHigh - (sum - added) + (product - added)
  const tail =
    sineHigh * cosineTail +
    cosineHigh * sineTail +
    low * (cosineHigh - sineHigh * rest) +
    (sumError + (productError(cosineHigh, rest, product) + (sineLow + cosineLow * rest)))
  return sum - subtrahend + tail
}

/** What `product`, the rounded product of the two, lacks. */
function productError(left: number, right: number, product: number): number {
  const leftScaled = left * SPLITTER
  const leftHigh = leftScaled - (leftScaled - left)
  const leftLow = left - leftHigh
  const rightScaled = right * SPLITTER
  const rightHigh = rightScaled - (rightScaled - right)
  const rightLow = right - rightHigh
  return (
    leftHigh * rightHigh - product + leftHigh * rightLow + leftLow * rightHigh + leftLow * rightLow
  )
}

/** By turning from each step to the next, in whole numbers of 200 bits. */
function newTable(): Float64Array {
  const one = 1n << FIXED_POINT_BITS
  const { sin: stepSine, cos: stepCosine } = stepSeries(one)
  const table = new Float64Array((STEPS + 1) * COLUMNS)
  let sin = 0n
  let cos = one
  for (let step = 0; step <= STEPS; step += 1) {
    setPair(table, step * COLUMNS, sin)
    setPair(table, step * COLUMNS + 2, cos)
    const nextSine = (sin * stepCosine + cos * stepSine) >> FIXED_POINT_BITS
    cos = (cos * stepCosine - sin * stepSine) >> FIXED_POINT_BITS
    sin = nextSine
  }
  return table
}

/** Sine and cosine of one step, by their series. */
function stepSeries(one: bigint): { readonly sin: bigint; readonly cos: bigint } {
  const parts = [0n, 0n, 0n, 0n]
  let term = one
  for (let power = 0n; term !== 0n; power += 1n) {
    const part = Number(power % 4n)
    parts[part] = (parts[part] ?? 0n) + term
    term /= BigInt(STEPS_PER_RADIAN) * (power + 1n)
  }
  const [cosPlus = 0n, sinPlus = 0n, cosMinus = 0n, sinMinus = 0n] = parts
  return { sin: sinPlus - sinMinus, cos: cosPlus - cosMinus }
}

function setPair(table: Float64Array, at: number, value: bigint): void {
  const scale = 2 ** Number(FIXED_POINT_BITS)
  const high = Number(value)
  table[at] = high / scale
  table[at + 1] = Number(value - BigInt(high)) / scale
}
