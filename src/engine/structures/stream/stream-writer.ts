import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import type { ArgumentVector } from '../../protocol/argument-vector.ts'
import { addInt64, INT64_MIN } from '../int64.ts'
import {
  COUNT_UNKNOWN,
  END,
  entryEquals,
  firstEntry,
  HEADER_BYTES,
  headerCount,
  integerAt,
  listpackBytes,
  nextEntry,
} from '../listpack.ts'
import { entryBytesMax, writeHeader, writeIntegerAt, writeValueAt } from '../listpack-edit.ts'
import { SAME_FIELDS } from './stream-entry.ts'
import { StreamId } from './stream-id.ts'
import type { StreamNodes } from './stream-nodes.ts'
import type { StreamParts } from './stream-reader.ts'
import { FIRST_ID_AT, LAST_ID_AT, type StreamRoots } from './stream-root.ts'

/** No listpack gets larger, nor does an entry (t_stream.c, STREAM_LISTPACK_MAX_SIZE). */
export const LISTPACK_BYTES_MAX = 2 ** 30
/** What a small stream is given; a block that is too small gets twice as large. */
const FIRST_BYTES_MIN = 64
/** An integer of 64 bits with its head and what tells its length. */
const INTEGER_BYTES_MAX = 10
/** Integers of an entry: flags, two distances, fields, elements. */
const FRAME_BYTES_MAX = 5 * INTEGER_BYTES_MAX

/** How large a node gets: stream-node-max-bytes and -entries. 0 is no limit. */
export interface StreamLimits {
  nodeBytesMax: number
  nodeEntriesMax: number
}

/** Where the fields and values of a new entry stand among a command's arguments. */
export interface NewFields {
  readonly argv: ArgumentVector
  readonly firstField: number
  readonly fieldCount: number
}

/** Adds entries to streams. */
export class StreamWriter {
  readonly limits: StreamLimits
  readonly #slab: Slab
  readonly #roots: StreamRoots
  readonly #nodes: StreamNodes
  readonly #nodeId = new StreamId()
  /** Where the listpack that is written ends, and its elements. */
  #at = 0
  #elements = 0

  constructor({ slab, roots, nodes }: StreamParts, limits: StreamLimits) {
    this.limits = limits
    this.#slab = slab
    this.#roots = roots
    this.#nodes = nodes
  }

  /** The id is greater than the last one, the fields are together less than LISTPACK_BYTES_MAX. */
  append(root: Handle, id: StreamId, fields: NewFields): void {
    const roots = this.#roots
    const valueBytes = bytesOf(fields)
    const tail = roots.tail(root)
    if (tail === NONE || this.#isFull(root, tail, valueBytes)) {
      this.#begin(root, id, fields)
    } else {
      const room = bytesMaxOf(fields) + FRAME_BYTES_MAX
      this.#makeRoom(root, tail, room)
      this.#continue(root, tail, id, fields)
    }
    const length = roots.length(root) + 1
    roots.setLength(root, length)
    roots.setEntriesAdded(root, addInt64(roots.entriesAdded(root), 1) ?? INT64_MIN)
    roots.writeId(root, LAST_ID_AT, id)
    if (length === 1) roots.writeId(root, FIRST_ID_AT, id)
  }

