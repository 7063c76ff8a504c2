import { writeDigits } from '../protocol/write-digits.ts'
import { isCanonicalInt64 } from './string-value.ts'

/** A signed 64-bit integer: a number up to 15 digits, which a double holds exactly, else a bigint. */
export type Int64 = number | bigint

export const INT64_MAX = 2n ** 63n - 1n
export const INT64_MIN = -(2n ** 63n)

/** The sum of two numbers of so many digits is exact, too. */
const NUMBER_DIGITS_MAX = 15
const MINUS = 0x2d
const ZERO = 0x30

/** The integer in its canonical spelling, as string2ll reads it; `undefined` when it is none. */
export function int64Of(bytes: Uint8Array, start: number, length: number): Int64 | undefined {
  const small = smallIntegerOf(bytes, start, length)
  if (!Number.isNaN(small)) return small
  if (!isCanonicalInt64(bytes, start, length)) return undefined
  return BigInt(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1'))
}

/** `undefined` when the sum does not fit 64 bits. */
export function addInt64(left: Int64, right: Int64): Int64 | undefined {
  if (typeof left === 'number' && typeof right === 'number') return left + right
  const sum = BigInt(left) + BigInt(right)
  return sum > INT64_MAX || sum < INT64_MIN ? undefined : sum
}

/** Writes the decimal digits of `value` to the front of `target`, which has room for 20; gives how many. */
export function writeInteger(target: Uint8Array, value: Int64): number {
  if (typeof value === 'bigint') return writeLatin1(target, String(value))
  if (value < 0) target[0] = MINUS
  return writeDigits(target, value < 0 ? 1 : 0, Math.abs(value))
}

function writeLatin1(target: Uint8Array, text: string): number {
  for (let index = 0; index < text.length; index += 1) target[index] = text.charCodeAt(index)
  return text.length
}

/** An integer of at most 15 digits, without making a string; NaN otherwise. */
function smallIntegerOf(bytes: Uint8Array, start: number, length: number): number {
  const isNegative = bytes[start] === MINUS
  const first = isNegative ? start + 1 : start
  const end = start + length
  const digits = end - first
  if (digits < 1 || digits > NUMBER_DIGITS_MAX) return Number.NaN
  if (bytes[first] === ZERO && (digits > 1 || isNegative)) return Number.NaN
  let value = 0
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return isNegative ? -value : value
}
