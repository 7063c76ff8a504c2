import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import type { MemberOrder } from './member-order.ts'

/** Entries of a node: a leaf of as many fills a block of the slab to the last byte. */
export const NODE_ENTRIES_MAX = 68

const NEXT_AT = 4
const PREVIOUS_AT = 8
const SCORES_AT = 16
const MEMBERS_AT = SCORES_AT + 8 * NODE_ENTRIES_MAX
const CHILDREN_AT = MEMBERS_AT + 4 * NODE_ENTRIES_MAX
const SIZES_AT = CHILDREN_AT + 4 * NODE_ENTRIES_MAX

const LEAF_BYTES = CHILDREN_AT
const INNER_BYTES = SIZES_AT + 4 * NODE_ENTRIES_MAX

/** Up to this, moving entries one by one is faster than the call that `copyWithin` needs. */
const LOOP_ENTRIES_MAX = 8

/**
 * The nodes of a score tree, as blocks of the slab:
 *
 *    0  u32  entries in use
 *    4  u32  the next leaf, 8 u32 the previous one
 *   16  f64[] scores, then u32[] members: of a leaf its own, of an inner node the first ones below each child
 *       u32[] children, then u32[] members below each: of an inner node only
 */
export class ScoreNodes {
  readonly slab: Slab
  readonly #order: MemberOrder
  /** What is left of a rank below the child that `childOfRank` has found. */
  rankInChild = 0

  constructor(slab: Slab, order: MemberOrder) {
    this.slab = slab
    this.#order = order
  }

  createLeaf(): Handle {
    const leaf = this.slab.allocate(LEAF_BYTES)
    this.setCount(leaf, 0)
    this.setNext(leaf, NONE)
    this.setPrevious(leaf, NONE)
    return leaf
  }

  createInner(): Handle {
    const inner = this.slab.allocate(INNER_BYTES)
    this.setCount(inner, 0)
    return inner
  }

  count(node: Handle): number {
    return this.slab.uint32(node, 0)
  }

  setCount(node: Handle, count: number): void {
    this.slab.setUint32(node, 0, count)
  }

  next(leaf: Handle): Handle {
    return this.slab.uint32(leaf, NEXT_AT)
  }

  setNext(leaf: Handle, next: Handle): void {
    this.slab.setUint32(leaf, NEXT_AT, next)
  }

  previous(leaf: Handle): Handle {
    return this.slab.uint32(leaf, PREVIOUS_AT)
  }

  setPrevious(leaf: Handle, previous: Handle): void {
    this.slab.setUint32(leaf, PREVIOUS_AT, previous)
  }

  score(node: Handle, index: number): number {
    return this.slab.view(node).getFloat64(this.slab.offset(node) + SCORES_AT + 8 * index, true)
  }

  member(node: Handle, index: number): Handle {
    return this.slab.uint32(node, MEMBERS_AT + 4 * index)
  }

  child(inner: Handle, index: number): Handle {
    return this.slab.uint32(inner, CHILDREN_AT + 4 * index)
  }

  size(inner: Handle, index: number): number {
    return this.slab.uint32(inner, SIZES_AT + 4 * index)
  }

  setEntry(node: Handle, index: number, score: number, member: Handle): void {
    const view = this.slab.view(node)
    const at = this.slab.offset(node)
    view.setFloat64(at + SCORES_AT + 8 * index, score, true)
    view.setUint32(at + MEMBERS_AT + 4 * index, member, true)
  }

  setChild(inner: Handle, index: number, child: Handle, size: number): void {
    this.slab.setUint32(inner, CHILDREN_AT + 4 * index, child)
    this.setSize(inner, index, size)
  }

  setSize(inner: Handle, index: number, size: number): void {
    this.slab.setUint32(inner, SIZES_AT + 4 * index, size)
  }

