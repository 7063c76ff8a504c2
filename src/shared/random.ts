import { randomBytes } from 'node:crypto'

/** Where chance comes from, so that a test can repeat it. */
export interface Random {
  /** A float in [0, 1). */
  next(): number
  /** An integer in [0, 2^32). */
  uint32(): number
  /** `count` bytes, owned by the caller. */
  bytes(count: number): Buffer
}

/** Fast and not secret for `next` and `uint32`; `bytes` is from the system's CSPRNG. */
export const systemRandom: Random = {
  next: () => Math.random(),
  uint32: () => Math.floor(Math.random() * 0x1_0000_0000),
  bytes: (count) => randomBytes(count),
}

/** The same numbers for the same seed (mulberry32): for tests and benchmarks, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    next: () => uint32() / 0x1_0000_0000,
    uint32,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => uint32() & 0xff)),
  }
}
