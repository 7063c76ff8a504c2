import { type Handle, NONE } from '../memory/slab.ts'
import { HEADER_BYTES, lastEntry, NO_ENTRY, nextEntry } from './listpack.ts'
import {
  appendListpack,
  appendValue,
  deleteEntries,
  EMPTY_LISTPACK_BYTES,
  encodedBytes,
  insertEntries,
  insertValue,
  insertValueAfter,
  prependListpack,
  prependValue,
  replaceWithValue,
  truncateListpack,
} from './listpack-edit.ts'
import type { QuicklistCursor } from './quicklist-cursor.ts'
import type { QuicklistNodes } from './quicklist-nodes.ts'
import { NodeRegion } from './quicklist-region.ts'

/** Writes in the middle of lists: nodes are split and merged as quicklist.c does it. */
export class QuicklistInserter {
  readonly #nodes: QuicklistNodes
  readonly #region: NodeRegion
  /** For what concerns two nodes. */
  readonly #other: NodeRegion

  constructor(nodes: QuicklistNodes) {
    this.#nodes = nodes
    this.#region = new NodeRegion(nodes.slab)
    this.#other = new NodeRegion(nodes.slab)
  }

  /** Beside the element under the cursor; `isPlain` says that the value gets a node of its own. */
  insert(
    root: Handle,
    cursor: QuicklistCursor,
    isAfter: boolean,
    isPlain: boolean,
    value: Uint8Array,
    start: number,
    length: number,
  ): void {
    const nodes = this.#nodes
    const { node, at } = cursor
    const isAtEdge = this.#isAtEdge(cursor, isAfter)
    if (isPlain) {
      // Behind the left part of a split node, whichever side was asked for.
      if (!isAtEdge) this.#split(root, node, this.#edge(cursor, isAfter))
      const plain = nodes.insertData(root, node, isAfter || !isAtEdge, true, value, start, length)
      nodes.addToCount(root, plain, 1)
    } else if (nodes.allowsInsert(root, node, length)) {
      const region = this.#open(root, node)
      if (isAfter) insertValueAfter(region, region.start + at, value, start, length)
      else insertValue(region, region.start + at, value, start, length)
      nodes.addToCount(root, node, 1)
    } else if (isAtEdge) {
      this.#insertBeside(root, node, isAfter, value, start, length)
    } else {
      const right = this.#split(root, node, this.#edge(cursor, isAfter))
      this.#add(root, isAfter ? right : node, !isAfter, value, start, length)
      this.#mergeAround(root, isAfter ? node : right)
    }
  }

  replace(
    root: Handle,
    cursor: QuicklistCursor,
    isPlain: boolean,
    value: Uint8Array,
    start: number,
    length: number,
  ): void {
    const nodes = this.#nodes
    const { node, at } = cursor
    const wasPlain = nodes.isPlain(node)
    if (!isPlain && !wasPlain) {
      const region = this.#open(root, node)
      replaceWithValue(region, region.start + at, value, start, length)
      return
    }
    this.insert(root, cursor, true, isPlain, value, start, length)
    // The old element is the last of its node now.
    if (nodes.count(node) === 1) return nodes.remove(root, node)
    const region = this.#open(root, node)
    deleteEntries(region, lastEntry(region.bytes, region.start), 1)
    nodes.addToCount(root, node, -1)
  }

  /** The node is full and the element at its edge: into the node beside it, or a new one between them. */
  #insertBeside(
    root: Handle,
    node: Handle,
    isAfter: boolean,
    value: Uint8Array,
    start: number,
    length: number,
  ): void {
    const nodes = this.#nodes
    const neighbour = isAfter ? nodes.next(node) : nodes.previous(node)
    if (nodes.allowsInsert(root, neighbour, length)) {
      this.#add(root, neighbour, !isAfter, value, start, length)
      return
    }
    const bytes = EMPTY_LISTPACK_BYTES + encodedBytes(value, start, length)
    const created = nodes.insertPacked(root, node, isAfter, bytes)
    this.#add(root, created, true, value, start, length)
  }

  /** At the end of the node, or at its start. */
  #add(
    root: Handle,
    node: Handle,
    isAtEnd: boolean,
    value: Uint8Array,
    start: number,
    length: number,
  ): void {
    const region = this.#open(root, node)
    if (isAtEnd) appendValue(region, value, start, length)
    else prependValue(region, value, start, length)
    this.#nodes.addToCount(root, node, 1)
  }

  /** Whether there is nothing in its node on that side of the element. */
  #isAtEdge({ node, at }: QuicklistCursor, isAfter: boolean): boolean {
    const nodes = this.#nodes
    if (nodes.isPlain(node)) return true
    if (!isAfter) return at === HEADER_BYTES
    return nextEntry(nodes.bytes(node), nodes.start(node) + at) === NO_ENTRY
  }

  /** Where the node is to be split, for the element to be the last on its left or the first on its right. */
  #edge({ node, at }: QuicklistCursor, isAfter: boolean): number {
    if (!isAfter) return at
    const start = this.#nodes.start(node)
    return nextEntry(this.#nodes.bytes(node), start + at) - start
  }

  /** Moves what stands from `at` on to a new node behind this one. */
  #split(root: Handle, node: Handle, at: number): Handle {
    const nodes = this.#nodes
    const left = this.#open(root, node)
    const length = left.length - 1 - at
    let kept = 0
    for (let each = HEADER_BYTES; each < at; kept += 1) {
      each = nextEntry(left.bytes, left.start + each) - left.start
    }
    const moved = nodes.count(node) - kept
    const created = nodes.insertPacked(root, node, true, EMPTY_LISTPACK_BYTES + length)
    const right = this.#other
    right.open(root, created, nodes.bytesMax(root))
    insertEntries(right, right.start + HEADER_BYTES, left.bytes, left.start + at, length, moved)
    truncateListpack(left, left.start + at, kept)
    nodes.addToCount(root, created, moved)
    nodes.addToCount(root, node, -moved)
    return created
  }

  /** Splitting leaves small nodes: merges what fits, in the order of quicklist.c. */
  #mergeAround(root: Handle, center: Handle): void {
    const nodes = this.#nodes
    const previous = nodes.previous(center)
    const next = nodes.next(center)
    if (previous !== NONE) this.#merge(root, nodes.previous(previous), previous)
    if (next !== NONE) this.#merge(root, next, nodes.next(next))
    const merged = this.#merge(root, nodes.previous(center), center)
    const target = merged === NONE ? center : merged
    this.#merge(root, target, nodes.next(target))
  }

  /** The larger one takes the other in; NONE when they do not fit together. */
  #merge(root: Handle, left: Handle, right: Handle): Handle {
    const nodes = this.#nodes
    if (!nodes.allowsMerge(root, left, right)) return NONE
    const keepsLeft = nodes.length(left) >= nodes.length(right)
    const kept = keepsLeft ? left : right
    const taken = keepsLeft ? right : left
    const region = this.#open(root, kept)
    if (keepsLeft) appendListpack(region, nodes.bytes(taken), nodes.start(taken))
    else prependListpack(region, nodes.bytes(taken), nodes.start(taken))
    nodes.addToCount(root, kept, nodes.count(taken))
    nodes.remove(root, taken)
    return kept
  }

  #open(root: Handle, node: Handle): NodeRegion {
    this.#nodes.open(root, node)
    this.#region.open(root, node, this.#nodes.bytesMax(root))
    return this.#region
  }
}
