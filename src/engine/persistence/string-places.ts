const CAPACITY_MIN = 1_024

/** Where strings stand in bytes, in their order: pairs of a start and a length. It grows, and is used again after `clear`. */
export class StringPlaces {
  #pairs: Uint32Array = new Uint32Array(CAPACITY_MIN)
  #length = 0

  add(start: number, length: number): void {
    if (this.#length === this.#pairs.length) this.#grow()
    this.#pairs[this.#length] = start
    this.#pairs[this.#length + 1] = length
    this.#length += 2
  }

  clear(): void {
    this.#length = 0
  }

  written(): Uint32Array {
    return this.#pairs.subarray(0, this.#length)
  }

  /** Hands them over and goes on in another array, whose content is of no use any more. */
  take(next: Uint32Array): Uint32Array {
    const taken = this.written()
    this.#pairs = next
    this.#length = 0
    return taken
  }

  #grow(): void {
    const larger = new Uint32Array(Math.max(CAPACITY_MIN, this.#pairs.length * 2))
    larger.set(this.#pairs)
    this.#pairs = larger
  }
}
