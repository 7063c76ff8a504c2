import type { PackedEntry } from '../structures/packed-entry.ts'
import { corrupt } from './rdb-encoding.ts'

const END = 0xff
const LONG_LENGTH = 0xfe

/**
 * Reads the packed hashes of Redis 2.4 (zipmap.c): a byte that may tell the fields, then length, field, length,
 * unused bytes, value, unused bytes ..., 0xff. A length is a byte, or 0xfe and u32. Throws an RdbError for what is
 * none; `visit` gets field and value in turn.
 */
export function readZipmap(bytes: Uint8Array, entry: PackedEntry, visit: () => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length - 1
  if (end < 1 || bytes[end] !== END) throw damaged()
  let at = 1
  let count = 0
  while (at < end) {
    at = readPart(view, at, { end, isValue: false, entry })
    visit()
    if (at >= end) throw damaged()
    at = readPart(view, at, { end, isValue: true, entry })
    visit()
    count += 1
  }
  const told = bytes[0] ?? 0
  if (told < LONG_LENGTH && told !== count) throw damaged()
}

interface Part {
  readonly end: number
  readonly isValue: boolean
  readonly entry: PackedEntry
}

/** Gives where what follows starts. */
function readPart(view: DataView, at: number, { end, isValue, entry }: Part): number {
  const first = view.getUint8(at)
  const lengthBytes = first === LONG_LENGTH ? 5 : 1
  const dataAt = at + lengthBytes + (isValue ? 1 : 0)
  if (first > LONG_LENGTH || dataAt > end) throw damaged()
  const length = lengthBytes === 1 ? first : view.getUint32(at + 1, true)
  const unused = isValue ? view.getUint8(at + lengthBytes) : 0
  if (dataAt + length + unused > end) throw damaged()
  entry.setString(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), dataAt, length)
  return dataAt + length + unused
}

function damaged(): Error {
  return corrupt('Zipmap integrity check failed.')
}
