/**
 * A memo bounded by entries and by what they weigh, in two generations like TwoGenerationMap: what was written
 * or read since the younger one began stays. Holds at most twice what it is told.
 */
export class WeightedMemo<K, V> {
  readonly #entriesMax: number
  readonly #weightMax: number
  #young = new Map<K, Weighed<V>>()
  #old = new Map<K, Weighed<V>>()
  #youngWeight = 0

  constructor(entriesMax: number, weightMax: number) {
    this.#entriesMax = entriesMax
    this.#weightMax = weightMax
  }

  get(key: K): V | undefined {
    const found = this.#young.get(key)
    if (found !== undefined) return found.value
    const older = this.#old.get(key)
    if (older === undefined) return undefined
    this.#old.delete(key)
    this.#keep(key, older)
    return older.value
  }

  set(key: K, value: V, weight: number): void {
    this.#old.delete(key)
    this.#keep(key, { value, weight })
  }

  #keep(key: K, entry: Weighed<V>): void {
    this.#youngWeight += entry.weight - (this.#young.get(key)?.weight ?? 0)
    this.#young.set(key, entry)
    if (this.#young.size < this.#entriesMax && this.#youngWeight < this.#weightMax) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngWeight = 0
  }
}

interface Weighed<V> {
  readonly value: V
  readonly weight: number
}
