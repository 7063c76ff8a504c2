import type { CacheEntry } from '../cache/cache-entry.ts'
import type { CacheTarget } from '../cache/cache-target.ts'
import type { Filled } from '../cache/response-cache.ts'
import { JSON_TYPE } from './graphql-response.ts'

const MS_PER_SECOND = 1_000

/** How an answer that was fetched came about, in the words of RFC 9211. */
export type Forwarding = 'miss' | 'miss; collapsed' | 'request'

/** Of an answer from the cache. */
export function hitHeaders(entry: CacheEntry, target: CacheTarget, nowMs: number): string[] {
  const ttl = `${Math.ceil((entry.expiresAtMs - nowMs) / MS_PER_SECOND)}`
  const age = Math.max(0, Math.floor((nowMs - entry.storedAtMs) / MS_PER_SECOND))
  return keptHeaders(entry.etag, ttl, `gerbang; hit; ttl=${ttl}`, target, `${age}`)
}

/** Of an answer that was fetched for this request, or for another one that asked the same, and kept. */
export function storedHeaders(
  filled: Filled,
  target: CacheTarget,
  forwarding: Forwarding,
): string[] {
  const ttl = `${Math.ceil((filled.expiresAtMs - filled.storedAtMs) / MS_PER_SECOND)}`
  return keptHeaders(
    filled.etag,
    ttl,
    `gerbang; fwd=${forwarding}; stored; ttl=${ttl}`,
    target,
    '0',
  )
}

/** Of an answer that was fetched and could not be kept. */
export function unstoredHeaders(forwarding: Forwarding): string[] {
  return ['Cache-Status', `gerbang; fwd=${forwarding}`, 'Cache-Control', 'no-store']
}

/** Of an answer that was never meant to be kept. `reason` is a token. */
export function bypassHeaders(reason: string): string[] {
  return ['Cache-Status', `gerbang; fwd=bypass; detail=${reason}`]
}

/**
 * If-None-Match of RFC 9110, section 13.1.2, for a strong ETag. A list may hold weak ones: they match too,
 * the comparison being weak.
 */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch === etag || ifNoneMatch === '*') return true
  return ifNoneMatch.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}

/** `private`, since the same URL answers everyone else differently. */
function keptHeaders(
  etag: string,
  ttl: string,
  cacheStatus: string,
  target: CacheTarget,
  age: string,
): string[] {
  return [
    'Content-Type',
    JSON_TYPE,
    'Cache-Status',
    cacheStatus,
    'Age',
    age,
    'ETag',
    etag,
    'Cache-Control',
    `private, max-age=${ttl}`,
    'X-Hasura-Query-Cache-Key',
    target.cacheKey,
    'X-Hasura-Query-Family-Cache-Key',
    target.familyKey,
  ]
}
