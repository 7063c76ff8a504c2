import { describe, expect, it } from 'vitest'
import {
  EtagMemo,
  encodeCacheEntry,
  readCacheEntry,
  STAMP_BYTES,
  WRITE_STAMP_BYTES,
} from '../../../../src/gateway/cache/cache-entry.ts'

const digest = Buffer.alloc(32, 1)
const stamps = [Buffer.alloc(STAMP_BYTES, 2), Buffer.alloc(STAMP_BYTES, 3)]
const fields = {
  digest,
  storedAtMs: 1_000,
  expiresAtMs: 2_000,
  fetchMs: 40,
  hash: Buffer.alloc(16, 4),
  stamps,
  body: Buffer.from('{"data":{"name":"Käse"}}'),
}
const bytes = encodeCacheEntry(fields)
const check = { digest, nowMs: 1_500, ttlMs: 60_000, staleMs: 0, etags: new EtagMemo() }
/** The stamp of the same write, after a soft purge. */
const softened = Buffer.concat([
  Buffer.alloc(WRITE_STAMP_BYTES, 3),
  Buffer.alloc(STAMP_BYTES - WRITE_STAMP_BYTES, 9),
])

describe('a cache entry', () => {
  it('gives back the body byte for byte, with its times and its ETag', () => {
    expect(readCacheEntry([bytes, ...stamps], check)).toEqual({
      state: 'fresh',
      storedAtMs: 1_000,
      expiresAtMs: 2_000,
      fetchMs: 40,
      encoding: 'identity',
      etag: `"${fields.hash.toString('base64url')}"`,
      body: fields.body,
    })
  })

  it('may have an empty body and no stamps', () => {
    const empty = encodeCacheEntry({ ...fields, stamps: [], body: Buffer.alloc(0) })
    expect(readCacheEntry([empty], check)?.body).toHaveLength(0)
  })

  it('lives until the instant it expires', () => {
    expect(readCacheEntry([bytes, ...stamps], { ...check, nowMs: 1_999 })).toBeDefined()
    expect(readCacheEntry([bytes, ...stamps], { ...check, nowMs: 2_000 })).toBeUndefined()
  })

  it('is no older than who asks now takes it, whoever kept it', () => {
    const short = { ...check, ttlMs: 500 }
    expect(readCacheEntry([bytes, ...stamps], { ...short, nowMs: 1_499 })?.expiresAtMs).toBe(1_500)
    expect(readCacheEntry([bytes, ...stamps], { ...short, nowMs: 1_500 })).toBeUndefined()
  })

  it.each([
    ['is absent', undefined, stamps],
    ['has a tag with another stamp', bytes, [stamps[0], Buffer.alloc(STAMP_BYTES, 9)]],
    ['has a tag whose stamp is gone', bytes, [stamps[0], undefined]],
    ['has a stamp of another length', bytes, [stamps[0], Buffer.alloc(STAMP_BYTES - 1, 3)]],
    ['was kept with fewer tags', bytes, [...stamps, stamps[0]]],
    ['was kept with more tags', bytes, [stamps[0]]],
    ['is shorter than its head', bytes.subarray(0, 20), stamps],
    ['ends within its stamps', bytes.subarray(0, 90), stamps],
    ['is empty', Buffer.alloc(0), stamps],
    ['is of another version', Buffer.concat([Buffer.from([1]), bytes.subarray(1)]), stamps],
  ])('is not served when it %s', (_case, value, current) => {
    expect(readCacheEntry([value, ...current], check)).toBeUndefined()
  })

  it('is stale from then on for as long as it may be, and not longer', () => {
    const lenient = { ...check, staleMs: 500 }
    const stateAt = (nowMs: number) =>
      readCacheEntry([bytes, ...stamps], { ...lenient, nowMs })?.state
    expect(stateAt(1_999)).toBe('fresh')
    expect(stateAt(2_000)).toBe('expired')
    expect(stateAt(2_499)).toBe('expired')
    expect(stateAt(2_500)).toBeUndefined()
  })

  it('is stale when only the end of a stamp changed, and gone when its beginning did', () => {
    expect(readCacheEntry([bytes, stamps[0], softened], check)?.state).toBe('purged')
    const written = Buffer.from(softened)
    written[WRITE_STAMP_BYTES - 1] = 0
    expect(readCacheEntry([bytes, stamps[0], written], check)).toBeUndefined()
  })

  it('is never stale once one of its stamps is of another write, however long it may be', () => {
    const lenient = { ...check, nowMs: 2_100, staleMs: Number.MAX_SAFE_INTEGER }
    expect(readCacheEntry([bytes, ...stamps], lenient)?.state).toBe('expired')
    expect(readCacheEntry([bytes, stamps[0], Buffer.alloc(STAMP_BYTES, 9)], lenient)).toBe(
      undefined,
    )
    expect(readCacheEntry([bytes, stamps[0], undefined], lenient)).toBe(undefined)
  })

  it("is not served under another key's digest", () => {
    const other = { ...check, digest: Buffer.alloc(32, 7) }
    expect(readCacheEntry([bytes, ...stamps], other)).toBeUndefined()
  })
})
