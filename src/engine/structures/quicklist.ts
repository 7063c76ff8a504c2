import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { HEADER_BYTES, listpackCount, NO_ENTRY } from './listpack.ts'
import {
  appendValue,
  deleteEntries,
  EMPTY_LISTPACK_BYTES,
  encodedBytes,
  prependValue,
} from './listpack-edit.ts'
import { orFree } from './or-free.ts'
import { PackedEntry } from './packed-entry.ts'
import { QuicklistCursor } from './quicklist-cursor.ts'
import { QuicklistInserter } from './quicklist-inserter.ts'
import { QuicklistNodes } from './quicklist-nodes.ts'
import { type ListEnd, QuicklistReader } from './quicklist-reader.ts'
import { NodeRegion } from './quicklist-region.ts'
import type { RootedStructure } from './rooted-structure.ts'

/** Elements of so many bytes get a node of their own (quicklist.c: packed_threshold). */
export const PLAIN_BYTES_MIN = 2 ** 30

/**
 * Lists: a chain of nodes in the slab, each a listpack byte for byte as Redis 7.0 keeps it, or one large
 * element. Where one node ends and the next begins follows quicklist.c, and so does which nodes are packed.
 *
 * Values come as (bytes, start, length) and are copied in; they must not lie in the list they go to.
 */
export class Quicklist implements RootedStructure {
  /** DEBUG QUICKLIST-PACKED-THRESHOLD changes it. */
  plainBytesMin = PLAIN_BYTES_MIN
  /** list-compress-depth, for lists to come. */
  compressDepth = 0
  readonly nodes: QuicklistNodes
  readonly reader: QuicklistReader
  /** For commands, which run one after the other: used again by each. */
  readonly cursor = new QuicklistCursor()
  readonly entry = new PackedEntry()
  readonly #region: NodeRegion
  readonly #inserter: QuicklistInserter
  readonly #cursor = new QuicklistCursor()

  constructor(slab: Slab) {
    this.nodes = new QuicklistNodes(slab)
    this.reader = new QuicklistReader(this.nodes)
    this.#region = new NodeRegion(slab)
    this.#inserter = new QuicklistInserter(this.nodes)
  }

  /** An empty list; `fill` is list-max-listpack-size. */
  create(fill: number): Handle {
    return this.nodes.createRoot(fill, this.compressDepth)
  }

  size(root: Handle): number {
    return this.nodes.size(root)
  }

  bytes(root: Handle): number {
    return this.nodes.totalBytes(root)
  }

  push(root: Handle, end: ListEnd, value: Uint8Array, start: number, length: number): void {
    const { nodes } = this
    const isTail = end === 'tail'
    const node = isTail ? nodes.tail(root) : nodes.head(root)
    if (length >= this.plainBytesMin) {
      const plain = nodes.insertData(root, node, isTail, true, value, start, length)
      nodes.addToCount(root, plain, 1)
    } else if (nodes.allowsInsert(root, node, length)) {
      this.#pushInto(root, node, isTail, value, start, length)
    } else {
      this.#stopGrowing(root, node)
      const bytes = EMPTY_LISTPACK_BYTES + encodedBytes(value, start, length)
      const created = nodes.insertPacked(root, node, isTail, bytes)
      this.#pushInto(root, created, isTail, value, start, length)
    }
    nodes.settle(root)
  }

