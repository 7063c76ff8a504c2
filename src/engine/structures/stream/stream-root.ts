import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import type { Int64 } from '../int64.ts'
import { int64At, writeInt64 } from '../little-endian.ts'
import { orFree } from '../or-free.ts'
import type { StreamId } from './stream-id.ts'

/**
 * The root block, by which a stream is named; it never moves.
 *
 *    0  f64  entries
 *    8  f64  bytes of all its blocks
 *   16  id   of the first entry; 0-0 in an empty stream
 *   32  id   of the last entry there ever was
 *   48  id   the greatest that XDEL has taken away
 *   64  i64  entries there ever were
 *   72  u32  the first node and the last one
 *   80  u32  the index of the nodes: an id tree
 *   84  u32  nodes a radix tree of their ids would have, for XINFO
 *   88  u32  groups, by name; NONE before the first one
 *
 * An id is u64 milliseconds and u64 sequence number.
 */
const LENGTH_AT = 0
const BYTES_AT = 8
export const FIRST_ID_AT = 16
export const LAST_ID_AT = 32
export const MAX_DELETED_ID_AT = 48
const ENTRIES_ADDED_AT = 64
const HEAD_AT = 72
const TAIL_AT = 76
const INDEX_AT = 80
const RADIX_NODES_AT = 84
const GROUPS_AT = 88
const ROOT_BYTES = 92

export type RootIdAt = typeof FIRST_ID_AT | typeof LAST_ID_AT | typeof MAX_DELETED_ID_AT

/** Reads and writes root blocks of streams. */
export class StreamRoots {
  readonly #slab: Slab

  constructor(slab: Slab) {
    this.#slab = slab
  }

  create(index: Handle): Handle {
    const slab = this.#slab
    const root = orFree(slab, index, () => slab.allocate(ROOT_BYTES))
    const at = slab.offset(root)
    slab.bytes(root).fill(0, at, at + ROOT_BYTES)
    slab.setUint32(root, INDEX_AT, index)
    slab.setUint32(root, RADIX_NODES_AT, 1)
    this.addBytes(root, slab.blockBytes(root) + slab.blockBytes(index))
    return root
  }

  free(root: Handle): void {
    this.#slab.free(root)
  }

  length(root: Handle): number {
    return this.#slab.view(root).getFloat64(this.#slab.offset(root) + LENGTH_AT, true)
  }

  setLength(root: Handle, length: number): void {
    this.#slab.view(root).setFloat64(this.#slab.offset(root) + LENGTH_AT, length, true)
  }

  bytes(root: Handle): number {
    return this.#slab.view(root).getFloat64(this.#slab.offset(root) + BYTES_AT, true)
  }

  addBytes(root: Handle, bytes: number): void {
    const at = this.#slab.offset(root) + BYTES_AT
    const view = this.#slab.view(root)
    view.setFloat64(at, view.getFloat64(at, true) + bytes, true)
  }

  readId(root: Handle, which: RootIdAt, id: StreamId): void {
    id.read(this.#slab.bytes(root), this.#slab.offset(root) + which)
  }

  writeId(root: Handle, which: RootIdAt, id: StreamId): void {
    id.write(this.#slab.bytes(root), this.#slab.offset(root) + which)
  }

  entriesAdded(root: Handle): Int64 {
    return int64At(this.#slab.bytes(root), this.#slab.offset(root) + ENTRIES_ADDED_AT)
  }

  setEntriesAdded(root: Handle, count: Int64): void {
    writeInt64(this.#slab.bytes(root), this.#slab.offset(root) + ENTRIES_ADDED_AT, count)
  }

  head(root: Handle): Handle {
    return this.#slab.uint32(root, HEAD_AT)
  }

  setHead(root: Handle, node: Handle): void {
    this.#slab.setUint32(root, HEAD_AT, node)
  }

  tail(root: Handle): Handle {
    return this.#slab.uint32(root, TAIL_AT)
  }

  setTail(root: Handle, node: Handle): void {
    this.#slab.setUint32(root, TAIL_AT, node)
  }

  index(root: Handle): Handle {
    return this.#slab.uint32(root, INDEX_AT)
  }

  setIndex(root: Handle, index: Handle): void {
    this.#slab.setUint32(root, INDEX_AT, index)
  }

  radixNodes(root: Handle): number {
    return this.#slab.uint32(root, RADIX_NODES_AT)
  }

  setRadixNodes(root: Handle, count: number): void {
    this.#slab.setUint32(root, RADIX_NODES_AT, count)
  }

  groups(root: Handle): Handle {
    return this.#slab.uint32(root, GROUPS_AT)
  }

  setGroups(root: Handle, groups: Handle): void {
    this.#slab.setUint32(root, GROUPS_AT, groups)
  }

  hasNodes(root: Handle): boolean {
    return this.head(root) !== NONE
  }
}
