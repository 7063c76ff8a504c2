import { parseLenientDouble } from '../structures/parse-double.ts'
import type { RdbInput } from './rdb-input.ts'

const NOT_A_NUMBER = 253
const POSITIVE_INFINITY = 254
const NEGATIVE_INFINITY = 255

/** A score as RDB kept it before version 8: a byte that tells the length of its digits, or what it is. */
export function readTextScore(input: RdbInput): number {
  const first = input.byte()
  if (first === NOT_A_NUMBER) return Number.NaN
  if (first === POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  if (first === NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY
  input.raw(first)
  return parseLenientDouble(input.bytes, input.start, input.size)
}
