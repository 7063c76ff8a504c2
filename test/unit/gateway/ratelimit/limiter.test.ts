import { beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { Identity } from '../../../../src/gateway/identity/identity.ts'
import type { RateLimitOptions, RateLimitRule } from '../../../../src/gateway/options.ts'
import { Limiter } from '../../../../src/gateway/ratelimit/limiter.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { type EmbeddedStore, StoreError } from '../../../../src/store/index.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

const IP = '192.0.2.1'
let clock: FakeClock
let store: EmbeddedStore
let run: MockInstance<EmbeddedStore['run']>

beforeEach(() => {
  clock = new FakeClock(1_700_000_040_000)
  store = openStore(clock)
  run = vi.spyOn(store, 'run')
})

const rule = (fields: Partial<RateLimitRule> = {}): RateLimitRule => ({
  name: 'default',
  per: 'user',
  limit: 2,
  windowMs: 60_000,
  slots: 120,
  ...fields,
})

function limiter(rules: readonly RateLimitRule[], more: Partial<RateLimitOptions> = {}): Limiter {
  const options: RateLimitOptions = { enabled: true, onStoreFailure: 'open', rules, ...more }
  return new Limiter({ options, store, clock, log: silentLogger })
}

const identity = (fields: Partial<Identity> = {}): Identity => ({
  kind: 'jwt',
  role: 'user',
  userId: '42',
  sessionVariables: new Map(),
  expiresAtMs: Number.POSITIVE_INFINITY,
  upstreamHeaders: new Map(),
  sessionId: undefined,
  ...fields,
})

/** How many of `tries` requests pass. */
async function passed(
  subject: Limiter,
  who: Identity | (() => Identity),
  tries: number,
  ip = IP,
): Promise<number> {
  let count = 0
  for (let index = 0; index < tries; index += 1) {
    const decision = await subject.take(typeof who === 'function' ? who() : who, ip)
    if (decision.allowed) count += 1
  }
  return count
}

describe('Limiter', () => {
  it('asks the store nothing when no rule applies', async () => {
    expect(await limiter([]).take(identity(), IP)).toMatchObject({ allowed: true, states: [] })
    expect(await passed(limiter([rule()], { enabled: false }), identity(), 5)).toBe(5)
    expect(run).toHaveBeenCalledTimes(0)
  })

  it('answers at once on a store in this process', () => {
    expect(limiter([rule()]).take(identity(), IP)).not.toBeInstanceOf(Promise)
  })

  it('counts each user apart, whatever their token', async () => {
    const subject = limiter([rule()])
    expect(await passed(subject, () => identity({ userId: '1' }), 3)).toBe(2)
    expect(await passed(subject, () => identity({ userId: '2' }), 3)).toBe(2)
  })

  it('counts a role as one', async () => {
    const subject = limiter([rule({ per: 'role' })])
    expect(await passed(subject, identity({ userId: '1' }), 1)).toBe(1)
    expect(await passed(subject, identity({ userId: '2' }), 3)).toBe(1)
    expect(await passed(subject, identity({ role: 'manager' }), 3)).toBe(2)
  })

  it('counts an address as one, IPv6 by /64', async () => {
    const subject = limiter([rule({ per: 'ip' })])
    expect(await passed(subject, identity({ userId: '1' }), 1, '2001:db8::1')).toBe(1)
    expect(await passed(subject, identity({ userId: '2' }), 3, '2001:db8::ffff:2')).toBe(1)
    expect(await passed(subject, identity({ userId: '2' }), 3, '2001:db8:0:1::1')).toBe(2)
  })

  it('does not believe the user id that an unauthorized client wrote', async () => {
    const subject = limiter([rule()])
    let next = 0
    const spoofing = (): Identity => identity({ kind: 'unauthorized', userId: `${(next += 1)}` })
    expect(await passed(subject, spoofing, 5)).toBe(2)
    expect(await passed(subject, identity({ userId: '1' }), 3)).toBe(2)
  })

  it('counts who has no user id by session, else by address', async () => {
    const subject = limiter([rule()])
    const session = identity({ kind: 'session', userId: undefined, sessionId: 'a' })
    expect(await passed(subject, session, 3)).toBe(2)
    expect(await passed(subject, { ...session, sessionId: 'b' }, 3)).toBe(2)
    expect(await passed(subject, identity({ userId: undefined }), 3)).toBe(2)
    expect(await passed(subject, identity({ userId: undefined }), 3, '192.0.2.2')).toBe(2)
  })

  it('leaves admin alone unless a rule names it', async () => {
    const admin = identity({ kind: 'admin', role: 'admin', userId: undefined })
    expect(await passed(limiter([rule()]), admin, 5)).toBe(5)
    expect(await passed(limiter([rule({ roles: ['admin'] })]), admin, 5)).toBe(2)
  })

  it('applies a rule to the roles it names only', async () => {
    const subject = limiter([rule({ roles: ['manager'] })])
    expect(await passed(subject, identity(), 5)).toBe(5)
    expect(await passed(subject, identity({ role: 'manager' }), 5)).toBe(2)
  })

  it('takes from all rules of a subject or from none', async () => {
    const long = rule({ name: 'long', limit: 10 })
    const subject = limiter([long, rule({ name: 'short', limit: 1, windowMs: 1_000 })])
    expect(await passed(subject, identity(), 4)).toBe(1)
    clock.advance(2_000)
    const decision = await subject.take(identity(), IP)
    expect(decision.states.map(({ remaining }) => remaining)).toEqual([8, 0])
    expect(run).toHaveBeenCalledTimes(3)
  })

  it('gives back what it took from one subject when another refuses', async () => {
    const rules = [rule({ name: 'user', limit: 10 }), rule({ name: 'role', per: 'role', limit: 1 })]
    const subject = limiter(rules)
    expect(await passed(subject, identity(), 1)).toBe(1)
    const decision = await subject.take(identity(), IP)
    expect(decision).toMatchObject({ allowed: false, refusedBy: { subject: 'role user' } })
    clock.advance(61_000)
    const later = await subject.take(identity(), IP)
    expect(later.states[0]).toMatchObject({ remaining: 9, subject: 'user 42' })
  })

  it('names the rule that refuses longest, and when to come back', async () => {
    const rules = [
      rule({ name: 'minute', limit: 1 }),
      rule({ name: 'second', limit: 1, windowMs: 1_000 }),
    ]
    const subject = limiter(rules)
    await subject.take(identity(), IP)
    expect(await subject.take(identity(), IP)).toMatchObject({
      allowed: false,
      refusedBy: { rule: { name: 'minute' }, subject: 'user 42', remaining: 0, resetMs: 60_500 },
      retryAfterMs: 60_500,
    })
  })

  it('lets a request pass exactly when it said', async () => {
    const subject = limiter([rule({ limit: 1 })])
    await subject.take(identity(), IP)
    const { retryAfterMs } = await subject.take(identity(), IP)
    clock.advance(retryAfterMs - 1)
    expect(await passed(subject, identity(), 1)).toBe(0)
    clock.advance(1)
    expect(await passed(subject, identity(), 2)).toBe(1)
  })

  it('tells a refusal again from memory for a second, counting down', async () => {
    const subject = limiter([rule({ limit: 1 })])
    await subject.take(identity(), IP)
    await subject.take(identity(), IP)
    clock.advance(999)
    expect(await subject.take(identity(), IP)).toMatchObject({
      allowed: false,
      retryAfterMs: 59_501,
      refusedBy: { resetMs: 59_501 },
    })
    expect(run).toHaveBeenCalledTimes(2)
    clock.advance(1)
    await subject.take(identity(), IP)
    expect(run).toHaveBeenCalledTimes(3)
  })

  it('reads nobody’s name into a key', async () => {
    await limiter([rule()]).take(identity({ userId: 'secret-name' }), IP)
    const info = store.info()
    expect(info).toContain('keys=1')
    expect(store.get(Buffer.from('gerbang:limit:{user secret-name}:default'))).toBeUndefined()
  })

  describe('while the store fails', () => {
    beforeEach(() => {
      run.mockImplementation(() => {
        throw new StoreError('unreachable', 'down')
      })
    })

    it('lets requests pass when open', async () => {
      expect(await passed(limiter([rule()]), identity(), 5)).toBe(5)
    })

    it('refuses them when closed', () => {
      const subject = limiter([rule()], { onStoreFailure: 'closed' })
      expect(() => subject.take(identity(), IP)).toThrow(
        expect.objectContaining({ code: 'store-unavailable', status: 503 }),
      )
    })
  })

  it('admits exactly the limit to concurrent requests', async () => {
    const subject = limiter([rule({ limit: 100 })])
    const decisions = await Promise.all(
      Array.from({ length: 300 }, async () => subject.take(identity(), IP)),
    )
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(100)
  })
})
