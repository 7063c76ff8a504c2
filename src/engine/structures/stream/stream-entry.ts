import { type Handle, NONE, type Slab } from '../../memory/slab.ts'
import {
  firstEntry,
  integerAt,
  lastEntry,
  NO_ENTRY,
  nextEntry,
  previousEntry,
  readEntry,
} from '../listpack.ts'
import { PackedEntry } from '../packed-entry.ts'
import { StreamId } from './stream-id.ts'
import type { StreamNodes } from './stream-nodes.ts'

/** Flags of an entry (stream.h): it is gone; its fields are those the node tells. */
export const DELETED = 1
export const SAME_FIELDS = 2

/**
 * An entry of a stream, read in an object that is used again. The listpack of a node starts with what Redis calls the
 * master entry, and goes on with the entries:
 *
 *   entries, deleted entries, number of fields, fields, 0
 *   flags, ms and seq as distance from the node's id, [number of fields,] [field,] value ..., elements before this
 *
 * A place is where the flags stand, counted from the listpack's start. It holds until the next write.
 */
export class StreamEntry {
  readonly id = new StreamId()
  readonly field = new PackedEntry()
  readonly value = new PackedEntry()
  node: Handle = NONE
  flags = 0
  fieldCount = 0
  readonly #slab: Slab
  readonly #nodes: StreamNodes
  readonly #nodeId = new StreamId()
  #bytes: Uint8Array = new Uint8Array(0)
  #start = 0
  #masterCount = 0
  #masterFields = NO_ENTRY
  /** Behind the fields of the node: where the entries start. */
  #entries = NO_ENTRY
  /** Where the flags stand, and what is read next: a field or a value, and a field of the node. */
  #at = NO_ENTRY
  #next = NO_ENTRY
  #nextMaster = NO_ENTRY

  constructor(slab: Slab, nodes: StreamNodes) {
    this.#slab = slab
    this.#nodes = nodes
  }

  get isDeleted(): boolean {
    return (this.flags & DELETED) !== 0
  }

  get place(): number {
    return this.#at - this.#start
  }

  /** Where the flags stand among the bytes of the listpack's block. */
  get flagsAt(): number {
    return this.#at
  }

  /** What the node tells of all its entries; they are read by `first`, `last` and what follows. */
  open(node: Handle): void {
    const listpack = this.#nodes.listpack(node)
    this.node = node
    this.#bytes = this.#slab.bytes(listpack)
    this.#start = this.#slab.offset(listpack)
    this.#nodes.readId(node, this.#nodeId)
    let at = firstEntry(this.#bytes, this.#start)
    at = nextEntry(this.#bytes, nextEntry(this.#bytes, at))
    this.#masterCount = Number(integerAt(this.#bytes, at))
    at = nextEntry(this.#bytes, at)
    this.#masterFields = at
    for (let field = 0; field < this.#masterCount; field += 1) at = nextEntry(this.#bytes, at)
    this.#entries = nextEntry(this.#bytes, at)
  }

  /** The entry at a place of this node or another. */
  read(node: Handle, place: number): void {
    if (node !== this.node) this.open(node)
    this.#readAt(this.#start + place)
  }

  /** The first entry of the node, deleted or not; false when there is none. */
  first(): boolean {
    return this.#readAt(this.#entries)
  }

  last(): boolean {
    return this.#readEndingAt(lastEntry(this.#bytes, this.#start))
  }

  /** The next entry of the node, whatever has been read of this one's fields; false behind the last. */
  following(): boolean {
    this.#toFields()
    let at = this.#next
    const isSame = (this.flags & SAME_FIELDS) !== 0
    for (let left = isSame ? this.fieldCount : this.fieldCount * 2; left > 0; left -= 1) {
      at = nextEntry(this.#bytes, at)
    }
    return this.#readAt(nextEntry(this.#bytes, at))
  }

  preceding(): boolean {
    return this.#readEndingAt(previousEntry(this.#bytes, this.#start, this.#at))
  }

  /** Reads the next field and its value. */
  nextField(): void {
    if ((this.flags & SAME_FIELDS) !== 0) {
      readEntry(this.#bytes, this.#nextMaster, this.field)
      this.#nextMaster = nextEntry(this.#bytes, this.#nextMaster)
    } else {
      readEntry(this.#bytes, this.#next, this.field)
      this.#next = nextEntry(this.#bytes, this.#next)
    }
    readEntry(this.#bytes, this.#next, this.value)
    this.#next = nextEntry(this.#bytes, this.#next)
  }

  /** The elements are counted at the end of an entry; 0 of them is the end of the node's own fields. */
  #readEndingAt(countAt: number): boolean {
    let at = countAt
    let left = Number(integerAt(this.#bytes, at))
    if (left === 0) return false
    for (; left > 0; left -= 1) at = previousEntry(this.#bytes, this.#start, at)
    return this.#readAt(at)
  }

  #readAt(flagsAt: number): boolean {
    if (flagsAt === NO_ENTRY) return false
    const bytes = this.#bytes
    this.#at = flagsAt
    this.flags = Number(integerAt(bytes, flagsAt))
    let at = nextEntry(bytes, flagsAt)
    this.id.set(this.#nodeId)
    this.id.addMs(integerAt(bytes, at))
    at = nextEntry(bytes, at)
    this.id.addSeq(integerAt(bytes, at))
    at = nextEntry(bytes, at)
    if ((this.flags & SAME_FIELDS) !== 0) {
      this.fieldCount = this.#masterCount
    } else {
      this.fieldCount = Number(integerAt(bytes, at))
      at = nextEntry(bytes, at)
    }
    this.#next = at
    this.#nextMaster = this.#masterFields
    return true
  }

  /** Back to before the first field. */
  #toFields(): void {
    this.#readAt(this.#at)
  }
}
