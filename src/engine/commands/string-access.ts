import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'

/** The string at the key an argument names, 0 when there is none, WRONG_TYPE when it is something else. */
export function findString(
  context: CommandContext,
  argument: number,
  purpose: 'read' | 'write',
): Handle {
  return context.findValue(argument, 'string', purpose)
}

/** The string's bytes, or null; nothing after WRONG_TYPE. */
export function replyWithValue(context: CommandContext, record: Handle): void {
  const { database, reply } = context
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.null()
  reply.bulk(database.bytes(record), database.valueStart(record), database.valueLength(record))
}

/** Sets the key of one argument to the bytes of another. */
export function setArgument(
  context: CommandContext,
  key: number,
  value: number,
  expiresAtMs: number,
): void {
  const { argv, database } = context
  database.setString(
    argv.bytes,
    argv.start(key),
    argv.length(key),
    argv.bytes,
    argv.start(value),
    argv.length(value),
    expiresAtMs,
  )
}
