import type { Random } from '../../shared/random.ts'
import type { KeyedHash } from '../memory/keyed-hash.ts'
import type { Slab } from '../memory/slab.ts'
import { ANY_LENGTH, HashTable } from './hash-table.ts'
import { Quicklist } from './quicklist.ts'
import type { RootedStructure } from './rooted-structure.ts'
import { ScoredMembers } from './scored-members.ts'
import { Streams } from './stream/stream.ts'
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
  /** Fields and values of large hashes. */
  readonly hashes: HashTable
  /** Members of large sets. */
  readonly sets: HashTable
  readonly lists: Quicklist
  readonly sortedSets: ScoredMembers
  readonly streams: Streams
  readonly #byType: Partial<Record<ValueType, RootedStructure>>

  constructor(options: StructureOptions) {
    this.options = options
    this.hashes = new HashTable({ ...options, valueBytes: ANY_LENGTH })
    this.sets = new HashTable({ ...options, valueBytes: 0 })
    this.lists = new Quicklist(options.slab)
    this.sortedSets = new ScoredMembers(options)
    this.streams = new Streams(options.slab)
    this.#byType = {
      list: this.lists,
      hash: this.hashes,
      set: this.sets,
      zset: this.sortedSets,
      stream: this.streams,
    }
  }

  /** What frees, copies and measures the rooted values of a type. */
  of(type: ValueType): RootedStructure | undefined {
    return this.#byType[type]
  }
}
