import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import {
  isLexBound,
  isScoreBound,
  rangeByLex,
  rangeByScore,
  rangeLength,
} from './sorted-set-bounds.ts'

/** ZCARD key */
export function zcard(context: CommandContext): void {
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return context.reply.integer(0)
  const { sortedSet } = context.collections
  sortedSet.open(context.database, record)
  context.reply.integer(sortedSet.size)
}

/** ZSCORE key member */
export function zscore(context: CommandContext): void {
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return context.reply.null()
  context.collections.sortedSet.open(context.database, record)
  replyWithScore(context, 2)
}

/** ZMSCORE key member [member ...] */
export function zmscore(context: CommandContext): void {
  const { argv, reply } = context
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record !== 0) context.collections.sortedSet.open(context.database, record)
  reply.array(argv.count - 2)
  for (let index = 2; index < argv.count; index += 1) {
    if (record === 0) reply.null()
    else replyWithScore(context, index)
  }
}

function replyWithScore(context: CommandContext, member: number): void {
  const { argv, reply } = context
  const { sortedSet } = context.collections
  const isThere = sortedSet.find(argv.bytes, argv.start(member), argv.length(member))
  if (isThere) reply.double(sortedSet.score)
  else reply.null()
}

/** ZRANK key member; ZREVRANK key member */
export function zrank(context: CommandContext, isReverse: boolean): void {
  const { argv, reply } = context
  const { sortedSet } = context.collections
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.null()
  sortedSet.open(context.database, record)
  if (!sortedSet.find(argv.bytes, argv.start(2), argv.length(2))) return reply.null()
  const rank = sortedSet.rankOfFound()
  reply.integer(isReverse ? sortedSet.size - 1 - rank : rank)
}

/** ZCOUNT key min max */
export function zcount(context: CommandContext): void {
  const { argv, reply } = context
  if (!isScoreBound(argv, 2) || !isScoreBound(argv, 3))
    return reply.error(replyErrors.boundNotFloat)
  if (!openToCount(context)) return
  reply.integer(rangeLength(rangeByScore(context, 2, 3)))
}

/** ZLEXCOUNT key min max */
export function zlexcount(context: CommandContext): void {
  const { argv, reply } = context
  if (!isLexBound(argv, 2) || !isLexBound(argv, 3)) return reply.error(replyErrors.boundNotLex)
  if (!openToCount(context)) return
  reply.integer(rangeLength(rangeByLex(context, { min: 2, max: 3, isReverse: false })))
}

/** False after an answer. */
function openToCount(context: CommandContext): boolean {
  const record = context.findValue(1, 'zset', 'read')
  if (record === 0) context.reply.integer(0)
  if (record <= 0) return false
  context.collections.sortedSet.open(context.database, record)
  return true
}
