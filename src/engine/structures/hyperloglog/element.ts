import { REGISTERS } from './header.ts'

const SEED = 0xadc83b19n
const MULTIPLIER = 0xc6a4a7935bd1e995n
const SHIFT = 47n
const INDEX_BITS = 14n
/** Bits of the hash that runs of zeros are looked for in. */
const PATTERN_BITS = 50n

/** The register an element belongs to, and one more than the zeros its hash begins with. */
export interface ElementPattern {
  readonly index: number
  readonly count: number
}

export function patternOf(bytes: Uint8Array, start: number, length: number): ElementPattern {
  const hash = murmurHash64A(bytes, start, length)
  const index = Number(hash & BigInt(REGISTERS - 1))
  let rest = (hash >> INDEX_BITS) | (1n << PATTERN_BITS)
  let count = 1
  while ((rest & 1n) === 0n) {
    count += 1
    rest >>= 1n
  }
  return { index, count }
}

/** MurmurHash2 with 64 bits, for which Redis chose this seed. */
function murmurHash64A(bytes: Uint8Array, start: number, length: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length)
  const whole = length - (length % 8)
  let hash = SEED ^ low64(BigInt(length) * MULTIPLIER)
  for (let at = 0; at < whole; at += 8) {
    let word = low64(view.getBigUint64(at, true) * MULTIPLIER)
    word ^= word >> SHIFT
    hash = low64((hash ^ low64(word * MULTIPLIER)) * MULTIPLIER)
  }
  if (whole < length) {
    let tail = 0n
    for (let at = length - 1; at >= whole; at -= 1) tail = (tail << 8n) | BigInt(view.getUint8(at))
    hash = low64((hash ^ tail) * MULTIPLIER)
  }
  hash = low64((hash ^ (hash >> SHIFT)) * MULTIPLIER)
  return hash ^ (hash >> SHIFT)
}

function low64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}
