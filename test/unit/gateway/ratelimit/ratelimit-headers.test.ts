import { describe, expect, it } from 'vitest'
import {
  type LimitDecision,
  type LimitState,
  UNLIMITED,
} from '../../../../src/gateway/ratelimit/limit-decision.ts'
import {
  rateLimitError,
  rateLimitHeaders,
} from '../../../../src/gateway/ratelimit/ratelimit-headers.ts'
import { limitRule, type RuleChanges } from '../../../support/limit-rules.ts'

function state(
  changes: RuleChanges,
  told: Partial<LimitState> & Pick<LimitState, 'remaining' | 'resetMs'>,
): LimitState {
  const rule = limitRule(changes)
  return { rule, subject: 'user 1', quota: rule.limit, asked: 1, ...told }
}

const PER_MINUTE = { name: 'per-minute', limit: 100 }
const PER_SECOND = { name: 'per-second', limit: 5, windowMs: 1_500 }

const allowed: LimitDecision = {
  ...UNLIMITED,
  states: [
    state(PER_MINUTE, { remaining: 99, resetMs: 60_001 }),
    state(PER_SECOND, { remaining: 4, resetMs: 999 }),
  ],
}

function refusal(refusedBy: LimitState, retryAfterMs = 11_001): LimitDecision {
  return { ...UNLIMITED, allowed: false, states: [refusedBy], refusedBy, retryAfterMs }
}

const refused = refusal(state(PER_MINUTE, { remaining: 0, resetMs: 11_001 }))

describe('rateLimitHeaders', () => {
  it('tells of every rule in structured fields of whole seconds', () => {
    expect(rateLimitHeaders(allowed)).toEqual({
      ratelimit: '"per-minute";r=99;t=61, "per-second";r=4;t=1',
      'ratelimit-policy': '"per-minute";q=100;w=60, "per-second";q=5;w=2',
    })
  })

  it('tells a refused client to come back no sooner than it may', () => {
    expect(rateLimitHeaders(refused)).toEqual({
      ratelimit: '"per-minute";r=0;t=12',
      'ratelimit-policy': '"per-minute";q=100;w=60',
      'retry-after': '12',
    })
  })

  it('never says to come back in 0 seconds', () => {
    expect(rateLimitHeaders({ ...refused, retryAfterMs: 0 })['retry-after']).toBe('1')
  })

  it.each([
    [
      { unit: 'cost', limit: 1_000 },
      1_000,
      '"default";r=1;t=2',
      '"default";q=1000;w=60;qu="x-cost"',
    ],
    [{ algorithm: 'gcra', limit: 60 }, 10, '"default";r=1;t=2', '"default";q=10;w=10'],
    [
      { algorithm: 'concurrency', limit: 3 },
      3,
      '"default";r=1',
      '"default";q=3;qu="concurrent-requests"',
    ],
  ] as const)('tells what %j counts', (rule, quota, ratelimit, policy) => {
    const states = [state(rule, { quota, remaining: 1, resetMs: 2_000 })]
    expect(rateLimitHeaders({ ...UNLIMITED, states })).toEqual({
      ratelimit,
      'ratelimit-policy': policy,
    })
  })

  it('says nothing where no rule was asked', () => {
    expect(rateLimitHeaders({ ...allowed, states: [] })).toEqual({})
  })
})

describe('rateLimitError', () => {
  it('has the status, code and message of Hasura, and how to go on', () => {
    expect(rateLimitError(refused)).toMatchObject({
      status: 429,
      code: 'rate-limit-exceeded',
      message: 'rate limit of 100 exceeded',
      headers: { 'retry-after': '12' },
      extensions: { policy: 'per-minute', limit: 100, remaining: 0, retryAfterMs: 11_001 },
    })
  })

  it('has the status 200 where clients want it so', () => {
    expect(rateLimitError(refused, 200)).toMatchObject({ status: 200, code: 'rate-limit-exceeded' })
  })

  it('tells of points what was asked for', () => {
    const dear = state({ unit: 'cost', limit: 50 }, { remaining: 3, resetMs: 1, asked: 7 })
    expect(rateLimitError(refusal(dear)).extensions).toMatchObject({ cost: { requested: 7 } })
  })

  it('tells that too many are under way', () => {
    const many = state({ algorithm: 'concurrency', limit: 5 }, { remaining: 0, resetMs: 1_000 })
    expect(rateLimitError(refusal(many, 1_000))).toMatchObject({
      message: 'concurrency limit of 5 exceeded',
      headers: { 'retry-after': '1' },
    })
  })
})
