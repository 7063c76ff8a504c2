import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { countedKeys, keyAt, keyRange } from '../execution/key-spec.ts'
import { NONE } from '../memory/slab.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ListEnd } from '../structures/quicklist-reader.ts'
import { createList, deleteIfEmpty, findList } from './list-access.ts'
import { blmove, brpoplpush, lmove, rpoplpush } from './list-move.ts'
import { blmpop, blockingPop, lmpop, pop } from './list-pop.ts'
import { linsert, lpos, lrem } from './list-search.ts'

/** What a move does to its two keys. */
const MOVE_KEYS = [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')] as const

export const listCommands: readonly CommandSpec[] = [
  {
    name: 'lpush',
    group: 'list',
    since: '1.0.0',
    summary: 'Prepend one or multiple elements to a list',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: (context) => push(context, 'head'),
  },
  {
    name: 'rpush',
    group: 'list',
    since: '1.0.0',
    summary: 'Append one or multiple elements to a list',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: (context) => push(context, 'tail'),
  },
  {
    name: 'lpushx',
    group: 'list',
    since: '2.2.0',
    summary: 'Prepend an element to a list, only if the list exists',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: (context) => pushx(context, 'head'),
  },
  {
    name: 'rpushx',
    group: 'list',
    since: '2.2.0',
    summary: 'Append an element to a list, only if the list exists',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: (context) => pushx(context, 'tail'),
  },
  {
    name: 'lpop',
    group: 'list',
    since: '1.0.0',
    summary: 'Remove and get the first elements in a list',
    arity: -2,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'delete')],
    run: (context) => pop(context, 'head'),
  },
  {
    name: 'rpop',
    group: 'list',
    since: '1.0.0',
    summary: 'Remove and get the last elements in a list',
    arity: -2,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'delete')],
    run: (context) => pop(context, 'tail'),
  },
  {
    name: 'llen',
    group: 'list',
    since: '1.0.0',
    summary: 'Get the length of a list',
    arity: 2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: llen,
  },
  {
    name: 'lindex',
    group: 'list',
    since: '1.0.0',
    summary: 'Get an element from a list by its index',
    arity: 3,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: lindex,
  },
  {
    name: 'lset',
    group: 'list',
    since: '1.0.0',
    summary: 'Set the value of an element in a list by its index',
    arity: 4,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: lset,
  },
  {
    name: 'linsert',
    group: 'list',
    since: '2.2.0',
    summary: 'Insert an element before or after another element in a list',
    arity: 5,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: linsert,
  },
  {
    name: 'lrem',
    group: 'list',
    since: '1.0.0',
    summary: 'Remove elements from a list',
    arity: 4,
    flags: ['write'],
    keySpecs: [keyAt(1, 'RW', 'delete')],
    run: lrem,
  },
  {
    name: 'ltrim',
    group: 'list',
    since: '1.0.0',
    summary: 'Trim a list to the specified range',
    arity: 4,
    flags: ['write'],
    keySpecs: [keyAt(1, 'RW', 'delete')],
    run: ltrim,
  },
  {
    name: 'lrange',
    group: 'list',
    since: '1.0.0',
    summary: 'Get a range of elements from a list',
    arity: 4,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: lrange,
  },
  {
    name: 'lpos',
    group: 'list',
    since: '6.0.6',
    summary: 'Return the index of matching elements on a list',
    arity: -3,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: lpos,
  },
  {
    name: 'lmove',
    group: 'list',
    since: '6.2.0',
    summary: 'Pop an element from a list, push it to another list and return it',
    arity: 5,
    flags: ['write', 'denyoom'],
    keySpecs: MOVE_KEYS,
    run: lmove,
  },
  {
    name: 'rpoplpush',
    group: 'list',
    since: '1.2.0',
    summary: 'Remove the last element in a list, prepend it to another list and return it',
    arity: 3,
    flags: ['write', 'denyoom'],
    keySpecs: MOVE_KEYS,
    run: rpoplpush,
  },
  {
    name: 'lmpop',
    group: 'list',
    since: '7.0.0',
    summary: 'Pop elements from a list',
    arity: -4,
    flags: ['write'],
    keySpecs: [countedKeys(1, 'RW', 'access', 'delete')],
    run: lmpop,
  },
  {
    name: 'blpop',
    group: 'list',
    since: '2.0.0',
    summary: 'Remove and get the first element in a list, or block until one is available',
    arity: -3,
    flags: ['write', 'noscript', 'blocking'],
    keySpecs: [keyRange(1, { last: -2 }, 'RW', 'access', 'delete')],
    run: (context) => blockingPop(context, 'head'),
  },
  {
    name: 'brpop',
    group: 'list',
    since: '2.0.0',
    summary: 'Remove and get the last element in a list, or block until one is available',
    arity: -3,
    flags: ['write', 'noscript', 'blocking'],
    keySpecs: [keyRange(1, { last: -2 }, 'RW', 'access', 'delete')],
    run: (context) => blockingPop(context, 'tail'),
  },
  {
    name: 'blmove',
    group: 'list',
    since: '6.2.0',
    summary:
      'Pop an element from a list, push it to another list and return it; or block until one is available',
    arity: 6,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    keySpecs: MOVE_KEYS,
    run: blmove,
  },
  {
    name: 'brpoplpush',
    group: 'list',
    since: '2.2.0',
    summary:
      'Pop an element from a list, push it to another list and return it; or block until one is available',
    arity: 4,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    keySpecs: MOVE_KEYS,
    run: brpoplpush,
  },
  {
    name: 'blmpop',
    group: 'list',
    since: '7.0.0',
    summary: 'Pop elements from a list, or block until one is available',
    arity: -5,
    flags: ['write', 'blocking'],
    keySpecs: [countedKeys(2, 'RW', 'access', 'delete')],
    run: blmpop,
  },
]

