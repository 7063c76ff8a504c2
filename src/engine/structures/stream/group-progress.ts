import type { Handle } from '../../memory/slab.ts'
import { addInt64, INT64_MIN, type Int64 } from '../int64.ts'
import { ENTRIES_UNKNOWN, type StreamGroups } from './stream-groups.ts'
import { StreamId } from './stream-id.ts'
import { FIRST_ID_AT, LAST_ID_AT, MAX_DELETED_ID_AT, type StreamRoots } from './stream-root.ts'

/**
 * How far a group has read, in entries there ever were (t_stream.c, streamEstimateDistanceFromFirstEverEntry). Nobody
 * counts entries between two ids, so that it can be told only where none has been deleted in between.
 */
export class GroupProgress {
  readonly #roots: StreamRoots
  readonly #groups: StreamGroups
  readonly #first = new StreamId()
  readonly #last = new StreamId()
  readonly #deleted = new StreamId()
  readonly #id = new StreamId()

  constructor(roots: StreamRoots, groups: StreamGroups) {
    this.#roots = roots
    this.#groups = groups
  }

  /** The group gets the entry of this id, if it is further than it was; true then. */
  advance(root: Handle, group: Handle, id: StreamId): boolean {
    const groups = this.#groups
    groups.readLastId(group, this.#id)
    if (id.compare(this.#id) <= 0) return false
    const read = groups.entriesRead(group)
    if (read !== ENTRIES_UNKNOWN && !this.#hasDeletedFrom(root, id)) {
      groups.setEntriesRead(group, addInt64(read, 1) ?? INT64_MIN)
    } else if (this.#roots.entriesAdded(root) !== 0) {
      groups.setEntriesRead(group, this.#entriesUpTo(root, id))
    }
    groups.setLastId(group, id)
    return true
  }

  /** Entries the group has not got yet; undefined when that cannot be told. */
  lag(root: Handle, group: Handle): Int64 | undefined {
    const added = this.#roots.entriesAdded(root)
    if (added === 0) return 0
    const groups = this.#groups
    groups.readLastId(group, this.#id)
    const read = groups.entriesRead(group)
    if (read !== ENTRIES_UNKNOWN && !this.#hasDeletedFrom(root, this.#id)) {
      return minus(added, read)
    }
    const estimate = this.#entriesUpTo(root, this.#id)
    return estimate === ENTRIES_UNKNOWN ? undefined : minus(added, estimate)
  }

  /** Whether an entry at or after this id has been deleted, and one before it has not. */
  #hasDeletedFrom(root: Handle, id: StreamId): boolean {
    const roots = this.#roots
    if (roots.length(root) === 0) return false
    roots.readId(root, MAX_DELETED_ID_AT, this.#deleted)
    if (this.#deleted.isZero) return false
    roots.readId(root, FIRST_ID_AT, this.#first)
    return this.#first.compare(this.#deleted) <= 0 && id.compare(this.#deleted) <= 0
  }

  /** ENTRIES_UNKNOWN when it cannot be told. */
  #entriesUpTo(root: Handle, id: StreamId): Int64 {
    const roots = this.#roots
    const added = roots.entriesAdded(root)
    if (added === 0) return 0
    const length = roots.length(root)
    roots.readId(root, LAST_ID_AT, this.#last)
    const toLast = id.compare(this.#last)
    if (toLast === 0 || (length === 0 && toLast < 0)) return added
    if (toLast > 0) return ENTRIES_UNKNOWN
    roots.readId(root, FIRST_ID_AT, this.#first)
    roots.readId(root, MAX_DELETED_ID_AT, this.#deleted)
    if (!this.#deleted.isZero && this.#deleted.compare(this.#first) >= 0) return ENTRIES_UNKNOWN
    const toFirst = id.compare(this.#first)
    if (toFirst > 0) return ENTRIES_UNKNOWN
    return minus(added, toFirst < 0 ? length : length - 1)
  }
}

/** Modulo 2^64, as C has it. */
function minus(left: Int64, right: Int64): Int64 {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  return BigInt.asIntN(64, BigInt(left) - BigInt(right))
}