  /** Whether the entry goes to another node; this one gets no larger then, and leaves what it does not need. */
  #isFull(root: Handle, tail: Handle, valueBytes: number): boolean {
    const { nodeEntriesMax } = this.limits
    const nodes = this.#nodes
    const held = nodes.listpackBytes(tail)
    const isFull =
      held + valueBytes >= this.#nodeBytesMax() ||
      (nodeEntriesMax > 0 && nodes.entryCount(tail) + nodes.deletedCount(tail) >= nodeEntriesMax)
    if (isFull) nodes.fit(root, tail)
    return isFull
  }

  #makeRoom(root: Handle, node: Handle, room: number): void {
    const nodes = this.#nodes
    const needed = nodes.listpackBytes(node) + room
    const held = this.#slab.blockBytes(nodes.listpack(node))
    if (needed <= held) return
    const twice = Math.min(held * 2, this.#nodeBytesMax())
    nodes.resize(root, node, Math.max(needed, twice))
  }

  #nodeBytesMax(): number {
    const { nodeBytesMax } = this.limits
    return nodeBytesMax === 0 ? LISTPACK_BYTES_MAX : Math.min(nodeBytesMax, LISTPACK_BYTES_MAX)
  }

  /** A node with its first entry, whose fields are the node's. */
  #begin(root: Handle, id: StreamId, fields: NewFields): void {
    const { argv, firstField, fieldCount } = fields
    const room = HEADER_BYTES + 1 + 2 * FRAME_BYTES_MAX + bytesMaxOf(fields)
    const node = this.#nodes.append(root, id, Math.max(room, FIRST_BYTES_MIN))
    const listpack = this.#nodes.listpack(node)
    const bytes = this.#slab.bytes(listpack)
    const start = this.#slab.offset(listpack)
    let at = writeIntegerAt(bytes, start + HEADER_BYTES, 1)
    at = writeIntegerAt(bytes, at, 0)
    at = writeIntegerAt(bytes, at, fieldCount)
    for (let field = 0; field < fieldCount; field += 1) {
      const argument = firstField + field * 2
      at = writeValueAt(bytes, at, argv.bytes, argv.start(argument), argv.length(argument))
    }
    this.#at = writeIntegerAt(bytes, at, 0)
    this.#elements = fieldCount + 4
    this.#nodeId.set(id)
    this.#writeEntry(bytes, id, fields, SAME_FIELDS)
    this.#end(bytes, start)
  }

  #continue(root: Handle, node: Handle, id: StreamId, fields: NewFields): void {
    const nodes = this.#nodes
    const count = nodes.entryCount(node)
    const place = this.#slab.offset(nodes.listpack(node))
    nodes.setNumber(
      root,
      node,
      firstEntry(this.#slab.bytes(nodes.listpack(node)), place),
      count + 1,
    )
    const listpack = nodes.listpack(node)
    const bytes = this.#slab.bytes(listpack)
    const start = this.#slab.offset(listpack)
    this.#at = start + listpackBytes(bytes, start) - 1
    this.#elements = headerCount(bytes, start)
    nodes.readId(node, this.#nodeId)
    this.#writeEntry(bytes, id, fields, hasFieldsOfNode(bytes, start, fields) ? SAME_FIELDS : 0)
    this.#end(bytes, start)
  }

  #writeEntry(bytes: Uint8Array, id: StreamId, fields: NewFields, flags: number): void {
    const { argv, firstField, fieldCount } = fields
    const isSame = flags === SAME_FIELDS
    let at = writeIntegerAt(bytes, this.#at, flags)
    at = writeIntegerAt(bytes, at, id.msSince(this.#nodeId))
    at = writeIntegerAt(bytes, at, id.seqSince(this.#nodeId))
    if (!isSame) at = writeIntegerAt(bytes, at, fieldCount)
    for (let field = 0; field < fieldCount; field += 1) {
      const name = firstField + field * 2
      if (!isSame) at = writeValueAt(bytes, at, argv.bytes, argv.start(name), argv.length(name))
      at = writeValueAt(bytes, at, argv.bytes, argv.start(name + 1), argv.length(name + 1))
    }
    const elements = isSame ? fieldCount + 3 : fieldCount * 2 + 4
    this.#at = writeIntegerAt(bytes, at, elements)
    this.#elements += elements + 1
  }

  #end(bytes: Uint8Array, start: number): void {
    bytes[this.#at] = END
    const count = Math.min(this.#elements, COUNT_UNKNOWN)
    writeHeader(bytes, start, this.#at + 1 - start, count)
  }
}

function bytesOf({ argv, firstField, fieldCount }: NewFields): number {
  let bytes = 0
  const end = firstField + fieldCount * 2
  for (let argument = firstField; argument < end; argument += 1) bytes += argv.length(argument)
  return bytes
}

function bytesMaxOf({ argv, firstField, fieldCount }: NewFields): number {
  let bytes = 0
  const end = firstField + fieldCount * 2
  for (let argument = firstField; argument < end; argument += 1) {
    bytes += entryBytesMax(argv.length(argument))
  }
  return bytes
}

/** Whether the entry's fields are those that the node tells first, in their order. */
function hasFieldsOfNode(bytes: Uint8Array, start: number, fields: NewFields): boolean {
  const { argv, firstField, fieldCount } = fields
  let at = nextEntry(bytes, nextEntry(bytes, firstEntry(bytes, start)))
  if (integerAt(bytes, at) !== fieldCount) return false
  at = nextEntry(bytes, at)
  for (let field = 0; field < fieldCount; field += 1) {
    const argument = firstField + field * 2
    if (!entryEquals(bytes, at, argv.bytes, argv.start(argument), argv.length(argument)))
      return false
    at = nextEntry(bytes, at)
  }
  return true
}
