import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import type { Streams } from '../structures/stream/stream.ts'
import type { NameBytes } from '../structures/stream/stream-groups.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import type { RdbOutput } from './rdb-output.ts'

const ID_BYTES = 16

/** Writes streams with their groups (rdb.c, RDB_TYPE_STREAM_LISTPACKS_2). */
export class StreamImageWriter {
  readonly #streams: Streams
  readonly #slab: Slab
  readonly #id = new StreamId()
  readonly #rawId = Buffer.alloc(ID_BYTES)

  constructor(streams: Streams, slab: Slab) {
    this.#streams = streams
    this.#slab = slab
  }

  write(output: RdbOutput, root: Handle): void {
    const streams = this.#streams
    const { groups, nodes, roots } = streams
    output.lengthOf(streams.nodeCount(root))
    for (let node = roots.head(root); node !== NONE; node = nodes.next(node)) {
      nodes.readId(node, this.#id)
      this.#readRaw()
      output.string(this.#rawId, 0, ID_BYTES)
      const listpack = nodes.listpack(node)
      const start = this.#slab.offset(listpack)
      output.string(this.#slab.bytes(listpack), start, nodes.listpackBytes(node))
    }
    output.lengthOf(streams.length(root))
    streams.readLastId(root, this.#id)
    this.#writeId(output)
    streams.readFirstId(root, this.#id)
    this.#writeId(output)
    streams.readMaxDeletedId(root, this.#id)
    this.#writeId(output)
    output.length64(BigInt.asUintN(64, BigInt(streams.entriesAdded(root))))
    output.lengthOf(groups.count(root))
    for (let index = 0; index < groups.count(root); index += 1) {
      this.#writeGroup(output, groups.at(root, index))
    }
  }

  #writeGroup(output: RdbOutput, group: Handle): void {
    const { groups } = this.#streams
    writeName(output, groups.groupName(group))
    groups.readLastId(group, this.#id)
    this.#writeId(output)
    output.length64(BigInt.asUintN(64, BigInt(groups.entriesRead(group))))
    this.#writePending(output, groups.pending(group), true)
    output.lengthOf(groups.consumerCount(group))
    for (let index = 0; index < groups.consumerCount(group); index += 1) {
      const consumer = groups.consumerAtIndex(group, index)
      writeName(output, groups.consumerName(consumer))
      output.integer64(groups.seenMs(consumer))
      this.#writePending(output, groups.pendingOf(consumer), false)
    }
  }

  #writePending(output: RdbOutput, pending: Handle, hasDeliveries: boolean): void {
    const { groups, trees } = this.#streams
    const place = { leaf: NONE, index: 0 }
    output.lengthOf(trees.size(pending))
    let isThere = trees.seekFirst(pending, place)
    for (; isThere; isThere = trees.moveNext(place)) {
      trees.idAt(place, this.#id)
      this.#readRaw()
      output.raw(this.#rawId)
      if (!hasDeliveries) continue
      const delivery = trees.valueAt(place)
      output.integer64(groups.deliveredMs(delivery))
      output.length64(BigInt.asUintN(64, BigInt(groups.deliveryCount(delivery))))
    }
  }

  #writeId(output: RdbOutput): void {
    output.length64(this.#id.msBits)
    output.length64(this.#id.seqBits)
  }

  /** The id as the key of a radix tree: most significant byte first. */
  #readRaw(): void {
    this.#rawId.writeBigUInt64BE(this.#id.msBits, 0)
    this.#rawId.writeBigUInt64BE(this.#id.seqBits, 8)
  }
}

function writeName(output: RdbOutput, { bytes, start, length }: NameBytes): void {
  output.string(bytes, start, length)
}
