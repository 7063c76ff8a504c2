import type { CommandContext } from '../execution/context.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { parseLenientDouble } from '../structures/parse-double.ts'
import { type LexBounds, packedRangeByLex, type RankRange } from './packed-lex-range.ts'

const OPEN = 0x28
const CLOSED = 0x5b
const LOWEST = 0x2d
const HIGHEST = 0x2b

/** How the members of a range are chosen. */
export type RangeKind = 'rank' | 'score' | 'lex'

export function rangeLength({ first, end }: RankRange): number {
  return Math.max(0, end - first)
}

/** Whether the argument bounds scores: a number, `(` before it to leave that out. */
export function isScoreBound(argv: ArgumentVector, index: number): boolean {
  return !Number.isNaN(scoreBound(argv, index))
}

/** Whether the argument bounds members: `[` or `(` and bytes, `-` or `+`. */
export function isLexBound(argv: ArgumentVector, index: number): boolean {
  const first = firstByte(argv, index)
  if (first === OPEN || first === CLOSED) return true
  return (first === LOWEST || first === HIGHEST) && argv.length(index) === 1
}

/** The ranks of the open sorted set between two scores. */
export function rangeByScore(context: CommandContext, min: number, max: number): RankRange {
  const { argv } = context
  const { sortedSet } = context.collections
  return {
    first: sortedSet.countBelow(scoreBound(argv, min), firstByte(argv, min) === OPEN),
    end: sortedSet.countBelow(scoreBound(argv, max), firstByte(argv, max) !== OPEN),
  }
}

/** The ranks of the open sorted set between two strings of bytes; open, as in Redis, where scores differ. */
export function rangeByLex(context: CommandContext, bounds: LexBounds): RankRange {
  const { min, max } = bounds
  if (context.collections.sortedSet.isPacked) return packedRangeByLex(context, bounds)
  return { first: lexRank(context, min, OPEN), end: lexRank(context, max, CLOSED) }
}

/** Ranks from and to indexes that count from the end when negative, and are cut to what there is. */
export function rangeByIndex(size: number, start: number, stop: number): RankRange {
  const first = Math.max(0, start < 0 ? start + size : start)
  return { first, end: Math.min(size, (stop < 0 ? stop + size : stop) + 1) }
}

function scoreBound(argv: ArgumentVector, index: number): number {
  const skipped = firstByte(argv, index) === OPEN ? 1 : 0
  return parseLenientDouble(argv.bytes, argv.start(index) + skipped, argv.length(index) - skipped)
}

/** How many members are before the bound, or equal to it where it is of the kind `countsEqual`. */
function lexRank(context: CommandContext, index: number, countsEqual: number): number {
  const { argv } = context
  const { sortedSet } = context.collections
  const first = firstByte(argv, index)
  if (first === LOWEST) return 0
  if (first === HIGHEST) return sortedSet.size
  const orEqual = first === countsEqual
  return sortedSet.countBeforeBytes(
    argv.bytes,
    argv.start(index) + 1,
    argv.length(index) - 1,
    orEqual,
  )
}

/** -1 of an empty argument. */
function firstByte(argv: ArgumentVector, index: number): number {
  return argv.length(index) === 0 ? -1 : (argv.bytes[argv.start(index)] ?? -1)
}
