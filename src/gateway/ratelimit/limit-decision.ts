import type { RateLimitRule, StoreFailureMode } from './limit-options.ts'
import type { LimitPlan } from './limit-plan.ts'
import type { AskedLimits } from './limit-store.ts'

/** What the limiter says of one request. */
export interface LimitDecision {
  readonly allowed: boolean
  /** The rules that were asked and may refuse; empty when nothing limits the request. */
  readonly states: readonly LimitState[]
  /** The rule that refused; of several the one that refuses longest. */
  readonly refusedBy: LimitState | undefined
  /** When the same request would pass; 0 for one that passed. */
  readonly retryAfterMs: number
  /** Rules in shadow that would have refused, by name. */
  readonly shadowed: readonly string[]
  /** What was done because the store failed. */
  readonly storeFailure: StoreFailureMode | undefined
  /** `undefined` when nothing is left to be taken or settled. */
  readonly pending: PendingLimits | undefined
}

export interface LimitState {
  readonly rule: RateLimitRule
  /** Whom the rule counts together, for people to read: `user 42`, `role manager`, `ip 192.0.2.1`. */
  readonly subject: string
  /** Units that one may use at most within the window, or at once. */
  readonly quota: number
  readonly remaining: number
  /** When the whole quota is free again, or, of the rule that refused, when the request would pass. */
  readonly resetMs: number
  /** Units that the request asked of it. */
  readonly asked: number
}

/** What of a request that was let in is still to be taken, and to be settled. */
export interface PendingLimits {
  readonly plan: LimitPlan
  /** Taken on arrival, and before Hasura was asked. */
  readonly entered: readonly AskedLimits[]
  readonly reserved: readonly AskedLimits[]
  readonly token: Buffer | undefined
}

const NOTHING: readonly never[] = []

export const UNLIMITED: LimitDecision = {
  allowed: true,
  states: NOTHING,
  refusedBy: undefined,
  retryAfterMs: 0,
  shadowed: NOTHING,
  storeFailure: undefined,
  pending: undefined,
}
