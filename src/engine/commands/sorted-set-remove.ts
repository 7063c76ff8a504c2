import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { RankRange } from './packed-lex-range.ts'
import { deleteIfEmpty } from './sorted-set-access.ts'
import {
  isLexBound,
  isScoreBound,
  type RangeKind,
  rangeByIndex,
  rangeByLex,
  rangeByScore,
  rangeLength,
} from './sorted-set-bounds.ts'

/** ZREM key member [member ...] */
export function zrem(context: CommandContext): void {
  const { argv, reply } = context
  const { sortedSet } = context.collections
  const record = context.findValue(1, 'zset', 'write')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.integer(0)
  sortedSet.open(context.database, record)
  let removed = 0
  for (let index = 2; index < argv.count && sortedSet.size > 0; index += 1) {
    if (!sortedSet.find(argv.bytes, argv.start(index), argv.length(index))) continue
    sortedSet.removeFound()
    removed += 1
  }
  if (removed > 0) tellOfRemoval(context, 'zrem')
  reply.integer(removed)
}

/** ZREMRANGEBYRANK key start stop; ZREMRANGEBYSCORE key min max; ZREMRANGEBYLEX key min max */
export function zremrange(context: CommandContext, kind: RangeKind): void {
  const { reply } = context
  const { sortedSet } = context.collections
  const refusal = refusalOf(context, kind)
  if (refusal !== undefined) return reply.error(refusal)
  const record = context.findValue(1, 'zset', 'write')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.integer(0)
  sortedSet.open(context.database, record)
  const range = rangeOf(context, kind)
  const count = rangeLength(range)
  if (count > 0) {
    sortedSet.removeRange(range.first, count)
    tellOfRemoval(context, `zremrangeby${kind}`)
  }
  reply.integer(count)
}

function refusalOf({ argv }: CommandContext, kind: RangeKind): string | undefined {
  if (kind === 'rank') {
    const sum = integerArgument(argv, 2) + integerArgument(argv, 3)
    return Number.isNaN(sum) ? replyErrors.notInteger : undefined
  }
  if (kind === 'score') {
    return isScoreBound(argv, 2) && isScoreBound(argv, 3) ? undefined : replyErrors.boundNotFloat
  }
  return isLexBound(argv, 2) && isLexBound(argv, 3) ? undefined : replyErrors.boundNotLex
}

function rangeOf(context: CommandContext, kind: RangeKind): RankRange {
  const { argv } = context
  if (kind === 'score') return rangeByScore(context, 2, 3)
  if (kind === 'lex') return rangeByLex(context, { min: 2, max: 3, isReverse: false })
  const { size } = context.collections.sortedSet
  return rangeByIndex(size, integerArgument(argv, 2), integerArgument(argv, 3))
}

function tellOfRemoval(context: CommandContext, event: string): void {
  const isGone = deleteIfEmpty(context, 1)
  context.modified(1)
  context.notify('sortedSet', event, 1)
  if (isGone) context.notify('generic', 'del', 1)
  context.changed()
}
