import type { Handle, Slab } from '../memory/slab.ts'
import { NONE } from '../memory/slab.ts'
import { orFree } from './or-free.ts'

const HEIGHT_AT = 4
const SIZE_AT = 8
const NODE_UNITS_AT = 12
const FIRST_LEAF_AT = 16
const LAST_LEAF_AT = 20
const OWNER_AT = 24
const ROOT_BYTES = 32

/**
 * The root block of a score tree, by which it is known:
 *
 *    0  u32  the root node, 4 u32 levels of inner nodes above the leaves
 *    8  u32  members
 *   12  u32  bytes of all nodes, in units of 16
 *   16  u32  the first leaf, 20 u32 the last
 *   24  u32  the owner's
 */
export class ScoreRoots {
  readonly #slab: Slab

  constructor(slab: Slab) {
    this.#slab = slab
  }

  create(leaf: Handle): Handle {
    const root = orFree(this.#slab, leaf, () => this.#slab.allocate(ROOT_BYTES))
    this.setNode(root, leaf)
    this.setHeight(root, 0)
    this.setSize(root, 0)
    this.#slab.setUint32(root, NODE_UNITS_AT, 0)
    this.setFirstLeaf(root, leaf)
    this.setLastLeaf(root, leaf)
    this.setOwner(root, NONE)
    this.nodeAdded(root, leaf)
    return root
  }

  /** Of the root block and all nodes. */
  bytes(root: Handle): number {
    return this.#slab.blockBytes(root) + this.#slab.uint32(root, NODE_UNITS_AT) * 16
  }

  free(root: Handle): void {
    this.#slab.free(root)
  }

  node(root: Handle): Handle {
    return this.#slab.uint32(root, 0)
  }

  setNode(root: Handle, node: Handle): void {
    this.#slab.setUint32(root, 0, node)
  }

  height(root: Handle): number {
    return this.#slab.uint32(root, HEIGHT_AT)
  }

  setHeight(root: Handle, height: number): void {
    this.#slab.setUint32(root, HEIGHT_AT, height)
  }

  size(root: Handle): number {
    return this.#slab.uint32(root, SIZE_AT)
  }

  setSize(root: Handle, size: number): void {
    this.#slab.setUint32(root, SIZE_AT, size)
  }

  firstLeaf(root: Handle): Handle {
    return this.#slab.uint32(root, FIRST_LEAF_AT)
  }

  setFirstLeaf(root: Handle, leaf: Handle): void {
    this.#slab.setUint32(root, FIRST_LEAF_AT, leaf)
  }

  lastLeaf(root: Handle): Handle {
    return this.#slab.uint32(root, LAST_LEAF_AT)
  }

  setLastLeaf(root: Handle, leaf: Handle): void {
    this.#slab.setUint32(root, LAST_LEAF_AT, leaf)
  }

  owner(root: Handle): number {
    return this.#slab.uint32(root, OWNER_AT)
  }

  setOwner(root: Handle, value: number): void {
    this.#slab.setUint32(root, OWNER_AT, value)
  }

  nodeAdded(root: Handle, node: Handle): void {
    this.#addUnits(root, this.#slab.blockBytes(node) >>> 4)
  }

  freeNode(root: Handle, node: Handle): void {
    this.#addUnits(root, -(this.#slab.blockBytes(node) >>> 4))
    this.#slab.free(node)
  }

  #addUnits(root: Handle, units: number): void {
    this.#slab.setUint32(root, NODE_UNITS_AT, this.#slab.uint32(root, NODE_UNITS_AT) + units)
  }
}
