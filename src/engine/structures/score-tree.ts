import { invariant } from '../../shared/assert.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { AFTER_ALL, BEFORE_ALL, type MemberLayout, MemberOrder } from './member-order.ts'
import type { ScoreCursor } from './score-cursor.ts'
import { NODE_ENTRIES_MAX, ScoreNodes } from './score-nodes.ts'

/**
 * The root block:
 *
 *    0  u32  the root node, 4 u32 levels of inner nodes above the leaves
 *    8  u32  members
 *   12  u32  bytes of all nodes, in units of 16
 *   16  u32  the first leaf, 20 u32 the last
 *   24  u32  the owner's
 */
const HEIGHT_AT = 4
const SIZE_AT = 8
const NODE_UNITS_AT = 12
const FIRST_LEAF_AT = 16
const LAST_LEAF_AT = 20
export const OWNER_AT = 24
const ROOT_BYTES = 32

/** Four members a node would be enough for more members than 32-bit handles can name. */
const LEVELS_MAX = 16
const MERGE_BELOW = NODE_ENTRIES_MAX / 2
/** Neighbours are joined only to nodes that will not be split again at once. */
const MERGED_MAX = (NODE_ENTRIES_MAX * 3) / 4

/**
 * Members in the order of their scores, and of their bytes where scores are equal: a B+ tree that counts
 * what is below each child, so that ranks are found as fast as scores. It holds handles of members' records
 * and changes nothing of them; freeing them is the caller's. Scores are never NaN.
 *
 * One object serves all trees of a slab; a tree is known by the handle of its root block, which stays.
 */
export class ScoreTree {
  /** The members that `removeRun` took out, in order. */
  readonly removed = new Uint32Array(NODE_ENTRIES_MAX)
  readonly #slab: Slab
  readonly #nodes: ScoreNodes
  readonly #order: MemberOrder
  /** The way down to the leaf looked at last: inner nodes and the child taken of each. */
  readonly #pathNodes = new Uint32Array(LEVELS_MAX)
  readonly #pathIndexes = new Uint8Array(LEVELS_MAX)
  /** Nodes allocated for the splits of one insertion, before it changes anything. */
  readonly #spares = new Uint32Array(LEVELS_MAX + 1)
  #spareCount = 0
  /** What is about to be placed: an entry, and what an inner node has besides. */
  #newScore = 0
  #newMember: Handle = NONE
  #newChild: Handle = NONE
  #newSize = 0

  constructor(options: { readonly slab: Slab; readonly layout: MemberLayout }) {
    this.#slab = options.slab
    this.#nodes = new ScoreNodes(options.slab)
    this.#order = new MemberOrder(options.slab, options.layout)
  }

  create(): Handle {
    const leaf = this.#nodes.createLeaf()
    const root = this.#slab.allocate(ROOT_BYTES)
    this.#slab.setUint32(root, 0, leaf)
    this.#slab.setUint32(root, HEIGHT_AT, 0)
    this.#slab.setUint32(root, SIZE_AT, 0)
    this.#slab.setUint32(root, NODE_UNITS_AT, this.#slab.blockBytes(leaf) >>> 4)
    this.#slab.setUint32(root, FIRST_LEAF_AT, leaf)
    this.#slab.setUint32(root, LAST_LEAF_AT, leaf)
    this.#slab.setUint32(root, OWNER_AT, NONE)
    return root
  }

  size(root: Handle): number {
    return this.#slab.uint32(root, SIZE_AT)
  }

  /** Root block and nodes, without the members' records. */
  bytes(root: Handle): number {
    return this.#slab.blockBytes(root) + this.#slab.uint32(root, NODE_UNITS_AT) * 16
  }

  free(root: Handle): void {
    while (!this.freeSome(root, NODE_ENTRIES_MAX));
  }

