import { HandleList } from '../../memory/handle-list.ts'
import { type Handle, NONE } from '../../memory/slab.ts'
import { StreamId } from './stream-id.ts'

/**
 * Places of entries, or of ids in an id tree, in an object that is used again: an answer tells how many there are
 * before the first.
 */
export class EntryList {
  readonly #words = new HandleList()
  #missing: StreamId[] = []

  get count(): number {
    return this.#words.count / 2
  }

  clear(): void {
    this.#words.clear()
    if (this.#missing.length > 0) this.#missing = []
  }

  push(node: Handle, place: number): void {
    this.#words.push(node)
    this.#words.push(place)
  }

  /** An entry that is pending, but there no more. */
  pushMissing(id: StreamId): void {
    this.push(NONE, this.#missing.length)
    this.#missing.push(StreamId.copyOf(id))
  }

  /** NONE: the entry is missing. */
  node(index: number): Handle {
    return this.#words.at(index * 2)
  }

  place(index: number): number {
    return this.#words.at(index * 2 + 1)
  }

  missingId(index: number): StreamId {
    return this.#missing[this.place(index)] ?? new StreamId()
  }
}
