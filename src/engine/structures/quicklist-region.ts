import { copyBytes, moveBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import type { ByteRegion } from './byte-region.ts'

/**
 * One node of a list, 32 bytes:
 *
 *    0  u32  node before it
 *    4  u32  node behind it
 *    8  u32  block of its data
 *   12  u32  elements
 *   16  u32  bytes of its data
 *   20  u32  where in the block they start
 *   24  u8   1 when the data are one plain element, 0 when they are a listpack
 *   28  u32  bytes of the data as they lie in the block, packed with LZF; 0 when they are not packed
 */
export const NODE_BYTES = 32
export const PREVIOUS_AT = 0
export const NEXT_AT = 4
export const DATA_AT = 8
export const COUNT_AT = 12
export const LENGTH_AT = 16
export const START_AT = 20
export const PLAIN_AT = 24
export const PACKED_BYTES_AT = 28

/** Of a list's root block: bytes of all its blocks, as f64. */
export const ROOT_TOTAL_AT = 16

/** Below this a block is as large as its data: many lists are small. */
const TIGHT_BYTES_MAX = 64
const SHRINK_BYTES_MIN = 256
const NO_BYTES = new Uint8Array(0)

/**
 * The data of one node that is not packed. The room a block has to spare lies before the data as well as behind them, so that
 * pushing and popping at either end moves nothing but a listpack's header or its end mark.
 */
export class NodeRegion implements ByteRegion {
  bytes: Uint8Array = NO_BYTES
  start = 0
  length = 0
  readonly #slab: Slab
  #root: Handle = NONE
  #node: Handle = NONE
  #block: Handle = NONE
  #blockStart = 0
  #capacity = 0
  /** What a node of this list may grow to: no block grows beyond it for room to spare. */
  #bytesMax = 0

  constructor(slab: Slab) {
    this.#slab = slab
  }

  open(root: Handle, node: Handle, bytesMax: number): void {
    const slab = this.#slab
    this.#root = root
    this.#node = node
    this.#bytesMax = bytesMax
    this.#enter(slab.uint32(node, DATA_AT))
    this.start = this.#blockStart + slab.uint32(node, START_AT)
    this.length = slab.uint32(node, LENGTH_AT)
  }

  splice(at: number, removed: number, inserted: number): void {
    const growth = inserted - removed
    const isNearStart = at < this.length - at - removed
    if (this.length + growth > this.#capacity) {
      this.#moveTo(this.#roomFor(this.length + growth), at, removed, inserted)
    } else {
      // All room to one side, so that the next push at this end has not to move everything again.
      if (growth > 0 && this.#roomAt(isNearStart) < growth) this.#takeRoom(isNearStart)
      this.#shift(isNearStart, at, removed, growth)
    }
    this.#store()
    const isSparse = this.#capacity >= SHRINK_BYTES_MIN && this.length < this.#capacity / 4
    if (isSparse) this.#resize(this.length + (this.length >> 1))
  }

  /** Gives back room to spare, when it is more than an eighth: the node has stopped to grow. */
  fit(): void {
    if (this.#capacity - this.length > this.#capacity >> 3) this.#resize(this.length)
  }

  #roomAt(isStart: boolean): number {
    const before = this.start - this.#blockStart
    return isStart ? before : this.#capacity - before - this.length
  }

  #roomFor(length: number): number {
    if (length <= TIGHT_BYTES_MAX) return length
    return Math.max(length, Math.min(length + (length >> 2), this.#bytesMax))
  }

  /** Moves what stands before `at`, or what stands behind the removed bytes, by the growth. */
  #shift(movesStart: boolean, at: number, removed: number, growth: number): void {
    const { bytes, start } = this
    if (movesStart) {
      moveBytes(bytes, start - growth, start, at)
      this.start = start - growth
    } else {
      const from = start + at + removed
      moveBytes(bytes, from + growth, from, this.length - at - removed)
    }
    this.length += growth
  }

  /** Moves the data within the block, so that all room to spare is before or behind them. */
  #takeRoom(isBefore: boolean): void {
    const start = this.#blockStart + (isBefore ? this.#capacity - this.length : 0)
    moveBytes(this.bytes, start, this.start, this.length)
    this.start = start
  }

  /** Into another block, with the room to spare on the side of `at`. */
  #moveTo(blockBytes: number, at: number, removed: number, inserted: number): void {
    const { bytes: old, start: oldStart, length: oldLength } = this
    const length = oldLength - removed + inserted
    const tail = oldLength - at - removed
    const oldBlock = this.#block
    this.#enter(this.#slab.allocate(blockBytes))
    const isNearStart = at < tail
    this.start = this.#blockStart + (isNearStart ? this.#capacity - length : 0)
    this.length = length
    copyBytes(this.bytes, this.start, old, oldStart, at)
    copyBytes(this.bytes, this.start + at + inserted, old, oldStart + at + removed, tail)
    this.#exchanged(oldBlock)
  }

  /** To less room to spare, if there is memory for that. */
  #resize(blockBytes: number): void {
    const { bytes: old, start: oldStart, length } = this
    const oldBlock = this.#block
    const block = this.#slab.tryToAllocate(blockBytes)
    if (block === NONE) return
    this.#enter(block)
    this.start = this.#blockStart
    copyBytes(this.bytes, this.start, old, oldStart, length)
    this.#exchanged(oldBlock)
    this.#store()
  }

  #enter(block: Handle): void {
    this.#block = block
    this.#capacity = this.#slab.blockBytes(block)
    this.#blockStart = this.#slab.offset(block)
    this.bytes = this.#slab.bytes(block)
  }

  #exchanged(oldBlock: Handle): void {
    const slab = this.#slab
    slab.setUint32(this.#node, DATA_AT, this.#block)
    addToTotal(slab, this.#root, this.#capacity - slab.blockBytes(oldBlock))
    slab.free(oldBlock)
  }

  #store(): void {
    const view = this.#slab.view(this.#node)
    const at = this.#slab.offset(this.#node)
    view.setUint32(at + LENGTH_AT, this.length, true)
    view.setUint32(at + START_AT, this.start - this.#blockStart, true)
  }
}

export function addToTotal(slab: Slab, root: Handle, bytes: number): void {
  const view = slab.view(root)
  const at = slab.offset(root) + ROOT_TOTAL_AT
  view.setFloat64(at, view.getFloat64(at, true) + bytes, true)
}
