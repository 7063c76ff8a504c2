import { copyBytes } from '../memory/byte-slice.ts'
import type { ByteRegion } from './byte-region.ts'
import { type Int64, int64Of } from './int64.ts'
import {
  backLengthBytes,
  COUNT_AT,
  COUNT_UNKNOWN,
  END,
  entryBytes,
  HEADER_BYTES,
  headerCount,
  INTEGER_13_BIT,
  INTEGER_16_BIT,
  INTEGER_24_BIT,
  INTEGER_32_BIT,
  INTEGER_64_BIT,
  listpackBytes,
  listpackCount,
  NO_ENTRY,
  STRING_6_BIT,
  STRING_12_BIT,
  STRING_32_BIT,
} from './listpack.ts'

/** A listpack without entries: header and end mark. */
export const EMPTY_LISTPACK_BYTES = HEADER_BYTES + 1

/** As Redis (lpSafeToAdd): no listpack grows beyond this by adding to it. */
const LISTPACK_BYTES_MAX = 2 ** 30

const TWO_TO_32 = 2 ** 32

/**
 * Writing. A region is a listpack and nothing else. Places of entries (`at`) are counted in `region.bytes`,
 * and change with every write: each function gives the new one. Values are copied in, and must not lie in
 * the region they go to.
 */
export function writeEmptyListpack(bytes: Uint8Array, start: number): void {
  writeHeader(bytes, start, EMPTY_LISTPACK_BYTES, 0)
  bytes[start + HEADER_BYTES] = END
}

/** Whether so many bytes of values can be added without breaking the limit of a listpack. */
export function hasRoomFor(bytes: Uint8Array, start: number, added: number): boolean {
  return listpackBytes(bytes, start) + added <= LISTPACK_BYTES_MAX
}

/** Bytes of the entry that a value becomes: encoding, data and the length behind them. */
export function encodedBytes(value: Uint8Array, start: number, length: number): number {
  const integer = int64Of(value, start, length)
  const encoded = integer === undefined ? stringBytes(length) : integerBytes(integer)
  return encoded + backLengthBytes(encoded)
}

/** Inserts before the entry, or before the end mark; gives the place of the new one. */
export function insertValue(
  region: ByteRegion,
  at: number,
  value: Uint8Array,
  start: number,
  length: number,
): number {
  const entry = putValue(region, at, 0, value, start, length)
  addToCount(region, 1)
  return entry
}

export function insertInteger(region: ByteRegion, at: number, value: Int64): number {
  const entry = putInteger(region, at, 0, value)
  addToCount(region, 1)
  return entry
}

export function insertValueAfter(
  region: ByteRegion,
  at: number,
  value: Uint8Array,
  start: number,
  length: number,
): number {
  return insertValue(region, at + entryBytes(region.bytes, at), value, start, length)
}

/** Puts the value in the place of the entry; gives the place of the new one. */
export function replaceWithValue(
  region: ByteRegion,
  at: number,
  value: Uint8Array,
  start: number,
  length: number,
): number {
  return putValue(region, at, entryBytes(region.bytes, at), value, start, length)
}

export function replaceWithInteger(region: ByteRegion, at: number, value: Int64): number {
  return putInteger(region, at, entryBytes(region.bytes, at), value)
}

export function appendValue(
  region: ByteRegion,
  value: Uint8Array,
  start: number,
  length: number,
): number {
  return insertValue(region, region.start + region.length - 1, value, start, length)
}

export function appendInteger(region: ByteRegion, value: Int64): number {
  return insertInteger(region, region.start + region.length - 1, value)
}

export function prependValue(
  region: ByteRegion,
  value: Uint8Array,
  start: number,
  length: number,
): number {
  return insertValue(region, region.start + HEADER_BYTES, value, start, length)
}

