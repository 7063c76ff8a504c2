import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { isCanonicalInt64 } from '../structures/string-value.ts'

/** Up to 15 digits fit a double exactly. */
const FAST_DIGITS_MAX = 15
const MINUS = 0x2d
const ZERO = 0x30

const FLOAT = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity)$/i

/** An argument as a signed 64-bit integer in its canonical spelling, as string2ll reads it. */
export function int64Argument(argv: ArgumentVector, index: number): bigint | undefined {
  return int64Of(argv.bytes, argv.start(index), argv.length(index))
}

export function int64Of(bytes: Uint8Array, start: number, length: number): bigint | undefined {
  if (!isCanonicalInt64(bytes, start, length)) return undefined
  return BigInt(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1'))
}

/** The same, when it fits a JavaScript integer; NaN when it is no integer or does not fit. */
export function integerArgument(argv: ArgumentVector, index: number): number {
  const value = smallIntegerOf(argv.bytes, argv.start(index), argv.length(index))
  if (!Number.isNaN(value)) return value
  const large = int64Argument(argv, index)
  return large === undefined ? Number.NaN : Number(large)
}

/** An integer of at most 15 digits, without making a string; NaN otherwise. */
export function smallIntegerOf(bytes: Uint8Array, start: number, length: number): number {
  const isNegative = bytes[start] === MINUS
  const first = isNegative ? start + 1 : start
  const end = start + length
  const digits = end - first
  if (digits < 1 || digits > FAST_DIGITS_MAX) return Number.NaN
  if (bytes[first] === ZERO && (digits > 1 || isNegative)) return Number.NaN
  let value = 0
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return isNegative ? -value : value
}

/** A double as strtod reads it; NaN when it is none. */
export function floatArgument(argv: ArgumentVector, index: number): number {
  const text = argv.latin1(index)
  if (!FLOAT.test(text)) return Number.NaN
  const infinite = /^([+-]?)inf/i.exec(text)
  if (infinite === null) return Number(text)
  return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
