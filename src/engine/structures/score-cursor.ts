import { type Handle, NONE } from '../memory/slab.ts'
import type { ScoreNodes } from './score-nodes.ts'

/** A place in a score tree, to go on from in both directions; valid until the tree changes. */
export class ScoreCursor {
  #nodes: ScoreNodes | undefined
  #leaf: Handle = NONE
  #index = 0
  #count = 0

  /** For the tree: `seek` is how to get here. */
  place(nodes: ScoreNodes, leaf: Handle, index: number): void {
    this.#nodes = nodes
    this.#leaf = leaf
    this.#index = index
    this.#count = nodes.count(leaf)
  }

  get score(): number {
    return this.#nodes?.score(this.#leaf, this.#index) ?? 0
  }

  get member(): Handle {
    return this.#nodes?.member(this.#leaf, this.#index) ?? NONE
  }

  /** False at the last member: the cursor stays there. */
  next(): boolean {
    if (this.#index + 1 < this.#count) {
      this.#index += 1
      return true
    }
    const leaf = this.#nodes?.next(this.#leaf) ?? NONE
    if (leaf === NONE || this.#nodes === undefined) return false
    this.place(this.#nodes, leaf, 0)
    return true
  }

  /** False at the first member: the cursor stays there. */
  previous(): boolean {
    if (this.#index > 0) {
      this.#index -= 1
      return true
    }
    const leaf = this.#nodes?.previous(this.#leaf) ?? NONE
    if (leaf === NONE || this.#nodes === undefined) return false
    this.place(this.#nodes, leaf, this.#nodes.count(leaf) - 1)
    return true
  }
}