  /** Takes the element at an end away. */
  deleteEnd(root: Handle, end: ListEnd): void {
    this.reader.seekEnd(root, end, this.#cursor)
    this.#delete(root, this.#cursor.node, this.#cursor.at, 1)
    this.nodes.settle(root)
  }

  /** Takes up to `count` elements away, from `index` on, which is not negative. */
  deleteRange(root: Handle, index: number, count: number): void {
    const { nodes } = this
    if (count <= 0 || !this.reader.seek(root, index, this.#cursor)) return
    let left = Math.min(count, this.size(root) - index)
    let { node, at } = this.#cursor
    while (left > 0 && node !== NONE) {
      const next = nodes.next(node)
      const before = this.size(root)
      this.#delete(root, node, at, left)
      left -= before - this.size(root)
      node = next
      at = HEADER_BYTES
    }
    nodes.settle(root)
  }

  /**
   * Takes the element away and moves on towards an end; false, and the cursor is nowhere, at the end. After the last
   * one comes `nodes.settle`: a node that loses many is packed once.
   */
  deleteAt(root: Handle, cursor: QuicklistCursor, towards: ListEnd): boolean {
    const { node, at } = cursor
    if (towards === 'head') {
      // What stands before it keeps its place.
      const isMoved = this.reader.move(cursor, 'head')
      this.#delete(root, node, at, 1)
      return isMoved
    }
    const next = this.nodes.next(node)
    // What stood behind it in its node has come to its place.
    if (this.#delete(root, node, at, 1) !== NO_ENTRY) return true
    return this.reader.enter(next, 'head', cursor)
  }

  /** Inserts before or behind the element under the cursor, which is nowhere after it. */
  insert(
    root: Handle,
    cursor: QuicklistCursor,
    isAfter: boolean,
    value: Uint8Array,
    start: number,
    length: number,
  ): void {
    const isPlain = length >= this.plainBytesMin
    this.#inserter.insert(root, cursor, isAfter, isPlain, value, start, length)
    this.nodes.settle(root)
  }

  /** Puts the value in the place of the element under the cursor, which is nowhere after it. */
  replace(
    root: Handle,
    cursor: QuicklistCursor,
    value: Uint8Array,
    start: number,
    length: number,
  ): void {
    this.#inserter.replace(root, cursor, length >= this.plainBytesMin, value, start, length)
    this.nodes.settle(root)
  }

  free(root: Handle): void {
    this.freeSome(root, Number.POSITIVE_INFINITY)
  }

  /** A node counts as one element: it goes as a whole. */
  freeSome(root: Handle, elements: number): boolean {
    const { nodes } = this
    for (let freed = 0; freed < elements; freed += 1) {
      const node = nodes.head(root)
      if (node === NONE) {
        nodes.slab.free(root)
        return true
      }
      nodes.remove(root, node)
    }
    return false
  }

  copy(root: Handle): Handle {
    const { nodes } = this
    return orFree(this, nodes.createRoot(nodes.fill(root), nodes.depth(root)), (copy) => {
      for (let node = nodes.head(root); node !== NONE; node = nodes.next(node)) {
        nodes.appendCopy(copy, node)
      }
      nodes.settle(copy)
      return copy
    })
  }

  /** A whole node at the tail: a listpack of `count` elements that is known to be sound, or a plain element. */
  appendNode(
    root: Handle,
    isPlain: boolean,
    count: number,
    data: Uint8Array,
    start: number,
    length: number,
  ): void {
    const { nodes } = this
    const node = nodes.insertData(root, nodes.tail(root), true, isPlain, data, start, length)
    nodes.addToCount(root, node, count)
    nodes.settle(root)
  }

  #pushInto(
    root: Handle,
    node: Handle,
    isTail: boolean,
    value: Uint8Array,
    start: number,
    length: number,
  ): void {
    const region = this.#open(root, node)
    if (isTail) appendValue(region, value, start, length)
    else prependValue(region, value, start, length)
    this.nodes.addToCount(root, node, 1)
  }

  /** The node at an end is full: another takes its place. */
  #stopGrowing(root: Handle, node: Handle): void {
    if (node === NONE || this.nodes.isPlain(node)) return
    this.#open(root, node).fit()
  }

  /** Takes up to `count` elements of one node away; gives the entry behind them, if the node has one. */
  #delete(root: Handle, node: Handle, at: number, count: number): number {
    const { nodes } = this
    if (nodes.isPlain(node) || (at === HEADER_BYTES && count >= nodes.count(node))) {
      nodes.remove(root, node)
      return NO_ENTRY
    }
    const region = this.#open(root, node)
    const before = nodes.count(node)
    const behind = deleteEntries(region, region.start + at, count)
    nodes.addToCount(root, node, listpackCount(region.bytes, region.start) - before)
    return behind
  }

  #open(root: Handle, node: Handle): NodeRegion {
    this.nodes.open(root, node)
    this.#region.open(root, node, this.nodes.bytesMax(root))
    return this.#region
  }
}
