/**
 * A cached answer as one value of the store:
 *
 *     0  version
 *     1  number of stamps
 *     4  storedAtMs     float64, little endian
 *    12  expiresAtMs    float64, little endian
 *    20  digest of the key's preimage, 32 bytes
 *    52  hash of the body, 16 bytes
 *    68  stamps, 16 bytes each, in the order of the tags
 *     …  the body, byte for byte as the upstream sent it
 *
 * The digest stands in the value as well as in the key: a store that answers with another key's value, by a
 * collision or by a client out of step, must give a miss and not another user's rows.
 */
const VERSION = 1
const STAMP_COUNT_AT = 1
const STORED_AT = 4
const EXPIRES_AT = 12
const DIGEST_AT = 20
const HASH_AT = 52
const STAMPS_AT = 68

export const DIGEST_BYTES = 32
export const HASH_BYTES = 16
export const STAMP_BYTES = 16
/** More would not fit the count's byte; an answer of so many tables is not kept. */
export const STAMPS_MAX = 255

export interface CacheEntryFields {
  readonly digest: Buffer
  readonly storedAtMs: number
  readonly expiresAtMs: number
  readonly hash: Buffer
  readonly stamps: readonly Buffer[]
  readonly body: Buffer
}

export interface CacheEntry {
  readonly storedAtMs: number
  readonly expiresAtMs: number
  /** Strong, with its quotes. */
  readonly etag: string
  /** Within the bytes the entry was read from. */
  readonly body: Buffer
}

export function encodeCacheEntry(fields: CacheEntryFields): Buffer {
  const bodyAt = STAMPS_AT + fields.stamps.length * STAMP_BYTES
  const bytes = Buffer.allocUnsafe(bodyAt + fields.body.length)
  bytes.fill(0, 0, STORED_AT)
  bytes[0] = VERSION
  bytes[STAMP_COUNT_AT] = fields.stamps.length
  bytes.writeDoubleLE(fields.storedAtMs, STORED_AT)
  bytes.writeDoubleLE(fields.expiresAtMs, EXPIRES_AT)
  bytes.set(fields.digest, DIGEST_AT)
  bytes.set(fields.hash, HASH_AT)
  let at = STAMPS_AT
  for (const stamp of fields.stamps) {
    bytes.set(stamp, at)
    at += STAMP_BYTES
  }
  bytes.set(fields.body, bodyAt)
  return bytes
}

export interface CacheEntryCheck {
  readonly digest: Buffer
  readonly nowMs: number
  /** How old an answer this request takes: another that asked the same may have kept it for longer. */
  readonly ttlMs: number
}

/**
 * The entry in `values[0]`, if it may be served: it is the one of `digest`, has not expired, and every stamp
 * in it equals what its tag has now, in `values[1]` and on. A stamp that is gone counts as changed.
 */
export function readCacheEntry(
  values: readonly (Buffer | undefined)[],
  check: CacheEntryCheck,
): CacheEntry | undefined {
  const bytes = values[0]
  if (bytes === undefined || bytes.length < STAMPS_AT || bytes[0] !== VERSION) return undefined
  const stampCount = values.length - 1
  if (bytes[STAMP_COUNT_AT] !== stampCount) return undefined
  const storedAtMs = bytes.readDoubleLE(STORED_AT)
  const expiresAtMs = Math.min(bytes.readDoubleLE(EXPIRES_AT), storedAtMs + check.ttlMs)
  if (!(expiresAtMs > check.nowMs)) return undefined
  if (!holds(bytes, DIGEST_AT, check.digest, DIGEST_BYTES)) return undefined
  for (let index = 0; index < stampCount; index += 1) {
    const stamp = values[index + 1]
    const at = STAMPS_AT + index * STAMP_BYTES
    if (stamp === undefined || !holds(bytes, at, stamp, STAMP_BYTES)) return undefined
  }
  return {
    storedAtMs,
    expiresAtMs,
    etag: etagOf(bytes, HASH_AT),
    body: bytes.subarray(STAMPS_AT + stampCount * STAMP_BYTES),
  }
}

/** The ETag of a body with this hash, found at `offset`. */
export function etagOf(hash: Buffer, offset = 0): string {
  return `"${hash.toString('base64url', offset, offset + HASH_BYTES)}"`
}

function holds(bytes: Buffer, offset: number, expected: Buffer, length: number): boolean {
  if (expected.length !== length || bytes.length < offset + length) return false
  return bytes.compare(expected, 0, length, offset, offset + length) === 0
}
