import type { Clock } from '../../shared/clock.ts'
import { type Store, StoreError } from '../../store/index.ts'
import type { CacheDecision, Target } from '../cache/cache-decisions.ts'
import { type OpenedEntry, STAMPS_MAX } from '../cache/cache-entry.ts'
import type { CacheTarget } from '../cache/cache-target.ts'
import { diagnoseEntry } from '../cache/diagnose-entry.ts'
import type { Discard, DiscardMemo } from '../cache/discard-memo.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { PurgeHistory } from '../cache/purge-history.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import { servesWhileRevalidating } from '../cache/staleness.ts'
import type { Operation } from '../graphql/operation.ts'
import type { ExplainedDiscard, Verdict } from './request-explanation.ts'
import { DISCARD_MEANINGS, meaningOf, type VerdictReason, type VerdictResult } from './verdicts.ts'

export interface JudgeOptions {
  readonly store: Store
  readonly cache: ResponseCache
  readonly invalidation: Invalidation
  readonly discards: DiscardMemo
  readonly purges: PurgeHistory
  readonly clock: Clock
}

/** Says hit or miss, and why. */
export class Judge {
  readonly #options: JudgeOptions

  constructor(options: JudgeOptions) {
    this.#options = options
  }

  async judge(operation: Operation, decision: CacheDecision): Promise<Verdict> {
    if (operation.kind === 'mutation') return verdict('bypass', 'mutation')
    if (decision.target === undefined) return verdict('bypass', decision.reason)
    try {
      return await this.#judgeTarget(decision)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return verdict('miss', 'store-failed')
    }
  }

  /** What is served is for the cache to say; what is kept tells why it is not. */
  async #judgeTarget({ target, refresh }: Target): Promise<Verdict> {
    const { store, cache, clock, invalidation, discards, purges } = this.#options
    const nowMs = clock.nowMs()
    const values = await purges.withoutOthers(await store.getMany(target.keys), target)
    const { fault = 'absent', entry, tags } = diagnoseEntry(target, values, nowMs)
    const discard = discards.of(target)
    const told = {
      ...(entry && { entry: shown(entry, nowMs) }),
      ...(discard && { lastDiscard: shownDiscard(discard) }),
    }
    if (refresh) return verdict('miss', 'refresh', told)
    if (invalidation.owes(target.tags)) return verdict('miss', 'write-owed', told)
    const { entry: fresh, stale } = await cache.lookUp(target, nowMs)
    if (fresh !== undefined) return verdict('hit', 'fresh', told)
    if (stale !== undefined && servesWhileRevalidating(stale, target.staleness, nowMs)) {
      const reason = stale.state === 'purged' ? 'stale-purged' : 'stale-while-revalidate'
      return verdict('stale', reason, { ...told, tags })
    }
    if (isBeyondStamps(target)) return verdict('miss', 'too-many-tags', told)
    const isUnkept = fault === 'absent' && discard !== undefined
    return verdict('miss', isUnkept ? 'not-kept' : fault, { ...told, tags })
  }
}

function verdict(
  result: VerdictResult,
  reason: VerdictReason,
  told: Partial<Pick<Verdict, 'tags' | 'entry' | 'lastDiscard'>> = {},
): Verdict {
  const { tags = [], entry, lastDiscard } = told
  const meaning = meaningOf(reason)
  const because = reason === 'not-kept' ? `${meaning}: ${lastDiscard?.because}` : meaning
  return { result, reason, because, tags, entry, lastDiscard }
}

function isBeyondStamps({ tags }: CacheTarget): boolean {
  return tags.length > STAMPS_MAX
}

function shown(entry: OpenedEntry, nowMs: number): NonNullable<Verdict['entry']> {
  return {
    storedAt: new Date(entry.storedAtMs).toISOString(),
    expiresAt: new Date(entry.expiresAtMs).toISOString(),
    ageMs: Math.max(0, nowMs - entry.storedAtMs),
    bodyBytes: entry.body.length,
    fetchMs: Math.round(entry.fetchMs),
  }
}

function shownDiscard({ reason, atMs }: Discard): ExplainedDiscard {
  return { at: new Date(atMs).toISOString(), reason, because: DISCARD_MEANINGS[reason] }
}
