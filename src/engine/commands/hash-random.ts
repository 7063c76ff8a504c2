import { int64Argument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { INT64_MAX, INT64_MIN } from '../structures/int64.ts'
import { differentPositions } from './random-positions.ts'

/** More draws than this make a reply that no client wants; Redis goes on until its memory ends. */
export const DRAWS_MAX = 2 ** 24

/** HRANDFIELD key [count [WITHVALUES]] */
export function hrandfield(context: CommandContext): void {
  const { argv, database, reply } = context
  if (argv.count === 2) return replyWithOne(context)
  const count = readRandomCount(context, 2)
  if (count === undefined) return
  const withValues = argv.count === 4 && argv.is(3, 'WITHVALUES')
  if (argv.count > 3 && !withValues) return reply.error(replyErrors.syntax)
  if (withValues && Math.abs(count) > Number(INT64_MAX / 2n)) {
    return reply.error(replyErrors.outOfRange)
  }
  const record = context.findValue(1, 'hash', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0 || count === 0) return reply.array(0)
  if (count < -DRAWS_MAX) return reply.error(replyErrors.outOfRange)
  const { hash } = context.collections
  hash.open(database, record)
  if (count < 0 || count === 1) replyWithRepeated(context, Math.abs(count), withValues)
  else if (count >= hash.size) replyWithAll(context, withValues)
  else replyWithDifferent(context, count, withValues)
}

/** The count of HRANDFIELD and SRANDMEMBER; undefined after an error. Beyond 2^53 it is rounded. */
export function readRandomCount(context: CommandContext, argument: number): number | undefined {
  const count = int64Argument(context.argv, argument)
  if (count !== undefined && count !== INT64_MIN) return Number(count)
  context.reply.error(count === undefined ? replyErrors.notInteger : replyErrors.notInLongRange)
  return undefined
}

function replyWithOne(context: CommandContext): void {
  const { hash } = context.collections
  const record = context.findValue(1, 'hash', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return context.reply.null()
  hash.open(context.database, record)
  hash.read(hash.random())
  hash.field.replyTo(context.reply)
}

/** Every draw from the whole hash. */
function replyWithRepeated(context: CommandContext, count: number, withValues: boolean): void {
  const { hash } = context.collections
  beginReply(context, count, withValues)
  // Of a reply beyond client-output-buffer-limit no more is wanted.
  for (let drawn = 0; drawn < count && !context.client.isClosing; drawn += 1) {
    hash.read(hash.random())
    replyWithField(context, withValues)
  }
}

function replyWithAll(context: CommandContext, withValues: boolean): void {
  const { hash } = context.collections
  beginReply(context, hash.size, withValues)
  hash.rewind()
  while (hash.next()) replyWithField(context, withValues)
}

function replyWithDifferent(context: CommandContext, count: number, withValues: boolean): void {
  const { hash } = context.collections
  const positions = differentPositions(context, hash, count)
  beginReply(context, count, withValues)
  for (let index = 0; index < count; index += 1) {
    hash.read(positions.at(index))
    replyWithField(context, withValues)
  }
}

/** In RESP3 each field with its value is an array of its own. */
function beginReply({ reply }: CommandContext, count: number, withValues: boolean): void {
  reply.array(withValues && reply.protocol === 2 ? 2 * count : count)
}

function replyWithField(context: CommandContext, withValues: boolean): void {
  const { reply } = context
  const { field, value } = context.collections.hash
  if (withValues && reply.protocol === 3) reply.array(2)
  field.replyTo(reply)
  if (withValues) value.replyTo(reply)
}
