import { integerArgument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ListEnd } from '../structures/quicklist-reader.ts'
import { deleteIfEmpty, findList } from './list-access.ts'
import { refuse } from './refuse.ts'

/** LINSERT key BEFORE|AFTER pivot element. */
export function linsert(context: CommandContext): void {
  const { argv, reply, structures } = context
  const { lists } = structures
  const isAfter = argv.is(2, 'AFTER')
  if (!isAfter && !argv.is(2, 'BEFORE')) return reply.error(replyErrors.syntax)
  const root = findList(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.integer(0)
  const { cursor } = lists
  let isThere = lists.reader.seekEnd(root, 'head', cursor)
  while (isThere && !lists.reader.equals(cursor, argv.bytes, argv.start(3), argv.length(3))) {
    isThere = lists.reader.move(cursor, 'tail')
  }
  if (!isThere) return reply.integer(-1)
  lists.insert(root, cursor, isAfter, argv.bytes, argv.start(4), argv.length(4))
  context.modified(1)
  context.notify('list', 'linsert', 1)
  context.changed()
  reply.integer(lists.size(root))
}

/** LREM key count element: from the tail when the count is negative, all when it is 0. */
export function lrem(context: CommandContext): void {
  const { argv, reply } = context
  const count = integerArgument(argv, 2)
  if (Number.isNaN(count)) return reply.error(replyErrors.notInteger)
  const root = findList(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.integer(0)
  const most = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count)
  const removed = removeEqual(context, root, most, count < 0 ? 'head' : 'tail')
  if (removed > 0) {
    context.modified(1)
    context.notify('list', 'lrem', 1)
    context.changed()
  }
  deleteIfEmpty(context, 1, root)
  reply.integer(removed)
}

/** Up to `most` elements that are the third argument; gives how many there were. */
function removeEqual(
  { argv, structures }: CommandContext,
  root: Handle,
  most: number,
  towards: ListEnd,
): number {
  const { lists } = structures
  const { cursor } = lists
  const start = argv.start(3)
  const length = argv.length(3)
  let removed = 0
  let isThere = lists.reader.seekEnd(root, towards === 'tail' ? 'head' : 'tail', cursor)
  while (isThere && removed < most) {
    const isEqual = lists.reader.equals(cursor, argv.bytes, start, length)
    if (isEqual) removed += 1
    isThere = isEqual ? lists.deleteAt(root, cursor, towards) : lists.reader.move(cursor, towards)
  }
  lists.nodes.settle(root)
  return removed
}

interface PositionOptions {
  /** Negative: counted from the tail. */
  readonly rank: number
  /** Undefined: one position instead of an array. 0: all. */
  readonly count: number | undefined
  /** 0: all elements are looked at. */
  readonly maxlen: number
}

/** LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]. */
export function lpos(context: CommandContext): void {
  const { reply } = context
  const options = parsePositionOptions(context)
  if (options === undefined) return
  const root = findList(context, 1, 'read')
  if (root === WRONG_TYPE) return
  const { count } = options
  if (root === NONE) return count === undefined ? reply.null() : reply.array(0)
  const positions = positionsOf(context, root, options)
  if (count !== undefined) {
    reply.array(positions.length)
    for (const position of positions) reply.integer(position)
    return
  }
  const [position] = positions
  if (position === undefined) reply.null()
  else reply.integer(position)
}

function positionsOf(
  { argv, structures }: CommandContext,
  root: Handle,
  { rank, count, maxlen }: PositionOptions,
): readonly number[] {
  const { lists } = structures
  const { cursor } = lists
  const towards = rank < 0 ? 'head' : 'tail'
  const size = lists.size(root)
  const looks = maxlen === 0 ? size : Math.min(maxlen, size)
  const most = count === 0 ? Number.POSITIVE_INFINITY : (count ?? 1)
  const start = argv.start(2)
  const length = argv.length(2)
  const positions: number[] = []
  let passedOver = Math.abs(rank) - 1
  lists.reader.seekEnd(root, rank < 0 ? 'tail' : 'head', cursor)
  for (let index = 0; index < looks && positions.length < most; index += 1) {
    if (lists.reader.equals(cursor, argv.bytes, start, length)) {
      if (passedOver === 0) positions.push(rank < 0 ? size - index - 1 : index)
      else passedOver -= 1
    }
    lists.reader.move(cursor, towards)
  }
  return positions
}

/** Undefined after an error, which has been written. */
function parsePositionOptions(context: CommandContext): PositionOptions | undefined {
  const { argv } = context
  let rank = 1
  let count: number | undefined
  let maxlen = 0
  for (let index = 3; index < argv.count; index += 2) {
    const hasValue = index + 1 < argv.count
    const value = hasValue ? integerArgument(argv, index + 1) : Number.NaN
    if (hasValue && argv.is(index, 'RANK')) {
      if (Number.isNaN(value)) return refuse(context, replyErrors.notInteger)
      if (value === 0) return refuse(context, replyErrors.rankZero)
      rank = value
    } else if (hasValue && argv.is(index, 'COUNT')) {
      if (!(value >= 0)) return refuse(context, replyErrors.countNegative)
      count = value
    } else if (hasValue && argv.is(index, 'MAXLEN')) {
      if (!(value >= 0)) return refuse(context, replyErrors.maxlenNegative)
      maxlen = value
    } else {
      return refuse(context, replyErrors.syntax)
    }
  }
  return { rank, count, maxlen }
}
