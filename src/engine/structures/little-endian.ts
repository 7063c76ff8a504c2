import type { Int64 } from './int64.ts'

const TWO_TO_32 = 2 ** 32
/** Integers of up to 15 digits are numbers (int64.ts). */
const NUMBER_LIMIT = 1e15

export function uint32At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
  return (low | ((bytes[at + 3] ?? 0) << 24)) >>> 0
}

export function int64At(bytes: Uint8Array, at: number): Int64 {
  const low = uint32At(bytes, at)
  const high = uint32At(bytes, at + 4) | 0
  const value = high * TWO_TO_32 + low
  if (value > -NUMBER_LIMIT && value < NUMBER_LIMIT) return value
  return (BigInt(high) << 32n) | BigInt(low)
}

/** Modulo 2^32: a negative number as its two's complement. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff
  bytes[at + 1] = (value >>> 8) & 0xff
  bytes[at + 2] = (value >>> 16) & 0xff
  bytes[at + 3] = value >>> 24
}

export function writeInt64(bytes: Uint8Array, at: number, value: Int64): void {
  if (typeof value === 'number') {
    const high = Math.floor(value / TWO_TO_32)
    writeUint32(bytes, at, value - high * TWO_TO_32)
    writeUint32(bytes, at + 4, high)
    return
  }
  writeUint32(bytes, at, Number(value & 0xffff_ffffn))
  writeUint32(bytes, at + 4, Number((value >> 32n) & 0xffff_ffffn))
}
