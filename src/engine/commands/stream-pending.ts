import { int64Argument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { noGroup, replyErrors } from '../protocol/reply-errors.ts'
import { refuse } from './refuse.ts'
import {
  findStream,
  nameAt,
  readRangeEnd,
  readRangeStart,
  replyWithId,
  textAt,
} from './stream-access.ts'

const ARGUMENTS_OF_SUMMARY = 3

interface PendingOptions {
  /** Only those that were delivered so long ago; 0: all. */
  readonly idleMs: number
  readonly count: number
  /** Where a consumer's name stands, or 0. */
  readonly consumerAt: number
}

/** XPENDING key group [[IDLE ms] start end count [consumer]]. */
export function xpending(context: CommandContext): void {
  const { argv, reply, structures } = context
  const { groups } = structures.streams
  const isSummary = argv.count === ARGUMENTS_OF_SUMMARY
  const options = isSummary ? undefined : parsePendingOptions(context)
  if (!isSummary && options === undefined) return
  const root = findStream(context, 1, 'read')
  if (root === WRONG_TYPE) return
  const group = root === NONE ? NONE : groups.find(root, nameAt(context, 2))
  if (group === NONE) {
    reply.error(noGroup(textAt(context, 1), textAt(context, 2)))
  } else if (options === undefined) {
    replyWithSummary(context, group)
  } else {
    replyWithPending(context, group, options)
  }
}

/** The range is in `scratch`; undefined after an error, which is written. */
function parsePendingOptions(context: CommandContext): PendingOptions | undefined {
  const { argv } = context
  const { from, to } = context.structures.streams.scratch
  if (argv.count < 6 || argv.count > 9) return refuse(context, replyErrors.syntax)
  const hasIdle = argv.is(3, 'IDLE')
  const idleMs = hasIdle ? int64Argument(argv, 4) : 0
  if (idleMs === undefined) return refuse(context, replyErrors.notInteger)
  if (hasIdle && argv.count < 8) return refuse(context, replyErrors.syntax)
  const startAt = hasIdle ? 5 : 3
  const count = int64Argument(argv, startAt + 2)
  if (count === undefined) return refuse(context, replyErrors.notInteger)
  if (!readRangeStart(context, startAt, from)) return undefined
  if (!readRangeEnd(context, startAt + 1, to)) return undefined
  const consumerAt = startAt + 3 < argv.count ? startAt + 3 : 0
  return { idleMs: Number(idleMs), count: Number(count), consumerAt }
}

/** How many, the first and the last id, and how many of each consumer that has some. */
function replyWithSummary(context: CommandContext, group: Handle): void {
  const { reply } = context
  const { streams } = context.structures
  const { groups, trees } = streams
  const { id } = streams.scratch
  const pending = groups.pending(group)
  reply.array(4)
  reply.integer(trees.size(pending))
  const place = { leaf: NONE, index: 0 }
  if (!trees.seekFirst(pending, place)) {
    reply.null()
    reply.null()
    return reply.nullArray()
  }
  trees.idAt(place, id)
  replyWithId(context, streams, id)
  trees.seekLast(pending, place)
  trees.idAt(place, id)
  replyWithId(context, streams, id)
  let busy = 0
  const count = groups.consumerCount(group)
  for (let index = 0; index < count; index += 1) {
    if (trees.size(groups.pendingOf(groups.consumerAtIndex(group, index))) > 0) busy += 1
  }
  reply.array(busy)
  for (let index = 0; index < count; index += 1) {
    const consumer = groups.consumerAtIndex(group, index)
    const size = trees.size(groups.pendingOf(consumer))
    if (size === 0) continue
    const { bytes, start, length } = groups.consumerName(consumer)
    reply.array(2)
    reply.bulk(bytes, start, length)
    reply.text(String(size))
  }
}

/** Each with its consumer, the time since its last delivery, and how many there were. */
function replyWithPending(context: CommandContext, group: Handle, options: PendingOptions): void {
  const { nowMs, reply } = context
  const { streams } = context.structures
  const { groups, trees } = streams
  const { found, id } = streams.scratch
  let pending = groups.pending(group)
  if (options.consumerAt > 0) {
    const consumer = groups.findConsumer(group, nameAt(context, options.consumerAt))
    if (consumer === NONE) return reply.array(0)
    pending = groups.pendingOf(consumer)
  }
  collectPending(context, pending, options)
  reply.array(found.count)
  for (let index = 0; index < found.count; index += 1) {
    const place = { leaf: found.node(index), index: found.place(index) }
    const delivery = trees.valueAt(place)
    trees.idAt(place, id)
    reply.array(4)
    replyWithId(context, streams, id)
    const { bytes, start, length } = groups.consumerName(groups.consumerOf(delivery))
    reply.bulk(bytes, start, length)
    reply.integer(Math.max(0, nowMs - groups.deliveredMs(delivery)))
    reply.integer(groups.deliveryCount(delivery))
  }
}

function collectPending(
  { nowMs, structures }: CommandContext,
  pending: Handle,
  { idleMs, count }: PendingOptions,
): void {
  const { groups, trees, scratch } = structures.streams
  const { from, to, found, id } = scratch
  found.clear()
  const place = { leaf: NONE, index: 0 }
  let isThere = count > 0 && trees.seekCeiling(pending, from, place)
  for (; isThere && found.count < count; isThere = trees.moveNext(place)) {
    trees.idAt(place, id)
    if (id.compare(to) > 0) return
    const idle = nowMs - groups.deliveredMs(trees.valueAt(place))
    if (idleMs === 0 || idle >= idleMs) found.push(place.leaf, place.index)
  }
}
