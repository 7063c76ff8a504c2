import type { CacheEntry } from '../cache/cache-entry.ts'
import { type CacheTarget, representationOf } from '../cache/cache-target.ts'
import type { WordedFields, Wording } from '../cache/representation.ts'
import type { Filled } from '../cache/response-cache.ts'
import type { DiscardReason } from '../cache/storable.ts'
import type { CacheDetail } from '../options.ts'
import { JSON_TYPE } from './graphql-response.ts'

const MS_PER_SECOND = 1_000

/** How an answer that was fetched came about, in the words of RFC 9211. */
export type Forwarding = 'miss' | 'miss; collapsed' | 'request'

/** On whose word an answer is served after its time. */
export type StaleDetail = 'stale-while-revalidate' | 'stale-if-error' | 'stale-purged'

/** How an answer is kept, as far as its headers tell. */
export interface KeptForm {
  /** Bodies from this size on may be compressed for another client. */
  readonly compressionBytesMin: number
}

/** Of an answer from the cache that is fresh: worded once for as long as its age and rest stay the same. */
export function hitFields(
  entry: CacheEntry,
  target: CacheTarget,
  nowMs: number,
  form: KeptForm,
): WordedFields {
  const representation = representationOf(target, entry.encoding)
  const { worded } = representation
  if (worded !== undefined && isWordingOf(worded, entry, nowMs)) return worded.fields
  const age = ageOf(entry, nowMs)
  const ttl = Math.ceil((entry.expiresAtMs - nowMs) / MS_PER_SECOND)
  const list = keptHeaders(entry, target, form, {
    age,
    maxAge: ttl,
    cacheStatus: { how: 'hit', rest: `ttl=${ttl}` },
  })
  const { etag, storedAtMs, expiresAtMs } = entry
  const fields = { list, text: toHeadLines(list) }
  const ageEndMs = storedAtMs + (age + 1) * MS_PER_SECOND
  const ttlEndMs = expiresAtMs - (ttl - 1) * MS_PER_SECOND
  const untilMs = Math.min(ageEndMs, ttlEndMs)
  representation.worded = { etag, storedAtMs, expiresAtMs, fromMs: nowMs, untilMs, fields }
  return fields
}

/** Of an answer from the cache whose time has passed. Whoever keeps it must ask again. */
export function staleHeaders(
  entry: CacheEntry,
  target: CacheTarget,
  nowMs: number,
  form: KeptForm,
  detail: StaleDetail,
): string[] {
  const ttl = Math.ceil((entry.expiresAtMs - nowMs) / MS_PER_SECOND)
  return keptHeaders(entry, target, form, {
    age: ageOf(entry, nowMs),
    maxAge: 0,
    cacheStatus: { how: 'hit', rest: `ttl=${ttl}; detail=${detail}` },
  })
}

/** Of an answer that was fetched for this request, or for another one that asked the same, and kept. */
export function storedHeaders(
  filled: Filled,
  target: CacheTarget,
  form: KeptForm,
  forwarding: Forwarding,
): string[] {
  const ttl = Math.ceil((filled.expiresAtMs - filled.storedAtMs) / MS_PER_SECOND)
  return keptHeaders(filled, target, form, {
    age: 0,
    maxAge: ttl,
    cacheStatus: forwarded(forwarding, `stored; ttl=${ttl}`),
  })
}

/** Hasura EE's, word for word: Hasura.GraphQL.Transport.HTTP, runStoreResponse. */
const WARNINGS: Partial<Record<DiscardReason, string>> = {
  size: '199 - cache-store-size-limit-exceeded',
  capacity: '199 - cache-store-capacity-exceeded',
  admission: '199 - cache-store-capacity-exceeded',
  store: '199 - cache-store-error',
}

/** Of an answer that was fetched and could not be kept. */
export function unstoredHeaders(
  forwarding: Forwarding,
  reason: DiscardReason,
  detail: CacheDetail,
): string[] {
  const headers = cacheStatusHeaders(forwarded(forwarding, `detail=${reason}`), detail)
  headers.push('Cache-Control', 'no-store')
  const warning = WARNINGS[reason]
  if (warning !== undefined && detail === 'full') headers.push('Warning', warning)
  return headers
}

/** Of an answer that was never meant to be kept. `reason` is a token. */
export function bypassHeaders(reason: string, detail: CacheDetail): string[] {
  return cacheStatusHeaders({ how: 'fwd=bypass', rest: `detail=${reason}` }, detail)
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

/** Of RFC 9211, in two parts. */
interface CacheStatus {
  /** Whether it was a hit, or why not. */
  readonly how: string
  /** What tells of other requests, and of the configuration. */
  readonly rest: string
}

function forwarded(forwarding: Forwarding, rest: string): CacheStatus {
  const [how = forwarding, collapsed] = forwarding.split('; ')
  return { how: `fwd=${how}`, rest: collapsed === undefined ? rest : `${collapsed}; ${rest}` }
}

function cacheStatusHeaders({ how, rest }: CacheStatus, detail: CacheDetail): string[] {
  if (detail === 'off') return []
  return ['Cache-Status', detail === 'full' ? `gerbang; ${how}; ${rest}` : `gerbang; ${how}`]
}

interface KeptWords {
  readonly age: number
  readonly maxAge: number
  readonly cacheStatus: CacheStatus
}

/** `private`, since the same URL answers everyone else differently. */
function keptHeaders(
  { etag, encoding, body }: Pick<CacheEntry, 'etag' | 'encoding' | 'body'>,
  target: CacheTarget,
  { compressionBytesMin }: KeptForm,
  { age, maxAge, cacheStatus }: KeptWords,
): string[] {
  const headers = ['Content-Type', JSON_TYPE]
  if (encoding !== 'identity') headers.push('Content-Encoding', encoding)
  const { detail } = target
  headers.push(...cacheStatusHeaders(cacheStatus, detail))
  if (detail === 'full') headers.push('Age', `${age}`)
  headers.push('ETag', etag)
  // What is left of its life tells how old it is.
  headers.push(
    'Cache-Control',
    detail === 'off' ? 'private, no-cache' : `private, max-age=${maxAge}`,
  )
  if (encoding !== 'identity' || body.length >= compressionBytesMin) {
    headers.push('Vary', 'Accept-Encoding')
  }
  if (detail !== 'full') return headers
  headers.push('X-Hasura-Query-Cache-Key', target.cacheKey)
  headers.push('X-Hasura-Query-Family-Cache-Key', target.familyKey)
  return headers
}

/** Not negative when another gateway's clock is ahead. */
function ageOf({ storedAtMs }: CacheEntry, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - storedAtMs) / MS_PER_SECOND))
}

/** ETags are compared as strings: the same entry has the same one, by its memo. */
function isWordingOf(worded: Wording, entry: CacheEntry, nowMs: number): boolean {
  return (
    nowMs >= worded.fromMs &&
    nowMs < worded.untilMs &&
    worded.storedAtMs === entry.storedAtMs &&
    worded.expiresAtMs === entry.expiresAtMs &&
    worded.etag === entry.etag
  )
}

/** Put together at once: a string that grows by parts would be put together anew at each write. */
function toHeadLines(list: readonly string[]): string {
  const parts: string[] = []
  for (let at = 0; at < list.length; at += 2) {
    parts.push(list[at] ?? '', ': ', list[at + 1] ?? '', '\r\n')
  }
  return parts.join('')
}
