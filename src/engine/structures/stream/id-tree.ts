import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import { IdTreeNodes, ITEMS_MAX } from './id-tree-nodes.ts'
import type { StreamId } from './stream-id.ts'

/**
 * The root block, by which a tree is named; it never moves.
 *
 *    0  u32  items
 *    4  u32  the topmost node, NONE in an empty tree
 *    8  u32  levels of inner nodes above the leaves
 */
const SIZE_AT = 0
const TOP_AT = 4
const HEIGHT_AT = 8
const ROOT_BYTES = 12

/** 16 items a node at the least, but for the last ones: far more levels than 32-bit handles can fill. */
const HEIGHT_MAX = 16
/** Two neighbours are joined when together they have so few items: then they do not part again at once. */
const JOINED_MAX = Math.floor((ITEMS_MAX * 3) / 4)

/** A place in a tree, in an object that is used again; valid until the next write to the tree. */
export interface IdTreePlace {
  leaf: Handle
  index: number
}

/**
 * Ids in their order, each with a number of 32 bits: a B+ tree that lies in the slab as a whole. The nodes of a
 * stream and the entries that await an acknowledgement are found in it. One operator serves all trees.
 */
export class IdTree {
  readonly #slab: Slab
  readonly #nodes: IdTreeNodes
  /** The way to a leaf: the inner nodes from the top, and which child was taken. */
  readonly #path = new Uint32Array(HEIGHT_MAX)
  readonly #taken = new Uint32Array(HEIGHT_MAX)

  constructor(slab: Slab) {
    this.#slab = slab
    this.#nodes = new IdTreeNodes(slab)
  }

  create(): Handle {
    const root = this.#slab.allocate(ROOT_BYTES)
    this.#slab.setUint32(root, SIZE_AT, 0)
    this.#slab.setUint32(root, TOP_AT, NONE)
    this.#slab.setUint32(root, HEIGHT_AT, 0)
    return root
  }

  size(root: Handle): number {
    return this.#slab.uint32(root, SIZE_AT)
  }

