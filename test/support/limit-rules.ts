import {
  type CostWeights,
  parseSubjectPart,
  type RateLimitOptions,
  type RateLimitRule,
} from '../../src/gateway/index.ts'
import { nth } from '../../src/shared/assert.ts'

/** A rule, its subject as the configuration writes it. */
export interface RuleChanges extends Omit<Partial<RateLimitRule>, 'per'> {
  readonly per?: string | readonly string[]
}

/** Two requests a minute for each user, unless told otherwise. */
export function limitRule({ per = 'user', ...changes }: RuleChanges = {}): RateLimitRule {
  const parts = (typeof per === 'string' ? [per] : per).map((text) => {
    return nth(
      [parseSubjectPart(text)].flatMap((part) => part ?? []),
      0,
    )
  })
  return { name: 'default', per: parts, limit: 2, windowMs: 60_000, ...changes }
}

export const COST_WEIGHTS: CostWeights = {
  object: 1,
  depth: 0,
  aggregate: 10,
  defaultRows: 100,
  rootField: 1,
  rootFields: new Map(),
}

/** What the defaults of the configuration make, with more patience for a remote store. */
export const LIMIT_OPTIONS: RateLimitOptions = {
  enabled: true,
  rules: [],
  metadata: 'requests',
  onStoreFailure: 'open',
  nodes: 1,
  storeTimeoutMs: 60_000,
  rejectStatus: 429,
  cost: COST_WEIGHTS,
}
