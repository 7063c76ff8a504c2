import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { NODE_ENTRIES_MAX, type ScoreNodes } from './score-nodes.ts'
import { LEVELS_MAX, type ScorePath } from './score-path.ts'
import type { ScoreRoots } from './score-roots.ts'

export interface ScoreTreeParts {
  readonly slab: Slab
  readonly nodes: ScoreNodes
  readonly roots: ScoreRoots
  readonly path: ScorePath
}

/** Puts pairs into score trees, and splits what is full. */
export class ScoreGrowth {
  readonly #slab: Slab
  readonly #nodes: ScoreNodes
  readonly #roots: ScoreRoots
  readonly #path: ScorePath
  /** Nodes allocated for the splits of one insertion, before it changes anything. */
  readonly #spares = new Uint32Array(LEVELS_MAX + 1)
  #spareCount = 0
  /** What is about to be placed: an entry, and what an inner node has besides. */
  #newScore = 0
  #newMember: Handle = NONE
  #newChild: Handle = NONE
  #newSize = 0

  constructor(parts: ScoreTreeParts) {
    this.#slab = parts.slab
    this.#nodes = parts.nodes
    this.#roots = parts.roots
    this.#path = parts.path
  }

  /** Inserts a pair into the leaf that the path leads to. Changes nothing when there is no memory for it. */
  insertAt(root: Handle, leaf: Handle, score: number, member: Handle): void {
    if (this.#nodes.count(leaf) === NODE_ENTRIES_MAX) this.#allocateSpares(root)
    this.#path.addToSizes(root, 1)
    const index = this.#nodes.bisect(leaf, score, member)
    this.#newScore = score
    this.#newMember = member
    this.#place(root, this.#roots.height(root), leaf, index)
  }

  /** One node for each full one on the path, and one for a new root when all are. */
  #allocateSpares(root: Handle): void {
    const height = this.#roots.height(root)
    this.#spareCount = 0
    try {
      this.#addSpare(this.#nodes.createLeaf())
      let level = height - 1
      while (level >= 0 && this.#nodes.count(this.#path.node(level)) === NODE_ENTRIES_MAX) {
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
    for (const spare of this.#spares.subarray(0, this.#spareCount)) {
      this.#roots.nodeAdded(root, spare)
    }
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
    const isLeaf = level === this.#roots.height(root)
    if (this.#nodes.count(node) < NODE_ENTRIES_MAX) {
      this.#write(node, index, isLeaf)
      if (index === 0) this.#path.raiseFirst(root, level)
      return
    }
    const right = this.#takeSpare()
    const cut = this.#splitPoint(node, index, isLeaf)
    this.#nodes.transfer(node, cut, right, isLeaf)
    if (isLeaf) this.#linkAfter(root, node, right)
    if (index < cut || (index === cut && cut !== NODE_ENTRIES_MAX)) {
      this.#write(node, index, isLeaf)
      if (index === 0) this.#path.raiseFirst(root, level)
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
    const isLeaf = level === this.#roots.height(root)
    const leftSize = this.#sizeOf(left, isLeaf)
    const rightSize = this.#sizeOf(right, isLeaf)
    if (level === 0) {
      const above = this.#takeSpare()
      this.#nodes.setCount(above, 2)
      this.#nodes.setEntry(above, 0, this.#nodes.score(left, 0), this.#nodes.member(left, 0))
      this.#nodes.setChild(above, 0, left, leftSize)
      this.#nodes.setEntry(above, 1, this.#nodes.score(right, 0), this.#nodes.member(right, 0))
      this.#nodes.setChild(above, 1, right, rightSize)
      this.#roots.setNode(root, above)
      this.#roots.setHeight(root, this.#roots.height(root) + 1)
      return
    }
    const above = this.#path.node(level - 1)
    const index = this.#path.index(level - 1)
    this.#nodes.setSize(above, index, leftSize)
    this.#newScore = this.#nodes.score(right, 0)
    this.#newMember = this.#nodes.member(right, 0)
    this.#newChild = right
    this.#newSize = rightSize
    this.#place(root, level - 1, above, index + 1)
  }

  #sizeOf(node: Handle, isLeaf: boolean): number {
    const count = this.#nodes.count(node)
    return isLeaf ? count : this.#nodes.sizeBetween(node, 0, count)
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
    if (next === NONE) this.#roots.setLastLeaf(root, right)
    else this.#nodes.setPrevious(next, right)
  }
}
