import { int64Argument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { noGroupOfKey, replyErrors, subcommandSyntax } from '../protocol/reply-errors.ts'
import type { Int64 } from '../structures/int64.ts'
import { ENTRIES_UNKNOWN, type NameBytes } from '../structures/stream/stream-groups.ts'
import {
  findStream,
  nameAt,
  replyWithEntry,
  replyWithFound,
  replyWithId,
  textAt,
} from './stream-access.ts'

/** Entries of a stream, and pending ones of each group and consumer, that FULL shows unless told otherwise. */
const FULL_COUNT_USUAL = 10

/** XINFO STREAM key [FULL [COUNT count]]. */
export function xinfoStream(context: CommandContext): void {
  const { argv, reply } = context
  // Redis looks for the key first.
  const root = findToTell(context)
  if (root === NONE) return
  if (argv.count === 3) {
    reply.map(10)
    replyWithFacts(context, root)
    return replyWithEdges(context, root)
  }
  const isFull = (argv.count === 4 || argv.count === 6) && argv.is(3, 'FULL')
  if (!isFull || (argv.count === 6 && !argv.is(4, 'COUNT'))) {
    return reply.error(subcommandSyntax('XINFO', argv.latin1(1)))
  }
  const given = argv.count === 6 ? int64Argument(argv, 5) : FULL_COUNT_USUAL
  if (given === undefined) return reply.error(replyErrors.notInteger)
  const count = given < 0 ? FULL_COUNT_USUAL : Number(given)
  reply.map(9)
  replyWithFacts(context, root)
  replyWithAll(context, root, count === 0 ? Number.POSITIVE_INFINITY : count)
}

/** XINFO GROUPS key. */
export function xinfoGroups(context: CommandContext): void {
  const { reply } = context
  const { streams } = context.structures
  const { groups, trees } = streams
  const root = findToTell(context)
  if (root === NONE) return
  const count = groups.count(root)
  reply.array(count)
  for (let index = 0; index < count; index += 1) {
    const group = groups.at(root, index)
    reply.map(6)
    replyWithName(context, groups.groupName(group))
    tellNumber(context, 'consumers', groups.consumerCount(group))
    tellNumber(context, 'pending', trees.size(groups.pending(group)))
    replyWithProgress(context, root, group)
  }
}

/** XINFO CONSUMERS key group. */
export function xinfoConsumers(context: CommandContext): void {
  const { nowMs, reply } = context
  const { groups, trees } = context.structures.streams
  const root = findToTell(context)
  if (root === NONE) return
  const group = groups.find(root, nameAt(context, 3))
  if (group === NONE) {
    return reply.error(noGroupOfKey(textAt(context, 2), textAt(context, 3)))
  }
  const count = groups.consumerCount(group)
  reply.array(count)
  for (let index = 0; index < count; index += 1) {
    const consumer = groups.consumerAtIndex(group, index)
    reply.map(3)
    replyWithName(context, groups.consumerName(consumer))
    tellNumber(context, 'pending', trees.size(groups.pendingOf(consumer)))
    tellNumber(context, 'idle', Math.max(0, nowMs - groups.seenMs(consumer)))
  }
}

/** NONE after an error, which is written. */
function findToTell(context: CommandContext): Handle {
  const root = findStream(context, 2, 'read')
  if (root === WRONG_TYPE) return NONE
  if (root === NONE) context.reply.error(replyErrors.noSuchKey)
  return root
}

/** Seven pairs. */
function replyWithFacts(context: CommandContext, root: Handle): void {
  const { reply } = context
  const { streams } = context.structures
  const { id } = streams.scratch
  tellNumber(context, 'length', streams.length(root))
  tellNumber(context, 'radix-tree-keys', streams.nodeCount(root))
  tellNumber(context, 'radix-tree-nodes', streams.radixNodes(root))
  reply.text('last-generated-id')
  streams.readLastId(root, id)
  replyWithId(context, streams, id)
  reply.text('max-deleted-entry-id')
  streams.readMaxDeletedId(root, id)
  replyWithId(context, streams, id)
  tellNumber(context, 'entries-added', streams.entriesAdded(root))
  reply.text('recorded-first-entry-id')
  streams.readFirstId(root, id)
  replyWithId(context, streams, id)
}

/** How many groups, and the first and the last entry: three pairs. */
function replyWithEdges(context: CommandContext, root: Handle): void {
  const { reply } = context
  const { streams } = context.structures
  tellNumber(context, 'groups', streams.groups.count(root))
  reply.text('first-entry')
  if (streams.reader.first(root)) replyWithEntry(context, streams)
  else reply.null()
  reply.text('last-entry')
  if (streams.reader.last(root)) replyWithEntry(context, streams)
  else reply.null()
}

/** Entries and groups: two pairs. */
function replyWithAll(context: CommandContext, root: Handle, count: number): void {
  const { reply } = context
  const { streams } = context.structures
  const { groups } = streams
  const { from, to, found } = streams.scratch
  from.setZero()
  to.setMax()
  found.clear()
  streams.reader.collect(root, { from, to }, count, found)
  reply.text('entries')
  reply.array(found.count)
  replyWithFound(context, streams, 0, found.count)
  reply.text('groups')
  reply.array(groups.count(root))
  for (let index = 0; index < groups.count(root); index += 1) {
    replyWithGroup(context, root, groups.at(root, index), count)
  }
}

function replyWithGroup(context: CommandContext, root: Handle, group: Handle, count: number): void {
  const { reply } = context
  const { groups, trees } = context.structures.streams
  reply.map(7)
  replyWithName(context, groups.groupName(group))
  replyWithProgress(context, root, group)
  tellNumber(context, 'pel-count', trees.size(groups.pending(group)))
  replyWithPending(context, groups.pending(group), count, true)
  const consumers = groups.consumerCount(group)
  reply.text('consumers')
  reply.array(consumers)
  for (let index = 0; index < consumers; index += 1) {
    const consumer = groups.consumerAtIndex(group, index)
    const pending = groups.pendingOf(consumer)
    reply.map(4)
    replyWithName(context, groups.consumerName(consumer))
    tellNumber(context, 'seen-time', groups.seenMs(consumer))
    tellNumber(context, 'pel-count', trees.size(pending))
    replyWithPending(context, pending, count, false)
  }
}

function replyWithPending(
  context: CommandContext,
  pending: Handle,
  max: number,
  namesConsumer: boolean,
): void {
  const { reply } = context
  const { streams } = context.structures
  const { groups, trees } = streams
  const { id } = streams.scratch
  const count = Math.min(max, trees.size(pending))
  reply.text('pending')
  reply.array(count)
  const place = { leaf: NONE, index: 0 }
  trees.seekFirst(pending, place)
  for (let index = 0; index < count; index += 1) {
    const delivery = trees.valueAt(place)
    trees.idAt(place, id)
    reply.array(namesConsumer ? 4 : 3)
    replyWithId(context, streams, id)
    if (namesConsumer) {
      const { bytes, start, length } = groups.consumerName(groups.consumerOf(delivery))
      reply.bulk(bytes, start, length)
    }
    reply.integer(groups.deliveredMs(delivery))
    reply.integer(groups.deliveryCount(delivery))
    trees.moveNext(place)
  }
}

/** Three pairs. */
function replyWithProgress(context: CommandContext, root: Handle, group: Handle): void {
  const { reply } = context
  const { streams } = context.structures
  const { groups, progress } = streams
  const { id } = streams.scratch
  reply.text('last-delivered-id')
  groups.readLastId(group, id)
  replyWithId(context, streams, id)
  const entriesRead = groups.entriesRead(group)
  tellNumber(context, 'entries-read', entriesRead === ENTRIES_UNKNOWN ? undefined : entriesRead)
  tellNumber(context, 'lag', progress.lag(root, group))
}

function replyWithName({ reply }: CommandContext, { bytes, start, length }: NameBytes): void {
  reply.text('name')
  reply.bulk(bytes, start, length)
}

function tellNumber({ reply }: CommandContext, name: string, value: Int64 | undefined): void {
  reply.text(name)
  if (value === undefined) reply.null()
  else reply.integer(value)
}
