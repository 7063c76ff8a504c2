import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CacheDetailOptions,
  cacheDetailOf,
} from '../../../../src/gateway/cache/cache-detail.ts'
import type { CacheEntry } from '../../../../src/gateway/cache/cache-entry.ts'
import { createCacheTarget } from '../../../../src/gateway/cache/cache-target.ts'
import {
  bypassHeaders,
  hitFields,
  isNotModified,
  staleHeaders,
  storedHeaders,
  unstoredHeaders,
} from '../../../../src/gateway/http/cache-headers.ts'
import type { CacheDetail } from '../../../../src/gateway/options.ts'

const TARGET = {
  digest: Buffer.alloc(32, 0xab),
  familyDigest: Buffer.alloc(32, 0xcd),
  ttlMs: 60_000,
  reads: [],
}
const target = createCacheTarget(TARGET)

const FORM = { compressionBytesMin: 10 }
const HASH = 'A'.repeat(22)

const entry = {
  state: 'fresh',
  storedAtMs: 10_000,
  expiresAtMs: 70_000,
  fetchMs: 0,
  encoding: 'identity',
  etag: `"${HASH}"`,
  body: Buffer.alloc(0),
} as const

const valueOf = (flat: readonly string[], name: string): string | undefined =>
  flat[flat.indexOf(name) + 1]

const hitHeaders = (hit: CacheEntry, nowMs: number): readonly string[] =>
  hitFields(hit, target, nowMs, FORM).list

describe('the headers of a hit', () => {
  it('tell its age and what is left of its life', () => {
    const headers = hitHeaders(entry, 12_500)
    expect(valueOf(headers, 'Cache-Status')).toBe('gerbang; hit; ttl=58')
    expect(valueOf(headers, 'Age')).toBe('2')
    expect(valueOf(headers, 'ETag')).toBe(entry.etag)
    expect(valueOf(headers, 'Cache-Control')).toBe('private, max-age=58')
  })

  it('show Hasura EE’s keys in 40 digits', () => {
    const headers = hitHeaders(entry, 12_500)
    expect(valueOf(headers, 'X-Hasura-Query-Cache-Key')).toBe('ab'.repeat(20))
    expect(valueOf(headers, 'X-Hasura-Query-Family-Cache-Key')).toBe('cd'.repeat(20))
  })

  it('tell no negative age when another gateway’s clock is ahead', () => {
    expect(valueOf(hitHeaders(entry, 9_000), 'Age')).toBe('0')
  })

  it('are lines of a head, too', () => {
    const { list, text } = hitFields(entry, target, 12_500, FORM)
    const lines = text.split('\r\n').slice(0, -1)
    expect(lines.map((line) => line.split(': ')).flat()).toEqual(list)
  })

  it('are worded once until one of them changes', () => {
    const first = hitFields(entry, target, 20_000, FORM)
    expect(hitFields(entry, target, 20_999, FORM)).toBe(first)
    expect(hitFields(entry, target, 21_000, FORM)).not.toBe(first)
  })

  it('are those of any instant, of any entry, however they follow each other', () => {
    const instants = fc.array(
      fc.record({
        nowMs: fc.integer({ min: 9_000, max: 40_000 }),
        storedAtMs: fc.constantFrom(9_500, 10_000, 10_250),
        expiresAtMs: fc.constantFrom(60_000, 60_300),
        etag: fc.constantFrom('"a"', '"b"'),
      }),
    )
    fc.assert(
      fc.property(instants, (asked) => {
        const remembering = createCacheTarget(TARGET)
        for (const { nowMs, ...times } of asked) {
          const hit = { ...entry, ...times }
          const alone = hitFields(hit, createCacheTarget(TARGET), nowMs, FORM)
          expect(hitFields(hit, remembering, nowMs, FORM)).toEqual(alone)
        }
      }),
    )
  })

  it.each([
    ['identity', 9, undefined, undefined],
    ['identity', 10, undefined, 'Accept-Encoding'],
    ['br', 5, 'br', 'Accept-Encoding'],
  ] as const)('tell of %s with %i bytes that it is encoded, and may be otherwise', (...row) => {
    const [encoding, length, contentEncoding, vary] = row
    const hit = { ...entry, encoding, body: Buffer.alloc(length) }
    const headers = hitFields(hit, createCacheTarget(TARGET), 12_500, FORM).list
    const told = (name: string) => (headers.includes(name) ? valueOf(headers, name) : undefined)
    expect([told('Content-Encoding'), told('Vary')]).toEqual([contentEncoding, vary])
  })
})

