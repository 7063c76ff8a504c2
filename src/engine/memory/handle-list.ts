import type { Handle } from './slab.ts'

const CAPACITY_MIN = 64
/** A list that one call has made larger than this is not kept for the next. */
const CAPACITY_KEPT = 65_536

/** Handles one after the other, in an object to be used again: collecting allocates nothing as a rule. */
export class HandleList {
  count = 0
  #handles = new Uint32Array(CAPACITY_MIN)

  clear(): void {
    this.count = 0
    if (this.#handles.length > CAPACITY_KEPT) this.#handles = new Uint32Array(CAPACITY_MIN)
  }

  push(handle: Handle): void {
    if (this.count === this.#handles.length) this.#grow()
    this.#handles[this.count] = handle
    this.count += 1
  }

  at(index: number): Handle {
    return this.#handles[index] ?? 0
  }

  set(index: number, handle: Handle): void {
    this.#handles[index] = handle
  }

  #grow(): void {
    const larger = new Uint32Array(this.#handles.length * 2)
    larger.set(this.#handles)
    this.#handles = larger
  }
}
