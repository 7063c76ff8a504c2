const ZERO = 0x30

/** The decimal digits of an integer from 0 to 2^53, at `at`; gives where they end. */
export function writeDigits(target: Uint8Array, at: number, value: number): number {
  let end = at + 1
  for (let limit = 10; limit <= value; limit *= 10) end += 1
  let rest = value
  for (let digit = end - 1; digit >= at; digit -= 1) {
    const next = Math.floor(rest / 10)
    target[digit] = ZERO + (rest - next * 10)
    rest = next
  }
  return end
}
