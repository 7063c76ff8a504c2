import { equalBytes } from '../memory/byte-slice.ts'
import { type Int64, int64Of } from './int64.ts'
import { int64At, uint32At } from './little-endian.ts'
import type { PackedEntry } from './packed-entry.ts'

/**
 * Reads listpacks, byte for byte those of Redis 7.0 (listpack.c), so that DUMP and RDB take them as they are:
 *
 *   u32 bytes of the whole, u16 entries (65535: more than can be told), entries, 0xff
 *
 * An entry is its encoding with its data, then the length of both written backwards, 7 bits a byte, so that
 * it can be walked from either end. All numbers are little-endian, except the 12 and 13 bits in two bytes.
 *
 * `start` is where the listpack starts in `bytes`, `at` where an entry does. NO_ENTRY is no entry.
 * listpack-edit.ts writes, listpack-integrity.ts looks at what comes from outside.
 */
export const NO_ENTRY = 0

export const HEADER_BYTES = 6
export const END = 0xff
/** The header's count of a listpack whose entries have to be counted. */
export const COUNT_UNKNOWN = 0xffff
export const COUNT_AT = 4

/** First bytes of the encodings; the first four share theirs with data. */
export const STRING_6_BIT = 0x80
export const INTEGER_13_BIT = 0xc0
export const STRING_12_BIT = 0xe0
export const STRING_32_BIT = 0xf0
export const INTEGER_16_BIT = 0xf1
export const INTEGER_24_BIT = 0xf2
export const INTEGER_32_BIT = 0xf3
export const INTEGER_64_BIT = 0xf4

export function listpackBytes(bytes: Uint8Array, start: number): number {
  return uint32At(bytes, start)
}

/** O(n) from 65535 entries on. */
export function listpackCount(bytes: Uint8Array, start: number): number {
  const told = headerCount(bytes, start)
  if (told !== COUNT_UNKNOWN) return told
  let count = 0
  for (let at = firstEntry(bytes, start); at !== NO_ENTRY; at = nextEntry(bytes, at)) count += 1
  return count
}

/** What the header says: COUNT_UNKNOWN when it cannot tell. */
export function headerCount(bytes: Uint8Array, start: number): number {
  return (bytes[start + COUNT_AT] ?? 0) | ((bytes[start + COUNT_AT + 1] ?? 0) << 8)
}

export function firstEntry(bytes: Uint8Array, start: number): number {
  const at = start + HEADER_BYTES
  return bytes[at] === END ? NO_ENTRY : at
}

export function lastEntry(bytes: Uint8Array, start: number): number {
  return previousEntry(bytes, start, start + listpackBytes(bytes, start) - 1)
}

export function nextEntry(bytes: Uint8Array, at: number): number {
  const next = at + entryBytes(bytes, at)
  return bytes[next] === END ? NO_ENTRY : next
}

/** `at` may be the end mark: the entry before it is the last one. */
export function previousEntry(bytes: Uint8Array, start: number, at: number): number {
  if (at === start + HEADER_BYTES) return NO_ENTRY
  const encoded = backLength(bytes, at - 1)
  return at - encoded - backLengthBytes(encoded)
}

/** The entry of that index, from the end when it is negative (-1 is the last). */
export function seekEntry(bytes: Uint8Array, start: number, index: number): number {
  const count = headerCount(bytes, start)
  if (count === COUNT_UNKNOWN) {
    return index < 0
      ? seekBackward(bytes, start, -1 - index)
      : seekForward(bytes, firstEntry(bytes, start), index)
  }
  const fromFirst = index < 0 ? count + index : index
  if (fromFirst < 0 || fromFirst >= count) return NO_ENTRY
  if (fromFirst <= count / 2) return seekForward(bytes, start + HEADER_BYTES, fromFirst)
  return seekBackward(bytes, start, count - 1 - fromFirst)
}

/** Bytes of the entry: encoding, data and the length behind them. */
export function entryBytes(bytes: Uint8Array, at: number): number {
  const encoded = encodedBytesAt(bytes, at)
  return encoded + backLengthBytes(encoded)
}

export function readEntry(bytes: Uint8Array, at: number, entry: PackedEntry): void {
  const first = bytes[at] ?? END
  if (first < STRING_6_BIT) entry.setInteger(first)
  else if (first < INTEGER_13_BIT) entry.setString(bytes, at + 1, first & 0x3f)
  else if (first >= STRING_12_BIT && first <= STRING_32_BIT) {
    const head = first === STRING_32_BIT ? 5 : 2
    entry.setString(bytes, at + head, encodedBytesAt(bytes, at) - head)
  } else entry.setInteger(integerAt(bytes, at))
}

