import type { RateLimitRule } from '../options.ts'

/** What the limiter says of one request. */
export interface LimitDecision {
  readonly allowed: boolean
  /** The rules that were asked, in the order of the configuration; empty when nothing limits the request. */
  readonly states: readonly LimitState[]
  /** The rule that refused; of several the one that refuses longest. */
  readonly refusedBy: LimitState | undefined
  /** When the same request would pass; 0 for one that passed. */
  readonly retryAfterMs: number
}

export interface LimitState {
  readonly rule: RateLimitRule
  /** Whom the rule counts together, for people to read: `user 42`, `role manager`, `ip 192.0.2.1`. */
  readonly subject: string
  readonly remaining: number
  /** When the whole quota is free again, or, of the rule that refused, when the request would pass. */
  readonly resetMs: number
}
