/** One counter for each of a closed set of names; those given are shown even before they occur. */
export class CounterSet<Name extends string> {
  readonly #counts: Map<Name, number>

  constructor(names: readonly Name[] = []) {
    this.#counts = new Map(names.map((name) => [name, 0]))
  }

  add(name: Name): void {
    this.#counts.set(name, this.get(name) + 1)
  }

  get(name: Name): number {
    return this.#counts.get(name) ?? 0
  }

  entries(): Iterable<readonly [Name, number]> {
    return this.#counts
  }

  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}