/** Whether the entry is this string. An integer is the string of its canonical spelling. */
export function entryEquals(
  bytes: Uint8Array,
  at: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
): boolean {
  if (isIntegerAt(bytes, at)) {
    return integerAt(bytes, at) === int64Of(value, valueStart, valueLength)
  }
  return stringEquals(bytes, at, value, valueStart, valueLength)
}

/**
 * The first entry from `at` on (which may be NO_ENTRY) that is this string, looking at one and passing over
 * `skip`, or NO_ENTRY.
 */
export function findEntry(
  bytes: Uint8Array,
  at: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
  skip: number,
): number {
  // Wanted once at most, and only when there are integers to compare with.
  let integer: Int64 | undefined
  let isParsed = false
  let entry = at
  while (entry !== NO_ENTRY) {
    if (!isIntegerAt(bytes, entry)) {
      if (stringEquals(bytes, entry, value, valueStart, valueLength)) return entry
    } else {
      if (!isParsed) integer = int64Of(value, valueStart, valueLength)
      isParsed = true
      if (integer !== undefined && integerAt(bytes, entry) === integer) return entry
    }
    for (let passed = 0; passed <= skip && entry !== NO_ENTRY; passed += 1) {
      entry = nextEntry(bytes, entry)
    }
  }
  return NO_ENTRY
}

/** Bytes of encoding and data; 0 when no entry starts so. */
export function encodedBytesAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? END
  if (first < STRING_6_BIT) return 1
  if (first < INTEGER_13_BIT) return 1 + (first & 0x3f)
  if (first < STRING_12_BIT) return 2
  if (first < STRING_32_BIT) return 2 + (((first & 0x0f) << 8) | (bytes[at + 1] ?? 0))
  switch (first) {
    case STRING_32_BIT:
      return 5 + uint32At(bytes, at + 1)
    case INTEGER_16_BIT:
      return 3
    case INTEGER_24_BIT:
      return 4
    case INTEGER_32_BIT:
      return 5
    case INTEGER_64_BIT:
      return 9
    default:
      return 0
  }
}

/** How many bytes tell, behind an entry, that encoding and data have so many. */
export function backLengthBytes(encoded: number): number {
  // The upper limits are one less than 7 bits a byte hold: so Redis writes it.
  if (encoded <= 127) return 1
  if (encoded < 16_383) return 2
  if (encoded < 2_097_151) return 3
  return encoded < 268_435_455 ? 4 : 5
}

/** The length that ends at `last`, or -1 when it goes on for more than 5 bytes. */
export function backLength(bytes: Uint8Array, last: number): number {
  let length = 0
  let weight = 1
  for (let at = last; at > last - 5; at -= 1) {
    const byte = bytes[at] ?? 0
    length += (byte & 127) * weight
    if ((byte & 128) === 0) return length
    weight *= 128
  }
  return -1
}

function seekForward(bytes: Uint8Array, first: number, steps: number): number {
  let at = first
  for (let step = 0; step < steps && at !== NO_ENTRY; step += 1) at = nextEntry(bytes, at)
  return at
}

function seekBackward(bytes: Uint8Array, start: number, steps: number): number {
  let at = lastEntry(bytes, start)
  for (let step = 0; step < steps && at !== NO_ENTRY; step += 1) {
    at = previousEntry(bytes, start, at)
  }
  return at
}

function isIntegerAt(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] ?? END
  if (first < INTEGER_13_BIT) return first < STRING_6_BIT
  return first < STRING_12_BIT || first > STRING_32_BIT
}

function stringEquals(
  bytes: Uint8Array,
  at: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
): boolean {
  const first = bytes[at] ?? END
  const head = first < INTEGER_13_BIT ? 1 : first === STRING_32_BIT ? 5 : 2
  if (encodedBytesAt(bytes, at) - head !== valueLength) return false
  return equalBytes(bytes, at + head, value, valueStart, valueLength)
}

/** The number of an entry that is an integer. */
export function integerAt(bytes: Uint8Array, at: number): Int64 {
  const first = bytes[at] ?? END
  if (first < STRING_6_BIT) return first
  if (first < STRING_12_BIT) return signed(((first & 0x1f) << 8) | (bytes[at + 1] ?? 0), 13)
  const low = (bytes[at + 1] ?? 0) | ((bytes[at + 2] ?? 0) << 8)
  switch (first) {
    case INTEGER_16_BIT:
      return signed(low, 16)
    case INTEGER_24_BIT:
      return signed(low | ((bytes[at + 3] ?? 0) << 16), 24)
    case INTEGER_32_BIT:
      return uint32At(bytes, at + 1) | 0
    default:
      return int64At(bytes, at + 1)
  }
}

/** The two's complement of so many bits. */
function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits)
}
