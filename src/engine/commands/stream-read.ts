import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { noGroupToRead, replyErrors } from '../protocol/reply-errors.ts'
import type { Streams } from '../structures/stream/stream.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import { refuse } from './refuse.ts'
import { findStream, nameAt, readId, replyWithFound, textAt } from './stream-access.ts'
import {
  deliverAgain,
  deliverNew,
  type GroupTarget,
  openConsumer,
  tellConsumer,
} from './stream-delivery.ts'
import { parseReadOptions, type ReadFrom, type ReadOptions } from './stream-read-options.ts'

/** Of a client that has waited and named no COUNT (t_stream.c, XREAD_BLOCKED_DEFAULT_COUNT). */
const BLOCKED_MAX = 1_000

/** Entries for one stream of the answer, among those found. */
interface Served {
  readonly keyAt: number
  readonly first: number
  readonly end: number
}

/**
 * XREAD [COUNT count] [BLOCK ms] STREAMS key [key ...] id [id ...];
 * XREADGROUP GROUP group consumer [COUNT count] [BLOCK ms] [NOACK] STREAMS key [key ...] id [id ...].
 */
export function xread(context: CommandContext, command: 'xread' | 'xreadgroup'): void {
  const { reply } = context
  const options = parseReadOptions(context, command)
  if (options === undefined) return
  const sources = readSources(context, options)
  if (sources === undefined) return
  const { found } = context.structures.streams.scratch
  found.clear()
  const served: Served[] = []
  for (const source of sources) {
    const first = found.count
    if (serveNow(context, options, source)) {
      served.push({ keyAt: source.keyAt, first, end: found.count })
    }
  }
  if (served.length > 0) return replyWithStreams(context, served)
  if (options.deadlineMs === undefined) return reply.nullArray()
  wait(context, options, sources, options.deadlineMs)
}

/** Undefined after an error, which is written. */
function readSources(
  context: CommandContext,
  options: ReadOptions,
): readonly ReadFrom[] | undefined {
  const { argv } = context
  const { streams } = context.structures
  const isGroup = options.groupAt > 0
  const sources: ReadFrom[] = []
  for (let index = 0; index < options.keyCount; index += 1) {
    const keyAt = options.firstKey + index
    const idAt = keyAt + options.keyCount
    const root = findStream(context, keyAt, isGroup ? 'readGroups' : 'read')
    if (root === WRONG_TYPE) return undefined
    if (isGroup && groupOf(context, streams, root, options) === NONE) {
      const text = noGroupToRead(textAt(context, keyAt), textAt(context, options.groupAt))
      return refuse(context, text)
    }
    const after = new StreamId()
    if (argv.is(idAt, '$')) {
      if (isGroup) return refuse(context, replyErrors.readGroupLast)
      if (root !== NONE) streams.readLastId(root, after)
    } else if (argv.is(idAt, '>')) {
      if (!isGroup) return refuse(context, replyErrors.readNew)
      after.setMax()
    } else if (!readId(context, idAt, after)) {
      return undefined
    }
    // For Redis, the last id of all is another word for `>`.
    sources.push({ keyAt, after: isGroup && after.isMax ? undefined : after })
  }
  return sources
}

/** Whether there is something to answer: then it is among those found. */
function serveNow(context: CommandContext, options: ReadOptions, source: ReadFrom): boolean {
  const { argv, database } = context
  const { streams } = context.structures
  const { keyAt, after } = source
  const record = database.find(argv.bytes, argv.start(keyAt), argv.length(keyAt))
  if (record === NONE) return false
  const root = database.root(record)
  if (options.groupAt > 0) return serveGroup(context, streams, root, { options, source })
  const hasMore =
    after !== undefined && streams.reader.last(root) && streams.reader.entry.id.compare(after) > 0
  if (hasMore) collectAfter(streams, root, after, options.max)
  return hasMore
}

