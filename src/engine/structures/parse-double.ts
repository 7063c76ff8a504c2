const ZERO = 0x30
const NINE = 0x39
const MINUS = 0x2d
const DOT = 0x2e
/** So many digits, and the power of ten that divides them, are doubles exactly: their quotient is the nearest. */
const EXACT_DIGITS_MAX = 15

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const INFINITY = /^[+-]?inf(?:inity)?$/i
const HEXADECIMAL = /^([+-]?)0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?$/i
const LEADING_SPACE = /^[\t-\r ]+/
const HAS_DIGIT_OTHER_THAN_ZERO = /[1-9]/

/**
 * A number as Redis' string2d reads an argument: any spelling of strtod without space around it, infinity too,
 * but nothing out of the range of a double. NaN when it is none.
 */
export function parseDouble(bytes: Uint8Array, start: number, length: number): number {
  const plain = parsePlainDouble(bytes, start, length)
  return Number.isNaN(plain) ? parseSpelling(latin1(bytes, start, length)) : plain
}

/**
 * As C's strtod reads a whole string, which ends at the first zero byte: space before it is passed over, what
 * is out of range is infinite or zero, and nothing at all is 0. NaN when it is no number.
 */
export function parseLenientDouble(bytes: Uint8Array, start: number, length: number): number {
  const plain = parsePlainDouble(bytes, start, length)
  if (!Number.isNaN(plain)) return plain
  const [text = ''] = latin1(bytes, start, length).split('\0', 1)
  return text === '' ? 0 : spelled(text.replace(LEADING_SPACE, ''))
}

function parseSpelling(text: string): number {
  const value = spelled(text)
  if (INFINITY.test(text)) return value
  const isOverflow = value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
  const [mantissa = ''] = text.split(/[ep]/i, 1)
  const isUnderflow =
    value === 0 && HAS_DIGIT_OTHER_THAN_ZERO.test(mantissa.replace(/^[+-]?0x/i, ''))
  return isOverflow || isUnderflow ? Number.NaN : value
}

function spelled(text: string): number {
  if (DECIMAL.test(text)) return Number(text)
  if (INFINITY.test(text)) {
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  return parseHexadecimal(text)
}

function parseHexadecimal(text: string): number {
  const match = HEXADECIMAL.exec(text)
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? []
  if (whole + fraction === '') return Number.NaN
  // More digits than a double has bits are rounded by the conversion.
  const digits = Number(BigInt(`0x${whole}${fraction}`))
  const value = digits * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -value : value
}

/** Digits with a sign and a dot or without, not more than a double holds exactly; NaN otherwise. */
function parsePlainDouble(bytes: Uint8Array, start: number, length: number): number {
  const isNegative = bytes[start] === MINUS
  const end = start + length
  let value = 0
  let digits = 0
  let scale = 0
  for (let at = isNegative ? start + 1 : start; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === DOT && scale === 0) {
      scale = 1
    } else if (byte >= ZERO && byte <= NINE) {
      value = value * 10 + byte - ZERO
      digits += 1
      if (scale > 0) scale *= 10
    } else {
      return Number.NaN
    }
  }
  if (digits === 0 || digits > EXACT_DIGITS_MAX) return Number.NaN
  if (scale > 1) value /= scale
  return isNegative ? -value : value
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1')
}
