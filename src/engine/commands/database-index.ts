import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

/** The number of a database that there is; `undefined` once the error is written. */
export function readDatabaseIndex(
  { argv, keyspace, reply }: CommandContext,
  argument: number,
): number | undefined {
  const index = integerArgument(argv, argument)
  if (Number.isNaN(index)) reply.error(replyErrors.notInteger)
  else if (index < INT32_MIN || index > INT32_MAX) reply.error(replyErrors.notInIntRange)
  else if (keyspace.databases[index] === undefined) reply.error(replyErrors.databaseOutOfRange)
  else return index
  return undefined
}
