import { copyBytes, moveBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE, type Slab, SlabExhaustedError } from '../memory/slab.ts'
import type { Dict } from '../structures/dict.ts'
import type { ExpiryHeap } from './expiry-heap.ts'
import { NO_EXPIRY, type Records } from './record.ts'

export interface RecordShaperParts {
  readonly slab: Slab
  readonly records: Records
  readonly dict: Dict
  readonly heap: ExpiryHeap
}

/**
 * Gives the records of one database another length or expiry, in another block where the one they are in does not
 * suit. A snapshot must have seen the record before.
 */
export class RecordShaper {
  readonly #slab: Slab
  readonly #records: Records
  readonly #dict: Dict
  readonly #heap: ExpiryHeap

  constructor({ slab, records, dict, heap }: RecordShaperParts) {
    this.#slab = slab
    this.#records = records
    this.#dict = dict
    this.#heap = heap
  }

  /**
   * Makes the record one for a value of `valueLength` bytes with this expiry. The first `kept` bytes of the value
   * stay; the rest is undefined. The record may move.
   */
  reshape(record: Handle, valueLength: number, expiresAtMs: number, kept: number): Handle {
    const records = this.#records
    const hadExpiry = records.hasExpiry(record)
    const hasExpiry = expiresAtMs !== NO_EXPIRY
    if (hasExpiry && !hadExpiry) this.#heap.makeRoom()
    const bytes = records.bytesFor(records.keyLength(record), valueLength, hasExpiry)
    const held = this.#slab.blockBytes(record)
    if (!suits(held, bytes)) {
      const moved = this.#tryToMove(record, valueLength, expiresAtMs, kept, bytes <= held)
      if (moved !== NONE) return moved
    }
    // The place in the heap stands behind the value, which is about to change its length.
    const heapIndex = hadExpiry ? records.heapIndex(record) : 0
    if (hadExpiry && !hasExpiry) this.#heap.remove(record)
    records.setValueLength(record, valueLength)
    records.setHasExpiry(record, hasExpiry)
    if (!hasExpiry) return record
    records.setExpiresAtMs(record, expiresAtMs)
    if (hadExpiry) {
      records.setHeapIndex(record, heapIndex)
      this.#heap.update(record, expiresAtMs)
    } else {
      this.#heap.insert(record, expiresAtMs)
    }
    return record
  }

  /**
   * Makes room within a value: `removed` bytes from `at` on give way to `inserted` undefined ones, and what follows
   * moves. The record may move.
   */
  splice(record: Handle, at: number, removed: number, inserted: number): Handle {
    const length = this.#records.valueLength(record)
    const expiresAtMs = this.#records.expiresAtMs(record)
    const newLength = length - removed + inserted
    if (newLength > length) {
      const moved = this.reshape(record, newLength, expiresAtMs, length)
      this.#moveTail(moved, at + removed, at + inserted, length)
      return moved
    }
    this.#moveTail(record, at + removed, at + inserted, length)
    return newLength === length ? record : this.reshape(record, newLength, expiresAtMs, newLength)
  }

  /**
   * A record under another key with the value's bytes of `record`, which may be of another database. It is in no
   * dict yet; its expiry is not written.
   */
  createLike(record: Handle, key: Uint8Array, start: number, length: number): Handle {
    const records = this.#records
    const hash = this.#dict.hash(key, start, length)
    const valueLength = records.valueLength(record)
    const hasExpiry = records.hasExpiry(record)
    const like = records.create(key, start, length, hash, valueLength, hasExpiry)
    this.#copyValue(record, like, valueLength)
    records.setKind(like, records.kind(record))
    records.setAccess(like, records.access(record))
    return like
  }

  /** Of a record that has room for its expiry, and none yet. */
  enterHeap(record: Handle, expiresAtMs: number): void {
    this.#records.setExpiresAtMs(record, expiresAtMs)
    this.#heap.insert(record, expiresAtMs)
  }

  /** NONE without memory for it, when the record may stay: deleting must not fail. */
  #tryToMove(
    record: Handle,
    valueLength: number,
    expiresAtMs: number,
    kept: number,
    mayStay: boolean,
  ): Handle {
    try {
      return this.#move(record, valueLength, expiresAtMs, kept)
    } catch (error) {
      if (mayStay && error instanceof SlabExhaustedError) return NONE
      throw error
    }
  }

  #move(record: Handle, valueLength: number, expiresAtMs: number, kept: number): Handle {
    const records = this.#records
    const hasExpiry = expiresAtMs !== NO_EXPIRY
    const moved = records.create(
      this.#slab.bytes(record),
      records.keyStart(record),
      records.keyLength(record),
      records.hash(record),
      valueLength,
      hasExpiry,
    )
    records.setAccess(moved, records.access(record))
    records.setKind(moved, records.kind(record))
    this.#copyValue(record, moved, kept)
    if (records.hasExpiry(record)) this.#heap.remove(record)
    this.#dict.replace(record, moved)
    this.#slab.free(record)
    if (hasExpiry) this.enterHeap(moved, expiresAtMs)
    return moved
  }

  /** Moves the value's bytes between `from` and `end` to start at `to`. */
  #moveTail(record: Handle, from: number, to: number, end: number): void {
    if (from === to || from === end) return
    const start = this.#records.valueStart(record)
    moveBytes(this.#slab.bytes(record), start + to, start + from, end - from)
  }

  #copyValue(from: Handle, to: Handle, length: number): void {
    copyBytes(
      this.#slab.bytes(to),
      this.#records.valueStart(to),
      this.#slab.bytes(from),
      this.#records.valueStart(from),
      length,
    )
  }
}

/** Large enough, and not more than twice as large as needed. */
function suits(blockBytes: number, bytes: number): boolean {
  return bytes <= blockBytes && blockBytes <= 2 * bytes
}
