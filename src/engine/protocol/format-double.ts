const SIGNIFICANT_DIGITS = 17
/** From here on all doubles have more digits than are printed; below, integers are printed whole. */
const EXPONENT_FROM = 1e17
const FIXED_FROM = 1e-4
const TRAILING_ZEROS = /\.?0+$/
/** Digits enough to see whether nothing but zeros follows. */
const ZEROS_SEEN = 12

/** A double as Redis 7.0 prints one in replies: C's %.17g, inf and nan. */
export function formatDouble(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const magnitude = Math.abs(value)
  if (Number.isSafeInteger(value)) return String(value)
  if (Number.isInteger(value) && magnitude < EXPONENT_FROM) return value.toFixed(0)
  if (magnitude >= FIXED_FROM && magnitude < EXPONENT_FROM) return formatFixed(value)
  if (Number.isNaN(value)) return 'nan'
  if (magnitude === Number.POSITIVE_INFINITY) return value > 0 ? 'inf' : '-inf'
  const [mantissa = '', power = ''] = value.toExponential(SIGNIFICANT_DIGITS - 1).split('e')
  const exponent = Number(power)
  const digits = String(Math.abs(exponent)).padStart(2, '0')
  return `${mantissa.replace(TRAILING_ZEROS, '')}e${exponent < 0 ? '-' : '+'}${digits}`
}

/** C rounds what is in the middle of two to the even one, JavaScript to the larger. */
function formatFixed(value: number): string {
  const rounded = value.toPrecision(SIGNIFICANT_DIGITS)
  const last = rounded.charCodeAt(rounded.length - 1)
  if (last % 2 === 1) {
    const exact = value.toPrecision(SIGNIFICANT_DIGITS + 1 + ZEROS_SEEN)
    const isMiddle = exact.endsWith(`5${'0'.repeat(ZEROS_SEEN)}`)
    if (isMiddle) return exact.slice(0, -1 - ZEROS_SEEN).replace(TRAILING_ZEROS, '')
  }
  return rounded.replace(TRAILING_ZEROS, '')
}