  /** The first entry that is not before the pair. */
  bisect(node: Handle, score: number, member: Handle): number {
    const view = this.slab.view(node)
    const at = this.slab.offset(node)
    let low = 0
    let high = view.getUint32(at, true)
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = view.getFloat64(at + SCORES_AT + 8 * middle, true)
      const isBefore =
        other < score ||
        (other === score &&
          this.#order.isBefore(view.getUint32(at + MEMBERS_AT + 4 * middle, true), member))
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The child that the pair is or belongs below. */
  childOf(inner: Handle, score: number, member: Handle): number {
    const index = this.bisect(inner, score, member)
    const isFirstOfChild =
      index < this.count(inner) &&
      this.member(inner, index) === member &&
      this.score(inner, index) === score
    return isFirstOfChild || index === 0 ? index : index - 1
  }

  /** The child that the member of this rank is below, of a node with `total` members below it. */
  childOfRank(inner: Handle, rank: number, total: number): number {
    const view = this.slab.view(inner)
    const at = this.slab.offset(inner)
    if (2 * rank > total) return this.#childFromEnd(inner, rank, total)
    let rest = rank
    let index = 0
    for (let size = view.getUint32(at + SIZES_AT, true); rest >= size; ) {
      rest -= size
      index += 1
      size = view.getUint32(at + SIZES_AT + 4 * index, true)
    }
    this.rankInChild = rest
    return index
  }

  /** Members below the first `count` children, of a node with `total` members below it. */
  sizeBefore(inner: Handle, count: number, total: number): number {
    const children = this.count(inner)
    if (2 * count <= children) return this.sizeBetween(inner, 0, count)
    return total - this.sizeBetween(inner, count, children)
  }

  /** Members below the children from `first` up to `end`, which is not one of them. */
  sizeBetween(inner: Handle, first: number, end: number): number {
    const view = this.slab.view(inner)
    const start = this.slab.offset(inner) + SIZES_AT
    let size = 0
    for (let at = start + 4 * first; at < start + 4 * end; at += 4) size += view.getUint32(at, true)
    return size
  }

  /** Makes room for one entry at `index`. */
  open(node: Handle, index: number, isLeaf: boolean): void {
    const count = this.count(node)
    if (isLeaf && count - index <= LOOP_ENTRIES_MAX) this.#shiftUp(node, index, count)
    else this.#move(node, index, index + 1, count - index, isLeaf)
    this.setCount(node, count + 1)
  }

  /** Closes the gap that `removed` entries from `index` on leave. */
  close(node: Handle, index: number, removed: number, isLeaf: boolean): void {
    const count = this.count(node)
    this.#move(node, index + removed, index, count - index - removed, isLeaf)
    this.setCount(node, count - removed)
  }

  /** Appends the entries of `from`, from `index` on, to `to` and takes them from there. */
  transfer(from: Handle, index: number, to: Handle, isLeaf: boolean): void {
    const moved = this.count(from) - index
    const kept = this.count(to)
    const source = this.slab.bytes(from)
    const target = this.slab.bytes(to)
    const fromAt = this.slab.offset(from)
    const toAt = this.slab.offset(to)
    const copy = (array: number, width: number) => {
      const start = fromAt + array + width * index
      target.set(source.subarray(start, start + width * moved), toAt + array + width * kept)
    }
    copy(SCORES_AT, 8)
    copy(MEMBERS_AT, 4)
    if (!isLeaf) {
      copy(CHILDREN_AT, 4)
      copy(SIZES_AT, 4)
    }
    this.setCount(from, index)
    this.setCount(to, kept + moved)
  }

  #childFromEnd(inner: Handle, rank: number, total: number): number {
    const view = this.slab.view(inner)
    const at = this.slab.offset(inner)
    let index = view.getUint32(at, true) - 1
    let before = total - view.getUint32(at + SIZES_AT + 4 * index, true)
    while (before > rank) {
      index -= 1
      before -= view.getUint32(at + SIZES_AT + 4 * index, true)
    }
    this.rankInChild = rank - before
    return index
  }

  #shiftUp(leaf: Handle, index: number, count: number): void {
    const view = this.slab.view(leaf)
    const scores = this.slab.offset(leaf) + SCORES_AT
    const members = this.slab.offset(leaf) + MEMBERS_AT
    for (let at = count; at > index; at -= 1) {
      view.setFloat64(scores + 8 * at, view.getFloat64(scores + 8 * at - 8, true), true)
      view.setUint32(members + 4 * at, view.getUint32(members + 4 * at - 4, true), true)
    }
  }

  #move(node: Handle, from: number, to: number, count: number, isLeaf: boolean): void {
    if (count === 0) return
    const bytes = this.slab.bytes(node)
    const at = this.slab.offset(node)
    const scores = at + SCORES_AT
    const members = at + MEMBERS_AT
    bytes.copyWithin(scores + 8 * to, scores + 8 * from, scores + 8 * (from + count))
    bytes.copyWithin(members + 4 * to, members + 4 * from, members + 4 * (from + count))
    if (isLeaf) return
    const children = at + CHILDREN_AT
    const sizes = at + SIZES_AT
    bytes.copyWithin(children + 4 * to, children + 4 * from, children + 4 * (from + count))
    bytes.copyWithin(sizes + 4 * to, sizes + 4 * from, sizes + 4 * (from + count))
  }
}
