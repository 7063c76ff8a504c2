import type { ApiLimits, RateLimit } from '../metadata/request-rules.ts'
import type { RateLimitOptions, RateLimitRule } from './limit-options.ts'
import type { SubjectPart } from './subject-part.ts'

/** Of each rule that comes from the metadata: a role has one at most. */
export const METADATA_RULE = 'hasura-api-limits'

const MINUTE_MS = 60_000
const LIMIT_MAX = 1_000_000_000
const ROLE: SubjectPart = { kind: 'role' }

/**
 * Hasura's `api_limits.rate_limit` as rules: of a role its own, else the global one; of admin none. What is
 * counted together is the role, with the address or session variables that `unique_params` names.
 */
export function metadataRules(
  limits: ApiLimits | undefined,
  role: string,
  options: Pick<RateLimitOptions, 'metadata' | 'onStoreFailure'>,
): readonly RateLimitRule[] {
  const { metadata: unit, onStoreFailure } = options
  if (limits?.rate === undefined || limits.isDisabled || unit === 'off' || role === 'admin') {
    return []
  }
  const rate = limits.rate.perRole.get(role) ?? limits.rate.global
  const limit = Math.min(Math.max(Math.floor(rate.requestsPerMinute), 0), LIMIT_MAX)
  const per = [ROLE, ...uniqueParams(rate)]
  return [
    { name: METADATA_RULE, roles: [role], per, unit, limit, windowMs: MINUTE_MS, onStoreFailure },
  ]
}

function uniqueParams({ per }: RateLimit): readonly SubjectPart[] {
  if (per === 'ip') return [{ kind: 'ip' }]
  return per.map((name) => (name === 'x-hasura-role' ? ROLE : { kind: 'variable', name }))
}
