import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { type Int64, int64Of } from '../structures/int64.ts'

/** An argument as an integer in its canonical spelling, as string2ll reads it. */
export function int64Argument(argv: ArgumentVector, index: number): Int64 | undefined {
  return int64Of(argv.bytes, argv.start(index), argv.length(index))
}

/**
 * An integer argument for what is counted in doubles: times, offsets, counts. Beyond 2^53 it is rounded;
 * NaN when it is no 64-bit integer.
 */
export function integerArgument(argv: ArgumentVector, index: number): number {
  return Number(int64Argument(argv, index) ?? Number.NaN)
}
