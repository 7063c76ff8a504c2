import type { CommandContext } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

/** The key is there and is no string; the error has been written. */
export const WRONG_TYPE = -1

/** The string at the key an argument names, 0 when there is none, WRONG_TYPE when it is something else. */
export function findString(
  context: CommandContext,
  argument: number,
  purpose: 'read' | 'write',
): Handle {
  const { argv, database } = context
  const start = argv.start(argument)
  const length = argv.length(argument)
  const record =
    purpose === 'read'
      ? database.find(argv.bytes, start, length)
      : database.findForWrite(argv.bytes, start, length)
  if (record === 0 || database.isString(record)) return record
  context.reply.error(replyErrors.wrongType)
  return WRONG_TYPE
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