/** Takes up to `count` entries away, from this one on; gives the one that follows, or NO_ENTRY. */
export function deleteEntries(region: ByteRegion, at: number, count: number): number {
  let end = at
  let deleted = 0
  while (deleted < count && region.bytes[end] !== END) {
    end += entryBytes(region.bytes, end)
    deleted += 1
  }
  const behindStart = at - region.start
  region.splice(behindStart, end - at, 0)
  addToCount(region, -deleted)
  const next = region.start + behindStart
  return region.bytes[next] === END ? NO_ENTRY : next
}

/** Adds the entries of another listpack, which must not lie in the region, behind its own. */
export function appendListpack(region: ByteRegion, other: Uint8Array, otherStart: number): void {
  const length = listpackBytes(other, otherStart) - EMPTY_LISTPACK_BYTES
  const count = listpackCount(other, otherStart)
  const end = region.start + region.length - 1
  insertEntries(region, end, other, otherStart + HEADER_BYTES, length, count)
}

/** Adds the entries of another listpack before its own. */
export function prependListpack(region: ByteRegion, other: Uint8Array, otherStart: number): void {
  const length = listpackBytes(other, otherStart) - EMPTY_LISTPACK_BYTES
  const count = listpackCount(other, otherStart)
  const first = region.start + HEADER_BYTES
  insertEntries(region, first, other, otherStart + HEADER_BYTES, length, count)
}

/** Inserts `count` entries as they stand in another listpack, `length` bytes together. */
export function insertEntries(
  region: ByteRegion,
  at: number,
  other: Uint8Array,
  otherAt: number,
  length: number,
  count: number,
): void {
  const behindStart = at - region.start
  const sum = listpackCount(region.bytes, region.start) + count
  region.splice(behindStart, 0, length)
  copyBytes(region.bytes, region.start + behindStart, other, otherAt, length)
  writeHeader(region.bytes, region.start, region.length, Math.min(sum, COUNT_UNKNOWN))
}

/** Takes all entries away from this one on: `count` are left. */
export function truncateListpack(region: ByteRegion, at: number, count: number): void {
  const behindStart = at - region.start
  region.splice(behindStart, region.length - 1 - behindStart, 0)
  writeHeader(region.bytes, region.start, region.length, Math.min(count, COUNT_UNKNOWN))
}

/**
 * Writes an entry where there is room for it; gives where it ends. The header is the caller's to write: for what
 * adds many entries at once.
 */
export function writeValueAt(
  bytes: Uint8Array,
  at: number,
  value: Uint8Array,
  start: number,
  length: number,
): number {
  const integer = int64Of(value, start, length)
  if (integer !== undefined) return writeIntegerAt(bytes, at, integer)
  const encoded = stringBytes(length)
  writeStringHead(bytes, at, length)
  copyBytes(bytes, at + encoded - length, value, start, length)
  writeBackLength(bytes, at + encoded, encoded)
  return at + encoded + backLengthBytes(encoded)
}

export function writeIntegerAt(bytes: Uint8Array, at: number, value: Int64): number {
  const encoded = integerBytes(value)
  writeInteger(bytes, at, value)
  bytes[at + encoded] = encoded
  return at + encoded + 1
}

/** Bytes that an entry of so many characters takes at the most. */
export function entryBytesMax(length: number): number {
  const encoded = stringBytes(length)
  return encoded + backLengthBytes(encoded)
}

function putValue(
  region: ByteRegion,
  at: number,
  removed: number,
  value: Uint8Array,
  start: number,
  length: number,
): number {
  const integer = int64Of(value, start, length)
  if (integer !== undefined) return putInteger(region, at, removed, integer)
  const encoded = stringBytes(length)
  const entry = makeRoom(region, at, removed, encoded)
  const data = entry + encoded - length
  writeStringHead(region.bytes, entry, length)
  copyBytes(region.bytes, data, value, start, length)
  return entry
}

function putInteger(region: ByteRegion, at: number, removed: number, value: Int64): number {
  const entry = makeRoom(region, at, removed, integerBytes(value))
  writeInteger(region.bytes, entry, value)
  return entry
}