function push(context: CommandContext, end: ListEnd): void {
  const root = findList(context, 1, 'write')
  if (root === WRONG_TYPE) return
  pushAll(context, root === NONE ? createList(context, 1) : root, end)
}

/** Only to a list that is there. */
function pushx(context: CommandContext, end: ListEnd): void {
  const root = findList(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return context.reply.integer(0)
  pushAll(context, root, end)
}

function pushAll(context: CommandContext, root: number, end: ListEnd): void {
  const { argv, structures } = context
  const { lists } = structures
  for (let index = 2; index < argv.count; index += 1) {
    lists.push(root, end, argv.bytes, argv.start(index), argv.length(index))
  }
  context.reply.integer(lists.size(root))
  context.modified(1)
  context.notify('list', end === 'head' ? 'lpush' : 'rpush', 1)
  context.changed()
}

function llen(context: CommandContext): void {
  const root = findList(context, 1, 'read')
  if (root === WRONG_TYPE) return
  context.reply.integer(root === NONE ? 0 : context.structures.lists.size(root))
}

function lindex(context: CommandContext): void {
  const { argv, reply, structures } = context
  const { lists } = structures
  const root = findList(context, 1, 'read')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.null()
  const index = integerArgument(argv, 2)
  if (Number.isNaN(index)) return reply.error(replyErrors.notInteger)
  if (!lists.reader.seek(root, index, lists.cursor)) return reply.null()
  lists.reader.read(lists.cursor, lists.entry)
  lists.entry.replyTo(reply)
}

function lset(context: CommandContext): void {
  const { argv, reply, structures } = context
  const { lists } = structures
  const root = findList(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.error(replyErrors.noSuchKey)
  const index = integerArgument(argv, 2)
  if (Number.isNaN(index)) return reply.error(replyErrors.notInteger)
  if (!lists.reader.seek(root, index, lists.cursor)) return reply.error(replyErrors.indexOutOfRange)
  lists.replace(root, lists.cursor, argv.bytes, argv.start(3), argv.length(3))
  reply.simple('OK')
  context.modified(1)
  context.notify('list', 'lset', 1)
  context.changed()
}

function lrange(context: CommandContext): void {
  const { argv, reply, structures } = context
  const { lists } = structures
  const from = integerArgument(argv, 2)
  const to = integerArgument(argv, 3)
  if (Number.isNaN(from) || Number.isNaN(to)) return reply.error(replyErrors.notInteger)
  const root = findList(context, 1, 'read')
  if (root === WRONG_TYPE) return
  const size = root === NONE ? 0 : lists.size(root)
  const first = Math.max(0, from < 0 ? size + from : from)
  const last = Math.min(size - 1, to < 0 ? size + to : to)
  if (first > last) return reply.array(0)
  reply.array(last - first + 1)
  lists.reader.replyRange(root, first, last - first + 1, reply)
}

function ltrim(context: CommandContext): void {
  const { argv, reply, structures } = context
  const { lists } = structures
  const from = integerArgument(argv, 2)
  const to = integerArgument(argv, 3)
  if (Number.isNaN(from) || Number.isNaN(to)) return reply.error(replyErrors.notInteger)
  const root = findList(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.simple('OK')
  const size = lists.size(root)
  const first = Math.max(0, from < 0 ? size + from : from)
  const last = Math.min(size - 1, to < 0 ? size + to : to)
  const kept = Math.max(0, last - first + 1)
  if (kept === 0) lists.deleteRange(root, 0, size)
  else {
    lists.deleteRange(root, last + 1, size - last - 1)
    lists.deleteRange(root, 0, first)
  }
  context.notify('list', 'ltrim', 1)
  deleteIfEmpty(context, 1, root)
  context.modified(1)
  if (kept < size) context.changed()
  reply.simple('OK')
}
