import { type Handle, NONE } from '../../memory/slab.ts'
import { DELETED } from './stream-entry.ts'
import { StreamId } from './stream-id.ts'
import type { StreamNodes } from './stream-nodes.ts'
import type { StreamParts, StreamReader } from './stream-reader.ts'
import { FIRST_ID_AT, MAX_DELETED_ID_AT, type StreamRoots } from './stream-root.ts'

/** What XADD and XTRIM take away from a stream's start, in an object that is used again. */
export class Trimming {
  /** Entries that may be left, or before which id all go. */
  by: 'nothing' | 'length' | 'id' = 'nothing'
  maxLength = 0
  readonly minId = new StreamId()
  /** Whole nodes only. */
  isApproximate = false
  /** Entries that may go at most; 0: any number. */
  limit = 0

  reset(): void {
    this.by = 'nothing'
    this.isApproximate = false
    this.limit = 0
  }

  /** Whether a stream of this length may stay as it is. */
  allows(length: number): boolean {
    return this.by === 'length' && length <= this.maxLength
  }
}

/**
 * Takes entries away. One that goes alone is marked in its node, and counted there; the last one of a node takes the
 * node with it.
 */
export class StreamTrimmer {
  readonly #roots: StreamRoots
  readonly #nodes: StreamNodes
  readonly #reader: StreamReader
  readonly #id = new StreamId()

  constructor({ roots, nodes }: StreamParts, reader: StreamReader) {
    this.#roots = roots
    this.#nodes = nodes
    this.#reader = reader
  }

  /** XDEL of one id; false when it is not there. `settle` is to be called when all have gone. */
  delete(root: Handle, id: StreamId): boolean {
    const reader = this.#reader
    if (!reader.find(root, id)) return false
    const { node } = reader.entry
    const entries = this.#nodes.entryCount(node)
    if (entries === 1) {
      this.#nodes.remove(root, node)
    } else {
      this.#mark(root, node)
      this.#nodes.setCounts(root, node, entries - 1, this.#nodes.deletedCount(node) + 1)
    }
    this.#roots.setLength(root, this.#roots.length(root) - 1)
    this.#roots.readId(root, MAX_DELETED_ID_AT, this.#id)
    if (id.compare(this.#id) > 0) this.#roots.writeId(root, MAX_DELETED_ID_AT, id)
    return true
  }

  /** Gives how many entries have gone; `settle` is to be called then. */
  trim(root: Handle, trimming: Trimming): number {
    const roots = this.#roots
    const nodes = this.#nodes
    let deleted = 0
    let node = trimming.by === 'nothing' ? NONE : roots.head(root)
    while (node !== NONE) {
      if (trimming.allows(roots.length(root))) break
      const entries = nodes.entryCount(node)
      if (trimming.limit > 0 && deleted + entries > trimming.limit) break
      if (!this.#isNeedless(root, node, entries, trimming)) {
        if (!trimming.isApproximate) deleted += this.#trimNode(root, node, trimming)
        break
      }
      const next = nodes.next(node)
      nodes.remove(root, node)
      roots.setLength(root, roots.length(root) - entries)
      deleted += entries
      node = next
    }
    return deleted
  }

  /** Looks which entry is the first one now. */
  settle(root: Handle): void {
    const { entry } = this.#reader
    if (!this.#reader.first(root)) entry.id.setZero()
    this.#roots.writeId(root, FIRST_ID_AT, entry.id)
  }

  /** Whether all of the node may go. */
  #isNeedless(root: Handle, node: Handle, entries: number, trimming: Trimming): boolean {
    if (trimming.by === 'length') return this.#roots.length(root) - entries >= trimming.maxLength
    const { entry } = this.#reader
    entry.open(node)
    return entry.last() && entry.id.compare(trimming.minId) < 0
  }

  /** Marks entries from the node's first on until enough have gone. */
  #trimNode(root: Handle, node: Handle, trimming: Trimming): number {
    const roots = this.#roots
    const nodes = this.#nodes
    const { entry } = this.#reader
    let marked = 0
    entry.open(node)
    for (let isThere = entry.first(); isThere; isThere = entry.following()) {
      if (trimming.allows(roots.length(root))) break
      if (trimming.by === 'id' && entry.id.compare(trimming.minId) >= 0) break
      if (entry.isDeleted) continue
      this.#mark(root, node)
      roots.setLength(root, roots.length(root) - 1)
      marked += 1
    }
    const entries = nodes.entryCount(node) - marked
    nodes.setCounts(root, node, entries, nodes.deletedCount(node) + marked)
    return marked
  }

  /** The entry that was read last. Flags are numbers of one byte: nothing moves. */
  #mark(root: Handle, node: Handle): void {
    const { entry } = this.#reader
    this.#nodes.setNumber(root, node, entry.flagsAt, entry.flags | DELETED)
  }
}
