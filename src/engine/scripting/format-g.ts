const EXPONENT_MIN = -4
/** More digits than a double that lies exactly between two shorter numbers has. */
const EXACT_DIGITS = 100
const TIE = /^50*$/

/** A number as C's %.{digits}g prints it, with glibc's rounding of ties to even. */
export function formatG(value: number, digits: number): string {
  // What counts and indexes are: no more digits than are exact, and none after the point.
  if (Number.isSafeInteger(value) && Math.abs(value) < 1e14 && digits >= 14) {
    return Object.is(value, -0) ? '-0' : String(value)
  }
  if (Number.isNaN(value)) return '-nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const { shown, exponent } = significantDigits(Math.abs(value), digits)
  if (exponent < EXPONENT_MIN || exponent >= digits) {
    const power = String(Math.abs(exponent)).padStart(2, '0')
    const mantissa = withoutZeros(`${shown.charAt(0)}.${shown.slice(1)}`)
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${power}`
  }
  if (exponent < 0) return `${sign}${withoutZeros(`0.${'0'.repeat(-exponent - 1)}${shown}`)}`
  const whole = shown.slice(0, exponent + 1)
  return `${sign}${withoutZeros(`${whole}.${shown.slice(exponent + 1)}`)}`
}

interface Decimal {
  /** Without a point: it stands after the first. */
  readonly shown: string
  readonly exponent: number
}

function significantDigits(value: number, digits: number): Decimal {
  const rounded = decimalOf(value, digits)
  // JavaScript rounds ties up.
  if (!decimalOf(value, digits + 1).shown.endsWith('5')) return rounded
  const exact = decimalOf(value, EXACT_DIGITS)
  const cut = exact.shown.slice(0, digits)
  const isEven = Number(cut.slice(-1)) % 2 === 0
  if (!isEven || !TIE.test(exact.shown.slice(digits))) return rounded
  return { shown: cut, exponent: exact.exponent }
}

function decimalOf(value: number, digits: number): Decimal {
  const [mantissa = '', power = ''] = value.toExponential(digits - 1).split('e')
  return { shown: mantissa.replace('.', ''), exponent: Number(power) }
}

/** Of a text that has a point. */
function withoutZeros(text: string): string {
  return text.replace(/\.?0*$/, '')
}
