import type { DiscardReason } from '../cache/storable.ts'
import type { Reason } from '../metadata/explanation.ts'
import type { CacheRule } from '../options.ts'
import type { LimitAlgorithm, LimitUnit, RateLimitRule } from '../ratelimit/limit-options.ts'
import type { VerdictReason, VerdictResult } from './verdicts.ts'

/** What became of an order: of a batch each member by itself, in order, as if it were asked alone. */
export type Explanation = RequestExplanation | BatchExplanation

export interface BatchExplanation {
  readonly batch: readonly (RequestExplanation | RefusedRequest)[]
}

/** A member of a batch that is no request, or beyond the limits: what its client would be told. */
export interface RefusedRequest {
  readonly path: string
  readonly error: string
  readonly code: string
}

/** All that decides what becomes of one request, in the order in which it is decided. */
export interface RequestExplanation {
  readonly operation: ExplainedOperation
  readonly identity: ExplainedIdentity
  /** Those that would count the request; nothing is counted here. */
  readonly limits: readonly ExplainedLimit[]
  readonly plan: ExplainedPlan
  /** `undefined` when the answer is never kept. */
  readonly ttl: ExplainedTtl | undefined
  /** `undefined` when the answer is never kept. */
  readonly keys: { readonly cacheKey: string; readonly familyKey: string } | undefined
  readonly verdict: Verdict
}

export interface ExplainedOperation {
  readonly kind: 'query' | 'mutation' | 'subscription'
  readonly name: string | undefined
  /** What requests that mean the same have in common. */
  readonly document: string
  readonly variables: string
  readonly depth: { readonly is: number; readonly max: number }
  readonly nodes: { readonly is: number; readonly max: number }
}

export interface ExplainedIdentity {
  readonly kind: 'admin' | 'jwt' | 'session' | 'hook' | 'unauthorized'
  readonly role: string
  readonly userId: string | undefined
}

export interface ExplainedLimit extends Pick<RateLimitRule, 'name' | 'limit' | 'windowMs'> {
  readonly per: readonly string[]
  readonly unit: LimitUnit
  readonly algorithm: LimitAlgorithm
  readonly isShadow: boolean
  /** Whom the rule counts together. */
  readonly subject: string
  /** What the request would cost, in units of the rule, unless it is a hit. */
  readonly cost: number
}

export interface ExplainedPlan {
  /** False when Hasura's metadata is not known: then nothing is shared between sessions. */
  readonly isByMetadata: boolean
  readonly metadataVersion: string
  /** `source:schema.name` */
  readonly tables: readonly string[]
  /** In the key, with the values this client has; the role is always in it. */
  readonly sessionVariables: readonly KeyedVariable[]
  /** Names of the client's headers in the key. Their values may be secret. */
  readonly headers: readonly string[]
  /** Which of them join it. */
  readonly forwardedHeaders: readonly Reason[]
  readonly reads: readonly Reason[]
  readonly writes: readonly Reason[]
  readonly uncacheable: readonly Reason[]
  readonly onRequestOnly: readonly Reason[]
}

export interface KeyedVariable {
  readonly name: string
  /** `undefined` when the session has none. */
  readonly value: string | undefined
  readonly because: readonly string[]
}

export interface ExplainedTtl {
  readonly ttlMs: number
  /** `default`: @cached asks for it and leaves the time to cache.ttl. */
  readonly source: 'directive' | 'default' | 'rule'
  /** Counted from 1, as in the configuration. */
  readonly ruleNumber: number | undefined
  readonly rule: CacheRule | undefined
  /** More was asked for than cache.ttl_max allows. */
  readonly isCapped: boolean
  readonly jitter: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
}

/** What a request would get at this moment. */
export interface Verdict {
  readonly result: VerdictResult
  readonly reason: VerdictReason
  readonly because: string
  /** Those that have moved, or are lost. */
  readonly tags: readonly string[]
  /** What is kept under the key, whether or not it is served. */
  readonly entry: ExplainedEntry | undefined
  /** Of the last answer under the key that was fetched by this process, if it was not kept. */
  readonly lastDiscard: ExplainedDiscard | undefined
}

export interface ExplainedEntry {
  readonly storedAt: string
  readonly expiresAt: string
  readonly ageMs: number
  readonly bodyBytes: number
  readonly fetchMs: number
}

export interface ExplainedDiscard {
  readonly at: string
  readonly reason: DiscardReason
  readonly because: string
}
