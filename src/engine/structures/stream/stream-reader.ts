import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import type { EntryList } from './entry-list.ts'
import type { IdTree, IdTreePlace } from './id-tree.ts'
import { StreamEntry } from './stream-entry.ts'
import type { StreamId } from './stream-id.ts'
import type { StreamNodes } from './stream-nodes.ts'
import type { StreamRoots } from './stream-root.ts'

export interface StreamParts {
  readonly slab: Slab
  readonly roots: StreamRoots
  readonly index: IdTree
  readonly nodes: StreamNodes
}

/** Ids from the first to the last, both included. */
export interface IdRange {
  readonly from: StreamId
  readonly to: StreamId
}

/** Finds the entries of streams. */
export class StreamReader {
  /** What `find` and the others have read last. */
  readonly entry: StreamEntry
  readonly #roots: StreamRoots
  readonly #index: IdTree
  readonly #nodes: StreamNodes
  readonly #place: IdTreePlace = { leaf: NONE, index: 0 }

  constructor({ slab, roots, index, nodes }: StreamParts) {
    this.#roots = roots
    this.#index = index
    this.#nodes = nodes
    this.entry = new StreamEntry(slab, nodes)
  }

  /** Reads the entry of this id; false when it is not there or deleted. */
  find(root: Handle, id: StreamId): boolean {
    return this.#seek(root, id) && this.entry.id.compare(id) === 0
  }

  /** Reads the first entry that is not deleted. */
  first(root: Handle): boolean {
    return this.#forwardFrom(this.#roots.head(root), undefined)
  }

  /** Reads the last entry that is not deleted. */
  last(root: Handle): boolean {
    return this.#backwardFrom(this.#roots.tail(root), undefined)
  }

  /** Reads the first entry of all, be it deleted. */
  firstOfAll(root: Handle): boolean {
    return this.#roots.hasNodes(root) && this.#openFirst(this.#roots.head(root))
  }

  /** Adds the places of up to `max` entries of the range that are not deleted, in their order. */
  collect(root: Handle, { from, to }: IdRange, max: number, found: EntryList): void {
    const { entry } = this
    const end = found.count + max
    let isThere = this.#seek(root, from)
    while (isThere && found.count < end && entry.id.compare(to) <= 0) {
      found.push(entry.node, entry.place)
      isThere = this.#next()
    }
  }

  /** The same from the last to the first. */
  collectBackward(root: Handle, { from, to }: IdRange, max: number, found: EntryList): void {
    const { entry } = this
    const end = found.count + max
    let isThere = this.#seekBackward(root, to)
    while (isThere && found.count < end && entry.id.compare(from) >= 0) {
      found.push(entry.node, entry.place)
      isThere = this.#previous()
    }
  }

  /** Reads the first entry from this id on. */
  #seek(root: Handle, id: StreamId): boolean {
    const isInside = this.#index.seekFloor(this.#roots.index(root), id, this.#place)
    const node = isInside ? this.#index.valueAt(this.#place) : this.#roots.head(root)
    return this.#forwardFrom(node, id)
  }

  #seekBackward(root: Handle, id: StreamId): boolean {
    if (!this.#index.seekFloor(this.#roots.index(root), id, this.#place)) return false
    return this.#backwardFrom(this.#index.valueAt(this.#place), id)
  }

  #openFirst(node: Handle): boolean {
    this.entry.open(node)
    return this.entry.first()
  }

  #forwardFrom(from: Handle, id: StreamId | undefined): boolean {
    const { entry } = this
    for (let node = from; node !== NONE; node = this.#nodes.next(node)) {
      let isThere = this.#openFirst(node)
      while (isThere && (entry.isDeleted || (id !== undefined && entry.id.compare(id) < 0))) {
        isThere = entry.following()
      }
      if (isThere) return true
    }
    return false
  }

  #backwardFrom(from: Handle, id: StreamId | undefined): boolean {
    const { entry } = this
    for (let node = from; node !== NONE; node = this.#nodes.previous(node)) {
      entry.open(node)
      let isThere = entry.last()
      while (isThere && (entry.isDeleted || (id !== undefined && entry.id.compare(id) > 0))) {
        isThere = entry.preceding()
      }
      if (isThere) return true
    }
    return false
  }

  #next(): boolean {
    const { entry } = this
    while (entry.following()) {
      if (!entry.isDeleted) return true
    }
    return this.#forwardFrom(this.#nodes.next(entry.node), undefined)
  }

  #previous(): boolean {
    const { entry } = this
    while (entry.preceding()) {
      if (!entry.isDeleted) return true
    }
    return this.#backwardFrom(this.#nodes.previous(entry.node), undefined)
  }
}
