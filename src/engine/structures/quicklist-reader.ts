import { equalBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import {
  entryEquals,
  firstEntry,
  HEADER_BYTES,
  lastEntry,
  NO_ENTRY,
  nextEntry,
  previousEntry,
  readEntry,
  seekEntry,
} from './listpack.ts'
import { PackedEntry } from './packed-entry.ts'
import { QuicklistCursor } from './quicklist-cursor.ts'
import type { QuicklistNodes } from './quicklist-nodes.ts'

export type ListEnd = 'head' | 'tail'

/** Finds and reads the elements of lists. */
export class QuicklistReader {
  readonly #nodes: QuicklistNodes
  readonly #cursor = new QuicklistCursor()
  readonly #entry = new PackedEntry()

  constructor(nodes: QuicklistNodes) {
    this.#nodes = nodes
  }

  /** Reads the element at an end of a list that is not empty. */
  readEnd(root: Handle, end: ListEnd, entry: PackedEntry): void {
    this.seekEnd(root, end, this.#cursor)
    this.read(this.#cursor, entry)
  }

  /** Puts the cursor on the element, counted from the end when `index` is negative; false without one. */
  seek(root: Handle, index: number, cursor: QuicklistCursor): boolean {
    const nodes = this.#nodes
    const size = nodes.size(root)
    const fromHead = index < 0 ? size + index : index
    if (!(fromHead >= 0 && fromHead < size)) return false
    const isForward = fromHead <= (size - 1) / 2
    let left = isForward ? fromHead : size - 1 - fromHead
    let node = isForward ? nodes.head(root) : nodes.tail(root)
    for (let count = nodes.count(node); left >= count; count = nodes.count(node)) {
      left -= count
      node = isForward ? nodes.next(node) : nodes.previous(node)
    }
    cursor.node = node
    cursor.at = HEADER_BYTES
    if (nodes.isPlain(node)) return true
    const start = nodes.start(node)
    cursor.at = seekEntry(nodes.bytes(node), start, isForward ? left : -1 - left) - start
    return true
  }

  /** False when the list is empty. */
  seekEnd(root: Handle, end: ListEnd, cursor: QuicklistCursor): boolean {
    const nodes = this.#nodes
    return this.enter(end === 'head' ? nodes.head(root) : nodes.tail(root), end, cursor)
  }

  /** Moves the cursor towards an end; false, and it is nowhere, when it was on the last element there. */
  move(cursor: QuicklistCursor, towards: ListEnd): boolean {
    const nodes = this.#nodes
    const { node } = cursor
    const isForward = towards === 'tail'
    if (!nodes.isPlain(node)) {
      const bytes = nodes.bytes(node)
      const start = nodes.start(node)
      const at = start + cursor.at
      const moved = isForward ? nextEntry(bytes, at) : previousEntry(bytes, start, at)
      if (moved !== NO_ENTRY) {
        cursor.at = moved - start
        return true
      }
    }
    return isForward
      ? this.enter(nodes.next(node), 'head', cursor)
      : this.enter(nodes.previous(node), 'tail', cursor)
  }

  read(cursor: QuicklistCursor, entry: PackedEntry): void {
    const nodes = this.#nodes
    const { node } = cursor
    const start = nodes.start(node)
    if (nodes.isPlain(node)) entry.setString(nodes.bytes(node), start, nodes.length(node))
    else readEntry(nodes.bytes(node), start + cursor.at, entry)
  }

  equals(cursor: QuicklistCursor, value: Uint8Array, start: number, length: number): boolean {
    const nodes = this.#nodes
    const { node } = cursor
    const nodeStart = nodes.start(node)
    const bytes = nodes.bytes(node)
    if (!nodes.isPlain(node)) {
      return entryEquals(bytes, nodeStart + cursor.at, value, start, length)
    }
    return nodes.length(node) === length && equalBytes(bytes, nodeStart, value, start, length)
  }

  /** `count` elements from `index` on, which there are, as bulk strings. */
  replyRange(root: Handle, index: number, count: number, reply: ReplyWriter): void {
    const nodes = this.#nodes
    if (!this.seek(root, index, this.#cursor)) return
    let { node, at } = this.#cursor
    for (let left = count; left > 0 && node !== NONE; node = nodes.next(node)) {
      left -= nodes.isPlain(node)
        ? this.#replyPlain(node, reply)
        : this.#replyEntries(node, at, left, reply)
      at = HEADER_BYTES
    }
  }

  /** From one place of a node on, at most so many; gives how many that was. */
  #replyEntries(node: Handle, at: number, most: number, reply: ReplyWriter): number {
    const entry = this.#entry
    const bytes = this.#nodes.bytes(node)
    let count = 0
    let each = this.#nodes.start(node) + at
    while (count < most && each !== NO_ENTRY) {
      readEntry(bytes, each, entry)
      entry.replyTo(reply)
      count += 1
      each = nextEntry(bytes, each)
    }
    return count
  }

  #replyPlain(node: Handle, reply: ReplyWriter): number {
    const nodes = this.#nodes
    reply.bulk(nodes.bytes(node), nodes.start(node), nodes.length(node))
    return 1
  }

  /** Puts the cursor on the first or the last element of a node; false without a node. */
  enter(node: Handle, end: ListEnd, cursor: QuicklistCursor): boolean {
    const nodes = this.#nodes
    cursor.node = node
    cursor.at = HEADER_BYTES
    if (node === NONE) return false
    if (nodes.isPlain(node)) return true
    const bytes = nodes.bytes(node)
    const start = nodes.start(node)
    cursor.at = (end === 'head' ? firstEntry(bytes, start) : lastEntry(bytes, start)) - start
    return true
  }
}