function serveGroup(
  context: CommandContext,
  streams: Streams,
  root: Handle,
  { options, source }: { readonly options: ReadOptions; readonly source: ReadFrom },
): boolean {
  const { groups, reader, scratch } = streams
  const group = groupOf(context, streams, root, options)
  if (source.after === undefined) {
    groups.readLastId(group, scratch.from)
    if (!reader.last(root) || reader.entry.id.compare(scratch.from) <= 0) return false
  }
  deliver(context, { streams, root, group, keyAt: source.keyAt }, options, source.after)
  return true
}

/** To the consumer that the command names: new entries, or what it has got after an id. */
function deliver(
  context: CommandContext,
  stream: Omit<GroupTarget, 'groupAt'>,
  options: ReadOptions,
  after: StreamId | undefined,
): void {
  const { groupAt, noAck, max } = options
  const target = { ...stream, groupAt }
  const { consumer, isNew } = openConsumer(context, target, groupAt + 1)
  if (isNew && noAck) tellConsumer(context, target, groupAt + 1)
  if (after === undefined) return deliverNew(context, target, { consumer, max, noAck })
  const { from } = stream.streams.scratch
  from.set(after)
  from.increment()
  deliverAgain(context, target, { consumer, max, noAck })
}

function collectAfter(streams: Streams, root: Handle, after: StreamId, max: number): void {
  const { from, to, found } = streams.scratch
  from.set(after)
  from.increment()
  to.setMax()
  streams.reader.collect(root, { from, to }, max, found)
}

function replyWithStreams(context: CommandContext, served: readonly Served[]): void {
  const { argv, reply } = context
  const { streams } = context.structures
  const isMap = reply.protocol === 3
  if (isMap) reply.map(served.length)
  else reply.array(served.length)
  for (const { keyAt, first, end } of served) {
    if (!isMap) reply.array(2)
    reply.bulk(argv.bytes, argv.start(keyAt), argv.length(keyAt))
    reply.array(end - first)
    replyWithFound(context, streams, first, end)
  }
}

function wait(
  context: CommandContext,
  options: ReadOptions,
  sources: readonly ReadFrom[],
  deadlineMs: number,
): void {
  const max = options.max === Number.POSITIVE_INFINITY ? BLOCKED_MAX : options.max
  const waiting = { ...options, max }
  const keys = sources.map(({ keyAt }) => keyAt)
  context.block({
    keys,
    deadlineMs,
    type: 'stream',
    serve: (served, argument) => {
      const source = sources.find(({ keyAt }) => keyAt === argument)
      return source !== undefined && serveLater(served, waiting, source)
    },
    ...(options.groupAt > 0 ? { lost: answerLost } : {}),
  })
}

/** The stream of a client that waits has got something, or lost a group. */
function serveLater(context: CommandContext, options: ReadOptions, source: ReadFrom): boolean {
  const { argv, database, reply } = context
  const { streams } = context.structures
  const { keyAt, after } = source
  const { from, found, id } = streams.scratch
  const record = database.peek(argv.bytes, argv.start(keyAt), argv.length(keyAt))
  const root = database.root(record)
  const isGroup = options.groupAt > 0
  if (isGroup) database.preserve(record)
  const group = isGroup ? groupOf(context, streams, root, options) : NONE
  if (isGroup && group === NONE) {
    reply.error(replyErrors.readGroupGone)
    return true
  }
  if (isGroup) streams.groups.readLastId(group, from)
  else if (after !== undefined) from.set(after)
  streams.readLastId(root, id)
  if (id.compare(from) <= 0) return false
  found.clear()
  if (isGroup) deliver(context, { streams, root, group, keyAt }, options, undefined)
  else if (after !== undefined) collectAfter(streams, root, after, options.max)
  replyWithStreams(context, [{ keyAt, first: 0, end: found.count }])
  return true
}

function answerLost({ reply }: CommandContext): boolean {
  reply.error(replyErrors.readStreamGone)
  return true
}

function groupOf(
  context: CommandContext,
  streams: Streams,
  root: Handle,
  { groupAt }: ReadOptions,
): Handle {
  return root === NONE ? NONE : streams.groups.find(root, nameAt(context, groupAt))
}
