import { describe, expect, it } from 'vitest'
import { createCacheTarget } from '../../../../src/gateway/cache/cache-target.ts'
import {
  bypassHeaders,
  hitHeaders,
  isNotModified,
  storedHeaders,
  unstoredHeaders,
} from '../../../../src/gateway/http/cache-headers.ts'

const target = createCacheTarget({
  digest: Buffer.alloc(32, 0xab),
  familyDigest: Buffer.alloc(32, 0xcd),
  ttlMs: 60_000,
  reads: [],
})

const entry = {
  storedAtMs: 10_000,
  expiresAtMs: 70_000,
  etag: '"e"',
  body: Buffer.alloc(0),
}

const valueOf = (flat: readonly string[], name: string): string | undefined =>
  flat[flat.indexOf(name) + 1]

describe('the headers of a hit', () => {
  it('tell its age and what is left of its life', () => {
    const headers = hitHeaders(entry, target, 12_500)
    expect(valueOf(headers, 'Cache-Status')).toBe('gerbang; hit; ttl=58')
    expect(valueOf(headers, 'Age')).toBe('2')
    expect(valueOf(headers, 'ETag')).toBe('"e"')
    expect(valueOf(headers, 'Cache-Control')).toBe('private, max-age=58')
  })

  it('show Hasura EE’s keys in 40 digits', () => {
    const headers = hitHeaders(entry, target, 12_500)
    expect(valueOf(headers, 'X-Hasura-Query-Cache-Key')).toBe('ab'.repeat(20))
    expect(valueOf(headers, 'X-Hasura-Query-Family-Cache-Key')).toBe('cd'.repeat(20))
  })

  it('tell no negative age when another gateway’s clock is ahead', () => {
    expect(valueOf(hitHeaders(entry, target, 9_000), 'Age')).toBe('0')
  })
})

describe('Cache-Status', () => {
  it.each([
    [storedHeaders(entry, target, 'miss'), 'gerbang; fwd=miss; stored; ttl=60'],
    [
      storedHeaders(entry, target, 'miss; collapsed'),
      'gerbang; fwd=miss; collapsed; stored; ttl=60',
    ],
    [storedHeaders(entry, target, 'request'), 'gerbang; fwd=request; stored; ttl=60'],
    [unstoredHeaders('miss'), 'gerbang; fwd=miss'],
    [bypassHeaders('no-rule'), 'gerbang; fwd=bypass; detail=no-rule'],
  ])('tells how an answer came about: %#', (headers, expected) => {
    expect(valueOf(headers, 'Cache-Status')).toBe(expected)
  })
})

describe('isNotModified', () => {
  it.each([
    [undefined, false],
    ['"e"', true],
    ['"f"', false],
    ['"f", "e"', true],
    ['W/"e"', true],
    ['*', true],
    ['e', false],
    ['', false],
  ])('says of If-None-Match %j: %j', (header, expected) => {
    expect(isNotModified(header, '"e"')).toBe(expected)
  })
})
