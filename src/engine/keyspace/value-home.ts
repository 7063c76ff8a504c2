import { type Handle, NONE } from '../memory/slab.ts'
import type { ByteRegion } from '../structures/byte-region.ts'
import type { Database } from './database.ts'

/** Where a collection lies: its packed bytes, or the handle of its root block once it has outgrown them. */
export interface ValueHome extends ByteRegion {
  readonly isRooted: boolean
  readonly root: Handle
  /** The packed bytes are given up: from now on the value is what `root` holds. */
  becomeRooted(root: Handle): void
}

/** The value of a record. An object to be used again: `open` it for the next one. */
export class RecordValue implements ValueHome {
  /** Where the record is now: writing may move it. */
  record: Handle = NONE
  isRooted = false
  root: Handle = NONE
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  length = 0
  #database: Database | undefined

  open(database: Database, record: Handle): void {
    this.#database = database
    this.#locate(record)
    this.isRooted = database.isRooted(record)
    this.root = this.isRooted ? database.root(record) : NONE
  }

  splice(at: number, removed: number, inserted: number): void {
    if (this.#database === undefined) return
    this.#locate(this.#database.spliceValue(this.record, at, removed, inserted))
  }

  becomeRooted(root: Handle): void {
    if (this.#database === undefined) return
    this.#locate(this.#database.becomeRooted(this.record, root))
    this.isRooted = true
    this.root = root
  }

  #locate(record: Handle): void {
    if (this.#database === undefined) return
    this.record = record
    this.bytes = this.#database.bytes(record)
    this.start = this.#database.valueStart(record)
    this.length = this.#database.valueLength(record)
  }
}

const CAPACITY_MIN = 1_024
/** A buffer that one value has made larger than this is not kept for the next. */
const CAPACITY_KEPT = 65_536

/** A value that belongs to no key yet, such as a result that is to be stored. */
export class LooseValue implements ValueHome {
  isRooted = false
  root: Handle = NONE
  bytes = new Uint8Array(CAPACITY_MIN)
  readonly start = 0
  length = 0

  /** Starts anew, with so many undefined bytes. What an earlier value was rooted in is its taker's. */
  open(length: number): void {
    if (this.bytes.length > CAPACITY_KEPT) this.bytes = new Uint8Array(CAPACITY_MIN)
    this.isRooted = false
    this.root = NONE
    this.length = length
  }

  splice(at: number, removed: number, inserted: number): void {
    const end = this.length
    const length = end - removed + inserted
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.bytes.length * 2))
      larger.set(this.bytes.subarray(0, end))
      this.bytes = larger
    }
    this.bytes.copyWithin(at + inserted, at + removed, end)
    this.length = length
  }

  becomeRooted(root: Handle): void {
    this.isRooted = true
    this.root = root
    this.length = 0
  }
}
