import type { CommandContext } from '../execution/context.ts'
import { compareBytes } from '../memory/byte-slice.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { PackedEntry } from '../structures/packed-entry.ts'

const OPEN = 0x28
const LOWEST = 0x2d
const HIGHEST = 0x2b

/** Ranks from `first` up to `end`, which is not in it. */
export interface RankRange {
  readonly first: number
  readonly end: number
}

const NOTHING: RankRange = { first: 0, end: 0 }

export interface LexBounds {
  /** Arguments. */
  readonly min: number
  readonly max: number
  /** The range is given from its upper end. */
  readonly isReverse: boolean
}

/**
 * The ranks between two bounds as Redis finds them in a listpack: member by member, from the end that the range is
 * given from (t_zset.c, zzlFirstInLexRange). Only where scores differ, so that members are in no order, is it another
 * range than that of a tree.
 */
export function packedRangeByLex(context: CommandContext, bounds: LexBounds): RankRange {
  const { argv } = context
  const { sortedSet } = context.collections
  let rank = 0
  let [first, end] = [-1, -1]
  /** The last member that is not below the upper bound too far, and the last one before it that is too low. */
  let [last, lowBeforeLast, low] = [-1, -1, -1]
  let isAboveMin = false
  let startsAboveMax = false
  sortedSet.rewind()
  for (; sortedSet.next(); rank += 1) {
    const { member } = sortedSet
    member.spell()
    isAboveMin = isWithin(argv, bounds.min, 1, member)
    const isBelowMax = isWithin(argv, bounds.max, -1, member)
    if (rank === 0) startsAboveMax = !isBelowMax
    if (first < 0 && isAboveMin) first = rank
    if (first >= 0 && end < 0 && !isBelowMax) end = rank
    if (!isAboveMin) low = rank
    if (isBelowMax) [last, lowBeforeLast] = [rank, low]
  }
  // As Redis looks first: at the last member, and at the first.
  if (!isAboveMin || startsAboveMax) return NOTHING
  if (bounds.isReverse) return { first: lowBeforeLast + 1, end: last + 1 }
  return { first, end: end < 0 ? rank : end }
}

/** Whether the member is on the right side of the bound: above it (1) or below (-1), or just there. */
function isWithin(argv: ArgumentVector, bound: number, side: 1 | -1, member: PackedEntry): boolean {
  const at = argv.start(bound)
  const kind = argv.bytes[at]
  if (kind === LOWEST) return side === 1
  if (kind === HIGHEST) return side === -1
  const { bytes, start, length } = member
  const order =
    side * compareBytes(bytes, start, length, argv.bytes, at + 1, argv.length(bound) - 1)
  return order > 0 || (order === 0 && kind !== OPEN)
}
