import { copyBytes } from '../../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import { StreamId } from './stream-id.ts'

/**
 * A node of an id tree. Leaves are linked to their neighbours. An inner node's items are its children, each with an
 * id that no id below it is less than; what is less than the first one is looked for in the first child.
 *
 *    0  u32  items
 *    4  u32  leaf: the next leaf
 *    8  u32  leaf: the leaf before
 *   12  items of 20 bytes: u32 high and low word of the milliseconds, the same of the sequence number, u32 value
 */
const COUNT_AT = 0
const NEXT_AT = 4
const PREVIOUS_AT = 8
const ITEMS_AT = 12
const ITEM_BYTES = 20
const VALUE_IN_ITEM = 16

/** A full node fills a block of 640 bytes. */
export const ITEMS_MAX = 31
/** A tree of one id has a block of 48 bytes. */
const FIRST_BYTES = ITEMS_AT + ITEM_BYTES
const FULL_BYTES = ITEMS_AT + ITEMS_MAX * ITEM_BYTES
/** A new topmost node has two children. */
const TOP_BYTES = ITEMS_AT + 2 * ITEM_BYTES

/** Reads and writes nodes of id trees; knows no tree. */
export class IdTreeNodes {
  readonly #slab: Slab
  /** Blocks for an insertion, in the order in which it takes them. */
  readonly #spares: Handle[] = []

  constructor(slab: Slab) {
    this.#slab = slab
  }

  createLeaf(): Handle {
    return this.#create(FIRST_BYTES)
  }

  createTop(): Handle {
    return this.#create(TOP_BYTES)
  }

  /** For a node that is about to get an item more. */
  addSpareToGrow(node: Handle): void {
    const bytes = this.#bytesToGrow(node, this.count(node) + 1)
    if (bytes > 0) this.#spares.push(this.#slab.allocate(bytes))
  }

  /** For a node that is full, of which so many items will move. */
  addSpareToSplit(moved: number): void {
    this.#spares.push(this.#slab.allocate(splitBytes(moved)))
  }

  addSpareForTop(): void {
    this.#spares.push(this.#slab.allocate(TOP_BYTES))
  }

  freeSpares(): void {
    for (const spare of this.#spares) this.#slab.free(spare)
    this.#spares.length = 0
  }

  #create(bytes: number): Handle {
    const node = this.#spares.shift() ?? this.#slab.allocate(bytes)
    this.#slab.setUint32(node, COUNT_AT, 0)
    this.#slab.setUint32(node, NEXT_AT, NONE)
    this.#slab.setUint32(node, PREVIOUS_AT, NONE)
    return node
  }

  free(node: Handle): void {
    this.#slab.free(node)
  }

  count(node: Handle): number {
    return this.#slab.uint32(node, COUNT_AT)
  }

  next(leaf: Handle): Handle {
    return this.#slab.uint32(leaf, NEXT_AT)
  }

  previous(leaf: Handle): Handle {
    return this.#slab.uint32(leaf, PREVIOUS_AT)
  }

  value(node: Handle, index: number): number {
    return this.#slab.uint32(node, ITEMS_AT + index * ITEM_BYTES + VALUE_IN_ITEM)
  }

  setValue(node: Handle, index: number, value: number): void {
    this.#slab.setUint32(node, ITEMS_AT + index * ITEM_BYTES + VALUE_IN_ITEM, value)
  }

  readId(node: Handle, index: number, id: StreamId): void {
    const view = this.#slab.view(node)
    const at = this.#slab.offset(node) + ITEMS_AT + index * ITEM_BYTES
    id.msHigh = view.getUint32(at, true)
    id.msLow = view.getUint32(at + 4, true)
    id.seqHigh = view.getUint32(at + 8, true)
    id.seqLow = view.getUint32(at + 12, true)
  }

  firstId(node: Handle): StreamId {
    const id = new StreamId()
    this.readId(node, 0, id)
    return id
  }

  copyId(from: Handle, fromIndex: number, to: Handle, toIndex: number): void {
    copyBytes(
      this.#slab.bytes(to),
      this.#slab.offset(to) + ITEMS_AT + toIndex * ITEM_BYTES,
      this.#slab.bytes(from),
      this.#slab.offset(from) + ITEMS_AT + fromIndex * ITEM_BYTES,
      VALUE_IN_ITEM,
    )
  }

  /** Negative, 0 or positive: how the item's id stands to this one. */
  compare(node: Handle, index: number, id: StreamId): number {
    const view = this.#slab.view(node)
    const at = this.#slab.offset(node) + ITEMS_AT + index * ITEM_BYTES
    return (
      view.getUint32(at, true) - id.msHigh ||
      view.getUint32(at + 4, true) - id.msLow ||
      view.getUint32(at + 8, true) - id.seqHigh ||
      view.getUint32(at + 12, true) - id.seqLow
    )
  }

  /** The last item of a leaf whose id is not greater, or -1. */
  floor(leaf: Handle, id: StreamId): number {
    return this.#floor(leaf, id, -1)
  }

  /** The child below which an id stands. What the first child's own id is does not matter. */
  childOf(node: Handle, id: StreamId): number {
    return this.#floor(node, id, 0)
  }

