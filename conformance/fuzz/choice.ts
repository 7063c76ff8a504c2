import type { Random } from '../../src/shared/random.ts'

/** Chance in the words of a grammar. */
export class Choice {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** An integer in [0, max). */
  int(max: number): number {
    return Math.floor(this.#random.next() * max)
  }

  float(): number {
    return this.#random.next()
  }

  chance(probability: number): boolean {
    return this.#random.next() < probability
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.int(values.length)]
    if (value === undefined) throw new Error('nothing to pick from')
    return value
  }

  /** The value that one of the makers makes; the others are not asked. */
  from<T>(...makers: readonly (() => T)[]): T {
    return this.pick(makers)()
  }

  /** The words, or none. */
  maybe(probability: number, ...words: readonly string[]): readonly string[] {
    return this.chance(probability) ? words : []
  }

  /** One to `max` made words. */
  many(max: number, make: () => string): readonly string[] {
    return Array.from({ length: 1 + this.int(max) }, make)
  }

  /** One to `max` made groups of words, as one list. */
  manyOf(max: number, make: () => readonly string[]): readonly string[] {
    return Array.from({ length: 1 + this.int(max) }, make).flat()
  }
}
