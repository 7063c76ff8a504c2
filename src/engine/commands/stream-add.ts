import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { replyErrors, wrongArity } from '../protocol/reply-errors.ts'
import type { ParsedId } from '../structures/stream/parse-stream-id.ts'
import type { Streams } from '../structures/stream/stream.ts'
import type { StreamId } from '../structures/stream/stream-id.ts'
import { LISTPACK_BYTES_MAX } from '../structures/stream/stream-writer.ts'
import { ADD_FORMS, createStream, findStream, parseId, replyWithId } from './stream-access.ts'
import { type AddOptions, parseAddOptions, trimmedAs } from './stream-trim.ts'

const PLAIN = { thresholdAt: 0, idAt: 2, needsStream: false }
const PLAIN_AUTO: AddOptions = { ...PLAIN, idForm: 'auto' }
const PLAIN_COMPLETE: AddOptions = { ...PLAIN, idForm: 'complete' }

const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/** XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] id field value [field value ...]. */
export function xadd(context: CommandContext): void {
  const { argv, reply } = context
  const { streams } = context.structures
  const { id } = streams.scratch
  const options = parseQuickly(context, id) ?? parseAddOptions(context, id)
  if (options === undefined) return
  const firstField = options.idAt + 1
  const valueCount = argv.count - firstField
  if (valueCount < 2 || valueCount % 2 === 1) return reply.error(wrongArity('xadd'))
  if (options.idForm === 'complete' && id.isZero) return reply.error(replyErrors.addIdZero)
  let root = findStream(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE && options.needsStream) return reply.null()
  const refusal = nextId(context, streams, root, options.idForm) ?? tooLarge(context, firstField)
  if (refusal !== undefined) return reply.error(refusal)
  const entry = { argv, firstField, fieldCount: valueCount / 2 }
  if (root !== NONE) streams.append(root, id, entry)
  else root = createStream(context, 1, (created) => streams.append(created, id, entry))
  replyWithId(context, streams, id)
  context.signal(1, 'stream', 'xadd')
  if (options.thresholdAt > 0) trim(context, streams, root)
  tell(context, streams, root, options)
  context.keyReady(1)
}

/** Without options, as most are; undefined when there may be some. */
function parseQuickly(context: CommandContext, id: StreamId): AddOptions | undefined {
  const { argv } = context
  if (argv.is(2, '*')) return PLAIN_AUTO
  const first = argv.bytes[argv.start(2)] ?? 0
  if (first < DIGIT_0 || first > DIGIT_9) return undefined
  return parseId(context, 2, id, ADD_FORMS) === 'complete' ? PLAIN_COMPLETE : undefined
}

/** Makes `scratch.id` the one of the new entry; the error when there is none. */
function nextId(
  { nowMs }: CommandContext,
  streams: Streams,
  root: Handle,
  form: ParsedId | 'auto',
): string | undefined {
  const { id, from: last } = streams.scratch
  if (root === NONE) last.setZero()
  else streams.readLastId(root, last)
  if (last.isMax) return replyErrors.addExhausted
  if (form === 'auto') id.setMs(nowMs)
  const isSameMs = form === 'anySeq' && id.hasMsOf(last)
  // Redis finds this one out, too, and then takes it for another error (t_stream.c, streamAppendItem).
  if (isSameMs && last.isSeqMax) return replyErrors.addTooLarge
  if (isSameMs || (form === 'auto' && id.compare(last) <= 0)) {
    id.set(last)
    id.increment()
  }
  return id.compare(last) > 0 ? undefined : replyErrors.addIdSmall
}

function tooLarge({ argv }: CommandContext, firstField: number): string | undefined {
  let bytes = 0
  for (let argument = firstField; argument < argv.count; argument += 1) {
    bytes += argv.length(argument)
  }
  return bytes > LISTPACK_BYTES_MAX ? replyErrors.addTooLarge : undefined
}

function trim(context: CommandContext, streams: Streams, root: Handle): void {
  if (streams.trim(root, streams.scratch.trimming) > 0) context.notify('stream', 'xtrim', 1)
}

/** As the entry was added: with its id, and trimmed to what is there now. */
function tell(context: CommandContext, streams: Streams, root: Handle, options: AddOptions): void {
  const { id, trimming } = streams.scratch
  const isApproximate = options.thresholdAt > 0 && trimming.isApproximate
  if (options.idForm === 'complete' && !isApproximate) return context.changed()
  if (!context.isPropagating) return context.changedAs()
  const effect = trimmedAs(context, streams, root, options)
  effect[options.idAt] = id.toString()
  context.changedAs(...effect)
}
