import type { Encoding } from './value.ts'

/** Redis 7.0, object.c: OBJ_ENCODING_EMBSTR_SIZE_LIMIT. */
const EMBSTR_BYTES_MAX = 44
/** Digits of -9223372036854775808. */
const INT64_DIGITS_MAX = 20
const INT64_MAX_DIGITS = '9223372036854775807'
const INT64_MIN_DIGITS = '9223372036854775808'

const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/**
 * How a string came to be, for Redis 7.0 chooses its encoding by that: as a client gave it; printed, by
 * INCRBYFLOAT, which never looks for an integer in it; changed in place, by APPEND or SETRANGE.
 */
export const STRING_FORMS = ['given', 'printed', 'changed'] as const

export type StringForm = (typeof STRING_FORMS)[number]

/** The encoding Redis 7.0 would have chosen. Every string is kept as its bytes here. */
export function stringEncoding(
  bytes: Uint8Array,
  start: number,
  length: number,
  form: StringForm,
): Encoding {
  if (form === 'changed') return 'raw'
  if (form === 'given' && isCanonicalInt64(bytes, start, length)) return 'int'
  return length <= EMBSTR_BYTES_MAX ? 'embstr' : 'raw'
}

/** Whether the bytes are a signed 64-bit integer in its one shortest spelling (Redis' string2ll). */
export function isCanonicalInt64(bytes: Uint8Array, start: number, length: number): boolean {
  if (length === 0 || length > INT64_DIGITS_MAX) return false
  const isNegative = bytes[start] === MINUS
  const first = isNegative ? start + 1 : start
  const end = start + length
  if (first === end) return false
  if (bytes[first] === ZERO) return length === 1
  for (let at = first; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte < ZERO || byte > NINE) return false
  }
  const digits = end - first
  if (digits !== INT64_MAX_DIGITS.length) return digits < INT64_MAX_DIGITS.length
  return digitsAtMost(bytes, first, isNegative ? INT64_MIN_DIGITS : INT64_MAX_DIGITS)
}

function digitsAtMost(bytes: Uint8Array, start: number, limit: string): boolean {
  for (let index = 0; index < limit.length; index += 1) {
    const difference = (bytes[start + index] ?? 0) - limit.charCodeAt(index)
    if (difference !== 0) return difference < 0
  }
  return true
}