  /** Frees about `budget` nodes; true when the tree is gone. Nothing else may be asked of it meanwhile. */
  freeSome(root: Handle, budget: number): boolean {
    for (let freed = 0; freed < budget; freed += 1) {
      if (!this.#freeLastLeaf(root)) continue
      this.#slab.free(root)
      return true
    }
    return false
  }

  /** The pair is not in the tree yet. */
  insert(root: Handle, score: number, member: Handle): void {
    this.#insertAt(root, this.#descend(root, score, member), score, member)
  }

  /** Inserts what comes after all there is, without comparing. */
  append(root: Handle, score: number, member: Handle): void {
    this.#insertAt(root, this.#descendToEnd(root), score, member)
  }

  /** The pair is in the tree. */
  remove(root: Handle, score: number, member: Handle): void {
    const leaf = this.#descend(root, score, member)
    const index = this.#bisect(leaf, score, member)
    invariant(
      index < this.#nodes.count(leaf) && this.#nodes.member(leaf, index) === member,
      'the member to remove is in its tree',
    )
    this.#removeFromLeaf(root, leaf, index, 1)
  }

  /**
   * Takes members out from `rank` on, up to `count` and no more than one leaf has of them: at least one.
   * Gives how many; `removed` tells which.
   */
  removeRun(root: Handle, rank: number, count: number): number {
    const index = this.#descendToRank(root, rank)
    const leaf = this.#leafOfPath(root)
    const run = Math.min(count, this.#nodes.count(leaf) - index)
    for (let at = 0; at < run; at += 1) this.removed[at] = this.#nodes.member(leaf, index + at)
    this.#removeFromLeaf(root, leaf, index, run)
    return run
  }

  /** Gives a member another score. Changes nothing when there is no memory for it. */
  updateScore(root: Handle, oldScore: number, member: Handle, score: number): void {
    const leaf = this.#descend(root, oldScore, member)
    const index = this.#bisect(leaf, oldScore, member)
    // 0 and -0 are equal, and both may be told.
    if (score === oldScore || this.#staysAt(leaf, index, score, member)) {
      this.#nodes.setEntry(leaf, index, score, member)
      if (index === 0) this.#raiseFirst(root, this.#height(root))
      return
    }
    // Under both scores for a moment: the pairs differ, and a removal cannot fail.
    this.insert(root, score, member)
    this.remove(root, oldScore, member)
  }

  /** How many stand before the pair, which may be missing. */
  rank(root: Handle, score: number, member: Handle): number {
    const leaf = this.#descend(root, score, member)
    return this.#membersBefore(root) + this.#bisect(leaf, score, member)
  }

  /** How many have a lower score, or, with `orEqual`, one that is not higher. */
  countBelow(root: Handle, score: number, orEqual: boolean): number {
    return this.rank(root, score, orEqual ? AFTER_ALL : BEFORE_ALL)
  }

  /**
   * How many members are before these bytes, or, with `orEqual`, not after them. All members have the same
   * score, or the answer means nothing.
   */
  countBeforeBytes(
    root: Handle,
    bytes: Uint8Array,
    start: number,
    length: number,
    orEqual: boolean,
  ): number {
    const height = this.#height(root)
    const limit = orEqual ? 0 : -1
    let before = 0
    let node = this.#rootNode(root)
    for (let level = 0; level <= height; level += 1) {
      let low = 0
      let high = this.#nodes.count(node)
      while (low < high) {
        const middle = (low + high) >>> 1
        const order = this.#order.compare(this.#nodes.member(node, middle), bytes, start, length)
        if (order <= limit) low = middle + 1
        else high = middle
      }
      if (level === height) return before + low
      const index = low === 0 ? 0 : low - 1
      before += this.#nodes.sizeBefore(node, index)
      node = this.#nodes.child(node, index)
    }
    return before
  }

  /** Puts the cursor on the member of a rank below `size`. */
  seek(root: Handle, rank: number, cursor: ScoreCursor): void {
    const size = this.size(root)
    if (rank === 0) {
      cursor.place(this.#nodes, this.#slab.uint32(root, FIRST_LEAF_AT), 0)
    } else if (rank === size - 1) {
      const leaf = this.#slab.uint32(root, LAST_LEAF_AT)
      cursor.place(this.#nodes, leaf, this.#nodes.count(leaf) - 1)
    } else {
      const index = this.#descendToRank(root, rank)
      cursor.place(this.#nodes, this.#leafOfPath(root), index)
    }
  }

  #rootNode(root: Handle): Handle {
    return this.#slab.uint32(root, 0)
  }

  #height(root: Handle): number {
    return this.#slab.uint32(root, HEIGHT_AT)
  }

  /** The first entry of a node that is not before the pair. */
  #bisect(node: Handle, score: number, member: Handle): number {
    let low = 0
    let high = this.#nodes.count(node)
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#nodes.score(node, middle)
      const isBefore =
        other < score ||
        (other === score && this.#order.isBefore(this.#nodes.member(node, middle), member))
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Fills the path to the leaf where the pair is or belongs, and gives that. */
  #descend(root: Handle, score: number, member: Handle): Handle {
    const height = this.#height(root)
    let node = this.#rootNode(root)
    for (let level = 0; level < height; level += 1) {
      let index = this.#bisect(node, score, member)
      const isFirstOfChild =
        index < this.#nodes.count(node) &&
        this.#nodes.member(node, index) === member &&
        this.#nodes.score(node, index) === score
      if (!isFirstOfChild && index > 0) index -= 1
      node = this.#step(level, node, index)
    }
    return node
  }

  #descendToEnd(root: Handle): Handle {
    const height = this.#height(root)
    let node = this.#rootNode(root)
    for (let level = 0; level < height; level += 1) {
      node = this.#step(level, node, this.#nodes.count(node) - 1)
    }
    return node
  }

  /** Fills the path to the leaf of the rank, and gives the place in it. */
  #descendToRank(root: Handle, rank: number): number {
    const height = this.#height(root)
    let rest = rank
    let node = this.#rootNode(root)
    for (let level = 0; level < height; level += 1) {
      let index = 0
      for (let size = this.#nodes.size(node, 0); rest >= size; ) {
        rest -= size
        index += 1
        size = this.#nodes.size(node, index)
      }
      node = this.#step(level, node, index)
    }
    return rest
  }

  #step(level: number, node: Handle, index: number): Handle {
    this.#pathNodes[level] = node
    this.#pathIndexes[level] = index
    return this.#nodes.child(node, index)
  }

