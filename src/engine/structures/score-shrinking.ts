import { type Handle, NONE } from '../memory/slab.ts'
import type { ScoreTreeParts } from './score-growth.ts'
import { NODE_ENTRIES_MAX, type ScoreNodes } from './score-nodes.ts'
import type { ScorePath } from './score-path.ts'
import type { ScoreRoots } from './score-roots.ts'

/** Nodes with less look for a neighbour to join. */
const MERGE_BELOW = NODE_ENTRIES_MAX / 2
/** Neighbours are joined only to nodes that will not be split again at once. */
const MERGED_MAX = (NODE_ENTRIES_MAX * 3) / 4

/** Takes entries out of score trees, and joins what has become small. */
export class ScoreShrinking {
  readonly #nodes: ScoreNodes
  readonly #roots: ScoreRoots
  readonly #path: ScorePath

  constructor(parts: ScoreTreeParts) {
    this.#nodes = parts.nodes
    this.#roots = parts.roots
    this.#path = parts.path
  }

  /** Of the leaf that the path leads to. */
  removeFromLeaf(root: Handle, leaf: Handle, index: number, run: number): void {
    const level = this.#roots.height(root)
    this.#nodes.close(leaf, index, run, true)
    this.#path.addToSizes(root, -run)
    if (index === 0 && this.#nodes.count(leaf) > 0) this.#path.raiseFirst(root, level)
    this.#tidy(root, level)
  }

  /** The path's node at `level` has lost entries: away with it when empty, or together with a neighbour. */
  #tidy(root: Handle, level: number): void {
    if (level === 0) return this.#lower(root)
    const above = this.#path.node(level - 1)
    const index = this.#path.index(level - 1)
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
    let node = this.#roots.node(root)
    while (this.#roots.height(root) > 0 && this.#nodes.count(node) === 1) {
      const child = this.#nodes.child(node, 0)
      this.#roots.freeNode(root, node)
      this.#roots.setNode(root, child)
      this.#roots.setHeight(root, this.#roots.height(root) - 1)
      node = child
    }
  }

  /** Takes the child at `index` of the node above `level` away; what it had has gone or moved. */
  #discard(root: Handle, level: number, index: number): void {
    const above = this.#path.node(level - 1)
    const node = this.#nodes.child(above, index)
    if (level === this.#roots.height(root)) this.#unlink(root, node)
    this.#roots.freeNode(root, node)
    this.#nodes.close(above, index, 1, false)
    if (index === 0 && this.#nodes.count(above) > 0) this.#path.raiseFirst(root, level - 1)
  }

  #mergeWithNeighbour(root: Handle, level: number): boolean {
    const above = this.#path.node(level - 1)
    const index = this.#path.index(level - 1)
    const left = index + 1 < this.#nodes.count(above) ? index : index - 1
    if (left < 0) return false
    const [leftNode, rightNode] = [
      this.#nodes.child(above, left),
      this.#nodes.child(above, left + 1),
    ]
    if (this.#nodes.count(leftNode) + this.#nodes.count(rightNode) > MERGED_MAX) return false
    this.#nodes.transfer(rightNode, 0, leftNode, level === this.#roots.height(root))
    const size = this.#nodes.size(above, left) + this.#nodes.size(above, left + 1)
    this.#nodes.setSize(above, left, size)
    this.#discard(root, level, left + 1)
    return true
  }

  #unlink(root: Handle, leaf: Handle): void {
    const next = this.#nodes.next(leaf)
    const previous = this.#nodes.previous(leaf)
    if (next === NONE) this.#roots.setLastLeaf(root, previous)
    else this.#nodes.setPrevious(next, previous)
    if (previous === NONE) this.#roots.setFirstLeaf(root, next)
    else this.#nodes.setNext(previous, next)
  }

  /** Frees the last leaf and the nodes above that have nothing else; true when none is left. */
  freeLastLeaf(root: Handle): boolean {
    this.#roots.freeNode(root, this.#path.descendToEnd(root))
    for (let level = this.#roots.height(root) - 1; level >= 0; level -= 1) {
      const node = this.#path.node(level)
      const count = this.#nodes.count(node) - 1
      this.#nodes.setCount(node, count)
      if (count > 0) return false
      this.#roots.freeNode(root, node)
    }
    return true
  }
}
