import type { Awaitable } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Store } from '../../store/index.ts'
import type { Identity } from '../identity/identity.ts'
import type { RateLimitOptions } from '../options.ts'
import type { LimitDecision } from './limit-decision.ts'

export interface LimiterOptions {
  readonly options: RateLimitOptions
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

export interface Limiter {
  /**
   * Counts one request against every rule that applies to it, or against none when one of them refuses.
   * Answers at once when the store does. Fails only with `store-unavailable`, when the store fails and the
   * options say `closed`.
   */
  take(identity: Identity, clientIp: string): Awaitable<LimitDecision>
}

export type CreateLimiter = (options: LimiterOptions) => Limiter
