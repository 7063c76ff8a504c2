import { invariant } from '../../shared/assert.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { AFTER_ALL, BEFORE_ALL, type MemberLayout, MemberOrder } from './member-order.ts'
import type { ScoreCursor } from './score-cursor.ts'
import { ScoreGrowth } from './score-growth.ts'
import { NODE_ENTRIES_MAX, ScoreNodes } from './score-nodes.ts'
import { ScorePath } from './score-path.ts'
import { ScoreRoots } from './score-roots.ts'
import { ScoreShrinking } from './score-shrinking.ts'

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
  readonly #nodes: ScoreNodes
  readonly #roots: ScoreRoots
  readonly #order: MemberOrder
  readonly #path: ScorePath
  readonly #growth: ScoreGrowth
  readonly #shrinking: ScoreShrinking

  constructor(options: { readonly slab: Slab; readonly layout: MemberLayout }) {
    const { slab } = options
    this.#order = new MemberOrder(slab, options.layout)
    const nodes = new ScoreNodes(slab, this.#order)
    const roots = new ScoreRoots(slab)
    const path = new ScorePath(nodes, roots)
    this.#nodes = nodes
    this.#roots = roots
    this.#path = path
    this.#growth = new ScoreGrowth({ slab, nodes, roots, path })
    this.#shrinking = new ScoreShrinking({ slab, nodes, roots, path })
  }

  create(): Handle {
    return this.#roots.create(this.#nodes.createLeaf())
  }

  /** A word in the root block that is the owner's, NONE at first. */
  owner(root: Handle): number {
    return this.#roots.owner(root)
  }

  setOwner(root: Handle, value: number): void {
    this.#roots.setOwner(root, value)
  }

  size(root: Handle): number {
    return this.#roots.size(root)
  }

  /** Root block and nodes, without the members' records. */
  bytes(root: Handle): number {
    return this.#roots.bytes(root)
  }

  free(root: Handle): void {
    while (!this.freeSome(root, NODE_ENTRIES_MAX));
  }

  /** Frees about `budget` nodes; true when the tree is gone. Nothing else may be asked of it meanwhile. */
  freeSome(root: Handle, budget: number): boolean {
    for (let freed = 0; freed < budget; freed += 1) {
      if (!this.#shrinking.freeLastLeaf(root)) continue
      this.#roots.free(root)
      return true
    }
    return false
  }

  /** The pair is not in the tree yet. */
  insert(root: Handle, score: number, member: Handle): void {
    this.#growth.insertAt(root, this.#path.descend(root, score, member), score, member)
  }

  /** Inserts what comes after all there is, without comparing. */
  append(root: Handle, score: number, member: Handle): void {
    this.#growth.insertAt(root, this.#path.descendToEnd(root), score, member)
  }

  /** The pair is in the tree. */
  remove(root: Handle, score: number, member: Handle): void {
    const leaf = this.#path.descend(root, score, member)
    const index = this.#nodes.bisect(leaf, score, member)
    invariant(
      index < this.#nodes.count(leaf) && this.#nodes.member(leaf, index) === member,
      'the member to remove is in its tree',
    )
    this.#shrinking.removeFromLeaf(root, leaf, index, 1)
  }

  /**
   * Takes members out from `rank` on, up to `count` and no more than one leaf has of them: at least one.
   * Gives how many; `removed` tells which.
   */
  removeRun(root: Handle, rank: number, count: number): number {
    const index = this.#path.descendToRank(root, rank)
    const leaf = this.#path.leaf(root)
    const run = Math.min(count, this.#nodes.count(leaf) - index)
    for (let at = 0; at < run; at += 1) this.removed[at] = this.#nodes.member(leaf, index + at)
    this.#shrinking.removeFromLeaf(root, leaf, index, run)
    return run
  }

  /** Gives a member another score. Changes nothing when there is no memory for it. */
  updateScore(root: Handle, oldScore: number, member: Handle, score: number): void {
    const leaf = this.#path.descend(root, oldScore, member)
    const index = this.#nodes.bisect(leaf, oldScore, member)
    // 0 and -0 are equal, and both may be told.
    if (score === oldScore || this.#staysAt(leaf, index, score, member)) {
      this.#nodes.setEntry(leaf, index, score, member)
      if (index === 0) this.#path.raiseFirst(root, this.#roots.height(root))
      return
    }
    // Under both scores for a moment: the pairs differ, and a removal cannot fail.
    this.insert(root, score, member)
    this.remove(root, oldScore, member)
  }

  /** How many stand before the pair, which may be missing. */
  rank(root: Handle, score: number, member: Handle): number {
    const nodes = this.#nodes
    let node = this.#roots.node(root)
    let size = this.#roots.size(root)
    let before = 0
    for (let level = this.#roots.height(root); level > 0; level -= 1) {
      const index = nodes.childOf(node, score, member)
      before += nodes.sizeBefore(node, index, size)
      size = nodes.size(node, index)
      node = nodes.child(node, index)
    }
    return before + nodes.bisect(node, score, member)
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
    const height = this.#roots.height(root)
    const limit = orEqual ? 0 : -1
    let before = 0
    let node = this.#roots.node(root)
    let size = this.#roots.size(root)
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
      before += this.#nodes.sizeBefore(node, index, size)
      size = this.#nodes.size(node, index)
      node = this.#nodes.child(node, index)
    }
    return before
  }

  /** Puts the cursor on the member of a rank below `size`. */
  seek(root: Handle, rank: number, cursor: ScoreCursor): void {
    const size = this.#roots.size(root)
    if (rank === 0) {
      cursor.place(this.#nodes, this.#roots.firstLeaf(root), 0)
    } else if (rank === size - 1) {
      const leaf = this.#roots.lastLeaf(root)
      cursor.place(this.#nodes, leaf, this.#nodes.count(leaf) - 1)
    } else {
      const index = this.#path.descendToRank(root, rank)
      cursor.place(this.#nodes, this.#path.leaf(root), index)
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
}
