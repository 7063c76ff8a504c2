import type { Random } from '../../shared/random.ts'
import type { KeyedHash } from '../memory/keyed-hash.ts'
import type { Slab } from '../memory/slab.ts'
import type { RootedStructure } from './rooted-structure.ts'
import type { ValueType } from './value.ts'

export interface StructureOptions {
  readonly slab: Slab
  readonly hasher: KeyedHash
  readonly random: Random
  /** Whether there is room for a table of so many bytes more. */
  readonly mayGrow: (bytes: number) => boolean
}

/** The operators on large values of one engine. */
export class Structures {
  readonly options: StructureOptions
  readonly #byType: Partial<Record<ValueType, RootedStructure>> = {}

  constructor(options: StructureOptions) {
    this.options = options
  }

  /** What frees, copies and measures the rooted values of a type. */
  of(type: ValueType): RootedStructure | undefined {
    return this.#byType[type]
  }
}
