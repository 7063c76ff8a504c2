import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import { addInt64, INT64_MIN, type Int64 } from '../int64.ts'
import { int64At, writeInt64 } from '../little-endian.ts'
import { orFree } from '../or-free.ts'
import type { IdTree } from './id-tree.ts'
import { NameList } from './name-list.ts'
import { StreamId } from './stream-id.ts'
import type { StreamParts } from './stream-reader.ts'
import type { StreamRoots } from './stream-root.ts'

/**
 * A group. Its block never moves.
 *
 *    0  u32  length of the name
 *    4  u32  consumers, by name
 *    8  u32  pending entries by id: an id tree, its values are deliveries
 *   16  id   of the entry that was delivered last
 *   32  i64  entries delivered so far, ENTRIES_UNKNOWN when that cannot be told
 *   40  name
 */
const CONSUMERS_AT = 4
const GROUP_PENDING_AT = 8
const GROUP_LAST_ID_AT = 16
const ENTRIES_READ_AT = 32
const GROUP_NAME_AT = 40

/**
 * A consumer. Its block never moves.
 *
 *    0  u32  length of the name
 *    4  u32  its pending entries: an id tree, its values are the same deliveries
 *    8  f64  the instant at which it was seen last
 *   16  name
 */
const CONSUMER_PENDING_AT = 4
const SEEN_AT = 8
const CONSUMER_NAME_AT = 16

/**
 * A delivery that is not acknowledged.
 *
 *    0  f64  the instant of the last delivery
 *    8  i64  deliveries
 *   16  u32  the consumer
 */
const DELIVERED_AT = 0
const DELIVERY_COUNT_AT = 8
const CONSUMER_AT = 16
const DELIVERY_BYTES = 20

/** For the count of entries a group has read (stream.h, SCG_INVALID_ENTRIES_READ). */
export const ENTRIES_UNKNOWN = -1

/** A name as the command has it. */
export interface NameBytes {
  readonly bytes: Uint8Array
  readonly start: number
  readonly length: number
}

/** Groups of streams, their consumers, and what these have got and not acknowledged. */
export class StreamGroups {
  readonly #slab: Slab
  readonly #roots: StreamRoots
  readonly #trees: IdTree
  readonly #groupNames: NameList
  readonly #consumerNames: NameList

  constructor({ slab, roots, index }: StreamParts) {
    this.#slab = slab
    this.#roots = roots
    this.#trees = index
    this.#groupNames = new NameList(slab, GROUP_NAME_AT)
    this.#consumerNames = new NameList(slab, CONSUMER_NAME_AT)
  }

  count(root: Handle): number {
    return this.#groupNames.count(this.#roots.groups(root))
  }

  /** In the order of the names. */
  at(root: Handle, index: number): Handle {
    return this.#groupNames.at(this.#roots.groups(root), index)
  }

  find(root: Handle, { bytes, start, length }: NameBytes): Handle {
    return this.#groupNames.find(this.#roots.groups(root), bytes, start, length)
  }

