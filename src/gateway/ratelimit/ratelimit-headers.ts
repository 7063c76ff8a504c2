import { GatewayError } from '../errors.ts'
import type { CompiledRule } from './compile-rule.ts'
import type { LimitDecision, LimitState } from './limit-decision.ts'
import type { RateLimitRule } from './limit-options.ts'

/**
 * RateLimit and RateLimit-Policy as structured fields (draft-ietf-httpapi-ratelimit-headers-10), and
 * Retry-After in whole seconds on a refusal; nothing when no rule was asked.
 */
export function rateLimitHeaders(decision: LimitDecision): Readonly<Record<string, string>> {
  const { allowed, states, retryAfterMs } = decision
  if (states.length === 0 && allowed) return {}
  let limit = ''
  let policy = ''
  for (const state of states) {
    const { rule, remaining, resetMs } = state
    const separator = limit === '' ? '' : ', '
    limit += `${separator}"${rule.name}";r=${remaining}`
    if (rule.algorithm !== 'concurrency') limit += `;t=${seconds(resetMs)}`
    policy += `${separator}"${rule.name}";q=${state.quota}${policyParameters(rule, state)}`
  }
  const headers = { ratelimit: limit, 'ratelimit-policy': policy }
  return allowed ? headers : { ...headers, 'retry-after': `${Math.max(seconds(retryAfterMs), 1)}` }
}

/** What a refused request is answered. Message and code are Hasura EE's. */
export function rateLimitError(
  decision: LimitDecision,
  rejectStatus: 200 | 429 = 429,
): GatewayError {
  const { refusedBy, retryAfterMs } = decision
  const limit = refusedBy?.quota ?? 0
  const what = refusedBy?.rule.algorithm === 'concurrency' ? 'concurrency' : 'rate'
  const requested = refusedBy?.rule.unit === 'cost' ? { cost: { requested: refusedBy.asked } } : {}
  return new GatewayError('rate-limit-exceeded', `${what} limit of ${limit} exceeded`, {
    status: rejectStatus,
    headers: rateLimitHeaders(decision),
    extensions: {
      policy: refusedBy?.rule.name,
      limit,
      remaining: refusedBy?.remaining,
      retryAfterMs,
      ...requested,
    },
  })
}

/** What no wait helps: the operation has to ask for less. */
export function costLimitError({
  compiled,
  units,
}: {
  readonly compiled: CompiledRule
  readonly units: number
}): GatewayError {
  const { rule, capacity: limit } = compiled
  const message = `cost limit of ${limit} exceeded: the operation costs ${units}`
  const extensions = { policy: rule.name, limit, cost: { requested: units } }
  return new GatewayError('cost-limit-exceeded', message, { extensions })
}

/** The window within which the quota comes, and what it counts where that is not requests. */
function policyParameters(rule: RateLimitRule, { quota }: LimitState): string {
  const { algorithm, windowMs, limit } = rule
  if (algorithm === 'concurrency') return ';qu="concurrent-requests"'
  const quotaMs = algorithm === 'gcra' ? (windowMs * quota) / limit : windowMs
  return `;w=${seconds(quotaMs)}${rule.unit === 'cost' ? ';qu="x-cost"' : ''}`
}

/** Rounded up: who comes back then is not too early. */
function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000)
}