  #pathNode(level: number): Handle {
    return this.#pathNodes[level] ?? NONE
  }

  #pathIndex(level: number): number {
    return this.#pathIndexes[level] ?? 0
  }

  /** The node that the path has at `level`: the root node at 0, the leaf at the height. */
  #nodeAt(root: Handle, level: number): Handle {
    if (level === 0) return this.#rootNode(root)
    return this.#nodes.child(this.#pathNode(level - 1), this.#pathIndex(level - 1))
  }

  #leafOfPath(root: Handle): Handle {
    return this.#nodeAt(root, this.#height(root))
  }

  #membersBefore(root: Handle): number {
    const height = this.#height(root)
    let before = 0
    for (let level = 0; level < height; level += 1) {
      before += this.#nodes.sizeBefore(this.#pathNode(level), this.#pathIndex(level))
    }
    return before
  }

  /** Counts `change` members more, or less, along the path. */
  #count(root: Handle, change: number): void {
    this.#slab.setUint32(root, SIZE_AT, this.size(root) + change)
    const height = this.#height(root)
    for (let level = 0; level < height; level += 1) {
      const node = this.#pathNode(level)
      const index = this.#pathIndex(level)
      this.#nodes.setSize(node, index, this.#nodes.size(node, index) + change)
    }
  }

  /** The first entry of the path's node at `level` is another one: tells the nodes above. */
  #raiseFirst(root: Handle, level: number): void {
    const node = this.#nodeAt(root, level)
    const score = this.#nodes.score(node, 0)
    const member = this.#nodes.member(node, 0)
    for (let above = level - 1; above >= 0; above -= 1) {
      const index = this.#pathIndex(above)
      this.#nodes.setEntry(this.#pathNode(above), index, score, member)
      if (index !== 0) return
    }
  }

  /** Whether the entry of the leaf may have this score without another one between its neighbours and it. */
  #staysAt(leaf: Handle, index: number, score: number, member: Handle): boolean {
    const last = this.#nodes.count(leaf) - 1
    if (score > this.#nodes.score(leaf, index)) {
      if (index === last) return this.#nodes.next(leaf) === NONE
      const next = this.#nodes.score(leaf, index + 1)
      if (score !== next) return score < next
      return this.#order.isBefore(member, this.#nodes.member(leaf, index + 1))
    }
    if (index === 0) return this.#nodes.previous(leaf) === NONE
    const previous = this.#nodes.score(leaf, index - 1)
    if (score !== previous) return score > previous
    return this.#order.isBefore(this.#nodes.member(leaf, index - 1), member)
  }

  #insertAt(root: Handle, leaf: Handle, score: number, member: Handle): void {
    if (this.#nodes.count(leaf) === NODE_ENTRIES_MAX) this.#allocateSpares(root)
    this.#count(root, 1)
    const index = this.#bisect(leaf, score, member)
    this.#newScore = score
    this.#newMember = member
    this.#place(root, this.#height(root), leaf, index)
  }

  /** One node for each full one on the path, and one for a new root when all are. */
  #allocateSpares(root: Handle): void {
    const height = this.#height(root)
    this.#spareCount = 0
    try {
      this.#addSpare(this.#nodes.createLeaf())
      let level = height - 1
      while (level >= 0 && this.#nodes.count(this.#pathNode(level)) === NODE_ENTRIES_MAX) {
        this.#addSpare(this.#nodes.createInner())
        level -= 1
      }
      if (level < 0) this.#addSpare(this.#nodes.createInner())
    } catch (error) {
      while (this.#spareCount > 0) this.#slab.free(this.#takeSpare())
      throw error
    }
    // Splits take them from the leaf upwards.
    this.#spares.subarray(0, this.#spareCount).reverse()
    let units = this.#slab.uint32(root, NODE_UNITS_AT)
    for (const spare of this.#spares.subarray(0, this.#spareCount)) {
      units += this.#slab.blockBytes(spare) >>> 4
    }
    this.#slab.setUint32(root, NODE_UNITS_AT, units)
  }

  #addSpare(node: Handle): void {
    this.#spares[this.#spareCount] = node
    this.#spareCount += 1
  }

  #takeSpare(): Handle {
    this.#spareCount -= 1
    return this.#spares[this.#spareCount] ?? NONE
  }

  /** Puts what is new at `index` of the path's node at `level`, splitting that when it is full. */
  #place(root: Handle, level: number, node: Handle, index: number): void {
    const isLeaf = level === this.#height(root)
    if (this.#nodes.count(node) < NODE_ENTRIES_MAX) {
      this.#write(node, index, isLeaf)
      if (index === 0) this.#raiseFirst(root, level)
      return
    }
    const right = this.#takeSpare()
    const cut = this.#splitPoint(node, index, isLeaf)
    this.#nodes.transfer(node, cut, right, isLeaf)
    if (isLeaf) this.#linkAfter(root, node, right)
    if (index < cut || (index === cut && cut !== NODE_ENTRIES_MAX)) {
      this.#write(node, index, isLeaf)
      if (index === 0) this.#raiseFirst(root, level)
    } else {
      this.#write(right, index - cut, isLeaf)
    }
    this.#placeSplit(root, level, node, right)
  }

  /** Members often come in order: then the node that will not be met again stays full. */
  #splitPoint(node: Handle, index: number, isLeaf: boolean): number {
    if (index === NODE_ENTRIES_MAX && (!isLeaf || this.#nodes.next(node) === NONE)) return index
    if (index === 0 && isLeaf && this.#nodes.previous(node) === NONE) return 0
    return NODE_ENTRIES_MAX / 2
  }

  /** The node at `level` has been split in two: tells the node above, or makes one. */
  #placeSplit(root: Handle, level: number, left: Handle, right: Handle): void {
    const isLeaf = level === this.#height(root)
    const leftSize = this.#sizeOf(left, isLeaf)
    const rightSize = this.#sizeOf(right, isLeaf)
    if (level === 0) {
      const above = this.#takeSpare()
      this.#nodes.setCount(above, 2)
      this.#nodes.setEntry(above, 0, this.#nodes.score(left, 0), this.#nodes.member(left, 0))
      this.#nodes.setChild(above, 0, left, leftSize)
      this.#nodes.setEntry(above, 1, this.#nodes.score(right, 0), this.#nodes.member(right, 0))
      this.#nodes.setChild(above, 1, right, rightSize)
      this.#slab.setUint32(root, 0, above)
      this.#slab.setUint32(root, HEIGHT_AT, this.#height(root) + 1)
      return
    }
    const above = this.#pathNode(level - 1)
    const index = this.#pathIndex(level - 1)
    this.#nodes.setSize(above, index, leftSize)
    this.#newScore = this.#nodes.score(right, 0)
    this.#newMember = this.#nodes.member(right, 0)
    this.#newChild = right
    this.#newSize = rightSize
    this.#place(root, level - 1, above, index + 1)
  }

  #sizeOf(node: Handle, isLeaf: boolean): number {
    const count = this.#nodes.count(node)
    return isLeaf ? count : this.#nodes.sizeBefore(node, count)
  }

  #write(node: Handle, index: number, isLeaf: boolean): void {
    this.#nodes.open(node, index, isLeaf)
    this.#nodes.setEntry(node, index, this.#newScore, this.#newMember)
    if (!isLeaf) this.#nodes.setChild(node, index, this.#newChild, this.#newSize)
  }

  #linkAfter(root: Handle, leaf: Handle, right: Handle): void {
    const next = this.#nodes.next(leaf)
    this.#nodes.setNext(leaf, right)
    this.#nodes.setPrevious(right, leaf)
    this.#nodes.setNext(right, next)
    if (next === NONE) this.#slab.setUint32(root, LAST_LEAF_AT, right)
    else this.#nodes.setPrevious(next, right)
  }

  #unlink(root: Handle, leaf: Handle): void {
    const next = this.#nodes.next(leaf)
    const previous = this.#nodes.previous(leaf)
    if (next === NONE) this.#slab.setUint32(root, LAST_LEAF_AT, previous)
    else this.#nodes.setPrevious(next, previous)
    if (previous === NONE) this.#slab.setUint32(root, FIRST_LEAF_AT, next)
    else this.#nodes.setNext(previous, next)
  }

  #removeFromLeaf(root: Handle, leaf: Handle, index: number, run: number): void {
    const level = this.#height(root)
    this.#nodes.close(leaf, index, run, true)
    this.#count(root, -run)
    if (index === 0 && this.#nodes.count(leaf) > 0) this.#raiseFirst(root, level)
    this.#tidy(root, level)
  }

  /** The path's node at `level` has lost entries: away with it when empty, or together with a neighbour. */
  #tidy(root: Handle, level: number): void {
    if (level === 0) return this.#lower(root)
    const above = this.#pathNode(level - 1)
    const index = this.#pathIndex(level - 1)
    const count = this.#nodes.count(this.#nodes.child(above, index))
    if (count === 0) {
      this.#discard(root, level, index)
    } else if (count < MERGE_BELOW && !this.#mergeWithNeighbour(root, level)) {
      return
    } else if (count >= MERGE_BELOW) {
      return
    }
    this.#tidy(root, level - 1)
  }

  /** A root node with a single child gives way to it. */
  #lower(root: Handle): void {
    let node = this.#rootNode(root)
    while (this.#height(root) > 0 && this.#nodes.count(node) === 1) {
      const child = this.#nodes.child(node, 0)
      this.#freeNode(root, node)
      this.#slab.setUint32(root, 0, child)
      this.#slab.setUint32(root, HEIGHT_AT, this.#height(root) - 1)
      node = child
    }
  }

  /** Takes the child at `index` of the node above `level` away; what it had has gone or moved. */
  #discard(root: Handle, level: number, index: number): void {
    const above = this.#pathNode(level - 1)
    const node = this.#nodes.child(above, index)
    if (level === this.#height(root)) this.#unlink(root, node)
    this.#freeNode(root, node)
    this.#nodes.close(above, index, 1, false)
    if (index === 0 && this.#nodes.count(above) > 0) this.#raiseFirst(root, level - 1)
  }

  #mergeWithNeighbour(root: Handle, level: number): boolean {
    const above = this.#pathNode(level - 1)
    const index = this.#pathIndex(level - 1)
    const left = index + 1 < this.#nodes.count(above) ? index : index - 1
    if (left < 0) return false
    const [leftNode, rightNode] = [
      this.#nodes.child(above, left),
      this.#nodes.child(above, left + 1),
    ]
    if (this.#nodes.count(leftNode) + this.#nodes.count(rightNode) > MERGED_MAX) return false
    this.#nodes.transfer(rightNode, 0, leftNode, level === this.#height(root))
    const size = this.#nodes.size(above, left) + this.#nodes.size(above, left + 1)
    this.#nodes.setSize(above, left, size)
    this.#discard(root, level, left + 1)
    return true
  }

  #freeNode(root: Handle, node: Handle): void {
    const units = this.#slab.blockBytes(node) >>> 4
    this.#slab.setUint32(root, NODE_UNITS_AT, this.#slab.uint32(root, NODE_UNITS_AT) - units)
    this.#slab.free(node)
  }

  /** Frees the last leaf and the nodes above that have nothing else; true when none is left. */
  #freeLastLeaf(root: Handle): boolean {
    this.#freeNode(root, this.#descendToEnd(root))
    for (let level = this.#height(root) - 1; level >= 0; level -= 1) {
      const node = this.#pathNode(level)
      const count = this.#nodes.count(node) - 1
      this.#nodes.setCount(node, count)
      if (count > 0) return false
      this.#freeNode(root, node)
    }
    return true
  }
}
