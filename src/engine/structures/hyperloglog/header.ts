/**
 * A HyperLogLog as Redis keeps it, a string (hyperloglog.c):
 *
 *    0  "HYLL"
 *    4  u8   0 dense, 1 sparse
 *    8  u64  cardinality of the last count; its highest bit: no longer true
 *   16  registers: 16,384 of six bits, or runs of equal ones (sparse.ts)
 */
export const HEADER_BYTES = 16
export const REGISTERS = 16_384
export const REGISTER_BITS = 6
export const REGISTER_MAX = 63
export const DENSE_BYTES = HEADER_BYTES + (REGISTERS * REGISTER_BITS) / 8

const MAGIC = [0x48, 0x59, 0x4c, 0x4c] as const
const ENCODING_AT = 4
const CARDINALITY_AT = 8
const STALE_AT = 15
const STALE_BIT = 0x80

export const DENSE = 0
export const SPARSE = 1

/** Whether these bytes can be a HyperLogLog; a sparse one may still be damaged. */
export function isHyperLogLog(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < HEADER_BYTES) return false
  if (MAGIC.some((byte, index) => bytes[start + index] !== byte)) return false
  const encoding = bytes[start + ENCODING_AT]
  return encoding === SPARSE || (encoding === DENSE && length === DENSE_BYTES)
}

export function isDense(bytes: Uint8Array, start: number): boolean {
  return bytes[start + ENCODING_AT] === DENSE
}

export function writeHeader(bytes: Uint8Array, start: number, encoding: number): void {
  bytes.fill(0, start, start + HEADER_BYTES)
  bytes.set(MAGIC, start)
  bytes[start + ENCODING_AT] = encoding
}

export function markStale(bytes: Uint8Array, start: number): void {
  bytes[start + STALE_AT] = (bytes[start + STALE_AT] ?? 0) | STALE_BIT
}

/** `undefined` when registers have changed since it was counted; a bigint only where SETRANGE has written into it. */
export function cachedCardinality(bytes: Uint8Array, start: number): number | bigint | undefined {
  if (((bytes[start + STALE_AT] ?? 0) & STALE_BIT) !== 0) return undefined
  let high = 0
  let low = 0
  for (let at = STALE_AT; at >= CARDINALITY_AT + 4; at -= 1)
    high = high * 256 + (bytes[start + at] ?? 0)
  for (let at = CARDINALITY_AT + 3; at >= CARDINALITY_AT; at -= 1) {
    low = low * 256 + (bytes[start + at] ?? 0)
  }
  const cardinality = high * 0x1_0000_0000 + low
  return Number.isSafeInteger(cardinality) ? cardinality : (BigInt(high) << 32n) + BigInt(low)
}

export function cacheCardinality(bytes: Uint8Array, start: number, cardinality: number): void {
  let rest = cardinality
  for (let at = CARDINALITY_AT; at <= STALE_AT; at += 1) {
    bytes[start + at] = rest % 256
    rest = Math.floor(rest / 256)
  }
}