  /** The value of this id; NONE when it is not there, for values are handles. */
  get(root: Handle, id: StreamId): number {
    const leaf = this.#descend(root, id)
    if (leaf === NONE) return NONE
    const index = this.#nodes.floor(leaf, id)
    if (index < 0 || this.#nodes.compare(leaf, index, id) !== 0) return NONE
    return this.#nodes.value(leaf, index)
  }

  /** Adds an id that is not there, or gives it another value. Changes nothing when there is no memory for it. */
  set(root: Handle, id: StreamId, value: number): void {
    const nodes = this.#nodes
    if (this.#top(root) === NONE) this.#setTop(root, nodes.createLeaf())
    const leaf = this.#descend(root, id)
    const index = nodes.floor(leaf, id)
    if (index >= 0 && nodes.compare(leaf, index, id) === 0) {
      return nodes.setValue(leaf, index, value)
    }
    this.#allocateFor(root, leaf, index + 1)
    this.#slab.setUint32(root, SIZE_AT, this.size(root) + 1)
    this.#insert(root, this.#height(root), leaf, { index: index + 1, id, value })
  }

  /** False when the id is not there. */
  delete(root: Handle, id: StreamId): boolean {
    const leaf = this.#descend(root, id)
    if (leaf === NONE) return false
    const index = this.#nodes.floor(leaf, id)
    if (index < 0 || this.#nodes.compare(leaf, index, id) !== 0) return false
    this.#slab.setUint32(root, SIZE_AT, this.size(root) - 1)
    this.#nodes.remove(leaf, index)
    this.#shrink(root, leaf)
    return true
  }

  /** The last id at or before this one; false when there is none. */
  seekFloor(root: Handle, id: StreamId, place: IdTreePlace): boolean {
    place.leaf = this.#descend(root, id)
    if (place.leaf === NONE) return false
    place.index = this.#nodes.floor(place.leaf, id)
    if (place.index >= 0) return true
    // A leaf's first id may have gone since its parent was told of it.
    place.leaf = this.#nodes.previous(place.leaf)
    if (place.leaf === NONE) return false
    place.index = this.#nodes.count(place.leaf) - 1
    return true
  }

  /** The first id at or after this one; false when there is none. */
  seekCeiling(root: Handle, id: StreamId, place: IdTreePlace): boolean {
    place.leaf = this.#descend(root, id)
    if (place.leaf === NONE) return false
    const floor = this.#nodes.floor(place.leaf, id)
    place.index = floor
    if (floor >= 0 && this.#nodes.compare(place.leaf, floor, id) === 0) return true
    return this.moveNext(place)
  }

  seekFirst(root: Handle, place: IdTreePlace): boolean {
    place.leaf = this.#edge(root, 'first')
    place.index = 0
    return place.leaf !== NONE
  }

  seekLast(root: Handle, place: IdTreePlace): boolean {
    place.leaf = this.#edge(root, 'last')
    if (place.leaf === NONE) return false
    place.index = this.#nodes.count(place.leaf) - 1
    return true
  }

  /** False after the last id. */
  moveNext(place: IdTreePlace): boolean {
    place.index += 1
    if (place.index < this.#nodes.count(place.leaf)) return true
    place.leaf = this.#nodes.next(place.leaf)
    place.index = 0
    return place.leaf !== NONE
  }

  /** False before the first id. */
  movePrevious(place: IdTreePlace): boolean {
    place.index -= 1
    if (place.index >= 0) return true
    place.leaf = this.#nodes.previous(place.leaf)
    if (place.leaf === NONE) return false
    place.index = this.#nodes.count(place.leaf) - 1
    return true
  }

  idAt(place: IdTreePlace, id: StreamId): void {
    this.#nodes.readId(place.leaf, place.index, id)
  }

  valueAt(place: IdTreePlace): number {
    return this.#nodes.value(place.leaf, place.index)
  }

  /**
   * Frees a node of the tree, the topmost last and the root block with it, and hands the values of a leaf to
   * `freeValue` first. Gives how many items that was, or -1 once all is gone. The tree is good for nothing else
   * after the first call.
   */
  freeNode(root: Handle, freeValue: ((value: number) => void) | undefined): number {
    const nodes = this.#nodes
    let parent: Handle = NONE
    let node = this.#top(root)
    let level = this.#height(root)
    for (; level > 0 && nodes.count(node) > 0; level -= 1) {
      parent = node
      node = nodes.value(node, nodes.count(node) - 1)
    }
    if (node === NONE) {
      this.#slab.free(root)
      return -1
    }
    const count = nodes.count(node)
    if (level === 0 && freeValue !== undefined) {
      for (let index = 0; index < count; index += 1) freeValue(nodes.value(node, index))
    }
    if (parent === NONE) this.#setTop(root, NONE)
    else nodes.remove(parent, nodes.count(parent) - 1)
    nodes.free(node)
    if (parent === NONE) this.#slab.setUint32(root, HEIGHT_AT, 0)
    return level === 0 ? count : 0
  }

  /** Frees all at once. */
  free(root: Handle, freeValue?: (value: number) => void): void {
    while (this.freeNode(root, freeValue) >= 0);
  }

  #top(root: Handle): Handle {
    return this.#slab.uint32(root, TOP_AT)
  }

  #setTop(root: Handle, top: Handle): void {
    this.#slab.setUint32(root, TOP_AT, top)
  }

  #height(root: Handle): number {
    return this.#slab.uint32(root, HEIGHT_AT)
  }

  /** The leaf in which the id stands, if it does; the way there is kept. NONE in an empty tree. */
  #descend(root: Handle, id: StreamId): Handle {
    const nodes = this.#nodes
    const height = this.#height(root)
    let node = this.#top(root)
    for (let depth = 0; depth < height; depth += 1) {
      const child = nodes.childOf(node, id)
      this.#path[depth] = node
      this.#taken[depth] = child
      node = nodes.value(node, child)
    }
    return node
  }

  #edge(root: Handle, edge: 'first' | 'last'): Handle {
    const nodes = this.#nodes
    let node = this.#top(root)
    for (let level = this.#height(root); level > 0; level -= 1) {
      node = nodes.value(node, edge === 'first' ? 0 : nodes.count(node) - 1)
    }
    return node
  }

