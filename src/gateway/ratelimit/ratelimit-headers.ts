import { GatewayError } from '../errors.ts'
import type { LimitDecision } from './limit-decision.ts'

/**
 * RateLimit and RateLimit-Policy as structured fields (draft-ietf-httpapi-ratelimit-headers-10), and
 * Retry-After in whole seconds on a refusal; nothing when no rule was asked.
 */
export function rateLimitHeaders(decision: LimitDecision): Readonly<Record<string, string>> {
  const { allowed, states, retryAfterMs } = decision
  if (states.length === 0) return {}
  let limit = ''
  let policy = ''
  for (const { rule, remaining, resetMs } of states) {
    const separator = limit === '' ? '' : ', '
    limit += `${separator}"${rule.name}";r=${remaining};t=${seconds(resetMs)}`
    policy += `${separator}"${rule.name}";q=${rule.limit};w=${seconds(rule.windowMs)}`
  }
  const headers = { ratelimit: limit, 'ratelimit-policy': policy }
  return allowed ? headers : { ...headers, 'retry-after': `${Math.max(seconds(retryAfterMs), 1)}` }
}

/** What a refused request is answered. Message and code are Hasura EE's. */
export function rateLimitError(decision: LimitDecision): GatewayError {
  const { refusedBy, retryAfterMs } = decision
  const limit = refusedBy?.rule.limit ?? 0
  return new GatewayError('rate-limit-exceeded', `rate limit of ${limit} exceeded`, {
    headers: rateLimitHeaders(decision),
    extensions: {
      policy: refusedBy?.rule.name,
      limit,
      remaining: refusedBy?.remaining,
      retryAfterMs,
    },
  })
}

/** Rounded up: who comes back then is not too early. */
function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000)
}
