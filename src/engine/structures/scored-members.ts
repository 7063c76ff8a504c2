import type { Random } from '../../shared/random.ts'
import type { HandleList } from '../memory/handle-list.ts'
import type { KeyedHash } from '../memory/keyed-hash.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { FIXED_VALUE_AT, HashTable } from './hash-table.ts'
import { KEY_LENGTH_AT } from './record-chain.ts'
import type { RootedStructure } from './rooted-structure.ts'
import { ScoreCursor } from './score-cursor.ts'
import { ScoreTree } from './score-tree.ts'

const SCORE_BYTES = 8
/** A leaf of the tree has as many members as this on average, and costs as much as one entry to free. */
const ENTRIES_PER_LEAF = 48

export interface ScoredMembersOptions {
  readonly slab: Slab
  readonly hasher: KeyedHash
  readonly random: Random
  readonly mayGrow: (bytes: number) => boolean
}

/**
 * Large sorted sets: a hash table from member to score beside a tree in the order of scores, whose leaves
 * hold the table's entries. A set is known by the root block of its tree, which names the table, too.
 */
export class ScoredMembers implements RootedStructure {
  readonly tree: ScoreTree
  readonly #slab: Slab
  readonly #table: HashTable
  readonly #cursor = new ScoreCursor()

  constructor(options: ScoredMembersOptions) {
    this.#slab = options.slab
    this.#table = new HashTable({ ...options, valueBytes: SCORE_BYTES })
    const layout = { lengthAt: KEY_LENGTH_AT, bytesAt: FIXED_VALUE_AT + SCORE_BYTES }
    this.tree = new ScoreTree({ slab: options.slab, layout })
  }

  create(expectedSize = 0): Handle {
    const table = this.#table.create(expectedSize)
    try {
      const root = this.tree.create()
      this.tree.setOwner(root, table)
      return root
    } catch (error) {
      this.#table.free(table)
      throw error
    }
  }

  size(root: Handle): number {
    return this.tree.size(root)
  }

  bytes(root: Handle): number {
    return this.tree.bytes(root) + this.#table.bytes(this.#tableOf(root))
  }

  free(root: Handle): void {
    while (!this.freeSome(root, Number.MAX_SAFE_INTEGER));
  }

  freeSome(root: Handle, elements: number): boolean {
    const table = this.#tableOf(root)
    if (table !== NONE) {
      if (this.#table.freeSome(table, elements)) this.tree.setOwner(root, NONE)
      else return false
    }
    return this.tree.freeSome(root, Math.ceil(elements / ENTRIES_PER_LEAF) + 1)
  }

  copy(root: Handle): Handle {
    const size = this.size(root)
    const copied = this.create(size)
    try {
      const cursor = new ScoreCursor()
      this.tree.seek(root, 0, cursor)
      for (let rank = 0; rank < size; rank += 1) {
        const entry = cursor.member
        const [start, length] = [this.memberStart(entry), this.memberLength(entry)]
        this.append(copied, this.bytesOf(entry), start, length, cursor.score)
        cursor.next()
      }
    } catch (error) {
      this.free(copied)
      throw error
    }
    return copied
  }

  /** The entry of the member; NONE when it is not there. */
  find(root: Handle, member: Uint8Array, start: number, length: number): Handle {
    const hash = this.#table.hash(member, start, length)
    return this.#table.find(this.#tableOf(root), member, start, length, hash)
  }

  score(entry: Handle): number {
    return this.#slab.view(entry).getFloat64(this.#slab.offset(entry) + FIXED_VALUE_AT, true)
  }

  bytesOf(entry: Handle): Uint8Array {
    return this.#slab.bytes(entry)
  }

  memberStart(entry: Handle): number {
    return this.#table.keyStart(entry)
  }

  memberLength(entry: Handle): number {
    return this.#table.keyLength(entry)
  }

  /** The member is not there yet. */
  add(root: Handle, member: Uint8Array, start: number, length: number, score: number): void {
    const entry = this.#newEntry(root, member, start, length, score)
    try {
      this.tree.insert(root, score, entry)
    } catch (error) {
      this.#table.remove(this.#tableOf(root), entry)
      throw error
    }
  }

  /** The member comes after all there are. */
  append(root: Handle, member: Uint8Array, start: number, length: number, score: number): void {
    const entry = this.#newEntry(root, member, start, length, score)
    try {
      this.tree.append(root, score, entry)
    } catch (error) {
      this.#table.remove(this.#tableOf(root), entry)
      throw error
    }
  }

  setScore(root: Handle, entry: Handle, score: number): void {
    this.tree.updateScore(root, this.score(entry), entry, score)
    this.#writeScore(entry, score)
  }

  remove(root: Handle, entry: Handle): void {
    this.tree.remove(root, this.score(entry), entry)
    this.#table.remove(this.#tableOf(root), entry)
  }

  removeRange(root: Handle, rank: number, count: number): void {
    const table = this.#tableOf(root)
    for (let left = count; left > 0; ) {
      const run = this.tree.removeRun(root, rank, left)
      for (let index = 0; index < run; index += 1) {
        this.#table.remove(table, this.tree.removed[index] ?? NONE)
      }
      left -= run
    }
  }

  rank(root: Handle, entry: Handle): number {
    return this.tree.rank(root, this.score(entry), entry)
  }

  /** Some entry, each with the same chance. */
  random(root: Handle): Handle {
    return this.#table.random(this.#tableOf(root))
  }

  /** As HashTable.scan. */
  scan(root: Handle, cursor: number, found: HandleList): number {
    return this.#table.scan(this.#tableOf(root), cursor, found)
  }

  /** The entry at a rank below the size. */
  at(root: Handle, rank: number): Handle {
    this.tree.seek(root, rank, this.#cursor)
    return this.#cursor.member
  }

  #tableOf(root: Handle): Handle {
    return this.tree.owner(root)
  }

  #newEntry(
    root: Handle,
    member: Uint8Array,
    start: number,
    length: number,
    score: number,
  ): Handle {
    const hash = this.#table.hash(member, start, length)
    const entry = this.#table.insert(this.#tableOf(root), member, start, length, hash)
    this.#writeScore(entry, score)
    return entry
  }

  #writeScore(entry: Handle, score: number): void {
    const at = this.#slab.offset(entry) + FIXED_VALUE_AT
    this.#slab.view(entry).setFloat64(at, score, true)
  }
}
