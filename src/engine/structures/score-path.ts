import { type Handle, NONE } from '../memory/slab.ts'
import type { ScoreNodes } from './score-nodes.ts'
import type { ScoreRoots } from './score-roots.ts'

/** A few members a node would be enough for more members than 32-bit handles can name. */
export const LEVELS_MAX = 16

/**
 * The way down a score tree to the leaf looked at last: the inner nodes, and which child was taken of each.
 * Level 0 is the root node; the leaf stands at the height of the tree.
 */
export class ScorePath {
  readonly #nodes: ScoreNodes
  readonly #roots: ScoreRoots
  readonly #pathNodes = new Uint32Array(LEVELS_MAX)
  readonly #pathIndexes = new Uint8Array(LEVELS_MAX)

  constructor(nodes: ScoreNodes, roots: ScoreRoots) {
    this.#nodes = nodes
    this.#roots = roots
  }

  /** Fills the path to the leaf where the pair is or belongs, and gives that. */
  descend(root: Handle, score: number, member: Handle): Handle {
    const height = this.#roots.height(root)
    let node = this.#roots.node(root)
    for (let level = 0; level < height; level += 1) {
      const index = this.#nodes.childOf(node, score, member)
      node = this.#step(level, node, index)
    }
    return node
  }

  descendToEnd(root: Handle): Handle {
    const height = this.#roots.height(root)
    let node = this.#roots.node(root)
    for (let level = 0; level < height; level += 1) {
      node = this.#step(level, node, this.#nodes.count(node) - 1)
    }
    return node
  }

  /** Fills the path to the leaf of the rank, and gives the place in it. */
  descendToRank(root: Handle, rank: number): number {
    const height = this.#roots.height(root)
    let rest = rank
    let node = this.#roots.node(root)
    let size = this.#roots.size(root)
    for (let level = 0; level < height; level += 1) {
      const index = this.#nodes.childOfRank(node, rest, size)
      rest = this.#nodes.rankInChild
      size = this.#nodes.size(node, index)
      node = this.#step(level, node, index)
    }
    return rest
  }

  #step(level: number, node: Handle, index: number): Handle {
    this.#pathNodes[level] = node
    this.#pathIndexes[level] = index
    return this.#nodes.child(node, index)
  }

  node(level: number): Handle {
    return this.#pathNodes[level] ?? NONE
  }

  index(level: number): number {
    return this.#pathIndexes[level] ?? 0
  }

  /** The node that the path has at `level`: the root node at 0, the leaf at the height. */
  nodeAt(root: Handle, level: number): Handle {
    if (level === 0) return this.#roots.node(root)
    return this.#nodes.child(this.node(level - 1), this.index(level - 1))
  }

  leaf(root: Handle): Handle {
    return this.nodeAt(root, this.#roots.height(root))
  }

  /** Counts `change` members more, or less, along the path. */
  addToSizes(root: Handle, change: number): void {
    this.#roots.setSize(root, this.#roots.size(root) + change)
    const height = this.#roots.height(root)
    for (let level = 0; level < height; level += 1) {
      const node = this.node(level)
      const index = this.index(level)
      this.#nodes.setSize(node, index, this.#nodes.size(node, index) + change)
    }
  }

  /** The first entry of the path's node at `level` is another one: tells the nodes above. */
  raiseFirst(root: Handle, level: number): void {
    const node = this.nodeAt(root, level)
    const score = this.#nodes.score(node, 0)
    const member = this.#nodes.member(node, 0)
    for (let above = level - 1; above >= 0; above -= 1) {
      const index = this.index(above)
      this.#nodes.setEntry(this.node(above), index, score, member)
      if (index !== 0) return
    }
  }
}
