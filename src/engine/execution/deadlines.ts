/** Something with an instant; `place` is the heap's to write, -1 while it is not in one. */
export interface Deadline {
  readonly deadlineMs: number
  place: number
}

/** Instants to come, the next one on top: a binary heap whose entries know their place, so that any can leave. */
export class Deadlines<T extends Deadline> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  get next(): T | undefined {
    return this.#heap[0]
  }

  add(entry: T): void {
    this.#heap.push(entry)
    this.#rise(entry, this.#heap.length - 1)
  }

  remove(entry: T): void {
    const { place } = entry
    if (place < 0) return
    entry.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === entry) return
    this.#rise(last, place)
    this.#sink(last, last.place)
  }

  #rise(entry: T, from: number): void {
    let place = from
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1]
      if (parent === undefined || parent.deadlineMs <= entry.deadlineMs) break
      this.#put(parent, place)
      place = (place - 1) >> 1
    }
    this.#put(entry, place)
  }

  #sink(entry: T, from: number): void {
    let place = from
    for (;;) {
      const child = this.#soonerChild(place)
      if (child === undefined || child.deadlineMs >= entry.deadlineMs) break
      const childPlace = child.place
      this.#put(child, place)
      place = childPlace
    }
    this.#put(entry, place)
  }

  #soonerChild(place: number): T | undefined {
    const left = this.#heap[2 * place + 1]
    const right = this.#heap[2 * place + 2]
    if (left === undefined || right === undefined) return left
    return left.deadlineMs <= right.deadlineMs ? left : right
  }

  #put(entry: T, place: number): void {
    this.#heap[place] = entry
    entry.place = place
  }
}
