import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { orFree } from '../structures/or-free.ts'
import type { ListEnd } from '../structures/quicklist-reader.ts'
import { refuse } from './refuse.ts'

/**
 * The root of the list at the key an argument names: NONE when there is none, WRONG_TYPE, with the error
 * written, when it is something else. It stays valid until the key is deleted.
 */
export function findList(
  context: CommandContext,
  argument: number,
  purpose: 'read' | 'write',
): Handle {
  const record = context.findValue(argument, 'list', purpose)
  return record === NONE || record === WRONG_TYPE ? record : context.database.root(record)
}

export function createList(context: CommandContext, argument: number): Handle {
  const { argv, database, services } = context
  const { lists } = context.structures
  const created = lists.create(services.config.integer('list-max-listpack-size'))
  return orFree(lists, created, (root) => {
    database.createRooted(argv.bytes, argv.start(argument), argv.length(argument), 'list', root)
    return root
  })
}

/** LEFT or RIGHT; undefined, with the error written, for any other word. */
export function endArgument(context: CommandContext, argument: number): ListEnd | undefined {
  if (context.argv.is(argument, 'LEFT')) return 'head'
  if (context.argv.is(argument, 'RIGHT')) return 'tail'
  return refuse(context, replyErrors.syntax)
}

export function replyWithArgument({ argv, reply }: CommandContext, argument: number): void {
  reply.bulk(argv.bytes, argv.start(argument), argv.length(argument))
}

/** `count` elements as an array, from one end on; there are so many. */
export function replyFromEnd(
  context: CommandContext,
  root: Handle,
  end: ListEnd,
  count: number,
): void {
  const { reply, structures } = context
  const { cursor, entry, reader } = structures.lists
  reply.array(count)
  if (end === 'head') return reader.replyRange(root, 0, count, reply)
  let isThere = reader.seekEnd(root, end, cursor)
  for (let left = count; left > 0 && isThere; left -= 1) {
    reader.read(cursor, entry)
    entry.replyTo(reply)
    isThere = reader.move(cursor, 'head')
  }
}

/** Takes `count` elements away at an end: the event, the end of an empty list, and WATCH. */
export function takeFromEnd(
  context: CommandContext,
  argument: number,
  root: Handle,
  { end, count }: { readonly end: ListEnd; readonly count: number },
): void {
  const { lists } = context.structures
  const size = lists.size(root)
  lists.deleteRange(root, end === 'head' ? 0 : size - count, count)
  context.notify('list', end === 'head' ? 'lpop' : 'rpop', argument)
  deleteIfEmpty(context, argument, root)
  context.modified(argument)
}

/** A list without elements is no key. */
export function deleteIfEmpty(context: CommandContext, argument: number, root: Handle): void {
  const { argv, database, structures } = context
  if (structures.lists.size(root) > 0) return
  database.delete(argv.bytes, argv.start(argument), argv.length(argument))
  context.notify('generic', 'del', argument)
}