/** Room for an entry of so many encoded bytes, whose length is already written behind them. */
function makeRoom(region: ByteRegion, at: number, removed: number, encoded: number): number {
  const behindStart = at - region.start
  region.splice(behindStart, removed, encoded + backLengthBytes(encoded))
  const entry = region.start + behindStart
  writeBackLength(region.bytes, entry + encoded, encoded)
  writeUint32(region.bytes, region.start, region.length)
  return entry
}

/** From COUNT_UNKNOWN there is no way back but counting. */
function addToCount(region: ByteRegion, added: number): void {
  const count = headerCount(region.bytes, region.start)
  const sum = count === COUNT_UNKNOWN ? count : count + added
  writeHeader(region.bytes, region.start, region.length, sum)
}

function stringBytes(length: number): number {
  if (length < 64) return 1 + length
  return length < 4_096 ? 2 + length : 5 + length
}

function integerBytes(value: Int64): number {
  if (value >= 0 && value <= 127) return 1
  if (value >= -4_096 && value <= 4_095) return 2
  if (value >= -32_768 && value <= 32_767) return 3
  if (value >= -8_388_608 && value <= 8_388_607) return 4
  return value >= -2_147_483_648 && value <= 2_147_483_647 ? 5 : 9
}

function writeStringHead(bytes: Uint8Array, at: number, length: number): void {
  if (length < 64) {
    bytes[at] = STRING_6_BIT | length
  } else if (length < 4_096) {
    bytes[at] = STRING_12_BIT | (length >> 8)
    bytes[at + 1] = length & 0xff
  } else {
    bytes[at] = STRING_32_BIT
    writeUint32(bytes, at + 1, length)
  }
}

function writeInteger(bytes: Uint8Array, at: number, value: Int64): void {
  const size = integerBytes(value)
  if (size === 9) return writeInt64(bytes, at, value)
  const integer = Number(value)
  if (size === 1) {
    bytes[at] = integer
  } else if (size === 2) {
    bytes[at] = INTEGER_13_BIT | ((integer >> 8) & 0x1f)
    bytes[at + 1] = integer & 0xff
  } else {
    bytes[at] = size === 3 ? INTEGER_16_BIT : size === 4 ? INTEGER_24_BIT : INTEGER_32_BIT
    for (let byte = 1; byte < size; byte += 1) bytes[at + byte] = integer >> (8 * (byte - 1))
  }
}

function writeInt64(bytes: Uint8Array, at: number, value: Int64): void {
  bytes[at] = INTEGER_64_BIT
  if (typeof value === 'number') {
    const high = Math.floor(value / TWO_TO_32)
    writeUint32(bytes, at + 1, value - high * TWO_TO_32)
    writeUint32(bytes, at + 5, high)
    return
  }
  writeUint32(bytes, at + 1, Number(value & 0xffff_ffffn))
  writeUint32(bytes, at + 5, Number(value >> 32n))
}

/** The most significant 7 bits first; all bytes but the first have the eighth set. */
function writeBackLength(bytes: Uint8Array, at: number, encoded: number): void {
  let rest = encoded
  for (let byte = backLengthBytes(encoded) - 1; byte > 0; byte -= 1) {
    bytes[at + byte] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  bytes[at] = rest
}

/** `count` up to COUNT_UNKNOWN. */
export function writeHeader(bytes: Uint8Array, start: number, length: number, count: number): void {
  writeUint32(bytes, start, length)
  bytes[start + COUNT_AT] = count & 0xff
  bytes[start + COUNT_AT + 1] = count >> 8
}

/** Modulo 2^32: a negative number as its two's complement. */
function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff
  bytes[at + 1] = (value >>> 8) & 0xff
  bytes[at + 2] = (value >>> 16) & 0xff
  bytes[at + 3] = value >>> 24
}
