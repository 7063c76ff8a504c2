import { copyBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import type { Int64 } from '../structures/int64.ts'
import type { Streams } from '../structures/stream/stream.ts'
import { ENTRIES_UNKNOWN, type NameBytes } from '../structures/stream/stream-groups.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import { corrupt, RDB_TYPE } from './rdb-encoding.ts'
import type { RdbInput } from './rdb-input.ts'
import { checkStreamNode } from './stream-node-checks.ts'

const ID_BYTES = 16
const EXACT_LIMIT = 10n ** 15n

/** An entry that was delivered to a consumer still to be named. */
interface Delivery {
  readonly deliveredMs: number
  readonly count: Int64
}

/** Reads streams of any version with their groups. Throws an RdbError for what cannot be one. */
export class StreamImageReader {
  readonly #streams: Streams
  readonly #slab: Slab
  readonly #id = new StreamId()
  readonly #previous = new StreamId()

  constructor(streams: Streams, slab: Slab) {
    this.#streams = streams
    this.#slab = slab
  }

  /** Gives the root of a stream that belongs to no key yet. */
  read(input: RdbInput, type: number): Handle {
    const root = this.#streams.create()
    try {
      this.#readNodes(input, root)
      this.#readCounts(input, root, type)
      const groups = input.length()
      for (let index = 0; index < groups; index += 1) this.#readGroup(input, root, type)
      return root
    } catch (error) {
      this.#streams.free(root)
      throw error
    }
  }

  #readNodes(input: RdbInput, root: Handle): void {
    const { nodes, roots } = this.#streams
    const count = input.length()
    let length = 0
    for (let index = 0; index < count; index += 1) {
      input.string()
      if (input.size !== ID_BYTES)
        throw corrupt('Stream node key entry is not the size of a stream ID')
      this.#previous.set(this.#id)
      this.#takeId(input)
      if (index > 0 && this.#id.compare(this.#previous) <= 0) {
        throw corrupt('Listpack re-added with existing key')
      }
      input.string()
      const { bytes, start, size } = input
      length += checkStreamNode(bytes, start, size)
      const listpack = nodes.listpack(nodes.append(root, this.#id, size))
      copyBytes(this.#slab.bytes(listpack), this.#slab.offset(listpack), bytes, start, size)
    }
    roots.setLength(root, length)
  }

  #readCounts(input: RdbInput, root: Handle, type: number): void {
    const streams = this.#streams
    if (input.length() !== streams.length(root)) {
      throw corrupt('Stream length inconsistent with rax entries')
    }
    this.#readId(input)
    streams.setLastId(root, this.#id)
    streams.settle(root)
    if (type === RDB_TYPE.streamListpacks) {
      streams.setEntriesAdded(root, streams.length(root))
      return
    }
    // The first one is where it is, whatever is said.
    this.#readId(input)
    this.#readId(input)
    streams.setMaxDeletedId(root, this.#id)
    streams.setEntriesAdded(root, signed(input.length64()))
  }

  #readGroup(input: RdbInput, root: Handle, type: number): void {
    const { groups, progress } = this.#streams
    input.string()
    const name = nameOf(input)
    if (groups.find(root, name) !== NONE) throw corrupt('Duplicated consumer group name')
    const group = groups.create(root, name)
    groups.setEntriesRead(group, ENTRIES_UNKNOWN)
    this.#id.setZero()
    groups.setLastId(group, this.#id)
    this.#readId(input)
    if (type === RDB_TYPE.streamListpacks) {
      if (this.#id.isZero) groups.setEntriesRead(group, 0)
      else progress.advance(root, group, this.#id)
    } else {
      groups.setEntriesRead(group, signed(input.length64()))
    }
    groups.setLastId(group, this.#id)
    const pending = this.#readPending(input)
    const consumers = input.length()
    for (let index = 0; index < consumers; index += 1) {
      this.#readConsumer(input, {
        root,
        group,
        pending,
        hasActiveTime: type === RDB_TYPE.streamListpacks3,
      })
    }
    if (pending.size > 0) throw corrupt('NACK entry without consumer')
  }

  #readPending(input: RdbInput): Map<string, Delivery> {
    const pending = new Map<string, Delivery>()
    const count = input.length()
    for (let index = 0; index < count; index += 1) {
      input.raw(ID_BYTES)
      this.#takeId(input)
      const id = this.#id.toString()
      if (pending.has(id)) throw corrupt('Duplicated global PEL entry')
      const deliveredMs = input.integer64()
      pending.set(id, { deliveredMs, count: signed(input.length64()) })
    }
    return pending
  }

  #readConsumer(input: RdbInput, { root, group, pending, hasActiveTime }: ConsumerReading): void {
    const { groups } = this.#streams
    input.string()
    const name = nameOf(input)
    if (groups.findConsumer(group, name) !== NONE) {
      throw corrupt('Duplicate stream consumer detected.')
    }
    const consumer = groups.createConsumer(root, group, name, input.integer64())
    if (hasActiveTime) input.integer64()
    const count = input.length()
    for (let index = 0; index < count; index += 1) {
      input.raw(ID_BYTES)
      this.#takeId(input)
      const id = this.#id.toString()
      const told = pending.get(id)
      if (told === undefined) throw corrupt('Consumer entry not found in group global PEL')
      pending.delete(id)
      const delivery = groups.deliver(root, group, consumer, this.#id)
      groups.setDelivered(delivery, told.deliveredMs)
      groups.setDeliveryCount(delivery, told.count)
    }
  }

  #readId(input: RdbInput): void {
    this.#id.setMsBits(input.length64())
    this.#id.setSeqBits(input.length64())
  }

  /** From 16 bytes, the most significant one first. */
  #takeId({ bytes, start }: RdbInput): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, ID_BYTES)
    this.#id.setMsBits(view.getBigUint64(0))
    this.#id.setSeqBits(view.getBigUint64(8))
  }
}

interface ConsumerReading {
  readonly root: Handle
  readonly group: Handle
  readonly pending: Map<string, Delivery>
  readonly hasActiveTime: boolean
}

/** In bytes of its own: what is read next may move it. */
function nameOf(input: RdbInput): NameBytes {
  const bytes = input.copy()
  return { bytes, start: 0, length: bytes.length }
}

function signed(bits: bigint): Int64 {
  const value = BigInt.asIntN(64, bits)
  return value > -EXACT_LIMIT && value < EXACT_LIMIT ? Number(value) : value
}
