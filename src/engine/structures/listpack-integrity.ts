import {
  backLength,
  backLengthBytes,
  COUNT_UNKNOWN,
  END,
  encodedBytesAt,
  HEADER_BYTES,
  headerCount,
  INTEGER_64_BIT,
  listpackBytes,
  STRING_6_BIT,
  STRING_12_BIT,
  STRING_32_BIT,
} from './listpack.ts'

/**
 * Whether these bytes, which came from outside (RESTORE, an RDB file), are a listpack that the functions of
 * listpack.ts can walk in both directions without leaving it. O(n).
 */
export function isValidListpack(bytes: Uint8Array, start: number, length: number): boolean {
  if (length <= HEADER_BYTES || start + length > bytes.length) return false
  if (listpackBytes(bytes, start) !== length) return false
  const end = start + length - 1
  if (bytes[end] !== END) return false
  let count = 0
  let at = start + HEADER_BYTES
  while (at < end) {
    const size = validEntryBytes(bytes, at, end)
    if (size === 0) return false
    at += size
    count += 1
  }
  const told = headerCount(bytes, start)
  return told === COUNT_UNKNOWN || told === count
}

/** 0 when no entry that ends before or at `end` starts here. */
function validEntryBytes(bytes: Uint8Array, at: number, end: number): number {
  if (at + headBytes(bytes[at] ?? END) > end) return 0
  const encoded = encodedBytesAt(bytes, at)
  if (encoded === 0) return 0
  const size = encoded + backLengthBytes(encoded)
  if (at + size > end) return 0
  return backLength(bytes, at + size - 1) === encoded ? size : 0
}

/** Bytes that have to be there for `encodedBytesAt` to know the length. */
function headBytes(first: number): number {
  if (first === STRING_32_BIT) return 5
  if (first > INTEGER_64_BIT || first < STRING_6_BIT) return 1
  return first >= STRING_12_BIT && first < STRING_32_BIT ? 2 : 1
}