  /** A group of a name that is not there. */
  create(root: Handle, { bytes, start, length }: NameBytes): Handle {
    const slab = this.#slab
    const before = slab.usedBytes
    const group = this.#groupNames.createBlock(bytes, start, length)
    slab.setUint32(group, CONSUMERS_AT, NONE)
    const pending = orFree(slab, group, () => this.#trees.create())
    slab.setUint32(group, GROUP_PENDING_AT, pending)
    const groups = orFree(this.#loneGroup, group, () =>
      this.#groupNames.insert(this.#roots.groups(root), group),
    )
    this.#roots.setGroups(root, groups)
    this.#roots.addBytes(root, slab.usedBytes - before)
    return group
  }

  /** O(n) in its pending entries. */
  delete(root: Handle, group: Handle): void {
    const before = this.#slab.usedBytes
    this.#groupNames.remove(this.#roots.groups(root), group)
    while (!this.#freeSome(group, Number.POSITIVE_INFINITY));
    this.#roots.addBytes(root, this.#slab.usedBytes - before)
  }

  /**
   * Frees about so many pending entries and consumers of a group that is in no list any more; true when it is gone
   * itself.
   */
  #freeSome(group: Handle, budget: number): boolean {
    const consumers = this.#slab.uint32(group, CONSUMERS_AT)
    let left = budget
    while (left > 0 && this.#consumerNames.count(consumers) > 0) {
      const consumer = this.#consumerNames.at(consumers, this.consumerCount(group) - 1)
      const freed = this.#trees.freeNode(this.pendingOf(consumer), undefined)
      left -= Math.max(1, freed)
      if (freed >= 0) continue
      this.#slab.free(consumer)
      this.#consumerNames.removeLast(consumers)
    }
    while (left > 0) {
      const freed = this.#trees.freeNode(this.pending(group), this.#freeDelivery)
      left -= Math.max(1, freed)
      if (freed >= 0) continue
      this.#consumerNames.free(consumers)
      this.#slab.free(group)
      return true
    }
    return false
  }

  /** Frees about so many pending entries, consumers and groups of a stream that is given up; true when none is left. */
  freeAllSome(root: Handle, budget: number): boolean {
    const list = this.#roots.groups(root)
    let left = budget
    while (this.#groupNames.count(list) > 0) {
      if (left <= 0 || !this.#freeSome(this.at(root, this.count(root) - 1), left)) return false
      this.#groupNames.removeLast(list)
      left -= 1
    }
    this.#groupNames.free(list)
    return true
  }

  readLastId(group: Handle, id: StreamId): void {
    id.read(this.#slab.bytes(group), this.#slab.offset(group) + GROUP_LAST_ID_AT)
  }

  setLastId(group: Handle, id: StreamId): void {
    id.write(this.#slab.bytes(group), this.#slab.offset(group) + GROUP_LAST_ID_AT)
  }

  entriesRead(group: Handle): Int64 {
    return int64At(this.#slab.bytes(group), this.#slab.offset(group) + ENTRIES_READ_AT)
  }

  setEntriesRead(group: Handle, count: Int64): void {
    writeInt64(this.#slab.bytes(group), this.#slab.offset(group) + ENTRIES_READ_AT, count)
  }

  consumerCount(group: Handle): number {
    return this.#consumerNames.count(this.#slab.uint32(group, CONSUMERS_AT))
  }

  consumerAtIndex(group: Handle, index: number): Handle {
    return this.#consumerNames.at(this.#slab.uint32(group, CONSUMERS_AT), index)
  }

  findConsumer(group: Handle, { bytes, start, length }: NameBytes): Handle {
    const consumers = this.#slab.uint32(group, CONSUMERS_AT)
    return this.#consumerNames.find(consumers, bytes, start, length)
  }

  /** A consumer of a name that is not there. */
  createConsumer(root: Handle, group: Handle, name: NameBytes, nowMs: number): Handle {
    const slab = this.#slab
    const before = slab.usedBytes
    const consumer = this.#consumerNames.createBlock(name.bytes, name.start, name.length)
    const pending = orFree(slab, consumer, () => this.#trees.create())
    slab.setUint32(consumer, CONSUMER_PENDING_AT, pending)
    this.setSeen(consumer, nowMs)
    const consumers = orFree(this.#loneConsumer, consumer, () =>
      this.#consumerNames.insert(slab.uint32(group, CONSUMERS_AT), consumer),
    )
    slab.setUint32(group, CONSUMERS_AT, consumers)
    this.#roots.addBytes(root, slab.usedBytes - before)
    return consumer
  }

  /** With its pending entries; O(n) in them. */
  deleteConsumer(root: Handle, group: Handle, consumer: Handle): void {
    const before = this.#slab.usedBytes
    const pending = this.pendingOf(consumer)
    const place = { leaf: NONE, index: 0 }
    const id = new StreamId()
    let isThere = this.#trees.seekFirst(pending, place)
    for (; isThere; isThere = this.#trees.moveNext(place)) {
      this.#trees.idAt(place, id)
      this.#trees.delete(this.pending(group), id)
    }
    this.#trees.free(pending, this.#freeDelivery)
    this.#consumerNames.remove(this.#slab.uint32(group, CONSUMERS_AT), consumer)
    this.#slab.free(consumer)
    this.#roots.addBytes(root, this.#slab.usedBytes - before)
  }

  seenMs(consumer: Handle): number {
    return this.#slab.view(consumer).getFloat64(this.#slab.offset(consumer) + SEEN_AT, true)
  }

  setSeen(consumer: Handle, nowMs: number): void {
    this.#slab.view(consumer).setFloat64(this.#slab.offset(consumer) + SEEN_AT, nowMs, true)
  }

  /** The id tree of a group's pending entries. */
  pending(group: Handle): Handle {
    return this.#slab.uint32(group, GROUP_PENDING_AT)
  }

  /** The id tree of a consumer's pending entries. */
  pendingOf(consumer: Handle): Handle {
    return this.#slab.uint32(consumer, CONSUMER_PENDING_AT)
  }

  /** The delivery of an entry; NONE when it is not pending. */
  delivery(group: Handle, id: StreamId): Handle {
    return this.#trees.get(this.pending(group), id)
  }

  /** The entry, which is not pending, was delivered to this consumer once. */
  deliver(root: Handle, group: Handle, consumer: Handle, id: StreamId): Handle {
    const slab = this.#slab
    const before = slab.usedBytes
    try {
      return orFree(slab, slab.allocate(DELIVERY_BYTES), (delivery) => {
        slab.setUint32(delivery, CONSUMER_AT, consumer)
        this.setDeliveryCount(delivery, 1)
        this.#trees.set(this.pending(group), id, delivery)
        this.#setOwn(group, consumer, id, delivery)
        return delivery
      })
    } finally {
      this.#roots.addBytes(root, slab.usedBytes - before)
    }
  }

  /** In the consumer's tree as in the group's, or in neither. */
  #setOwn(group: Handle, consumer: Handle, id: StreamId, delivery: Handle): void {
    try {
      this.#trees.set(this.pendingOf(consumer), id, delivery)
    } catch (error) {
      this.#trees.delete(this.pending(group), id)
      throw error
    }
  }

  /** The pending entry becomes another consumer's. */
  reassign(root: Handle, delivery: Handle, consumer: Handle, id: StreamId): void {
    const slab = this.#slab
    const owner = this.consumerOf(delivery)
    if (owner === consumer) return
    const before = slab.usedBytes
    try {
      // First, for there may be no memory: then it is still its owner's.
      this.#trees.set(this.pendingOf(consumer), id, delivery)
      this.#trees.delete(this.pendingOf(owner), id)
      slab.setUint32(delivery, CONSUMER_AT, consumer)
    } finally {
      this.#roots.addBytes(root, slab.usedBytes - before)
    }
  }

  /** The entry is pending no more. */
  release(root: Handle, group: Handle, delivery: Handle, id: StreamId): void {
    const before = this.#slab.usedBytes
    this.#trees.delete(this.pending(group), id)
    this.#trees.delete(this.pendingOf(this.consumerOf(delivery)), id)
    this.#slab.free(delivery)
    this.#roots.addBytes(root, this.#slab.usedBytes - before)
  }

  consumerOf(delivery: Handle): Handle {
    return this.#slab.uint32(delivery, CONSUMER_AT)
  }

  deliveredMs(delivery: Handle): number {
    return this.#slab.view(delivery).getFloat64(this.#slab.offset(delivery) + DELIVERED_AT, true)
  }

  setDelivered(delivery: Handle, atMs: number): void {
    this.#slab.view(delivery).setFloat64(this.#slab.offset(delivery) + DELIVERED_AT, atMs, true)
  }

  deliveryCount(delivery: Handle): Int64 {
    return int64At(this.#slab.bytes(delivery), this.#slab.offset(delivery) + DELIVERY_COUNT_AT)
  }

  setDeliveryCount(delivery: Handle, count: Int64): void {
    const at = this.#slab.offset(delivery) + DELIVERY_COUNT_AT
    writeInt64(this.#slab.bytes(delivery), at, count)
  }

  /** One delivery more. */
  countDelivery(delivery: Handle): void {
    this.setDeliveryCount(delivery, addInt64(this.deliveryCount(delivery), 1) ?? INT64_MIN)
  }

  groupName(group: Handle): NameBytes {
    return this.#name(this.#groupNames, group)
  }

  consumerName(consumer: Handle): NameBytes {
    return this.#name(this.#consumerNames, consumer)
  }

  /** Gives the groups of another stream to this one, which has none. */
  copyAll(from: Handle, to: Handle): void {
    const id = new StreamId()
    for (let index = 0; index < this.count(from); index += 1) {
      const group = this.at(from, index)
      const twin = this.create(to, this.groupName(group))
      this.readLastId(group, id)
      this.setLastId(twin, id)
      this.setEntriesRead(twin, this.entriesRead(group))
      for (let each = 0; each < this.consumerCount(group); each += 1) {
        this.#copyConsumer(to, twin, this.consumerAtIndex(group, each))
      }
    }
  }

  #copyConsumer(to: Handle, group: Handle, consumer: Handle): void {
    const name = this.consumerName(consumer)
    const twin = this.createConsumer(to, group, name, this.seenMs(consumer))
    const pending = this.pendingOf(consumer)
    const place = { leaf: NONE, index: 0 }
    const id = new StreamId()
    let isThere = this.#trees.seekFirst(pending, place)
    for (; isThere; isThere = this.#trees.moveNext(place)) {
      this.#trees.idAt(place, id)
      const delivery = this.#trees.valueAt(place)
      const copy = this.deliver(to, group, twin, id)
      this.setDelivered(copy, this.deliveredMs(delivery))
      this.setDeliveryCount(copy, this.deliveryCount(delivery))
    }
  }

  #name(names: NameList, block: Handle): NameBytes {
    const bytes = this.#slab.bytes(block)
    return { bytes, start: names.nameStart(block), length: names.nameLength(block) }
  }

  /** Of those that are in no list yet. */
  readonly #loneGroup = {
    free: (group: Handle): void => {
      while (!this.#freeSome(group, Number.POSITIVE_INFINITY));
    },
  }

  readonly #loneConsumer = {
    free: (consumer: Handle): void => {
      this.#trees.free(this.pendingOf(consumer))
      this.#slab.free(consumer)
    },
  }

  readonly #freeDelivery = (delivery: Handle): void => {
    this.#slab.free(delivery)
  }
}
