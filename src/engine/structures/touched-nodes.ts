import { type Handle, NONE } from '../memory/slab.ts'

/** Nodes of one list that an operation has unpacked or made: those to be packed when it has ended. */
export class TouchedNodes {
  /** Whether anything is to be looked at: the list has got nodes, lost some, or some are unpacked. */
  isDue = false
  root: Handle = NONE
  readonly nodes: Handle[] = []

  add(root: Handle, node: Handle): void {
    this.begin(root)
    if (!this.nodes.includes(node)) this.nodes.push(node)
  }

  /** The node is none any more, or is to stay as it is. */
  remove(node: Handle): void {
    const at = this.nodes.indexOf(node)
    if (at >= 0) this.nodes.splice(at, 1)
  }

  begin(root: Handle): void {
    if (this.root !== root) this.clear()
    this.root = root
    this.isDue = true
  }

  clear(): void {
    this.isDue = false
    this.root = NONE
    this.nodes.length = 0
  }
}
