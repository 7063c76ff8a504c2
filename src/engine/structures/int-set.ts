import type { ByteRegion } from './byte-region.ts'
import type { Int64 } from './int64.ts'
import { int64At, uint32At, writeInt64, writeUint32 } from './little-endian.ts'

/**
 * A sorted array of integers, byte for byte that of Redis 7.0 (intset.c), so that DUMP and RDB take it as
 * it is. All numbers are little-endian:
 *
 *   u32 bytes of each integer: 2, 4 or 8; u32 how many; the integers, smallest first
 *
 * An integer that does not fit makes all of them wider; they never become narrower again. `start` is where
 * the set starts in `bytes`.
 */
export const EMPTY_INT_SET_BYTES = 8

const WIDTH_AT = 0
const COUNT_AT = 4
const HEADER_BYTES = 8

export function writeEmptyIntSet(bytes: Uint8Array, start: number): void {
  writeUint32(bytes, start + WIDTH_AT, 2)
  writeUint32(bytes, start + COUNT_AT, 0)
}

export function intSetSize(bytes: Uint8Array, start: number): number {
  return uint32At(bytes, start + COUNT_AT)
}

/** The integer of that index, in ascending order. */
export function intSetAt(bytes: Uint8Array, start: number, index: number): Int64 {
  return integerAt(bytes, start, uint32At(bytes, start + WIDTH_AT), index)
}

export function intSetHas(bytes: Uint8Array, start: number, value: Int64): boolean {
  const width = uint32At(bytes, start + WIDTH_AT)
  return widthOf(value) <= width && findIndex(bytes, start, width, value) >= 0
}

/** False when it was there already. The region is the set and nothing else. */
export function addToIntSet(region: ByteRegion, value: Int64): boolean {
  const { bytes, start } = region
  const width = uint32At(bytes, start + WIDTH_AT)
  if (widthOf(value) > width) {
    widenAndAdd(region, widthOf(value), value)
    return true
  }
  const index = findIndex(bytes, start, width, value)
  if (index >= 0) return false
  const place = -1 - index
  region.splice(HEADER_BYTES + place * width, 0, width)
  writeIntegerAt(region, width, place, value)
  writeUint32(region.bytes, region.start + COUNT_AT, intSetSize(region.bytes, region.start) + 1)
  return true
}

/** False when it was not there. */
export function removeFromIntSet(region: ByteRegion, value: Int64): boolean {
  const { bytes, start } = region
  const width = uint32At(bytes, start + WIDTH_AT)
  if (widthOf(value) > width) return false
  const index = findIndex(bytes, start, width, value)
  if (index < 0) return false
  writeUint32(bytes, start + COUNT_AT, intSetSize(bytes, start) - 1)
  region.splice(HEADER_BYTES + index * width, width, 0)
  return true
}

/**
 * Whether these bytes, which came from outside (RESTORE, an RDB file), are a set that is sorted and has
 * something in it. O(n).
 */
export function isValidIntSet(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < HEADER_BYTES) return false
  const width = uint32At(bytes, start + WIDTH_AT)
  if (width !== 2 && width !== 4 && width !== 8) return false
  const count = intSetSize(bytes, start)
  if (count === 0 || HEADER_BYTES + count * width !== length) return false
  for (let index = 1; index < count; index += 1) {
    const previous = integerAt(bytes, start, width, index - 1)
    if (previous >= integerAt(bytes, start, width, index)) return false
  }
  return true
}

/** What needs more bytes than the others have is less or more than all of them: it goes to an end. */
function widenAndAdd(region: ByteRegion, width: number, value: Int64): void {
  const oldWidth = uint32At(region.bytes, region.start + WIDTH_AT)
  const count = intSetSize(region.bytes, region.start)
  const isFirst = value < 0
  region.splice(region.length, 0, (count + 1) * width - count * oldWidth)
  // From the end: an integer moves to where none is that has not been read.
  for (let index = count - 1; index >= 0; index -= 1) {
    const integer = integerAt(region.bytes, region.start, oldWidth, index)
    writeIntegerAt(region, width, isFirst ? index + 1 : index, integer)
  }
  writeIntegerAt(region, width, isFirst ? 0 : count, value)
  writeUint32(region.bytes, region.start + WIDTH_AT, width)
  writeUint32(region.bytes, region.start + COUNT_AT, count + 1)
}

/** The index of the value, or -1 - the index where it belongs. */
function findIndex(bytes: Uint8Array, start: number, width: number, value: Int64): number {
  let low = 0
  let high = intSetSize(bytes, start) - 1
  // Mostly integers come in order: look at the end first.
  if (high >= 0 && value > integerAt(bytes, start, width, high)) return -2 - high
  while (low <= high) {
    const middle = (low + high) >>> 1
    const integer = integerAt(bytes, start, width, middle)
    if (integer === value) return middle
    if (integer < value) low = middle + 1
    else high = middle - 1
  }
  return -1 - low
}

function widthOf(value: Int64): number {
  if (value >= -0x8000 && value <= 0x7fff) return 2
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? 4 : 8
}

function integerAt(bytes: Uint8Array, start: number, width: number, index: number): Int64 {
  const at = start + HEADER_BYTES + index * width
  if (width === 8) return int64At(bytes, at)
  if (width === 4) return uint32At(bytes, at) | 0
  return (((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)) << 16) >> 16
}

function writeIntegerAt(region: ByteRegion, width: number, index: number, value: Int64): void {
  const at = region.start + HEADER_BYTES + index * width
  const { bytes } = region
  if (width === 8) {
    writeInt64(bytes, at, value)
  } else if (width === 4) {
    writeUint32(bytes, at, Number(value))
  } else {
    bytes[at] = Number(value) & 0xff
    bytes[at + 1] = (Number(value) >> 8) & 0xff
  }
}
