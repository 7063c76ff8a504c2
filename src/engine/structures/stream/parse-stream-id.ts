import type { StreamId } from './stream-id.ts'

/** Redis copies an id into a buffer of 128 bytes first (t_stream.c, streamGenericParseIDOrReply). */
const TEXT_BYTES_MAX = 127
const UINT64_MAX = 2n ** 64n - 1n
const TWO_TO_32 = 2 ** 32
/** What a double adds up without losing a unit. */
const FAST_DIGITS_MAX = 15

const ZERO = 0x30
const DASH = 0x2d
const PLUS = 0x2b
const STAR = 0x2a

/** `complete`: both parts were told; `anySeq`: the sequence number is `*`, and the id has 0 for it. */
export type ParsedId = 'invalid' | 'complete' | 'anySeq'

/** What is valid beside `<ms>-<seq>`. */
export interface IdForms {
  /** `-` and `+`: the first and the last id of all. */
  readonly edges: boolean
  /** `<ms>-*` is valid. */
  readonly anySeq: boolean
  /** Of `<ms>` alone: the sequence number is the first or the last one. */
  readonly missingSeq: 'first' | 'last'
}

export function parseStreamId(
  bytes: Uint8Array,
  start: number,
  length: number,
  forms: IdForms,
  id: StreamId,
): ParsedId {
  if (length > TEXT_BYTES_MAX) return 'invalid'
  const end = endOfText(bytes, start, start + length)
  if (end === start + 1 && (bytes[start] === DASH || bytes[start] === PLUS)) {
    if (!forms.edges) return 'invalid'
    if (bytes[start] === DASH) id.setZero()
    else id.setMax()
    return 'complete'
  }
  let dash = start
  while (dash < end && bytes[dash] !== DASH) dash += 1
  if (!parseMs(bytes, start, dash, id)) return 'invalid'
  if (dash === end) {
    if (forms.missingSeq === 'last') id.setSeqMax()
    return 'complete'
  }
  if (forms.anySeq && end === dash + 2 && bytes[dash + 1] === STAR) return 'anySeq'
  return parseSeq(bytes, dash + 1, end, id) ? 'complete' : 'invalid'
}

/** For C, a text ends with the first zero byte. */
function endOfText(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === 0) return at
  }
  return end
}

function parseMs(bytes: Uint8Array, start: number, end: number, id: StreamId): boolean {
  const small = smallUintOf(bytes, start, end)
  if (small >= 0) {
    id.setMs(small)
    return true
  }
  const large = uint64Of(bytes, start, end)
  if (large === undefined) return false
  id.setMs(0)
  id.setMsBits(large)
  return true
}

function parseSeq(bytes: Uint8Array, start: number, end: number, id: StreamId): boolean {
  const small = smallUintOf(bytes, start, end)
  if (small >= 0) {
    id.seqHigh = Math.floor(small / TWO_TO_32)
    id.seqLow = small % TWO_TO_32
    return true
  }
  const large = uint64Of(bytes, start, end)
  if (large === undefined) return false
  id.setSeqBits(large)
  return true
}

/** Up to 15 digits; -1 for what has to be looked at closer. */
function smallUintOf(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > FAST_DIGITS_MAX) return -1
  let value = 0
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/**
 * What C's strtoull takes, for Redis asks it about all that is no plain number: space and a plus sign before the
 * digits, and a minus, from which it counts down from 2^64, unless the number is in its shortest spelling.
 */
function uint64Of(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/.exec(text)
  if (match === null) return undefined
  const value = BigInt(match[2] ?? '')
  if (value > UINT64_MAX) return undefined
  if (match[1] !== '-') return value
  const isCanonical = String(-value) === text && value <= 2n ** 63n
  return isCanonical ? undefined : BigInt.asUintN(64, -value)
}
