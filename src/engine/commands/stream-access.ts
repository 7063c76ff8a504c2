import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { orFree } from '../structures/or-free.ts'
import { type IdForms, type ParsedId, parseStreamId } from '../structures/stream/parse-stream-id.ts'
import type { Streams } from '../structures/stream/stream.ts'
import type { NameBytes } from '../structures/stream/stream-groups.ts'
import { StreamId } from '../structures/stream/stream-id.ts'

/** `-` and `+` are no ids. */
const STRICT: IdForms = { edges: false, anySeq: false, missingSeq: 'first' }
/** `<ms>-*` lets XADD choose the sequence number. */
export const ADD_FORMS: IdForms = { edges: false, anySeq: true, missingSeq: 'first' }
export const LOOSE: IdForms = { edges: true, anySeq: false, missingSeq: 'first' }
const STRICT_END: IdForms = { edges: false, anySeq: false, missingSeq: 'last' }
const LOOSE_END: IdForms = { edges: true, anySeq: false, missingSeq: 'last' }
const OPENING_PARENTHESIS = 0x28
const ZERO_BYTE = 0

/**
 * The root of the stream at the key an argument names: NONE when there is none, WRONG_TYPE, with the error written,
 * when it is something else. It stays valid until the key is deleted. What groups are delivered and acknowledge counts
 * as reading in Redis (`readGroups`), though it changes them.
 */
export function findStream(
  context: CommandContext,
  argument: number,
  purpose: 'read' | 'readGroups' | 'write',
): Handle {
  const record = context.findValue(argument, 'stream', purpose === 'write' ? 'write' : 'read')
  if (record === NONE || record === WRONG_TYPE) return record
  if (purpose === 'readGroups') context.database.preserve(record)
  return context.database.root(record)
}

/** `fill` gives it its first entry, or its group: only then is there a key. */
export function createStream(
  context: CommandContext,
  argument: number,
  fill: (root: Handle) => void,
): Handle {
  const { argv, database } = context
  const { streams } = context.structures
  return orFree(streams, streams.create(), (root) => {
    fill(root)
    database.createRooted(argv.bytes, argv.start(argument), argv.length(argument), 'stream', root)
    return root
  })
}

/** Whether the argument is an id; the error is written when it is not. */
export function readId(
  context: CommandContext,
  argument: number,
  id: StreamId,
  forms: IdForms = STRICT,
): boolean {
  if (parseId(context, argument, id, forms) !== 'invalid') return true
  context.reply.error(replyErrors.streamIdInvalid)
  return false
}

/** The same, without an error. */
export function parseId(
  { argv }: CommandContext,
  argument: number,
  id: StreamId,
  forms: IdForms = STRICT,
): ParsedId {
  return parseStreamId(argv.bytes, argv.start(argument), argv.length(argument), forms, id)
}

/** All arguments from one on, to act on all of them or on none; undefined after an error, which is written. */
export function readIds(context: CommandContext, first: number): readonly StreamId[] | undefined {
  const { id } = context.structures.streams.scratch
  const ids: StreamId[] = []
  for (let argument = first; argument < context.argv.count; argument += 1) {
    if (!readId(context, argument, id)) return undefined
    ids.push(StreamId.copyOf(id))
  }
  return ids
}

/** Where a range starts; after `(` the id itself is left out. False after an error, which is written. */
export function readRangeStart(context: CommandContext, argument: number, id: StreamId): boolean {
  if (!isExclusive(context, argument)) return readId(context, argument, id, LOOSE)
  if (!readExclusive(context, argument, id, STRICT)) return false
  if (id.increment()) return true
  context.reply.error(replyErrors.rangeStartInvalid)
  return false
}

export function readRangeEnd(context: CommandContext, argument: number, id: StreamId): boolean {
  if (!isExclusive(context, argument)) return readId(context, argument, id, LOOSE_END)
  if (!readExclusive(context, argument, id, STRICT_END)) return false
  if (id.decrement()) return true
  context.reply.error(replyErrors.rangeEndInvalid)
  return false
}

/** The argument as a name of a group or consumer. */
export function nameAt({ argv }: CommandContext, argument: number): NameBytes {
  return { bytes: argv.bytes, start: argv.start(argument), length: argv.length(argument) }
}

/** An argument as errors repeat it: for C, it ends with the first zero byte. */
export function textAt({ argv }: CommandContext, argument: number): string {
  const view = argv.view(argument)
  const end = view.indexOf(ZERO_BYTE)
  return view.toString('latin1', 0, end < 0 ? view.length : end)
}

export function replyWithId({ reply }: CommandContext, streams: Streams, id: StreamId): void {
  const { idText } = streams.scratch
  reply.bulk(idText, 0, id.spell(idText))
}

/** The entry that the reader has read last: its id, and its fields and values in a row. */
export function replyWithEntry(context: CommandContext, streams: Streams): void {
  const { reply } = context
  const { entry } = streams.reader
  reply.array(2)
  replyWithId(context, streams, entry.id)
  const { fieldCount } = entry
  reply.array(fieldCount * 2)
  for (let field = 0; field < fieldCount; field += 1) {
    entry.nextField()
    entry.field.replyTo(reply)
    entry.value.replyTo(reply)
  }
}

/** Entries that were collected, from one of them to before another. One that is gone has null for its fields. */
export function replyWithFound(
  context: CommandContext,
  streams: Streams,
  first: number,
  end: number,
): void {
  const { reply } = context
  const { found } = streams.scratch
  for (let index = first; index < end; index += 1) {
    if (found.node(index) === NONE) {
      reply.array(2)
      replyWithId(context, streams, found.missingId(index))
      reply.nullArray()
    } else {
      streams.reader.entry.read(found.node(index), found.place(index))
      replyWithEntry(context, streams)
    }
  }
}

/** The ids of entries that were collected. */
export function replyWithFoundIds(context: CommandContext, streams: Streams): void {
  const { found } = streams.scratch
  for (let index = 0; index < found.count; index += 1) {
    streams.reader.entry.read(found.node(index), found.place(index))
    replyWithId(context, streams, streams.reader.entry.id)
  }
}

function isExclusive({ argv }: CommandContext, argument: number): boolean {
  return argv.length(argument) > 1 && argv.bytes[argv.start(argument)] === OPENING_PARENTHESIS
}

function readExclusive(
  { argv, reply }: CommandContext,
  argument: number,
  id: StreamId,
  forms: IdForms,
): boolean {
  const start = argv.start(argument) + 1
  const length = argv.length(argument) - 1
  if (parseStreamId(argv.bytes, start, length, forms, id) !== 'invalid') return true
  reply.error(replyErrors.streamIdInvalid)
  return false
}