  /** All that `#insert` will need. */
  #allocateFor(root: Handle, leaf: Handle, index: number): void {
    const nodes = this.#nodes
    const height = this.#height(root)
    let node = leaf
    let at = index
    try {
      for (let depth = height; nodes.count(node) === ITEMS_MAX; depth -= 1) {
        nodes.addSpareToSplit(ITEMS_MAX - this.#keptOfFull(node, at, depth === height))
        if (depth === 0) return nodes.addSpareForTop()
        node = this.#path[depth - 1] ?? NONE
        at = (this.#taken[depth - 1] ?? 0) + 1
      }
      nodes.addSpareToGrow(node)
    } catch (error) {
      nodes.freeSpares()
      throw error
    }
  }

  /** How many items stay in a full node that another one joins. */
  #keptOfFull(node: Handle, index: number, isLeaf: boolean): number {
    // Ids come in their order as a rule: then what is left behind is full.
    const isLast = index === ITEMS_MAX && (!isLeaf || this.#nodes.next(node) === NONE)
    return isLast ? ITEMS_MAX : ITEMS_MAX >>> 1
  }

  /** `depth` is how far below the top the node stands, on the way that is kept. */
  #insert(
    root: Handle,
    depth: number,
    node: Handle,
    item: { readonly index: number; readonly id: StreamId; readonly value: number },
  ): void {
    const nodes = this.#nodes
    const { index, id, value } = item
    if (nodes.count(node) < ITEMS_MAX) {
      const grown = nodes.insert(node, index, id, value)
      if (grown !== node) this.#replaceChild(root, depth, grown)
      return
    }
    const isLeaf = depth === this.#height(root)
    const kept = this.#keptOfFull(node, index, isLeaf)
    const right = nodes.split(node, kept, isLeaf)
    const isRight = index > kept || kept === ITEMS_MAX
    const target = isRight ? right : node
    const grown = nodes.insert(target, isRight ? index - kept : index, id, value)
    const rightNow = isRight ? grown : right
    const separator = nodes.firstId(rightNow)
    if (depth === 0) return this.#growTop(root, node, separator, rightNow)
    const above = depth - 1
    const parentIndex = (this.#taken[above] ?? 0) + 1
    const parent = this.#path[above] ?? NONE
    this.#insert(root, above, parent, { index: parentIndex, id: separator, value: rightNow })
  }

  #growTop(root: Handle, left: Handle, separator: StreamId, right: Handle): void {
    const nodes = this.#nodes
    let top = nodes.createTop()
    top = nodes.insert(top, 0, nodes.firstId(left), left)
    top = nodes.insert(top, 1, separator, right)
    this.#setTop(root, top)
    this.#slab.setUint32(root, HEIGHT_AT, this.#height(root) + 1)
  }

  #replaceChild(root: Handle, depth: number, node: Handle): void {
    if (depth === 0) this.#setTop(root, node)
    else this.#nodes.setValue(this.#path[depth - 1] ?? NONE, this.#taken[depth - 1] ?? 0, node)
  }

  /** After a removal from the leaf on the way that is kept: empty nodes go, small neighbours are joined. */
  #shrink(root: Handle, leaf: Handle): void {
    const nodes = this.#nodes
    let node = leaf
    for (let depth = this.#height(root); depth > 0; depth -= 1) {
      const parent = this.#path[depth - 1] ?? NONE
      const index = this.#taken[depth - 1] ?? 0
      const isLeaf = depth === this.#height(root)
      if (nodes.count(node) === 0) {
        if (isLeaf) nodes.unlink(node)
        nodes.free(node)
        nodes.remove(parent, index)
      } else if (!this.#joinNeighbour(parent, index, isLeaf)) {
        return
      }
      node = parent
    }
    this.#lowerTop(root)
  }

  /** Whether the child took in, or was taken in by, the one beside it. */
  #joinNeighbour(parent: Handle, index: number, isLeaf: boolean): boolean {
    const nodes = this.#nodes
    const count = nodes.count(nodes.value(parent, index))
    if (count > ITEMS_MAX >>> 1) return false
    for (const left of [index - 1, index]) {
      if (left < 0 || left + 1 >= nodes.count(parent)) continue
      const node = nodes.value(parent, left)
      const other = nodes.value(parent, left + 1)
      const ownCount = nodes.count(node)
      if (ownCount + nodes.count(other) > JOINED_MAX) continue
      const joined = nodes.join(node, other, isLeaf)
      if (joined === NONE) continue
      // Below the other's first child there may be ids less than the child's own.
      if (!isLeaf) nodes.copyId(parent, left + 1, joined, ownCount)
      nodes.setValue(parent, left, joined)
      nodes.remove(parent, left + 1)
      return true
    }
    return false
  }

  #lowerTop(root: Handle): void {
    const nodes = this.#nodes
    let top = this.#top(root)
    let height = this.#height(root)
    while (height > 0 && nodes.count(top) === 1) {
      const child = nodes.value(top, 0)
      nodes.free(top)
      top = child
      height -= 1
    }
    if (top !== NONE && nodes.count(top) === 0) {
      nodes.free(top)
      top = NONE
      height = 0
    }
    this.#setTop(root, top)
    this.#slab.setUint32(root, HEIGHT_AT, height)
  }
}
