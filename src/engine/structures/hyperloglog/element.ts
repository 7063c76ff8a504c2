import { REGISTERS } from './header.ts'
import { MurmurHash } from './murmur-hash.ts'

const INDEX_BITS = 14
/** Bits of the hash that runs of zeros are looked for in. */
const PATTERN_BITS = 50
/** Of those, the bits that stand in the lower half of the hash. */
const LOW_PATTERN_BITS = 32 - INDEX_BITS

/** The register an element belongs to, and one more than the zeros its hash goes on with. */
export interface ElementPattern {
  readonly index: number
  readonly count: number
}

export function patternOf(bytes: Uint8Array, start: number, length: number): ElementPattern {
  const hash = new MurmurHash()
  hash.hash(bytes, start, length)
  return { index: hash.low & (REGISTERS - 1), count: zerosOf(hash) + 1 }
}

function zerosOf({ high, low }: MurmurHash): number {
  const pattern = low >>> INDEX_BITS
  if (pattern !== 0) return trailingZeros(pattern)
  return high === 0 ? PATTERN_BITS : LOW_PATTERN_BITS + trailingZeros(high)
}

function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value)
}
