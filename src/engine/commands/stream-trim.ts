import { integerArgument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ParsedId } from '../structures/stream/parse-stream-id.ts'
import type { Streams } from '../structures/stream/stream.ts'
import type { StreamId } from '../structures/stream/stream-id.ts'
import type { Trimming } from '../structures/stream/stream-trimmer.ts'
import { ADD_FORMS, findStream, parseId, readId } from './stream-access.ts'

/** Nodes that an approximate trimming looks at unless LIMIT tells otherwise, as entries of full nodes. */
const NODES_TRIMMED_MAX = 100
const LIMIT_WITHOUT_NODES = 10_000
const LIMIT_MAX = 1_000_000

/** What XADD and XTRIM take away is in `scratch.trimming`; this is what else they are told. */
export interface TrimOptions {
  /** The argument that tells how much; 0: none does. */
  readonly thresholdAt: number
}

export interface AddOptions extends TrimOptions {
  readonly idAt: number
  readonly idForm: ParsedId | 'auto'
  /** NOMKSTREAM. */
  readonly needsStream: boolean
}

/** XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count]. */
export function xtrim(context: CommandContext): void {
  const { reply } = context
  const { streams } = context.structures
  const options = parse(context, undefined)
  if (options === undefined) return
  const root = findStream(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.integer(0)
  const { trimming } = streams.scratch
  const deleted = streams.trim(root, trimming)
  if (deleted > 0) {
    context.notify('stream', 'xtrim', 1)
    if (!trimming.isApproximate) context.changed()
    else if (context.isPropagating) context.changedAs(...trimmedAs(context, streams, root, options))
    else context.changedAs()
    context.modified(1)
  }
  reply.integer(deleted)
}

/** Options of XADD; the id is read. Undefined after an error, which is written. */
export function parseAddOptions(context: CommandContext, id: StreamId): AddOptions | undefined {
  return parse(context, id)
}

/**
 * The command with what it came to: trimmed to what is left, for whether whole nodes go depends on what came before
 * (t_stream.c, streamRewriteTrimArgument).
 */
export function trimmedAs(
  { argv }: CommandContext,
  streams: Streams,
  root: Handle,
  { thresholdAt }: TrimOptions,
): (string | number | Uint8Array)[] {
  const { trimming } = streams.scratch
  const effect: (string | number | Uint8Array)[] = []
  for (let index = 0; index < argv.count; index += 1) effect.push(argv.view(index))
  if (thresholdAt === 0 || !trimming.isApproximate) return effect
  effect[thresholdAt - 1] = '='
  effect[thresholdAt] = trimming.by === 'length' ? streams.length(root) : firstOfAll(streams, root)
  return effect
}

function firstOfAll(streams: Streams, root: Handle): string {
  const { entry } = streams.reader
  if (!streams.reader.firstOfAll(root)) entry.id.setMax()
  return entry.id.toString()
}

/** XADD's options end with the id; those of XTRIM, which has none, with the arguments. */
function parse(context: CommandContext, id: StreamId | undefined): AddOptions | undefined {
  const { argv, reply } = context
  const { trimming } = context.structures.streams.scratch
  trimming.reset()
  let idForm: ParsedId | 'auto' = 'auto'
  let limit: number | undefined
  let thresholdAt = 0
  let needsStream = false
  let index = 2
  for (; index < argv.count; index += 1) {
    const hasMore = index + 1 < argv.count
    if (id !== undefined && argv.is(index, '*')) break
    if (hasMore && (argv.is(index, 'MAXLEN') || argv.is(index, 'MINID'))) {
      index = readThreshold(context, trimming, index)
      if (index === 0) return undefined
      thresholdAt = index
    } else if (hasMore && argv.is(index, 'LIMIT')) {
      index += 1
      limit = readCount(context, index, replyErrors.trimLimit)
      if (limit === undefined) return undefined
    } else if (id !== undefined && argv.is(index, 'NOMKSTREAM')) {
      needsStream = true
    } else if (id === undefined) {
      reply.error(replyErrors.syntax)
      return undefined
    } else {
      idForm = parseId(context, index, id, ADD_FORMS)
      if (idForm !== 'invalid') break
      reply.error(replyErrors.streamIdInvalid)
      return undefined
    }
  }
  const error = settleLimit(context, trimming, { limit, isTrim: id === undefined })
  if (error === undefined) return { thresholdAt, idAt: index, idForm, needsStream }
  reply.error(error)
  return undefined
}

/** MAXLEN or MINID at `index`; gives the argument that tells how much, or 0 after an error, which is written. */
function readThreshold(context: CommandContext, trimming: Trimming, index: number): number {
  const { argv, reply } = context
  if (trimming.by !== 'nothing') {
    reply.error(replyErrors.trimTwice)
    return 0
  }
  const hasMore = index + 2 < argv.count
  trimming.isApproximate = hasMore && argv.is(index + 1, '~')
  const hasSign = trimming.isApproximate || (hasMore && argv.is(index + 1, '='))
  const at = hasSign ? index + 2 : index + 1
  if (argv.is(index, 'MINID')) {
    trimming.by = 'id'
    return readId(context, at, trimming.minId) ? at : 0
  }
  const maxLength = readCount(context, at, replyErrors.trimMaxLength)
  if (maxLength === undefined) return 0
  trimming.by = 'length'
  trimming.maxLength = maxLength
  return at
}

/** A number that is not negative; undefined after an error, which is written. */
function readCount(
  { argv, reply }: CommandContext,
  argument: number,
  negative: string,
): number | undefined {
  const count = integerArgument(argv, argument)
  if (count >= 0) return count
  reply.error(Number.isNaN(count) ? replyErrors.notInteger : negative)
  return undefined
}

/** How many may go at most; or what is wrong with the options as a whole. */
function settleLimit(
  context: CommandContext,
  trimming: Trimming,
  { limit, isTrim }: { readonly limit: number | undefined; readonly isTrim: boolean },
): string | undefined {
  const isNothing = trimming.by === 'nothing'
  if (limit !== undefined && limit > 0 && isNothing) return replyErrors.limitWithoutThreshold
  if (isTrim && isNothing) return replyErrors.trimNothing
  // LIMIT is told on with the exact threshold that it led to.
  if (context.client.isReplaying) return undefined
  if (limit !== undefined && !trimming.isApproximate) return replyErrors.limitExact
  if (trimming.isApproximate) {
    trimming.limit = limit ?? usualLimit(context.structures.streams.limits.nodeEntriesMax)
  }
  return undefined
}

/** So that no trimming takes long. */
function usualLimit(nodeEntriesMax: number): number {
  const limit = NODES_TRIMMED_MAX * nodeEntriesMax
  return limit <= 0 ? LIMIT_WITHOUT_NODES : Math.min(limit, LIMIT_MAX)
}
