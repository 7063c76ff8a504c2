import { copyBytes } from '../../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import type { ByteRegion } from '../byte-region.ts'
import { firstEntry, integerAt, listpackBytes, NO_ENTRY, nextEntry } from '../listpack.ts'
import { replaceWithInteger } from '../listpack-edit.ts'
import { orFree } from '../or-free.ts'
import type { IdTree } from './id-tree.ts'
import { radixNodesOf } from './radix-nodes.ts'
import { StreamId } from './stream-id.ts'
import type { StreamRoots } from './stream-root.ts'

/**
 * A node, which never moves: entries that came one after the other, in one listpack, byte for byte that of Redis
 * (stream-entry.ts). They are linked in their order.
 *
 *    0  id   of the first entry; the others tell how far they are from it
 *   16  u32  the node before
 *   20  u32  the node behind
 *   24  u32  the listpack, a block that may be larger than it is
 */
const PREVIOUS_AT = 16
const NEXT_AT = 20
const LISTPACK_AT = 24
const NODE_BYTES = 28

/** One byte holds the number of an entry up to this, and what tells its length is as long. */
const SMALL_MAX = 127

export interface StreamNodesOptions {
  readonly slab: Slab
  readonly roots: StreamRoots
  readonly index: IdTree
}

/** The nodes of streams: their row, their index, and the memory of their listpacks. */
export class StreamNodes {
  readonly #slab: Slab
  readonly #roots: StreamRoots
  readonly #index: IdTree
  readonly #region: ListpackRegion
  readonly #id = new StreamId()

  constructor({ slab, roots, index }: StreamNodesOptions) {
    this.#slab = slab
    this.#roots = roots
    this.#index = index
    this.#region = new ListpackRegion(slab)
  }

  /**
   * A node behind all others, whose listpack has room for so many bytes that the caller writes. Changes nothing when
   * there is no memory for it.
   */
  append(root: Handle, id: StreamId, bytes: number): Handle {
    const slab = this.#slab
    const before = slab.usedBytes
    const node = orFree(slab, slab.allocate(bytes), (listpack) =>
      orFree(slab, slab.allocate(NODE_BYTES), (created) => {
        this.#enterIndex(root, id, created)
        slab.setUint32(created, LISTPACK_AT, listpack)
        return created
      }),
    )
    this.#linkLast(root, id, node)
    this.#roots.addBytes(root, slab.usedBytes - before)
    return node
  }

  #enterIndex(root: Handle, id: StreamId, node: Handle): void {
    const roots = this.#roots
    const index = roots.index(root)
    const radixNodes = radixNodesOf(this.#index, index, id)
    this.#index.set(index, id, node)
    roots.setRadixNodes(root, roots.radixNodes(root) + radixNodes)
  }

