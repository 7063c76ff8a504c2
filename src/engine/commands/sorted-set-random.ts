import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { INT64_MAX } from '../structures/int64.ts'
import { DRAWS_MAX, readRandomCount } from './hash-random.ts'
import { differentPositions } from './random-positions.ts'
import { replyWithMemberCount } from './sorted-set-access.ts'

/** ZRANDMEMBER key [count [WITHSCORES]] */
export function zrandmember(context: CommandContext): void {
  const { argv, database, reply } = context
  if (argv.count === 2) return replyWithOne(context)
  const count = readRandomCount(context, 2)
  if (count === undefined) return
  const withScores = argv.count === 4 && argv.is(3, 'WITHSCORES')
  if (argv.count > 3 && !withScores) return reply.error(replyErrors.syntax)
  if (withScores && Math.abs(count) > Number(INT64_MAX / 2n)) {
    return reply.error(replyErrors.outOfRange)
  }
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0 || count === 0) return reply.array(0)
  if (count < -DRAWS_MAX) return reply.error(replyErrors.outOfRange)
  const { sortedSet } = context.collections
  sortedSet.open(database, record)
  if (count < 0 || count === 1) replyWithRepeated(context, Math.abs(count), withScores)
  else if (count >= sortedSet.size) replyWithAll(context, withScores)
  else replyWithDifferent(context, count, withScores)
}

function replyWithOne(context: CommandContext): void {
  const { sortedSet } = context.collections
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return context.reply.null()
  sortedSet.open(context.database, record)
  sortedSet.read(sortedSet.random())
  sortedSet.member.replyTo(context.reply)
}

/** Every draw from the whole sorted set. */
function replyWithRepeated(context: CommandContext, count: number, withScores: boolean): void {
  const { sortedSet } = context.collections
  replyWithMemberCount(context, count, withScores)
  // Of a reply beyond client-output-buffer-limit no more is wanted.
  for (let drawn = 0; drawn < count && !context.client.isClosing; drawn += 1) {
    sortedSet.read(sortedSet.random())
    replyWithMember(context, withScores)
  }
}

/** From the highest score down, as Redis does. */
function replyWithAll(context: CommandContext, withScores: boolean): void {
  const { sortedSet } = context.collections
  replyWithMemberCount(context, sortedSet.size, withScores)
  sortedSet.seek(sortedSet.size - 1)
  while (sortedSet.previous()) replyWithMember(context, withScores)
}

function replyWithDifferent(context: CommandContext, count: number, withScores: boolean): void {
  const { sortedSet } = context.collections
  const positions = differentPositions(context, sortedSet, count)
  replyWithMemberCount(context, count, withScores)
  for (let index = 0; index < count; index += 1) {
    sortedSet.read(positions.at(index))
    replyWithMember(context, withScores)
  }
}

function replyWithMember(context: CommandContext, withScores: boolean): void {
  const { reply } = context
  const { sortedSet } = context.collections
  if (withScores && reply.protocol === 3) reply.array(2)
  sortedSet.member.replyTo(reply)
  if (withScores) reply.double(sortedSet.score)
}
