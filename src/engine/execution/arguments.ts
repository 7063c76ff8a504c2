import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { int64Argument } from './int64.ts'

/**
 * An integer argument for what is counted in doubles: times, offsets, counts. Beyond 2^53 it is rounded;
 * NaN when it is no 64-bit integer.
 */
export function integerArgument(argv: ArgumentVector, index: number): number {
  return Number(int64Argument(argv, index) ?? Number.NaN)
}