describe('the headers of a stale answer', () => {
  const headers = staleHeaders(entry, target, 73_500, FORM, 'stale-if-error')

  it('tell for how long and why', () => {
    expect(valueOf(headers, 'Cache-Status')).toBe('gerbang; hit; ttl=-3; detail=stale-if-error')
    expect(valueOf(headers, 'Age')).toBe('63')
  })

  it('let no client keep it', () => {
    expect(valueOf(headers, 'Cache-Control')).toBe('private, max-age=0')
  })
})

describe('the warnings of an answer that was not kept', () => {
  it.each([
    ['size', '199 - cache-store-size-limit-exceeded'],
    ['capacity', '199 - cache-store-capacity-exceeded'],
    ['store', '199 - cache-store-error'],
  ] as const)('are Hasura EE’s: %s', (reason, warning) => {
    expect(valueOf(unstoredHeaders('miss', reason, 'full'), 'Warning')).toBe(warning)
  })

  it('are none for what is no fault of the store', () => {
    expect(unstoredHeaders('miss', 'errors', 'full')).not.toContain('Warning')
  })
})

describe('Cache-Status', () => {
  it.each([
    [storedHeaders(entry, target, FORM, 'miss'), 'gerbang; fwd=miss; stored; ttl=60'],
    [
      storedHeaders(entry, target, FORM, 'miss; collapsed'),
      'gerbang; fwd=miss; collapsed; stored; ttl=60',
    ],
    [storedHeaders(entry, target, FORM, 'request'), 'gerbang; fwd=request; stored; ttl=60'],
    [unstoredHeaders('miss', 'errors', 'full'), 'gerbang; fwd=miss; detail=errors'],
    [bypassHeaders('no-rule', 'full'), 'gerbang; fwd=bypass; detail=no-rule'],
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

describe('what clients are told who may not know of others', () => {
  const hits = (detail: CacheDetail): readonly string[] =>
    hitFields(entry, createCacheTarget({ ...TARGET, detail }), 12_500, FORM).list
  const told = createCacheTarget({ ...TARGET, detail: 'hit-only' })
  const untold = createCacheTarget({ ...TARGET, detail: 'off' })

  it.each([
    [staleHeaders(entry, told, 73_500, FORM, 'stale-if-error'), 'gerbang; hit'],
    [storedHeaders(entry, told, FORM, 'miss'), 'gerbang; fwd=miss'],
    [storedHeaders(entry, told, FORM, 'miss; collapsed'), 'gerbang; fwd=miss'],
    [storedHeaders(entry, told, FORM, 'request'), 'gerbang; fwd=request'],
    [unstoredHeaders('miss; collapsed', 'capacity', 'hit-only'), 'gerbang; fwd=miss'],
    [bypassHeaders('no-rule', 'hit-only'), 'gerbang; fwd=bypass'],
    [hits('hit-only'), 'gerbang; hit'],
  ])('is how an answer came about, and no more: %#', (headers, status) => {
    expect(valueOf(headers, 'Cache-Status')).toBe(status)
    expect(headers.join()).not.toMatch(/Age,|X-Hasura|Warning|ttl=|detail/)
  })

  it('is nothing when it is off', () => {
    for (const headers of [
      hits('off'),
      staleHeaders(entry, untold, 73_500, FORM, 'stale-if-error'),
      storedHeaders(entry, untold, FORM, 'miss'),
    ]) {
      expect(headers).toEqual(storedHeaders(entry, untold, FORM, 'miss; collapsed'))
      expect(headers.join()).not.toMatch(/Cache-Status|Age,|X-Hasura|max-age/)
    }
    expect(unstoredHeaders('miss', 'capacity', 'off')).toEqual(['Cache-Control', 'no-store'])
    expect(bypassHeaders('no-rule', 'off')).toEqual([])
  })
})

describe('how much a role is told', () => {
  const options: CacheDetailOptions = {
    detail: 'full',
    detailAnonymous: 'hit-only',
    detailRoles: [
      { roles: ['partner'], detail: 'off' },
      { roles: ['partner', 'auditor'], detail: 'hit-only' },
    ],
  }
  it.each([
    ['user', {}, 'full'],
    ['user', { detail: 'off' }, 'off'],
    ['anonymous', {}, 'hit-only'],
    ['anonymous', { detail: 'off' }, 'off'],
    ['anonymous', { detailAnonymous: 'full' }, 'full'],
    ['admin', { detail: 'off' }, 'full'],
    ['partner', {}, 'off'],
    ['auditor', {}, 'hit-only'],
    ['admin', { detailRoles: [{ roles: ['admin'], detail: 'off' }] }, 'off'],
    ['anonymous', { detailRoles: [{ roles: ['anonymous'], detail: 'full' }] }, 'full'],
  ] satisfies readonly [string, Partial<CacheDetailOptions>, CacheDetail][])(
    '%s, %o: %s',
    (role, changes, detail) => {
      expect(cacheDetailOf({ ...options, ...changes }, role, 'anonymous')).toBe(detail)
    },
  )
})
