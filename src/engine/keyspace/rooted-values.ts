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
    if (!this.#records.isRooted(record)) return 0
    return this.#structureOf(record).bytes(this.#records.root(record))
  }

  /** The root of a copy; NONE for a value that lies in its record. */
  copy(record: Handle): Handle {
    if (!this.#records.isRooted(record)) return NONE
    return this.#structureOf(record).copy(this.#records.root(record))
  }

  /** Nobody asks for it any more: a large one goes by and by. */
  release(record: Handle): void {
    if (!this.#records.isRooted(record)) return
    const structure = this.#structureOf(record)
    const root = this.#records.root(record)
    if (!structure.freeSome(root, FREED_AT_ONCE_MAX)) this.#garbage.addRoot(structure, root)
  }

  #structureOf(record: Handle): RootedStructure {
    const type = VALUE_TYPES[this.#records.typeNumber(record)] ?? 'string'
    const structure = this.#structures.of(type)
    invariant(structure !== undefined, 'a rooted value has a structure')
    return structure
  }
}
