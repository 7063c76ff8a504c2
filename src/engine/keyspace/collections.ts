import { HandleList } from '../memory/handle-list.ts'
import type { Structures } from '../structures/structures.ts'
import { type CollectionLimits, DEFAULT_COLLECTION_LIMITS } from './collection-limits.ts'
import { HashValue } from './hash-value.ts'
import { SetValue, type SetValueOptions } from './set-value.ts'
import { SortedSetValue, type SortedSetValueOptions } from './sorted-set-value.ts'

/** The objects that commands read and write collections with: made once, opened for each command anew. */
export class Collections {
  readonly limits: CollectionLimits = { ...DEFAULT_COLLECTION_LIMITS }
  readonly hash: HashValue
  readonly set: SetValue
  /** For commands that look into two sets at a time. */
  readonly otherSet: SetValue
  /** For sets that belong to no key yet. */
  readonly resultSet: SetValue
  readonly sortedSet: SortedSetValue
  /** For sorted sets that belong to no key yet. */
  readonly resultSortedSet: SortedSetValue
  /** Places of fields or members that a command has found. */
  readonly positions = new HandleList()
  readonly #setOptions: SetValueOptions
  readonly #sortedSetOptions: SortedSetValueOptions

  constructor(structures: Structures) {
    const { slab, random } = structures.options
    const { limits } = this
    const setOptions = { slab, random, limits, table: structures.sets }
    this.#setOptions = setOptions
    this.#sortedSetOptions = { random, limits, members: structures.sortedSets }
    this.hash = new HashValue({ slab, random, limits, table: structures.hashes })
    this.set = new SetValue(setOptions)
    this.otherSet = new SetValue(setOptions)
    this.resultSet = new SetValue(setOptions)
    this.sortedSet = this.newSortedSet()
    this.resultSortedSet = this.newSortedSet()
  }

  /** For commands that look into many at a time. */
  newSet(): SetValue {
    return new SetValue(this.#setOptions)
  }

  newSortedSet(): SortedSetValue {
    return new SortedSetValue(this.#sortedSetOptions)
  }
}
