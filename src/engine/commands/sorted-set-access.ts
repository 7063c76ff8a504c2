import type { CommandContext } from '../execution/context.ts'

/** Takes the key away when the open sorted set has no member left, and tells so. */
export function deleteIfEmpty(context: CommandContext, argument: number): boolean {
  const { argv, database } = context
  if (context.collections.sortedSet.size > 0) return false
  database.delete(argv.bytes, argv.start(argument), argv.length(argument))
  return true
}

/**
 * Gives the collected result to the key an argument names, and answers how many members it has. No key is
 * left of an empty one.
 */
export function storeResult(context: CommandContext, argument: number, event: string): void {
  const { argv, database, reply } = context
  const { resultSortedSet } = context.collections
  const { size } = resultSortedSet
  if (size === 0) {
    resultSortedSet.discard()
    return deleteTarget(context, argument)
  }
  const start = argv.start(argument)
  const length = argv.length(argument)
  resultSortedSet.store(database, argv.bytes, start, length)
  context.modified(argument)
  context.notify('sortedSet', event, argument)
  context.changed()
  reply.integer(size)
}

/** A result without members: no key is left where it was to be stored. */
export function deleteTarget(context: CommandContext, argument: number): void {
  const { argv, database, reply } = context
  if (database.delete(argv.bytes, argv.start(argument), argv.length(argument))) {
    context.modified(argument)
    context.notify('generic', 'del', argument)
    context.changed()
  }
  reply.integer(0)
}

/** Begins an array of members: in RESP3 each is an array with its score, in RESP2 they follow each other. */
export function replyWithMemberCount(
  { reply }: CommandContext,
  count: number,
  withScores: boolean,
): void {
  reply.array(withScores && reply.protocol === 2 ? 2 * count : count)
}
