import { int64Argument } from '../execution/arguments.ts'
import { millisecondsToDeadline } from '../execution/block-timeout.ts'
import type { CommandContext } from '../execution/context.ts'
import { blockInScript, replyErrors } from '../protocol/reply-errors.ts'
import type { StreamId } from '../structures/stream/stream-id.ts'
import { refuse } from './refuse.ts'

/** A stream that XREAD or XREADGROUP names. */
export interface ReadFrom {
  readonly keyAt: number
  /** Entries after this one; undefined: those that nobody of the group has got. */
  readonly after: StreamId | undefined
}

/** XREAD and XREADGROUP. */
export interface ReadOptions {
  /** Infinite without COUNT. */
  readonly max: number
  /** Undefined: it does not wait; 0: for ever. */
  readonly deadlineMs: number | undefined
  /** Where the group's name stands, and behind it the consumer's; 0 in XREAD. */
  readonly groupAt: number
  readonly noAck: boolean
  readonly firstKey: number
  readonly keyCount: number
}

/** The options up to the keys; undefined after an error, which is written. */
export function parseReadOptions(
  context: CommandContext,
  command: 'xread' | 'xreadgroup',
): ReadOptions | undefined {
  const { argv } = context
  const isGroup = command === 'xreadgroup'
  let max = Number.POSITIVE_INFINITY
  let deadlineMs: number | undefined
  let groupAt = 0
  let noAck = false
  for (let index = 1; index < argv.count; index += 1) {
    const following = argv.count - index - 1
    if (following > 0 && argv.is(index, 'BLOCK')) {
      index += 1
      deadlineMs = readDeadline(context, index)
      if (deadlineMs === undefined) return undefined
    } else if (following > 0 && argv.is(index, 'COUNT')) {
      index += 1
      const count = int64Argument(argv, index)
      if (count === undefined) return refuse(context, replyErrors.notInteger)
      max = count > 0 ? Number(count) : Number.POSITIVE_INFINITY
    } else if (following > 0 && argv.is(index, 'STREAMS')) {
      if (following % 2 === 1) return refuse(context, replyErrors.readUnbalanced)
      if (isGroup && groupAt === 0) return refuse(context, replyErrors.readGroupMissing)
      return { max, deadlineMs, groupAt, noAck, firstKey: index + 1, keyCount: following / 2 }
    } else if (following > 1 && argv.is(index, 'GROUP')) {
      if (!isGroup) return refuse(context, replyErrors.readGroup)
      groupAt = index + 1
      index += 2
    } else if (argv.is(index, 'NOACK')) {
      if (!isGroup) return refuse(context, replyErrors.readNoAck)
      noAck = true
    } else {
      return refuse(context, replyErrors.syntax)
    }
  }
  return refuse(context, replyErrors.syntax)
}

function readDeadline(context: CommandContext, argument: number): number | undefined {
  const { argv, client } = context
  if (client.caller !== undefined) return refuse(context, blockInScript(argv.latin1(0)))
  return millisecondsToDeadline(context, argument)
}
