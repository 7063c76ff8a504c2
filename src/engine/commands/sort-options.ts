import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { placeholderOf } from './sort-pattern.ts'

export interface SortOptions {
  readonly isDescending: boolean
  readonly isAlpha: boolean
  /** BY a pattern without `*`: the elements keep the order they have. */
  readonly isUnsorted: boolean
  readonly by: Buffer | undefined
  readonly gets: readonly Buffer[]
  readonly start: number
  /** Negative: all. */
  readonly count: number
  /** The argument that names the key to store to; 0 without one. */
  readonly storeAt: number
}

/** Undefined once the error is written. Patterns are valid while the command runs. */
export function readSortOptions(
  context: CommandContext,
  mayStore: boolean,
): SortOptions | undefined {
  const { argv, reply } = context
  const gets: Buffer[] = []
  let isDescending = false
  let isAlpha = false
  let isUnsorted = false
  let by: Buffer | undefined
  let [start, count] = [0, -1]
  let storeAt = 0
  for (let index = 2; index < argv.count; index += 1) {
    const left = argv.count - index - 1
    if (argv.is(index, 'ASC')) isDescending = false
    else if (argv.is(index, 'DESC')) isDescending = true
    else if (argv.is(index, 'ALPHA')) isAlpha = true
    else if (argv.is(index, 'LIMIT') && left >= 2) {
      start = integerArgument(argv, index + 1)
      count = integerArgument(argv, index + 2)
      if (Number.isNaN(start) || Number.isNaN(count)) {
        reply.error(replyErrors.notInteger)
        return undefined
      }
      index += 2
    } else if (mayStore && argv.is(index, 'STORE') && left >= 1) {
      index += 1
      storeAt = index
    } else if (argv.is(index, 'BY') && left >= 1) {
      index += 1
      by = argv.view(index)
      // It stays so whatever BY comes after it, as in Redis.
      if (placeholderOf(by) < 0) isUnsorted = true
      else if (!mayReadAnyKey(context)) {
        reply.error(replyErrors.sortByDenied)
        return undefined
      }
    } else if (argv.is(index, 'GET') && left >= 1) {
      index += 1
      if (!mayReadAnyKey(context)) {
        reply.error(replyErrors.sortGetDenied)
        return undefined
      }
      gets.push(argv.view(index))
    } else {
      reply.error(replyErrors.syntax)
      return undefined
    }
  }
  return { isDescending, isAlpha, isUnsorted, by, gets, start, count, storeAt }
}

/** BY and GET read keys that no argument names: only for users to whom every key may be read. */
function mayReadAnyKey({ argv, client, services }: CommandContext): boolean {
  if (client.user === undefined || client.user.isUnrestricted) return true
  const command = services.commands.find(argv)
  return command !== undefined && services.acl.mayReadAnyKey({ client, command, argv })
}
