/**
 * The 80-bit floats of x86 that Redis adds with in INCRBYFLOAT, so that its noise in the last digits is
 * ours, too: `mantissa` × 2^`exponent`, the mantissa of at most 64 bits.
 */
export interface LongDouble {
  readonly mantissa: bigint
  readonly exponent: number
}

const INFINITY = /^[+-]?inf(?:inity)?$/i
const SPELLING = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i
const MANTISSA_BITS = 64
const HEX_SPELLING = /^([+-]?)0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?$/i
/** The largest is about 10^4932. */
const DECIMAL_EXPONENT_MAX = 4_932
const BINARY_EXPONENT_MAX = 16_384
/** Decimals printed (util.c, ld2string with LD_STR_HUMAN). */
const PRINTED_DECIMALS = 17

/** `undefined` for what is no finite number. */
export function parseLongDouble(text: string): LongDouble | undefined {
  return parseHexadecimal(text) ?? parseDecimal(text)
}

function parseHexadecimal(text: string): LongDouble | undefined {
  const match = HEX_SPELLING.exec(text)
  const digits = (match?.[2] ?? '') + (match?.[3] ?? '')
  if (match === null || digits === '' || digits.length > DECIMAL_EXPONENT_MAX) return undefined
  const exponent = Number(match[4] ?? 0) - 4 * (match[3] ?? '').length
  if (Math.abs(exponent) > BINARY_EXPONENT_MAX) return undefined
  const magnitude = BigInt(`0x${digits}`)
  const rounded = fromRatio(match[1] === '-' ? -magnitude : magnitude, 1n)
  return { mantissa: rounded.mantissa, exponent: rounded.exponent + exponent }
}

function parseDecimal(text: string): LongDouble | undefined {
  const match = SPELLING.exec(text)
  const whole = match?.[2] ?? ''
  const fraction = match?.[3] ?? ''
  if (match === null || whole + fraction === '') return undefined
  const exponent = Number(match[4] ?? 0) - fraction.length
  const isTooLong = whole.length + fraction.length > DECIMAL_EXPONENT_MAX
  if (isTooLong || Math.abs(exponent) > 2 * DECIMAL_EXPONENT_MAX) return undefined
  const magnitude = BigInt(`${whole}${fraction}`)
  const digits = match[1] === '-' ? -magnitude : magnitude
  const power = 10n ** BigInt(Math.abs(exponent))
  return exponent >= 0 ? fromRatio(digits * power, 1n) : fromRatio(digits, power)
}

/** Whether it is a number, but no finite one: Redis has errors of their own for these. */
export function isInfinity(text: string): boolean {
  return INFINITY.test(text)
}

export function doubleToLongDouble(value: number): LongDouble {
  let mantissa = value
  let exponent = 0
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2
    exponent -= 1
  }
  return { mantissa: BigInt(mantissa), exponent }
}

export function addLongDoubles(left: LongDouble, right: LongDouble): LongDouble {
  const exponent = Math.min(left.exponent, right.exponent)
  const sum =
    (left.mantissa << BigInt(left.exponent - exponent)) +
    (right.mantissa << BigInt(right.exponent - exponent))
  const rounded = fromRatio(sum, 1n)
  return { mantissa: rounded.mantissa, exponent: rounded.exponent + exponent }
}

/** Without exponent, rounded to 17 decimals, without zeros at the end. */
export function formatLongDouble(value: LongDouble): string {
  const isNegative = value.mantissa < 0n
  const scaled = (isNegative ? -value.mantissa : value.mantissa) * 10n ** BigInt(PRINTED_DECIMALS)
  const digits =
    value.exponent >= 0
      ? scaled << BigInt(value.exponent)
      : divideToEven(scaled, 1n << BigInt(-value.exponent))
  const text = String(digits).padStart(PRINTED_DECIMALS + 1, '0')
  const whole = text.slice(0, -PRINTED_DECIMALS)
  const fraction = text.slice(-PRINTED_DECIMALS).replace(/0+$/, '')
  const magnitude = fraction === '' ? whole : `${whole}.${fraction}`
  return isNegative && magnitude !== '0' ? `-${magnitude}` : magnitude
}

/** The long double nearest to the ratio, ties to an even mantissa. */
function fromRatio(numerator: bigint, denominator: bigint): LongDouble {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 }
  const magnitude = numerator < 0n ? -numerator : numerator
  // Enough bits that the quotient has at least as many as a mantissa.
  const exponent = bitLength(magnitude) - bitLength(denominator) - MANTISSA_BITS
  const shifted = exponent < 0 ? magnitude << BigInt(-exponent) : magnitude
  const divisor = exponent < 0 ? denominator : denominator << BigInt(exponent)
  const excess = Math.max(0, bitLength(shifted / divisor) - MANTISSA_BITS)
  const mantissa = divideToEven(shifted, divisor << BigInt(excess))
  return { mantissa: numerator < 0n ? -mantissa : mantissa, exponent: exponent + excess }
}

function divideToEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const twice = (numerator % denominator) * 2n
  const isUp = twice > denominator || (twice === denominator && (quotient & 1n) === 1n)
  return isUp ? quotient + 1n : quotient
}

function bitLength(value: bigint): number {
  return value.toString(2).length
}
