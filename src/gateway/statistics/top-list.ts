export interface TopItem {
  readonly name: string
  readonly count: number
  /** How much of `count` may belong to names that fell out of the list. */
  readonly countError: number
}

interface Counter {
  name: string
  count: number
  countError: number
}

/**
 * The most frequent names of an endless stream in fixed memory: "Space-Saving" of Metwally, Agrawal and
 * El Abbadi (2005). A name that is not listed takes the place, and the count, of the rarest; whatever occurs
 * more often than one in `namesMax` is certain to be listed.
 */
export class TopList {
  readonly #namesMax: number
  readonly #counters = new Map<string, Counter>()

  constructor(namesMax: number) {
    this.#namesMax = namesMax
  }

  add(name: string): void {
    const counter = this.#counters.get(name)
    if (counter !== undefined) counter.count += 1
    else if (this.#counters.size < this.#namesMax) this.#list({ name, count: 1, countError: 0 })
    else this.#replaceRarest(name)
  }

  /** Most frequent first. */
  top(count: number): readonly TopItem[] {
    const sorted = [...this.#counters.values()].sort((one, other) => other.count - one.count)
    return sorted.slice(0, count).map((counter) => ({ ...counter }))
  }

  #list(counter: Counter): void {
    this.#counters.set(counter.name, counter)
  }

  #replaceRarest(name: string): void {
    let rarest: Counter | undefined
    for (const counter of this.#counters.values()) {
      if (rarest === undefined || counter.count < rarest.count) rarest = counter
    }
    if (rarest === undefined) return
    this.#counters.delete(rarest.name)
    this.#list({ name, count: rarest.count + 1, countError: rarest.count })
  }
}
