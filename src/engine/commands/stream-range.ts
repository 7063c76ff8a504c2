import { int64Argument, integerArgument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { NONE } from '../memory/slab.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { Int64 } from '../structures/int64.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import { refuse } from './refuse.ts'
import {
  findStream,
  readId,
  readIds,
  readRangeEnd,
  readRangeStart,
  replyWithFound,
} from './stream-access.ts'

export function xlen(context: CommandContext): void {
  const { reply, structures } = context
  const root = findStream(context, 1, 'read')
  if (root === WRONG_TYPE) return
  reply.integer(root === NONE ? 0 : structures.streams.length(root))
}

/** XRANGE key start end [COUNT count]; XREVRANGE has the end first. */
export function xrange(context: CommandContext, direction: 'forward' | 'backward'): void {
  const { reply } = context
  const { streams } = context.structures
  const { from, to, found } = streams.scratch
  const isForward = direction === 'forward'
  if (!readRangeStart(context, isForward ? 2 : 3, from)) return
  if (!readRangeEnd(context, isForward ? 3 : 2, to)) return
  const count = readCount(context, 4)
  if (count === undefined) return
  const root = findStream(context, 1, 'read')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.array(0)
  if (count === 0) return reply.nullArray()
  found.clear()
  if (isForward) streams.reader.collect(root, { from, to }, count, found)
  else streams.reader.collectBackward(root, { from, to }, count, found)
  reply.array(found.count)
  replyWithFound(context, streams, 0, found.count)
}

/** XDEL key id [id ...]. */
export function xdel(context: CommandContext): void {
  const { reply } = context
  const { streams } = context.structures
  const root = findStream(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.integer(0)
  const ids = readIds(context, 2)
  if (ids === undefined) return
  let deleted = 0
  for (const id of ids) {
    if (streams.delete(root, id)) deleted += 1
  }
  if (deleted > 0) {
    streams.settle(root)
    context.signal(1, 'stream', 'xdel')
    context.changed()
  }
  reply.integer(deleted)
}

/** XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]. */
export function xsetid(context: CommandContext): void {
  const { reply } = context
  const { streams } = context.structures
  const { id } = streams.scratch
  if (!readId(context, 2, id)) return
  const options = parseSetIdOptions(context, id)
  if (options === undefined) return
  const { entriesAdded, maxDeleted } = options
  const root = findStream(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.error(replyErrors.noSuchKey)
  const length = streams.length(root)
  if (length > 0) {
    if (streams.reader.last(root) && id.compare(streams.reader.entry.id) < 0) {
      return reply.error(replyErrors.setIdSmall)
    }
    if (entriesAdded !== undefined && length > entriesAdded) {
      return reply.error(replyErrors.setIdEntriesAddedSmall)
    }
  }
  streams.setLastId(root, id)
  if (entriesAdded !== undefined) streams.setEntriesAdded(root, entriesAdded)
  if (!maxDeleted.isZero) streams.setMaxDeletedId(root, maxDeleted)
  context.notify('stream', 'xsetid', 1)
  context.changed()
  reply.simple('OK')
}

interface SetIdOptions {
  readonly entriesAdded: Int64 | undefined
  /** 0-0: as it is. */
  readonly maxDeleted: StreamId
}

/** Undefined after an error, which is written. */
function parseSetIdOptions(context: CommandContext, id: StreamId): SetIdOptions | undefined {
  const { argv } = context
  const maxDeleted = new StreamId()
  let entriesAdded: Int64 | undefined
  for (let index = 3; index < argv.count; index += 2) {
    const hasMore = index + 1 < argv.count
    if (hasMore && argv.is(index, 'ENTRIESADDED')) {
      entriesAdded = int64Argument(argv, index + 1)
      if (entriesAdded === undefined) return refuse(context, replyErrors.notInteger)
      if (entriesAdded < 0) return refuse(context, replyErrors.setIdEntriesAdded)
    } else if (hasMore && argv.is(index, 'MAXDELETEDID')) {
      if (!readId(context, index + 1, maxDeleted)) return undefined
      if (id.compare(maxDeleted) < 0) return refuse(context, replyErrors.setIdMaxDeleted)
    } else {
      return refuse(context, replyErrors.syntax)
    }
  }
  return { entriesAdded, maxDeleted }
}

/** COUNT, of which the last one counts; no limit without it. Undefined after an error, which is written. */
function readCount(context: CommandContext, first: number): number | undefined {
  const { argv } = context
  let count = Number.POSITIVE_INFINITY
  for (let index = first; index < argv.count; index += 2) {
    if (index + 1 >= argv.count || !argv.is(index, 'COUNT')) {
      return refuse(context, replyErrors.syntax)
    }
    const given = integerArgument(argv, index + 1)
    if (Number.isNaN(given)) return refuse(context, replyErrors.notInteger)
    count = Math.max(0, given)
  }
  return count
}