  #linkLast(root: Handle, id: StreamId, node: Handle): void {
    const slab = this.#slab
    const roots = this.#roots
    const tail = roots.tail(root)
    id.write(slab.bytes(node), slab.offset(node))
    slab.setUint32(node, PREVIOUS_AT, tail)
    slab.setUint32(node, NEXT_AT, NONE)
    if (tail === NONE) roots.setHead(root, node)
    else slab.setUint32(tail, NEXT_AT, node)
    roots.setTail(root, node)
  }

  remove(root: Handle, node: Handle): void {
    const slab = this.#slab
    const roots = this.#roots
    const before = slab.usedBytes
    const index = roots.index(root)
    this.readId(node, this.#id)
    this.#index.delete(index, this.#id)
    const radixNodes = radixNodesOf(this.#index, index, this.#id)
    roots.setRadixNodes(root, roots.radixNodes(root) - radixNodes)
    this.#unlink(root, node)
    slab.free(this.listpack(node))
    slab.free(node)
    roots.addBytes(root, slab.usedBytes - before)
  }

  /** Frees a node of a stream that is given up, without a look at its index. */
  dropHead(root: Handle): void {
    const node = this.#roots.head(root)
    this.#roots.setHead(root, this.next(node))
    this.#slab.free(this.listpack(node))
    this.#slab.free(node)
  }

  readId(node: Handle, id: StreamId): void {
    id.read(this.#slab.bytes(node), this.#slab.offset(node))
  }

  next(node: Handle): Handle {
    return this.#slab.uint32(node, NEXT_AT)
  }

  previous(node: Handle): Handle {
    return this.#slab.uint32(node, PREVIOUS_AT)
  }

  /** The block of the listpack, which the next write may move. */
  listpack(node: Handle): Handle {
    return this.#slab.uint32(node, LISTPACK_AT)
  }

  listpackBytes(node: Handle): number {
    const listpack = this.listpack(node)
    return listpackBytes(this.#slab.bytes(listpack), this.#slab.offset(listpack))
  }

  /** Entries that are there, which the listpack tells first, and those marked as deleted, which it tells then. */
  entryCount(node: Handle): number {
    return this.#number(node, this.#countAt(node))
  }

  deletedCount(node: Handle): number {
    const bytes = this.#slab.bytes(this.listpack(node))
    return this.#number(node, nextEntry(bytes, this.#countAt(node)))
  }

  setCounts(root: Handle, node: Handle, entries: number, deleted: number): void {
    this.setNumber(root, node, this.#countAt(node), entries)
    const bytes = this.#slab.bytes(this.listpack(node))
    this.setNumber(root, node, nextEntry(bytes, this.#countAt(node)), deleted)
  }

  /** Puts a number in the place of the one at `at`; the listpack may move. */
  setNumber(root: Handle, node: Handle, at: number, value: number): void {
    const bytes = this.#slab.bytes(this.listpack(node))
    if ((bytes[at] ?? 0) <= SMALL_MAX && value <= SMALL_MAX) {
      bytes[at] = value
      return
    }
    const before = this.#slab.usedBytes
    this.#region.open(this.listpack(node))
    replaceWithInteger(this.#region, at, value)
    this.#slab.setUint32(node, LISTPACK_AT, this.#region.block)
    this.#roots.addBytes(root, this.#slab.usedBytes - before)
  }

  /** Gives the listpack a block of about so many bytes. */
  resize(root: Handle, node: Handle, bytes: number): void {
    this.#moveListpack(root, node, this.#slab.allocate(bytes))
  }

  /** Gives back what the listpack does not need, if there is memory for that. */
  fit(root: Handle, node: Handle): void {
    const block = this.#slab.tryToAllocate(this.listpackBytes(node))
    if (block !== NONE) this.#moveListpack(root, node, block)
  }

  #moveListpack(root: Handle, node: Handle, block: Handle): void {
    const slab = this.#slab
    const old = this.listpack(node)
    const length = this.listpackBytes(node)
    copyBytes(slab.bytes(block), slab.offset(block), slab.bytes(old), slab.offset(old), length)
    slab.setUint32(node, LISTPACK_AT, block)
    this.#roots.addBytes(root, slab.blockBytes(block) - slab.blockBytes(old))
    slab.free(old)
  }

  #countAt(node: Handle): number {
    const listpack = this.listpack(node)
    return firstEntry(this.#slab.bytes(listpack), this.#slab.offset(listpack))
  }

  #number(node: Handle, at: number): number {
    return at === NO_ENTRY ? 0 : Number(integerAt(this.#slab.bytes(this.listpack(node)), at))
  }

  #unlink(root: Handle, node: Handle): void {
    const previous = this.previous(node)
    const next = this.next(node)
    if (previous === NONE) this.#roots.setHead(root, next)
    else this.#slab.setUint32(previous, NEXT_AT, next)
    if (next === NONE) this.#roots.setTail(root, previous)
    else this.#slab.setUint32(next, PREVIOUS_AT, previous)
  }
}

/** The listpack of a node as bytes that grow: the block it lies in changes, `block` tells which it is. */
class ListpackRegion implements ByteRegion {
  readonly #slab: Slab
  block: Handle = NONE
  length = 0

  constructor(slab: Slab) {
    this.#slab = slab
  }

  get bytes(): Uint8Array {
    return this.#slab.bytes(this.block)
  }

  get start(): number {
    return this.#slab.offset(this.block)
  }

  open(block: Handle): void {
    this.block = block
    this.length = listpackBytes(this.#slab.bytes(block), this.#slab.offset(block))
  }

  splice(at: number, removed: number, inserted: number): void {
    const slab = this.#slab
    const length = this.length - removed + inserted
    if (length > slab.blockBytes(this.block)) {
      const block = slab.allocate(length)
      copyBytes(slab.bytes(block), slab.offset(block), this.bytes, this.start, this.length)
      slab.free(this.block)
      this.block = block
    }
    const from = this.start + at + removed
    this.bytes.copyWithin(this.start + at + inserted, from, this.start + this.length)
    this.length = length
  }
}
