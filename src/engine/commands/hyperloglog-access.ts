import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { isHyperLogLog } from '../structures/hyperloglog/header.ts'
import { findString } from './string-access.ts'

/** As `findString`, of a string that is a HyperLogLog. */
export function findHyperLogLog(
  context: CommandContext,
  argument: number,
  purpose: 'read' | 'write',
): Handle {
  const { database, reply } = context
  const record = findString(context, argument, purpose)
  if (record === WRONG_TYPE || record === 0) return record
  const length = database.valueLength(record)
  if (isHyperLogLog(database.bytes(record), database.valueStart(record), length)) return record
  reply.error(replyErrors.notHyperloglog)
  return WRONG_TYPE
}
