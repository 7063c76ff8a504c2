/**
 * A bounded memo: entries written or read within the last `entriesMax` writes are kept, older ones go.
 * An approximate LRU without a list to maintain on a hit: two maps, of which the older is dropped when
 * the younger is full. Holds at most 2 * `entriesMax` entries.
 */
export class TwoGenerationMap<K, V> {
  readonly #entriesMax: number
  #young = new Map<K, V>()
  #old = new Map<K, V>()

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** `keyOf` gives the key to keep, for whoever looks up by one that holds on to something larger. */
  get(key: K, keyOf?: (value: V) => K): V | undefined {
    const value = this.#young.get(key)
    if (value !== undefined) return value
    const older = this.#old.get(key)
    if (older === undefined) return undefined
    this.#old.delete(key)
    this.set(keyOf === undefined ? key : keyOf(older), older)
    return older
  }

  set(key: K, value: V): void {
    this.#young.set(key, value)
    if (this.#young.size < this.#entriesMax) return
    this.#old = this.#young
    this.#young = new Map()
  }

  delete(key: K): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
