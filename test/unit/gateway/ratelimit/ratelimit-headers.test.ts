import { describe, expect, it } from 'vitest'
import type { LimitDecision } from '../../../../src/gateway/ratelimit/limit-decision.ts'
import {
  rateLimitError,
  rateLimitHeaders,
} from '../../../../src/gateway/ratelimit/ratelimit-headers.ts'

const perMinute = {
  name: 'per-minute',
  per: 'user',
  limit: 100,
  windowMs: 60_000,
  slots: 120,
} as const
const perSecond = { name: 'per-second', per: 'user', limit: 5, windowMs: 1_500, slots: 32 } as const

const allowed: LimitDecision = {
  allowed: true,
  states: [
    { rule: perMinute, subject: 'user 1', remaining: 99, resetMs: 60_001 },
    { rule: perSecond, subject: 'user 1', remaining: 4, resetMs: 999 },
  ],
  refusedBy: undefined,
  retryAfterMs: 0,
}

const refusedState = { rule: perMinute, subject: 'user 1', remaining: 0, resetMs: 11_001 }
const refused: LimitDecision = {
  allowed: false,
  states: [refusedState],
  refusedBy: refusedState,
  retryAfterMs: 11_001,
}

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
})
