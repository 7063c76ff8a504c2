import { int64At } from '../structures/little-endian.ts'
import type { PackedEntry } from '../structures/packed-entry.ts'
import { corrupt } from './rdb-encoding.ts'

/**
 * Reads the packed lists of Redis before 7.0 (ziplist.c): u32 bytes, u32 where the last entry starts, u16 entries
 * (65535: more), entries, 0xff. An entry is the length of the one before it (a byte, or 0xfe and u32), its encoding,
 * its data. Throws an RdbError for what is none; `visit` gets each entry in turn.
 */
const HEADER_BYTES = 10
const COUNT_AT = 8
const COUNT_UNKNOWN = 0xffff
const END = 0xff
const LONG_PREVIOUS = 0xfe
const INT_16 = 0xc0
const INT_32 = 0xd0
const INT_64 = 0xe0
const INT_24 = 0xf0
const INT_8 = 0xfe
const SMALLEST_IMMEDIATE = 0xf1
const LARGEST_IMMEDIATE = 0xfd

export function readZiplist(bytes: Uint8Array, entry: PackedEntry, visit: () => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length <= HEADER_BYTES || view.getUint32(0, true) !== bytes.length) throw damaged()
  const end = bytes.length - 1
  if (bytes[end] !== END) throw damaged()
  let at = HEADER_BYTES
  let last = HEADER_BYTES
  let previousBytes = 0
  let count = 0
  while (at < end) {
    const size = readOne(view, at, { end, previousBytes, entry })
    visit()
    last = at
    at += size
    previousBytes = size
    count += 1
  }
  const told = view.getUint16(COUNT_AT, true)
  if (told !== COUNT_UNKNOWN && told !== count) throw damaged()
  if (count > 0 && view.getUint32(4, true) !== last) throw damaged()
}

interface Reading {
  /** Where the end mark stands. */
  readonly end: number
  readonly previousBytes: number
  readonly entry: PackedEntry
}

/** Gives the bytes of the entry. */
function readOne(view: DataView, at: number, { end, previousBytes, entry }: Reading): number {
  const isLong = view.getUint8(at) === LONG_PREVIOUS
  const encodingAt = at + (isLong ? 5 : 1)
  if (encodingAt >= end) throw damaged()
  const told = isLong ? view.getUint32(at + 1, true) : view.getUint8(at)
  if (told !== previousBytes) throw damaged()
  const first = view.getUint8(encodingAt)
  const dataAt = first < INT_16 ? readString(view, encodingAt, end, entry) : encodingAt + 1
  const next = first < INT_16 ? dataAt : readInteger(view, first, { at: dataAt, end, entry })
  return next - at
}

/** Gives where the string ends. */
function readString(view: DataView, at: number, end: number, entry: PackedEntry): number {
  const first = view.getUint8(at)
  const headBytes = first < 0x40 ? 1 : first < 0x80 ? 2 : 5
  if (at + headBytes > end) throw damaged()
  const length =
    headBytes === 1
      ? first
      : headBytes === 2
        ? ((first & 0x3f) << 8) | view.getUint8(at + 1)
        : view.getUint32(at + 1)
  if (at + headBytes + length > end) throw damaged()
  entry.setString(bytesOf(view), at + headBytes, length)
  return at + headBytes + length
}

function readInteger(
  view: DataView,
  encoding: number,
  { at, end, entry }: { readonly at: number; readonly end: number; readonly entry: PackedEntry },
): number {
  if (encoding >= SMALLEST_IMMEDIATE && encoding <= LARGEST_IMMEDIATE) {
    entry.setInteger(encoding - SMALLEST_IMMEDIATE)
    return at
  }
  const length = integerBytes(encoding)
  if (length === 0 || at + length > end) throw damaged()
  if (length === 1) entry.setInteger(view.getInt8(at))
  else if (length === 2) entry.setInteger(view.getInt16(at, true))
  else if (length === 3) entry.setInteger((view.getInt8(at + 2) << 16) | view.getUint16(at, true))
  else if (length === 4) entry.setInteger(view.getInt32(at, true))
  else entry.setInteger(int64At(bytesOf(view), at))
  return at + length
}

function integerBytes(encoding: number): number {
  switch (encoding) {
    case INT_8:
      return 1
    case INT_16:
      return 2
    case INT_24:
      return 3
    case INT_32:
      return 4
    case INT_64:
      return 8
    default:
      return 0
  }
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function damaged(): Error {
  return corrupt('Ziplist integrity check failed.')
}
