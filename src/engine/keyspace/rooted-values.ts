import { invariant } from '../../shared/assert.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import type { RootedStructure } from '../structures/rooted-structure.ts'
import type { Structures } from '../structures/structures.ts'
import { VALUE_TYPES } from '../structures/value.ts'
import type { Garbage } from './garbage.ts'
import type { Records } from './record.ts'

/** A rooted value in its record: the handle of its root block. */
export const ROOT_BYTES = 4
/** Elements of a value that go with its key; the rest of a large one goes by and by. */
const FREED_AT_ONCE_MAX = 64

/** What lies beyond the records of values that are larger than them. */
export class RootedValues {
  readonly #records: Records
  readonly #structures: Structures
  readonly #garbage: Garbage

  constructor(records: Records, structures: Structures, garbage: Garbage) {
    this.#records = records
    this.#structures = structures
    this.#garbage = garbage
  }

  /** Bytes beyond the record; 0 for a value that lies in it. */
  bytes(record: Handle): number {
    const root = this.rootOf(record)
    return root === NONE ? 0 : this.#structureOf(this.#records.typeNumber(record)).bytes(root)
  }

  /** The root of a copy; NONE for a value that lies in its record. */
  copy(record: Handle): Handle {
    const root = this.rootOf(record)
    return root === NONE ? NONE : this.#structureOf(this.#records.typeNumber(record)).copy(root)
  }

  /** Nobody asks for it any more: a large one goes by and by. */
  release(record: Handle): void {
    this.releaseRoot(this.#records.typeNumber(record), this.rootOf(record))
  }

  /** The same, for a record that has become another since: what `rootOf` gave before. */
  releaseRoot(typeNumber: number, root: Handle): void {
    if (root === NONE) return
    const structure = this.#structureOf(typeNumber)
    if (!structure.freeSome(root, FREED_AT_ONCE_MAX)) this.#garbage.addRoot(structure, root)
  }

  /** NONE for a value that lies in its record. */
  rootOf(record: Handle): Handle {
    return this.#records.isRooted(record) ? this.#records.root(record) : NONE
  }

  #structureOf(typeNumber: number): RootedStructure {
    const structure = this.#structures.of(VALUE_TYPES[typeNumber] ?? 'string')
    invariant(structure !== undefined, 'a rooted value has a structure')
    return structure
  }
}
