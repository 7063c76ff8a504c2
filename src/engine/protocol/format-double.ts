const SIGNIFICANT_DIGITS = 17
const TRAILING_ZEROS = /\.?0+$/

/** A double as Redis 7.0 prints one in replies: C's %.17g, inf and nan. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', power = ''] = value.toExponential(SIGNIFICANT_DIGITS - 1).split('e')
  const exponent = Number(power)
  if (exponent < -4 || exponent >= SIGNIFICANT_DIGITS) {
    const digits = String(Math.abs(exponent)).padStart(2, '0')
    return `${mantissa.replace(TRAILING_ZEROS, '')}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  const fixed = value.toPrecision(SIGNIFICANT_DIGITS)
  return fixed.includes('.') ? fixed.replace(TRAILING_ZEROS, '') : fixed
}
