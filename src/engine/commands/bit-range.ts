import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { refuse } from './refuse.ts'

/** Bits from `first` up to `end`, which is not one of them. */
export interface BitRange {
  readonly first: number
  readonly end: number
}

/** Where `start`, `end` and `BYTE|BIT` stand, as far as they were given. */
export interface BitRangeArguments {
  readonly start: number
  readonly end?: number
  readonly unit?: number
}

/**
 * The range that indexes from the end, beyond it, or in bits mean within `length` bytes; empty with `first` at
 * `end` or after it. `undefined` once the error is written.
 */
export function readBitRange(
  context: CommandContext,
  length: number,
  places: BitRangeArguments,
): BitRange | undefined {
  const { argv, reply } = context
  let first = integerArgument(argv, places.start)
  if (Number.isNaN(first)) return refuse(context, replyErrors.notInteger)
  const isBit = places.unit !== undefined && argv.is(places.unit, 'BIT')
  if (places.unit !== undefined && !isBit && !argv.is(places.unit, 'BYTE')) {
    return refuse(context, replyErrors.syntax)
  }
  const total = isBit ? length * 8 : length
  let last = total - 1
  if (places.end !== undefined) {
    last = integerArgument(argv, places.end)
    if (Number.isNaN(last)) {
      reply.error(replyErrors.notInteger)
      return undefined
    }
  }
  if (first < 0) first = Math.max(0, first + total)
  if (last < 0) last = Math.max(0, last + total)
  last = Math.min(last, total - 1)
  return isBit ? { first, end: last + 1 } : { first: first * 8, end: (last + 1) * 8 }
}
