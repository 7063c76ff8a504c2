const MULTIPLIER = 0x5deece66dn
const INCREMENT = 0xbn
const MASK = (1n << 48n) - 1n
const SEED_LOW = 0x330en
const INITIAL = 0x1234abcd330en
const BITS_DROPPED = 17n

/** The largest value and one less than what `next` is taken modulo by, as Redis does. */
export const RANDOM48_MAX = 0x7fff_ffff

/**
 * Redis' random numbers for scripts (rand.c): the same sequence after each start and for each seed, on every machine.
 */
export class Random48 {
  #state = INITIAL

  /** An integer in [0, 2^31). */
  next(): number {
    this.#state = (this.#state * MULTIPLIER + INCREMENT) & MASK
    return Number(this.#state >> BITS_DROPPED)
  }

  seed(value: number): void {
    this.#state = (BigInt(value >>> 0) << 16n) | SEED_LOW
  }
}
