import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { RankRange } from './packed-lex-range.ts'
import { deleteTarget, replyWithMemberCount, storeResult } from './sorted-set-access.ts'
import {
  isLexBound,
  isScoreBound,
  type RangeKind,
  rangeByIndex,
  rangeByLex,
  rangeByScore,
  rangeLength,
} from './sorted-set-bounds.ts'

/** What a command asks for; arguments by their places. */
interface RangeRequest {
  /** The sorted set; the two bounds follow. */
  readonly source: number
  readonly stores: boolean
  kind: RangeKind | undefined
  isReverse: boolean | undefined
  withScores: boolean
  offset: number
  /** -1 without a limit. */
  limit: number
  /** Of a range by rank. */
  start: number
  stop: number
}

/** ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES] */
export function zrange(context: CommandContext): void {
  answerRange(context, request(1, undefined, undefined, false))
}

/** ZREVRANGE, ZRANGEBYSCORE, ZREVRANGEBYSCORE, ZRANGEBYLEX, ZREVRANGEBYLEX */
export function zrangeBy(context: CommandContext, kind: RangeKind, isReverse: boolean): void {
  answerRange(context, request(1, kind, isReverse, false))
}

/** ZRANGESTORE dst src start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] */
export function zrangestore(context: CommandContext): void {
  answerRange(context, request(2, undefined, undefined, true))
}

function request(
  source: number,
  kind: RangeKind | undefined,
  isReverse: boolean | undefined,
  stores: boolean,
): RangeRequest {
  return {
    source,
    stores,
    kind,
    isReverse,
    withScores: false,
    offset: 0,
    limit: -1,
    start: 0,
    stop: 0,
  }
}

function answerRange(context: CommandContext, asked: RangeRequest): void {
  if (!readOptions(context, asked) || !areBoundsValid(context, asked)) return
  const record = context.findValue(asked.source, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) {
    if (asked.stores) deleteTarget(context, 1)
    else context.reply.array(0)
    return
  }
  context.collections.sortedSet.open(context.database, record)
  const range = resolveRange(context, asked)
  if (asked.stores) storeRange(context, asked, range)
  else replyWithRange(context, asked, range)
}

/** False after an error. */
function readOptions(context: CommandContext, asked: RangeRequest): boolean {
  const { argv, reply } = context
  for (let index = asked.source + 3; index < argv.count; index += 1) {
    if (!asked.stores && argv.is(index, 'WITHSCORES')) {
      asked.withScores = true
    } else if (argv.is(index, 'LIMIT') && index + 2 < argv.count) {
      asked.offset = integerArgument(argv, index + 1)
      asked.limit = integerArgument(argv, index + 2)
      if (Number.isNaN(asked.offset + asked.limit)) {
        reply.error(replyErrors.notInteger)
        return false
      }
      index += 2
    } else if (asked.isReverse === undefined && argv.is(index, 'REV')) {
      asked.isReverse = true
    } else if (asked.kind === undefined && argv.is(index, 'BYLEX')) {
      asked.kind = 'lex'
    } else if (asked.kind === undefined && argv.is(index, 'BYSCORE')) {
      asked.kind = 'score'
    } else {
      reply.error(replyErrors.syntax)
      return false
    }
  }
  return true
}

function areBoundsValid({ argv, reply }: CommandContext, asked: RangeRequest): boolean {
  const [first, second] = [asked.source + 1, asked.source + 2]
  const { kind = 'rank' } = asked
  if (asked.limit !== -1 && kind === 'rank') reply.error(replyErrors.rangeLimit)
  else if (asked.withScores && kind === 'lex') reply.error(replyErrors.rangeWithScores)
  else if (kind === 'rank') {
    asked.start = integerArgument(argv, first)
    asked.stop = integerArgument(argv, second)
    if (!Number.isNaN(asked.start + asked.stop)) return true
    reply.error(replyErrors.notInteger)
  } else if (kind === 'score') {
    if (isScoreBound(argv, first) && isScoreBound(argv, second)) return true
    reply.error(replyErrors.boundNotFloat)
  } else {
    if (isLexBound(argv, first) && isLexBound(argv, second)) return true
    reply.error(replyErrors.boundNotLex)
  }
  return false
}

/** The ranks of what is asked for, with offset and limit, counted from the end when it is to be reversed. */
function resolveRange(context: CommandContext, asked: RangeRequest): RankRange {
  const { size } = context.collections.sortedSet
  const [first, second] = [asked.source + 1, asked.source + 2]
  if (asked.kind === undefined || asked.kind === 'rank') {
    return rangeByIndex(size, asked.start, asked.stop)
  }
  // A reversed range is given from its upper end.
  const isReverse = asked.isReverse === true
  const [min, max] = isReverse ? [second, first] : [first, second]
  const range =
    asked.kind === 'score'
      ? rangeByScore(context, min, max)
      : rangeByLex(context, { min, max, isReverse })
  const ahead = isReverse ? size - range.end : range.first
  const length = rangeLength(range)
  // A negative offset is never reached.
  const left = asked.offset < 0 ? 0 : Math.max(0, length - asked.offset)
  const count = asked.limit < 0 ? left : Math.min(left, asked.limit)
  return { first: ahead + asked.offset, end: ahead + asked.offset + count }
}

function replyWithRange(context: CommandContext, asked: RangeRequest, range: RankRange): void {
  const { reply } = context
  const { sortedSet } = context.collections
  const length = rangeLength(range)
  replyWithMemberCount(context, length, asked.withScores)
  const isReverse = asked.isReverse === true
  sortedSet.seek(isReverse ? sortedSet.size - 1 - range.first : range.first)
  const nests = asked.withScores && reply.protocol === 3
  for (let index = 0; index < length; index += 1) {
    if (isReverse) sortedSet.previous()
    else sortedSet.next()
    if (nests) reply.array(2)
    sortedSet.member.replyTo(reply)
    if (asked.withScores) reply.double(sortedSet.score)
  }
}

function storeRange(context: CommandContext, asked: RangeRequest, range: RankRange): void {
  const { sortedSet, resultSortedSet } = context.collections
  const length = rangeLength(range)
  const first = asked.isReverse === true ? sortedSet.size - range.first - length : range.first
  resultSortedSet.openLoose()
  sortedSet.seek(first)
  for (let index = 0; index < length; index += 1) {
    sortedSet.next()
    resultSortedSet.append(sortedSet.member, sortedSet.score)
  }
  storeResult(context, 1, 'zrangestore')
}
