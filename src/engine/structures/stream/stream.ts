import { copyBytes } from '../../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import type { Int64 } from '../int64.ts'
import { orFree } from '../or-free.ts'
import type { RootedStructure } from '../rooted-structure.ts'
import { EntryList } from './entry-list.ts'
import { GroupProgress } from './group-progress.ts'
import { IdTree } from './id-tree.ts'
import { StreamGroups } from './stream-groups.ts'
import { ID_TEXT_BYTES_MAX, StreamId } from './stream-id.ts'
import { StreamNodes } from './stream-nodes.ts'
import { StreamReader } from './stream-reader.ts'
import { FIRST_ID_AT, LAST_ID_AT, MAX_DELETED_ID_AT, StreamRoots } from './stream-root.ts'
import { StreamTrimmer, Trimming } from './stream-trimmer.ts'
import { type NewFields, type StreamLimits, StreamWriter } from './stream-writer.ts'

/** As stream-node-max-bytes and -entries are from the start. */
const LIMITS = { nodeBytesMax: 4_096, nodeEntriesMax: 100 }

/**
 * Streams that lie in the slab as a whole, each named by its root block (stream-root.ts): a row of nodes that hold the
 * entries, an index to find the node of an id, and groups. One object serves all streams.
 */
export class Streams implements RootedStructure {
  readonly limits: StreamLimits = { ...LIMITS }
  readonly groups: StreamGroups
  readonly progress: GroupProgress
  readonly reader: StreamReader
  /** Ids, places and texts of the command that runs. */
  readonly scratch = new StreamScratch()
  /** For who takes a stream to pieces, or puts one together: files. */
  readonly roots: StreamRoots
  readonly nodes: StreamNodes
  /** For pending entries. */
  readonly trees: IdTree
  readonly #slab: Slab
  readonly #writer: StreamWriter
  readonly #trimmer: StreamTrimmer

  constructor(slab: Slab) {
    const roots = new StreamRoots(slab)
    const index = new IdTree(slab)
    const nodes = new StreamNodes({ slab, roots, index })
    const parts = { slab, roots, index, nodes }
    this.#slab = slab
    this.roots = roots
    this.nodes = nodes
    this.trees = index
    this.groups = new StreamGroups(parts)
    this.progress = new GroupProgress(roots, this.groups)
    this.reader = new StreamReader(parts)
    this.#writer = new StreamWriter(parts, this.limits)
    this.#trimmer = new StreamTrimmer(parts, this.reader)
  }

  create(): Handle {
    return this.roots.create(this.trees.create())
  }

  /** Entries, without those that are gone. */
  length(root: Handle): number {
    return this.roots.length(root)
  }

  nodeCount(root: Handle): number {
    return this.trees.size(this.roots.index(root))
  }

  /** Nodes a radix tree of the nodes' ids would have. */
  radixNodes(root: Handle): number {
    return this.roots.radixNodes(root)
  }

  readFirstId(root: Handle, id: StreamId): void {
    this.roots.readId(root, FIRST_ID_AT, id)
  }

  readLastId(root: Handle, id: StreamId): void {
    this.roots.readId(root, LAST_ID_AT, id)
  }

  setLastId(root: Handle, id: StreamId): void {
    this.roots.writeId(root, LAST_ID_AT, id)
  }

  readMaxDeletedId(root: Handle, id: StreamId): void {
    this.roots.readId(root, MAX_DELETED_ID_AT, id)
  }

  setMaxDeletedId(root: Handle, id: StreamId): void {
    this.roots.writeId(root, MAX_DELETED_ID_AT, id)
  }

  entriesAdded(root: Handle): Int64 {
    return this.roots.entriesAdded(root)
  }

  setEntriesAdded(root: Handle, count: Int64): void {
    this.roots.setEntriesAdded(root, count)
  }

  /** The id is greater than the last one; the fields are less than LISTPACK_BYTES_MAX together. */
  append(root: Handle, id: StreamId, fields: NewFields): void {
    this.#begin()
    this.#writer.append(root, id, fields)
  }

  /** Gives how many entries have gone. */
  trim(root: Handle, trimming: Trimming): number {
    this.#begin()
    const deleted = this.#trimmer.trim(root, trimming)
    if (deleted > 0) this.#trimmer.settle(root)
    return deleted
  }

  /** False when there is no such entry. `settle` is to be called when all have gone that go. */
  delete(root: Handle, id: StreamId): boolean {
    this.#begin()
    return this.#trimmer.delete(root, id)
  }

  /** Looks which entry is the first one now. */
  settle(root: Handle): void {
    this.#trimmer.settle(root)
  }

  bytes(root: Handle): number {
    return this.roots.bytes(root)
  }

  free(root: Handle): void {
    this.freeSome(root, Number.POSITIVE_INFINITY)
  }

  /** A node counts as one element: that is how long it takes. */
  freeSome(root: Handle, budget: number): boolean {
    const roots = this.roots
    let left = budget
    for (; left > 0 && roots.hasNodes(root); left -= 1) this.nodes.dropHead(root)
    while (left > 0 && roots.index(root) !== NONE) {
      left -= 1
      if (this.trees.freeNode(roots.index(root), undefined) < 0) roots.setIndex(root, NONE)
    }
    if (left > 0 && this.groups.freeAllSome(root, left)) {
      roots.free(root)
      return true
    }
    return false
  }

  copy(root: Handle): Handle {
    return orFree(this, this.create(), (copy) => this.#copyTo(root, copy))
  }

  #copyTo(root: Handle, copy: Handle): Handle {
    const roots = this.roots
    const id = new StreamId()
    for (let node = roots.head(root); node !== NONE; node = this.nodes.next(node)) {
      const slab = this.#slab
      const length = this.nodes.listpackBytes(node)
      this.nodes.readId(node, id)
      const listpack = this.nodes.listpack(this.nodes.append(copy, id, length))
      const from = this.nodes.listpack(node)
      const start = slab.offset(listpack)
      copyBytes(slab.bytes(listpack), start, slab.bytes(from), slab.offset(from), length)
    }
    roots.setLength(copy, roots.length(root))
    roots.setEntriesAdded(copy, roots.entriesAdded(root))
    for (const which of [FIRST_ID_AT, LAST_ID_AT, MAX_DELETED_ID_AT] as const) {
      roots.readId(root, which, id)
      roots.writeId(copy, which, id)
    }
    this.groups.copyAll(root, copy)
    return copy
  }

  /** Listpacks of nodes move with a write: what the reader knows of one is worth nothing any more. */
  #begin(): void {
    this.reader.entry.node = NONE
  }
}

/** What a command on streams needs for a moment; used again by the next one. */
export class StreamScratch {
  readonly id = new StreamId()
  readonly from = new StreamId()
  readonly to = new StreamId()
  readonly found = new EntryList()
  readonly trimming = new Trimming()
  readonly idText = new Uint8Array(ID_TEXT_BYTES_MAX)
}
