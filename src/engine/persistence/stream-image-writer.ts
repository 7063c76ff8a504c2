import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import type { Streams } from '../structures/stream/stream.ts'
import type { NameBytes } from '../structures/stream/stream-groups.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import type { Structures } from '../structures/structures.ts'
import type { PieceMeter } from './piece-meter.ts'
import type { RdbOutput } from './rdb-output.ts'

const ID_BYTES = 16

/** Writes streams with their groups (rdb.c, RDB_TYPE_STREAM_LISTPACKS_2). */
export class StreamImageWriter {
  readonly #streams: Streams
  readonly #slab: Slab
  readonly #meter: PieceMeter
  readonly #id = new StreamId()
  readonly #rawId = Buffer.alloc(ID_BYTES)

  constructor(structures: Structures, meter: PieceMeter) {
    this.#streams = structures.streams
    this.#slab = structures.options.slab
    this.#meter = meter
  }

  /** Stops between two pieces. */
  *write(output: RdbOutput, root: Handle): Generator<undefined> {
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
      if (this.#meter.endsWith(nodes.listpackBytes(node))) yield
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
      yield* this.#writeGroup(output, groups.at(root, index))
    }
  }

  *#writeGroup(output: RdbOutput, group: Handle): Generator<undefined> {
    const { groups } = this.#streams
    writeName(output, groups.groupName(group))
    groups.readLastId(group, this.#id)
    this.#writeId(output)
    output.length64(BigInt.asUintN(64, BigInt(groups.entriesRead(group))))
    yield* this.#writePending(output, groups.pending(group), true)
    output.lengthOf(groups.consumerCount(group))
    for (let index = 0; index < groups.consumerCount(group); index += 1) {
      const consumer = groups.consumerAtIndex(group, index)
      writeName(output, groups.consumerName(consumer))
      output.integer64(groups.seenMs(consumer))
      yield* this.#writePending(output, groups.pendingOf(consumer), false)
      if (this.#meter.endsWith(0)) yield
    }
  }

  *#writePending(output: RdbOutput, pending: Handle, hasDeliveries: boolean): Generator<undefined> {
    const { trees } = this.#streams
    const place = { leaf: NONE, index: 0 }
    output.lengthOf(trees.size(pending))
    let isThere = trees.seekFirst(pending, place)
    for (; isThere; isThere = trees.moveNext(place)) {
      trees.idAt(place, this.#id)
      this.#readRaw()
      output.raw(this.#rawId)
      if (hasDeliveries) this.#writeDelivery(output, trees.valueAt(place))
      if (this.#meter.endsWith(ID_BYTES)) yield
    }
  }

  #writeDelivery(output: RdbOutput, delivery: Handle): void {
    const { groups } = this.#streams
    output.integer64(groups.deliveredMs(delivery))
    output.length64(BigInt.asUintN(64, BigInt(groups.deliveryCount(delivery))))
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