  /** The node must not be full. It may move: gives where it is. */
  insert(node: Handle, index: number, id: StreamId, value: number): Handle {
    const count = this.count(node)
    const grown = this.#withRoom(node, count + 1)
    const view = this.#slab.view(grown)
    const start = this.#slab.offset(grown)
    const at = start + ITEMS_AT + index * ITEM_BYTES
    if (index < count) {
      const end = start + ITEMS_AT + count * ITEM_BYTES
      this.#slab.bytes(grown).copyWithin(at + ITEM_BYTES, at, end)
    }
    view.setUint32(at, id.msHigh, true)
    view.setUint32(at + 4, id.msLow, true)
    view.setUint32(at + 8, id.seqHigh, true)
    view.setUint32(at + 12, id.seqLow, true)
    view.setUint32(at + VALUE_IN_ITEM, value, true)
    view.setUint32(start + COUNT_AT, count + 1, true)
    return grown
  }

  remove(node: Handle, index: number): void {
    const count = this.count(node)
    const start = this.#slab.offset(node)
    const at = start + ITEMS_AT + index * ITEM_BYTES
    const end = start + ITEMS_AT + count * ITEM_BYTES
    this.#slab.bytes(node).copyWithin(at, at + ITEM_BYTES, end)
    this.#slab.setUint32(node, COUNT_AT, count - 1)
  }

  /** Moves the items from `kept` on to a new node behind it. */
  split(node: Handle, kept: number, isLeaf: boolean): Handle {
    const moved = this.count(node) - kept
    const right = this.#create(splitBytes(moved))
    this.#copyItems(node, kept, right, 0, moved)
    this.#slab.setUint32(right, COUNT_AT, moved)
    this.#slab.setUint32(node, COUNT_AT, kept)
    if (isLeaf) {
      this.#link(right, this.next(node))
      this.#link(node, right)
    }
    return right
  }

  /**
   * Takes in the node behind it; both together are not too many. It may move: gives where it is, or NONE when both stay
   * as they are, for there is no memory.
   */
  join(node: Handle, other: Handle, isLeaf: boolean): Handle {
    const count = this.count(node)
    const added = this.count(other)
    const bytes = this.#bytesToGrow(node, count + added)
    const grown = bytes === 0 ? NONE : this.#slab.tryToAllocate(bytes)
    if (bytes > 0 && grown === NONE) return NONE
    const joined = grown === NONE ? node : this.#moveTo(node, grown)
    this.#copyItems(other, 0, joined, count, added)
    this.#slab.setUint32(joined, COUNT_AT, count + added)
    if (isLeaf) this.unlink(other)
    this.free(other)
    return joined
  }

  /** Takes a leaf out of the row. */
  unlink(leaf: Handle): void {
    const previous = this.previous(leaf)
    const next = this.next(leaf)
    if (previous !== NONE) this.#slab.setUint32(previous, NEXT_AT, next)
    if (next !== NONE) this.#slab.setUint32(next, PREVIOUS_AT, previous)
  }

  #link(leaf: Handle, next: Handle): void {
    this.#slab.setUint32(leaf, NEXT_AT, next)
    if (next !== NONE) this.#slab.setUint32(next, PREVIOUS_AT, leaf)
  }

  #floor(node: Handle, id: StreamId, lowest: number): number {
    let low = lowest
    let high = this.count(node) - 1
    // Ids come in their order as a rule.
    if (high > low && this.compare(node, high, id) <= 0) return high
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.compare(node, middle, id) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  #withRoom(node: Handle, count: number): Handle {
    const bytes = this.#bytesToGrow(node, count)
    if (bytes === 0) return node
    return this.#moveTo(node, this.#spares.shift() ?? this.#slab.allocate(bytes))
  }

  /** Of another block, when the node has no room for so many items: blocks grow, for most trees are small. */
  #bytesToGrow(node: Handle, count: number): number {
    const needed = ITEMS_AT + count * ITEM_BYTES
    const held = this.#slab.blockBytes(node)
    return needed <= held ? 0 : Math.max(needed, Math.min(FULL_BYTES, held * 2))
  }

  #moveTo(node: Handle, grown: Handle): Handle {
    const used = ITEMS_AT + this.count(node) * ITEM_BYTES
    copyBytes(
      this.#slab.bytes(grown),
      this.#slab.offset(grown),
      this.#slab.bytes(node),
      this.#slab.offset(node),
      used,
    )
    const previous = this.previous(node)
    const next = this.next(node)
    if (previous !== NONE) this.#slab.setUint32(previous, NEXT_AT, grown)
    if (next !== NONE) this.#slab.setUint32(next, PREVIOUS_AT, grown)
    this.#slab.free(node)
    return grown
  }

  #copyItems(from: Handle, fromIndex: number, to: Handle, toIndex: number, count: number): void {
    copyBytes(
      this.#slab.bytes(to),
      this.#slab.offset(to) + ITEMS_AT + toIndex * ITEM_BYTES,
      this.#slab.bytes(from),
      this.#slab.offset(from) + ITEMS_AT + fromIndex * ITEM_BYTES,
      count * ITEM_BYTES,
    )
  }
}

/** Where none move an item comes in that is the last of all: more will follow it. */
function splitBytes(moved: number): number {
  return moved === 0 ? FIRST_BYTES : FULL_BYTES
}
