import type { CacheEntry } from '../cache/cache-entry.ts'
import type { CacheTarget } from '../cache/cache-target.ts'
import { servesIfError, servesWhileRevalidating } from '../cache/staleness.ts'
import type { Answer } from './answer.ts'
import { hitFields, type StaleDetail, staleHeaders } from './cache-headers.ts'
import type { GraphqlParts } from './graphql-parts.ts'

/** Of an entry that was found stale, when it may be served at once and fetched anew behind. */
export function staleMeanwhile(
  parts: GraphqlParts,
  stale: CacheEntry | undefined,
  target: CacheTarget,
  nowMs: number,
): Answer | undefined {
  if (stale === undefined) return undefined
  if (!servesWhileRevalidating(stale, target.staleness, nowMs)) return undefined
  const detail = stale.state === 'purged' ? 'stale-purged' : 'stale-while-revalidate'
  return staleAnswer(parts, stale, target, nowMs, detail)
}

/**
 * What there is to serve although the upstream fails. The store is asked again: what was written since the
 * request came must not be served as it was before, and another may have had more luck.
 */
export async function staleInstead(
  parts: GraphqlParts,
  target: CacheTarget,
): Promise<Answer | undefined> {
  if (target.staleness.ifErrorMs === 0) return undefined
  const nowMs = parts.clock.nowMs()
  const { entry, stale } = await parts.cache.lookUp(target, nowMs)
  if (entry !== undefined) return hitAnswer(parts, entry, target, nowMs)
  if (stale === undefined || !servesIfError(stale, target.staleness, nowMs)) return undefined
  return staleAnswer(parts, stale, target, nowMs, 'stale-if-error')
}

export function hitAnswer(
  parts: GraphqlParts,
  entry: CacheEntry,
  target: CacheTarget,
  nowMs: number,
): Answer {
  const { body, etag } = entry
  const kept = hitFields(entry, target, nowMs, parts.keptForm)
  return { status: 200, kept, headers: [], body, outcome: 'hit', etag }
}

function staleAnswer(
  parts: GraphqlParts,
  entry: CacheEntry,
  target: CacheTarget,
  nowMs: number,
  detail: StaleDetail,
): Answer {
  const headers = staleHeaders(entry, target, nowMs, parts.keptForm, detail)
  return { status: 200, headers, body: entry.body, outcome: 'stale', etag: entry.etag }
}
