import { int64Argument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ParsedId } from '../structures/stream/parse-stream-id.ts'
import type { Streams } from '../structures/stream/stream.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import type { Trimming } from '../structures/stream/stream-trimmer.ts'
import { ADD_FORMS, findStream, parseId, readId } from './stream-access.ts'

/** Nodes that an approximate trimming looks at unless LIMIT tells otherwise, as entries of full nodes. */
const NODES_TRIMMED_MAX = 100
const LIMIT_WITHOUT_NODES = 10_000
const LIMIT_MAX = 1_000_000

/** What XADD and XTRIM take away, and which argument told how much. */
export interface TrimOptions {
  readonly trimming: Trimming | undefined
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
  const parsed = parse(context, undefined)
  if (parsed === undefined) return
  const root = findStream(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return reply.integer(0)
  const { streams } = context.structures
  const deleted = parsed.trimming === undefined ? 0 : streams.trim(root, parsed.trimming)
  if (deleted > 0) {
    context.notify('stream', 'xtrim', 1)
    if (parsed.trimming?.isApproximate !== true) context.changed()
    else if (context.isPropagating) context.changedAs(...trimmedAs(context, streams, root, parsed))
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
  { trimming, thresholdAt }: TrimOptions,
): (string | number | Uint8Array)[] {
  const effect: (string | number | Uint8Array)[] = []
  for (let index = 0; index < argv.count; index += 1) effect.push(argv.view(index))
  if (trimming?.isApproximate !== true) return effect
  effect[thresholdAt - 1] = '='
  effect[thresholdAt] =
    trimming.minId === undefined ? streams.length(root) : firstOfAll(streams, root)
  return effect
}

function firstOfAll(streams: Streams, root: Handle): string {
  const { entry } = streams.reader
  if (!streams.reader.firstOfAll(root)) entry.id.setMax()
  return entry.id.toString()
}

/** What is known of the options while they are read. */
class OptionReader {
  maxLength: number | undefined
  minId: StreamId | undefined
  isApproximate = false
  thresholdAt = 0
  limit: number | undefined
  needsStream = false
  readonly #context: CommandContext

  constructor(context: CommandContext) {
    this.#context = context
  }

  get hasThreshold(): boolean {
    return this.thresholdAt > 0
  }

  /** MAXLEN or MINID at `index`; gives the last argument that belongs to it, or 0 after an error. */
  readThreshold(index: number, strategy: 'MAXLEN' | 'MINID'): number {
    const { argv } = this.#context
    if (this.hasThreshold) return this.#refuse(replyErrors.trimTwice)
    const hasMore = index + 2 < argv.count
    const isApproximate = hasMore && argv.is(index + 1, '~')
    const at = isApproximate || (hasMore && argv.is(index + 1, '=')) ? index + 2 : index + 1
    this.isApproximate = isApproximate
    this.thresholdAt = at
    return strategy === 'MAXLEN' ? this.#readMaxLength(at) : this.#readMinId(at)
  }

  readLimit(at: number): number {
    const limit = int64Argument(this.#context.argv, at)
    if (limit === undefined) return this.#refuse(replyErrors.notInteger)
    if (limit < 0) return this.#refuse(replyErrors.trimLimit)
    this.limit = Number(limit)
    return at
  }

  /** Undefined after an error; without a threshold there is no trimming. */
  finish(nodeEntriesMax: number, isTrim: boolean): TrimOptions | undefined {
    const { reply } = this.#context
    const { maxLength, minId, isApproximate, thresholdAt, limit } = this
    if (limit !== undefined && limit > 0 && !this.hasThreshold) {
      reply.error(replyErrors.limitWithoutThreshold)
    } else if (isTrim && !this.hasThreshold) {
      reply.error(replyErrors.trimNothing)
    } else if (limit !== undefined && !isApproximate) {
      reply.error(replyErrors.limitExact)
    } else if (this.hasThreshold) {
      const told = isApproximate ? (limit ?? usualLimit(nodeEntriesMax)) : 0
      return { trimming: { maxLength, minId, isApproximate, limit: told }, thresholdAt }
    } else {
      return { trimming: undefined, thresholdAt }
    }
    return undefined
  }

  #readMaxLength(at: number): number {
    const maxLength = int64Argument(this.#context.argv, at)
    if (maxLength === undefined) return this.#refuse(replyErrors.notInteger)
    if (maxLength < 0) return this.#refuse(replyErrors.trimMaxLength)
    this.maxLength = Number(maxLength)
    return at
  }

  #readMinId(at: number): number {
    this.minId = new StreamId()
    return readId(this.#context, at, this.minId) ? at : 0
  }

  #refuse(error: string): number {
    this.#context.reply.error(error)
    return 0
  }
}

/** XADD's options end with the id; those of XTRIM, which has none, with the arguments. */
function parse(context: CommandContext, id: StreamId | undefined): AddOptions | undefined {
  const { argv } = context
  const reader = new OptionReader(context)
  let idForm: ParsedId | 'auto' = 'auto'
  let index = 2
  for (; index < argv.count; index += 1) {
    const hasMore = index + 1 < argv.count
    if (id !== undefined && argv.is(index, '*')) break
    if (hasMore && argv.is(index, 'MAXLEN')) index = reader.readThreshold(index, 'MAXLEN')
    else if (hasMore && argv.is(index, 'MINID')) index = reader.readThreshold(index, 'MINID')
    else if (hasMore && argv.is(index, 'LIMIT')) index = reader.readLimit(index + 1)
    else if (id !== undefined && argv.is(index, 'NOMKSTREAM')) reader.needsStream = true
    else if (id === undefined) {
      context.reply.error(replyErrors.syntax)
      return undefined
    } else {
      idForm = parseId(context, index, id, ADD_FORMS)
      if (idForm !== 'invalid') break
      context.reply.error(replyErrors.streamIdInvalid)
      return undefined
    }
    if (index === 0) return undefined
  }
  const { nodeEntriesMax } = context.structures.streams.limits
  const options = reader.finish(nodeEntriesMax, id === undefined)
  return options && { ...options, idAt: index, idForm, needsStream: reader.needsStream }
}

/** So that no trimming takes long. */
function usualLimit(nodeEntriesMax: number): number {
  const limit = NODES_TRIMMED_MAX * nodeEntriesMax
  return limit <= 0 ? LIMIT_WITHOUT_NODES : Math.min(limit, LIMIT_MAX)
}
