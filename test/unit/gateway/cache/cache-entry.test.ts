import { describe, expect, it } from 'vitest'
import {
  encodeCacheEntry,
  readCacheEntry,
  STAMP_BYTES,
} from '../../../../src/gateway/cache/cache-entry.ts'

const digest = Buffer.alloc(32, 1)
const stamps = [Buffer.alloc(STAMP_BYTES, 2), Buffer.alloc(STAMP_BYTES, 3)]
const fields = {
  digest,
  storedAtMs: 1_000,
  expiresAtMs: 2_000,
  hash: Buffer.alloc(16, 4),
  stamps,
  body: Buffer.from('{"data":{"name":"Käse"}}'),
}
const bytes = encodeCacheEntry(fields)
const check = { digest, nowMs: 1_500, ttlMs: 60_000 }

describe('a cache entry', () => {
  it('gives back the body byte for byte, with its times and its ETag', () => {
    expect(readCacheEntry([bytes, ...stamps], check)).toEqual({
      storedAtMs: 1_000,
      expiresAtMs: 2_000,
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
    ['is of another version', Buffer.concat([Buffer.from([2]), bytes.subarray(1)]), stamps],
  ])('is not served when it %s', (_case, value, current) => {
    expect(readCacheEntry([value, ...current], check)).toBeUndefined()
  })

  it("is not served under another key's digest", () => {
    const other = { ...check, digest: Buffer.alloc(32, 7) }
    expect(readCacheEntry([bytes, ...stamps], other)).toBeUndefined()
  })
})
