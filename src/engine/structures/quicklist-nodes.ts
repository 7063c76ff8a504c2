import { copyBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { EMPTY_LISTPACK_BYTES, writeEmptyListpack } from './listpack-edit.ts'
import { NodeCompressor } from './node-compressor.ts'
import { orFree } from './or-free.ts'
import {
  addToTotal,
  COUNT_AT,
  DATA_AT,
  LENGTH_AT,
  NEXT_AT,
  NODE_BYTES,
  PACKED_BYTES_AT,
  PLAIN_AT,
  PREVIOUS_AT,
  ROOT_TOTAL_AT,
  START_AT,
} from './quicklist-region.ts'
import { TouchedNodes } from './touched-nodes.ts'

/** The root block: u32 first node, last node, elements, nodes; f64 bytes of all blocks; i16 fill; u16 depth. */
const ROOT_BYTES = 32
const HEAD_AT = 0
const TAIL_AT = 4
const SIZE_AT = 8
const NODE_COUNT_AT = 12
const FILL_AT = 24
const DEPTH_AT = 26

/** quicklist.c: what list-max-listpack-size -1 to -5 stand for. */
const NODE_BYTES_MAX = [4_096, 8_192, 16_384, 32_768, 65_536] as const
/** When nodes are limited by their elements, this limits their bytes. */
const SAFE_BYTES_MAX = 8_192
const FILL_MAX = 32_767
const DEPTH_MAX = 65_535
/** What an element is thought to need beside its bytes. */
const OVERHEAD_BYTES = 8
/** What merging saves: a header and an end mark, as Redis reckons them. */
const MERGE_SAVES_BYTES = 11

/** The chain of a list's nodes; every operation takes the root block of the list. */
export class QuicklistNodes {
  readonly slab: Slab
  readonly #compressor: NodeCompressor
  readonly #touched = new TouchedNodes()

  constructor(slab: Slab) {
    this.slab = slab
    this.#compressor = new NodeCompressor(slab)
  }

  /**
   * An empty list. `fill` is list-max-listpack-size: elements a node, or a class of bytes when negative; `depth` is
   * list-compress-depth: nodes at either end that are never packed, 0 when none is.
   */
  createRoot(fill: number, depth: number): Handle {
    const root = this.slab.allocate(ROOT_BYTES)
    const view = this.slab.view(root)
    const at = this.slab.offset(root)
    view.setUint32(at + HEAD_AT, NONE, true)
    view.setUint32(at + TAIL_AT, NONE, true)
    view.setUint32(at + SIZE_AT, 0, true)
    view.setUint32(at + NODE_COUNT_AT, 0, true)
    view.setFloat64(at + ROOT_TOTAL_AT, this.slab.blockBytes(root), true)
    const clamped = Math.max(-NODE_BYTES_MAX.length, Math.min(fill, FILL_MAX))
    view.setInt16(at + FILL_AT, clamped, true)
    view.setUint16(at + DEPTH_AT, Math.min(depth, DEPTH_MAX), true)
    // A list that was given up in the middle may have had this block.
    if (this.#touched.root === root) this.#touched.clear()
    return root
  }

  head(root: Handle): Handle {
    return this.slab.uint32(root, HEAD_AT)
  }

  tail(root: Handle): Handle {
    return this.slab.uint32(root, TAIL_AT)
  }

  size(root: Handle): number {
    return this.slab.uint32(root, SIZE_AT)
  }

  addToSize(root: Handle, added: number): void {
    this.slab.setUint32(root, SIZE_AT, this.size(root) + added)
  }

  nodeCount(root: Handle): number {
    return this.slab.uint32(root, NODE_COUNT_AT)
  }

  totalBytes(root: Handle): number {
    return this.slab.view(root).getFloat64(this.slab.offset(root) + ROOT_TOTAL_AT, true)
  }

  fill(root: Handle): number {
    return this.slab.view(root).getInt16(this.slab.offset(root) + FILL_AT, true)
  }

  depth(root: Handle): number {
    return this.slab.view(root).getUint16(this.slab.offset(root) + DEPTH_AT, true)
  }

  /** Bytes a node of this list may have; larger elements have one of their own. */
  bytesMax(root: Handle): number {
    const fill = this.fill(root)
    return fill < 0 ? (NODE_BYTES_MAX[-fill - 1] ?? SAFE_BYTES_MAX) : SAFE_BYTES_MAX
  }

  next(node: Handle): Handle {
    return this.slab.uint32(node, NEXT_AT)
  }

  previous(node: Handle): Handle {
    return this.slab.uint32(node, PREVIOUS_AT)
  }

  count(node: Handle): number {
    return this.slab.uint32(node, COUNT_AT)
  }

  /** Of the node and of its list. */
  addToCount(root: Handle, node: Handle, added: number): void {
    this.slab.setUint32(node, COUNT_AT, this.count(node) + added)
    this.addToSize(root, added)
  }

  isPlain(node: Handle): boolean {
    return this.slab.view(node).getUint8(this.slab.offset(node) + PLAIN_AT) !== 0
  }

  /** The memory that the node's data lie in; those of a packed one are valid until another one is read. */
  bytes(node: Handle): Uint8Array {
    if (this.#compressor.isPacked(node)) return this.#compressor.read(node)
    return this.slab.bytes(this.slab.uint32(node, DATA_AT))
  }

  start(node: Handle): number {
    if (this.#compressor.isPacked(node)) return 0
    return this.slab.offset(this.slab.uint32(node, DATA_AT)) + this.slab.uint32(node, START_AT)
  }

  /** Of the data as they are read. */
  length(node: Handle): number {
    return this.slab.uint32(node, LENGTH_AT)
  }

  /** Bytes of the data as they are kept, from `packedStart` on; 0 when they are not packed. */
  packedLength(node: Handle): number {
    return this.slab.uint32(node, PACKED_BYTES_AT)
  }

  packedBytes(node: Handle): Uint8Array {
    return this.slab.bytes(this.slab.uint32(node, DATA_AT))
  }

  packedStart(node: Handle): number {
    return this.slab.offset(this.slab.uint32(node, DATA_AT))
  }

  /** Before the node's data are written to. */
  open(root: Handle, node: Handle): void {
    if (!this.#compressor.isPacked(node)) return
    this.#compressor.unpack(root, node)
    this.#touched.add(root, node)
  }

  /**
   * After an operation on a list that packs its nodes: those that have come to its ends are unpacked, and those
   * that have left them, or were written to, are packed again (quicklist.c, __quicklistCompress).
   */
  settle(root: Handle): void {
    const touched = this.#touched
    if (!touched.isDue) return
    if (touched.root === root) this.#settle(root, this.depth(root))
    touched.clear()
  }

  #settle(root: Handle, depth: number): void {
    const compressor = this.#compressor
    let forward = this.head(root)
    let backward = this.tail(root)
    for (let passed = 0; passed < depth && forward !== NONE; passed += 1) {
      compressor.tryToUnpack(root, forward)
      compressor.tryToUnpack(root, backward)
      this.#touched.remove(forward)
      this.#touched.remove(backward)
      // The ends meet: there is nothing between them.
      if (forward === backward || this.next(forward) === backward) return
      forward = this.next(forward)
      backward = this.previous(backward)
    }
    if (forward === NONE) return
    for (const node of this.#touched.nodes) compressor.pack(root, node)
    compressor.pack(root, forward)
    compressor.pack(root, backward)
  }

  /** Whether one more element of so many bytes may join the node (quicklist.c, NodeAllowInsert). */
  allowsInsert(root: Handle, node: Handle, length: number): boolean {
    if (node === NONE || this.isPlain(node)) return false
    const bytes = this.length(node) + length + OVERHEAD_BYTES
    return this.#allows(root, bytes, this.count(node) + 1)
  }

  allowsMerge(root: Handle, left: Handle, right: Handle): boolean {
    if (left === NONE || right === NONE || this.isPlain(left) || this.isPlain(right)) return false
    const bytes = this.length(left) + this.length(right) - MERGE_SAVES_BYTES
    return this.#allows(root, bytes, this.count(left) + this.count(right))
  }

  /** A node with an empty listpack, and room for one of so many bytes; beside `neighbour`, if there is one. */
  insertPacked(root: Handle, neighbour: Handle, isAfter: boolean, bytes: number): Handle {
    const block = this.slab.allocate(bytes)
    writeEmptyListpack(this.slab.bytes(block), this.slab.offset(block))
    return this.#insert(root, neighbour, isAfter, this.#create(block, EMPTY_LISTPACK_BYTES, false))
  }

  /** A node with these data: a sound listpack, or one plain element. Nothing counts until `addToCount`. */
  insertData(
    root: Handle,
    neighbour: Handle,
    isAfter: boolean,
    isPlain: boolean,
    data: Uint8Array,
    start: number,
    length: number,
  ): Handle {
    const block = this.slab.allocate(length)
    copyBytes(this.slab.bytes(block), this.slab.offset(block), data, start, length)
    return this.#insert(root, neighbour, isAfter, this.#create(block, length, isPlain))
  }

  /** A node at the tail, as it is in another list. */
  appendCopy(root: Handle, node: Handle): void {
    const packed = this.packedLength(node)
    const kept = packed === 0 ? this.length(node) : packed
    const block = this.slab.allocate(kept)
    const data = packed === 0 ? this.bytes(node) : this.packedBytes(node)
    const start = packed === 0 ? this.start(node) : this.packedStart(node)
    copyBytes(this.slab.bytes(block), this.slab.offset(block), data, start, kept)
    const copy = this.#create(block, this.length(node), this.isPlain(node))
    this.slab.setUint32(copy, PACKED_BYTES_AT, packed)
    this.#compressor.forget(copy)
    this.#insert(root, this.tail(root), true, copy)
    this.addToCount(root, copy, this.count(node))
  }

  /** Takes the node with all its elements out of the list. */
  remove(root: Handle, node: Handle): void {
    const { slab } = this
    const previous = this.previous(node)
    const next = this.next(node)
    if (previous === NONE) slab.setUint32(root, HEAD_AT, next)
    else slab.setUint32(previous, NEXT_AT, next)
    if (next === NONE) slab.setUint32(root, TAIL_AT, previous)
    else slab.setUint32(next, PREVIOUS_AT, previous)
    slab.setUint32(root, NODE_COUNT_AT, this.nodeCount(root) - 1)
    this.addToSize(root, -this.count(node))
    if (this.depth(root) > 0) {
      this.#touched.begin(root)
      this.#touched.remove(node)
    }
    const block = slab.uint32(node, DATA_AT)
    addToTotal(slab, root, -slab.blockBytes(node) - slab.blockBytes(block))
    slab.free(block)
    slab.free(node)
  }

  #allows(root: Handle, bytes: number, count: number): boolean {
    if (bytes > this.bytesMax(root)) return false
    const fill = this.fill(root)
    return fill < 0 || count <= fill
  }

  #create(block: Handle, length: number, isPlain: boolean): Handle {
    const node = orFree(this.slab, block, () => this.slab.allocate(NODE_BYTES))
    const view = this.slab.view(node)
    const at = this.slab.offset(node)
    view.setUint32(at + DATA_AT, block, true)
    view.setUint32(at + COUNT_AT, 0, true)
    view.setUint32(at + LENGTH_AT, length, true)
    view.setUint32(at + START_AT, 0, true)
    view.setUint8(at + PLAIN_AT, isPlain ? 1 : 0)
    view.setUint32(at + PACKED_BYTES_AT, 0, true)
    return node
  }

  #insert(root: Handle, neighbour: Handle, isAfter: boolean, node: Handle): Handle {
    const { slab } = this
    const previous = isAfter || neighbour === NONE ? neighbour : this.previous(neighbour)
    const next = isAfter && neighbour !== NONE ? this.next(neighbour) : neighbour
    slab.setUint32(node, PREVIOUS_AT, previous)
    slab.setUint32(node, NEXT_AT, next)
    if (previous === NONE) slab.setUint32(root, HEAD_AT, node)
    else slab.setUint32(previous, NEXT_AT, node)
    if (next === NONE) slab.setUint32(root, TAIL_AT, node)
    else slab.setUint32(next, PREVIOUS_AT, node)
    slab.setUint32(root, NODE_COUNT_AT, this.nodeCount(root) + 1)
    addToTotal(slab, root, slab.blockBytes(node) + slab.blockBytes(slab.uint32(node, DATA_AT)))
    if (this.depth(root) > 0) this.#touched.add(root, node)
    return node
  }
}
