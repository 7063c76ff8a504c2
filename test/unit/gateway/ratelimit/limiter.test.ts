import { beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { PreparedRequest } from '../../../../src/gateway/graphql/operation.ts'
import type { Identity } from '../../../../src/gateway/identity/identity.ts'
import type { RateLimitOptions, RateLimitRule } from '../../../../src/gateway/index.ts'
import type { MetadataModel } from '../../../../src/gateway/metadata/metadata-model.ts'
import type { LimitDecision } from '../../../../src/gateway/ratelimit/limit-decision.ts'
import type { LimitedRequest } from '../../../../src/gateway/ratelimit/limit-plan.ts'
import { Limiter } from '../../../../src/gateway/ratelimit/limiter.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { type EmbeddedStore, StoreError } from '../../../../src/store/index.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { LIMIT_OPTIONS, limitRule } from '../../../support/limit-rules.ts'
import { openStore } from '../../../support/open-store.ts'
import { modelOf } from '../../../support/plan-of.ts'
import { preparer } from '../../../support/prepare.ts'

const IP = '192.0.2.1'
let clock: FakeClock
let store: EmbeddedStore
let run: MockInstance<EmbeddedStore['run']>

beforeEach(() => {
  clock = new FakeClock(1_700_000_040_000)
  store = openStore(clock)
  run = vi.spyOn(store, 'run')
})

const rule = limitRule

function limiter(
  rules: readonly RateLimitRule[],
  more: Partial<RateLimitOptions> = {},
  model: () => MetadataModel | undefined = () => undefined,
): Limiter {
  const options: RateLimitOptions = { ...LIMIT_OPTIONS, rules, ...more }
  return new Limiter({ options, store, clock, random: seededRandom(1), log: silentLogger, model })
}

const prepared = (query: string): PreparedRequest => {
  const read = preparer().prepare(Buffer.from(JSON.stringify({ query })))
  if (read.kind !== 'single') throw new Error('one operation')
  return read
}
const PRODUCTS = prepared('{ products { id } }')

/** A request of somebody, for one root field unless another one is given. */
function asked(
  who: Identity,
  ip = IP,
  request: PreparedRequest = PRODUCTS,
  headers: Readonly<Record<string, string>> = {},
): LimitedRequest {
  return { identity: who, head: { headers, socketAddress: ip, trustedHops: 0 }, prepared: request }
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
    const decision = await subject.take(asked(typeof who === 'function' ? who() : who, ip))
    if (decision.allowed) count += 1
  }
  return count
}

describe('Limiter', () => {
  it('asks the store nothing when no rule applies', async () => {
    expect(await limiter([]).take(asked(identity()))).toMatchObject({ allowed: true, states: [] })
    expect(await passed(limiter([rule()], { enabled: false }), identity(), 5)).toBe(5)
    expect(run).toHaveBeenCalledTimes(0)
  })

  it('answers at once on a store in this process', () => {
    expect(limiter([rule()]).take(asked(identity()))).not.toBeInstanceOf(Promise)
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

  it('keeps addresses, roles and root fields apart in what it remembers of an address', async () => {
    const subject = limiter([rule({ per: 'ip', limit: 6 })])
    const twice = prepared('{ a: products { id } b: products { id } }')
    const remaining = async (request: LimitedRequest) =>
      (await subject.take(request)).states.map((state) => state.remaining)
    const user = identity()
    expect(await remaining(asked(user))).toEqual([5])
    expect(await remaining(asked(user, IP, twice))).toEqual([3])
    expect(await remaining(asked(user))).toEqual([2])
    expect(await remaining(asked(user, '192.0.2.2'))).toEqual([5])
    // One address, whatever the role.
    expect(await remaining(asked(identity({ role: 'manager' })))).toEqual([1])
    const byRole = limiter([rule({ per: ['ip', 'role'], limit: 6 })])
    expect((await byRole.take(asked(user))).states).toMatchObject([{ remaining: 5 }])
    expect((await byRole.take(asked(identity({ role: 'manager' })))).states).toMatchObject([
      { remaining: 5 },
    ])
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
    const decision = await subject.take(asked(identity()))
    expect(decision.states.map(({ remaining }) => remaining)).toEqual([8, 0])
    expect(run).toHaveBeenCalledTimes(3)
  })

  it('gives back what it took from one subject when another refuses', async () => {
    const rules = [rule({ name: 'user', limit: 10 }), rule({ name: 'role', per: 'role', limit: 1 })]
    const subject = limiter(rules)
    expect(await passed(subject, identity(), 1)).toBe(1)
    const decision = await subject.take(asked(identity()))
    expect(decision).toMatchObject({ allowed: false, refusedBy: { subject: 'role user' } })
    clock.advance(61_000)
    const later = await subject.take(asked(identity()))
    expect(later.states[0]).toMatchObject({ remaining: 9, subject: 'user 42' })
  })

  it('names the rule that refuses longest, and when to come back', async () => {
    const rules = [
      rule({ name: 'minute', limit: 1 }),
      rule({ name: 'second', limit: 1, windowMs: 1_000 }),
    ]
    const subject = limiter(rules)
    await subject.take(asked(identity()))
    expect(await subject.take(asked(identity()))).toMatchObject({
      allowed: false,
      refusedBy: { rule: { name: 'minute' }, subject: 'user 42', remaining: 0, resetMs: 60_500 },
      retryAfterMs: 60_500,
    })
  })

  it('lets a request pass exactly when it said', async () => {
    const subject = limiter([rule({ limit: 1 })])
    await subject.take(asked(identity()))
    const { retryAfterMs } = await subject.take(asked(identity()))
    clock.advance(retryAfterMs - 1)
    expect(await passed(subject, identity(), 1)).toBe(0)
    clock.advance(1)
    expect(await passed(subject, identity(), 2)).toBe(1)
  })

  it('tells a refusal again from memory for a second, counting down', async () => {
    const subject = limiter([rule({ limit: 1 })])
    await subject.take(asked(identity()))
    await subject.take(asked(identity()))
    clock.advance(999)
    expect(await subject.take(asked(identity()))).toMatchObject({
      allowed: false,
      retryAfterMs: 59_501,
      refusedBy: { resetMs: 59_501 },
    })
    expect(run).toHaveBeenCalledTimes(2)
    clock.advance(1)
    await subject.take(asked(identity()))
    expect(run).toHaveBeenCalledTimes(3)
  })

  it('reads nobody’s name into a key', async () => {
    await limiter([rule()]).take(asked(identity({ userId: 'secret-name' })))
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

    it('takes a store that does not answer in time for one that fails', async () => {
      run.mockImplementation(() => new Promise(() => undefined))
      expect(await passed(limiter([rule()], { storeTimeoutMs: 1 }), identity(), 3)).toBe(3)
      const closed = limiter([rule({ onStoreFailure: 'closed' })], { storeTimeoutMs: 1 })
      await expect(closed.take(asked(identity()))).rejects.toMatchObject({
        code: 'store-unavailable',
      })
    })

    it('reads what has arrived before it takes the store for late', async () => {
      run.mockImplementation(async () => {
        // As in a process that is late: waiting is over, and the reply is read in the same turn.
        await new Promise((resolve) => void setTimeout(() => setImmediate(resolve), 1))
        return { atMs: 1, states: [{ remaining: 1, resetMs: 1, retryMs: 0 }] }
      })
      const subject = limiter([rule({ onStoreFailure: 'closed' })], { storeTimeoutMs: 1 })
      const decision = subject.take(asked(identity()))
      const startMs = performance.now()
      while (performance.now() < startMs + 5);
      expect(await decision).toMatchObject({ allowed: true })
    })

    it('counts them in this process when local, each gateway its share', async () => {
      const shared = limitRule({ limit: 10, onStoreFailure: 'local' })
      const subject = limiter([shared], { nodes: 3 })
      expect(await passed(subject, identity(), 9)).toBe(3)
      expect(await passed(subject, identity({ userId: '2' }), 9)).toBe(3)
      clock.advance(61_000)
      expect(await passed(subject, identity(), 9)).toBe(3)
      const decision = await subject.take(asked(identity({ userId: '3' })))
      expect(decision).toMatchObject({ storeFailure: 'local', states: [{ remaining: 2 }] })
    })

    it('asks each rule for itself', async () => {
      const subject = limiter([
        rule({ name: 'open', limit: 1 }),
        rule({ name: 'local', limit: 2, onStoreFailure: 'local' }),
      ])
      expect(await passed(subject, identity(), 5)).toBe(2)
      const strict = limiter([
        rule({ name: 'open', limit: 1 }),
        rule({ name: 'hidden', onStoreFailure: 'closed', isShadow: true }),
      ])
      expect(await passed(strict, identity(), 5)).toBe(5)
    })

    it('refuses them when closed', () => {
      const subject = limiter([rule({ onStoreFailure: 'closed' })])
      expect(() => subject.take(asked(identity()))).toThrow(
        expect.objectContaining({ code: 'store-unavailable', status: 503 }),
      )
    })
  })

  it('counts every root field, under whatever alias', async () => {
    const subject = limiter([rule({ limit: 5 })])
    const four = prepared(
      '{ a: products { id } b: products { id } c: products { id } d: __typename }',
    )
    const first = await subject.take(asked(identity(), IP, four))
    expect(first.states).toMatchObject([{ remaining: 1, asked: 4 }])
    expect((await subject.take(asked(identity(), IP, four))).allowed).toBe(false)
    expect(await passed(subject, identity(), 3)).toBe(1)
  })

  it('counts an operation as one where the rule says so', async () => {
    const subject = limiter([rule({ unit: 'operations' })])
    const two = prepared('{ products { id } orders { id } }')
    const takeTwo = async (): Promise<boolean> =>
      (await subject.take(asked(identity(), IP, two))).allowed
    expect([await takeTwo(), await takeTwo(), await takeTwo()]).toEqual([true, true, false])
  })

  it('refuses what asks for more than there ever is, without asking the store', () => {
    const subject = limiter([rule({ limit: 2, name: 'few' })])
    const ask = (query: string) => () => subject.take(asked(identity(), IP, prepared(query)))
    expect(ask('{ a: products { id } b: products { id } c: products { id } }')).toThrow(
      expect.objectContaining({
        code: 'cost-limit-exceeded',
        status: 400,
        extensions: { policy: 'few', limit: 2, cost: { requested: 3 } },
      }),
    )
    expect(run).toHaveBeenCalledTimes(0)
    expect(ask('{ a: products { id } b: products { id } }')).not.toThrow()
  })

  it('does not take a small request for refused because a large one was', async () => {
    const subject = limiter([rule({ limit: 3 })])
    const two = asked(identity(), IP, prepared('{ a: products { id } b: products { id } }'))
    expect((await subject.take(two)).allowed).toBe(true)
    expect((await subject.take(two)).allowed).toBe(false)
    expect(await passed(subject, identity(), 1)).toBe(1)
  })

  it('applies a rule to the operations and root fields it names only', async () => {
    const subject = limiter([
      rule({ name: 'login', rootFields: ['login'], limit: 1 }),
      rule({ name: 'reports', operations: ['Report'], limit: 1 }),
    ])
    const take = async (query: string): Promise<readonly string[]> => {
      const decision = await subject.take(asked(identity(), IP, prepared(query)))
      return [...decision.states.map((state) => state.rule.name), `${decision.allowed}`]
    }
    expect(await take('{ products { id } }')).toEqual(['true'])
    expect(await take('{ products { id } login { id } }')).toEqual(['login', 'true'])
    expect(await take('query Report { products { id } }')).toEqual(['reports', 'true'])
    expect(await take('query Report { login { id } }')).toEqual(['login', 'reports', 'false'])
  })

  it('counts root fields apart', async () => {
    const subject = limiter([rule({ per: ['user', 'root_field'], limit: 2 })])
    const take = async (query: string): Promise<boolean> =>
      (await subject.take(asked(identity(), IP, prepared(query)))).allowed
    expect(await take('{ a: products { id } b: products { id } orders { id } }')).toBe(true)
    expect(await take('{ orders { id } products { id } }')).toBe(false)
    expect(await take('{ orders { id } }')).toBe(true)
    expect(await take('{ orders { id } }')).toBe(false)
  })

  it('counts the keys of an API apart, and addresses where there is none', async () => {
    const subject = limiter([rule({ per: 'header:x-api-key', limit: 1 })])
    const take = async (key: string | undefined, ip = IP): Promise<boolean> => {
      const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key }
      return (await subject.take(asked(identity(), ip, PRODUCTS, headers))).allowed
    }
    expect([await take('a'), await take('b'), await take('a')]).toEqual([true, true, false])
    expect([await take(undefined), await take(''), await take(undefined, '192.0.2.2')]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('counts in shadow, and refuses nothing', async () => {
    const subject = limiter([
      rule({ name: 'shadow', limit: 1, isShadow: true }),
      rule({ name: 'real', limit: 3 }),
    ])
    const decisions: LimitDecision[] = []
    for (let count = 0; count < 4; count += 1) decisions.push(await subject.take(asked(identity())))
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, false])
    expect(decisions.map(({ shadowed }) => shadowed)).toEqual([[], ['shadow'], ['shadow'], []])
    expect(decisions[0]?.states.map((state) => state.rule.name)).toEqual(['real'])
  })

  describe('with hits that cost less', () => {
    it('takes what a hit costs first, and the rest when Hasura is to be asked', async () => {
      const subject = limiter([rule({ limit: 2, hitWeight: 10 })])
      const taken = await subject.take(asked(identity()))
      expect(taken.states).toMatchObject([{ quota: 2, remaining: 1 }])
      expect((await subject.reserve(taken)).states).toMatchObject([{ remaining: 1 }])
      // Ten hits are one request.
      expect(await passed(subject, identity(), 30)).toBe(10)
    })

    it('takes nothing for hits that cost nothing', async () => {
      const subject = limiter([rule({ limit: 1, hitWeight: 0 })])
      expect(await passed(subject, identity(), 5)).toBe(5)
      expect(run).toHaveBeenCalledTimes(0)
      const first = await subject.reserve(await subject.take(asked(identity())))
      const second = await subject.reserve(await subject.take(asked(identity())))
      expect([first.allowed, second.allowed]).toEqual([true, false])
    })

    it('gives back what was taken on arrival when the rest is refused', async () => {
      const subject = limiter([rule({ limit: 1, hitWeight: 50 })])
      const taken = await subject.take(asked(identity()))
      expect((await subject.reserve(taken)).allowed).toBe(true)
      expect((await subject.take(asked(identity()))).allowed).toBe(false)
      clock.advance(61_000)
      const half = await subject.take(asked(identity()))
      const other = await subject.take(asked(identity()))
      expect((await subject.reserve(half)).allowed).toBe(false)
      clock.advance(1_000)
      // A half of it came back, and is enough for the rest of the other.
      expect((await subject.reserve(other)).allowed).toBe(true)
    })
  })

  describe('with points', () => {
    const costRule = limitRule({ unit: 'cost', limit: 100 })
    const ten = asked(identity(), IP, prepared('{ products(limit: 10) { id } }'))
    const body = (rows: number): Buffer =>
      Buffer.from(JSON.stringify({ data: { products: Array.from({ length: rows }, () => ({})) } }))

    it('reserves what the answer may cost, and gives back what it did not', async () => {
      const subject = limiter([costRule])
      const taken = await subject.take(ten)
      expect(taken.states).toMatchObject([{ asked: 11, remaining: 98 }])
      const reserved = await subject.reserve(taken)
      expect(reserved.states).toMatchObject([{ remaining: 89 }])
      subject.settle(reserved, { outcome: 'miss', body: body(4) })
      expect((await subject.take(ten)).states).toMatchObject([{ remaining: 93 }])
    })

    it.each([
      ['a hit of another', 'coalesced', 10, 98],
      ['a stale answer', 'stale', 10, 98],
      ['an empty answer', 'bypass', 0, 98],
      ['an answer with more than was expected', 'miss', 50, 89],
      ['a failure', 'error', 0, 89],
    ] as const)('settles %s', async (_name, outcome, rows, remaining) => {
      const subject = limiter([costRule])
      const reserved = await subject.reserve(await subject.take(ten))
      subject.settle(reserved, { outcome, body: body(rows) })
      clock.advance(1)
      expect((await subject.take(ten)).states).toMatchObject([{ remaining: remaining - 2 }])
    })

    it('gives back to the slot that was taken from', async () => {
      const subject = limiter([{ ...costRule, slots: 60 }])
      const reserved = await subject.reserve(await subject.take(ten))
      clock.advance(30_000)
      subject.settle(reserved, { outcome: 'miss', body: body(0) })
      expect((await subject.take(ten)).states).toMatchObject([{ remaining: 96 }])
      clock.advance(31_000)
      expect((await subject.take(ten)).states).toMatchObject([{ remaining: 96 }])
    })
  })

  describe('of how many are asked of Hasura at once', () => {
    const atOnce = limitRule({ algorithm: 'concurrency', limit: 2, windowMs: 10_000 })
    const enter = async (subject: Limiter): Promise<LimitDecision> =>
      await subject.reserve(await subject.take(asked(identity())))

    it('lets so many in, and the next when one is done', async () => {
      const subject = limiter([atOnce])
      const first = await enter(subject)
      await enter(subject)
      const refused = await enter(subject)
      expect(refused).toMatchObject({ allowed: false, retryAfterMs: 1_000 })
      subject.settle(first, { outcome: 'error', body: Buffer.alloc(0) })
      expect((await enter(subject)).allowed).toBe(true)
      expect((await enter(subject)).allowed).toBe(false)
    })

    it('asks nothing of hits', async () => {
      expect(await passed(limiter([atOnce]), identity(), 5)).toBe(5)
      expect(run).toHaveBeenCalledTimes(0)
    })

    it('frees the place of a gateway that died', async () => {
      const dead = limiter([atOnce])
      await enter(dead)
      await enter(dead)
      const subject = limiter([atOnce])
      clock.advance(9_999)
      expect((await enter(subject)).allowed).toBe(false)
      clock.advance(1)
      expect((await enter(subject)).allowed).toBe(true)
    })

    it('does not give back the places of others', async () => {
      const subject = limiter([atOnce])
      const first = await enter(subject)
      await enter(subject)
      subject.settle(first, { outcome: 'bypass', body: Buffer.alloc(0) })
      subject.settle(first, { outcome: 'bypass', body: Buffer.alloc(0) })
      expect([(await enter(subject)).allowed, (await enter(subject)).allowed]).toEqual([
        true,
        false,
      ])
    })
  })

  describe('by Hasura’s metadata', () => {
    const limited = (limits: object): MetadataModel =>
      modelOf({ metadata: { api_limits: { disabled: false, ...limits } } })
    const GLOBAL = { rate_limit: { global: { max_reqs_per_min: 2 } } }

    it('limits roles, and never an admin', async () => {
      const model = limited(GLOBAL)
      const subject = limiter([], {}, () => model)
      expect(await passed(subject, identity({ userId: '1' }), 1)).toBe(1)
      expect(await passed(subject, identity({ userId: '2' }), 3)).toBe(1)
      expect(await passed(subject, identity({ role: 'manager' }), 3)).toBe(2)
      expect(await passed(subject, identity({ kind: 'admin', role: 'admin' }), 5)).toBe(5)
    })

    it('counts unique parameters apart', async () => {
      const byIp = limited({
        rate_limit: { global: { max_reqs_per_min: 1, unique_params: 'IP' } },
      })
      const subject = limiter([], {}, () => byIp)
      expect(await passed(subject, identity(), 2)).toBe(1)
      expect(await passed(subject, identity(), 2, '192.0.2.2')).toBe(1)
      const byOrg = limited({
        rate_limit: {
          global: { max_reqs_per_min: 1, unique_params: ['X-Hasura-Org-Id'] },
        },
      })
      const other = limiter([], {}, () => byOrg)
      const of = (org: string): Identity =>
        identity({ sessionVariables: new Map([['x-hasura-org-id', org]]) })
      expect(await passed(other, of('a'), 2)).toBe(1)
      expect(await passed(other, of('b'), 2)).toBe(1)
    })

    it('prefers the limit of a role, and follows a change', async () => {
      let model = limited({
        rate_limit: {
          global: { max_reqs_per_min: 9 },
          per_role: { user: { max_reqs_per_min: 1 } },
        },
      })
      const subject = limiter([], {}, () => model)
      const who = identity()
      expect(await passed(subject, who, 5)).toBe(1)
      model = limited({ disabled: true, ...GLOBAL })
      expect(await passed(subject, who, 5)).toBe(5)
      model = limited({ rate_limit: { global: { max_reqs_per_min: 0 } } })
      expect(await passed(subject, who, 5)).toBe(0)
    })

    it('counts operations instead, or nothing, when told to', async () => {
      const model = limited(GLOBAL)
      const two = asked(identity(), IP, prepared('{ a: products { id } b: products { id } }'))
      const operations = limiter([], { metadata: 'operations' }, () => model)
      expect((await operations.take(two)).states).toMatchObject([{ remaining: 1 }])
      expect(
        await passed(
          limiter([], { metadata: 'off' }, () => model),
          identity(),
          5,
        ),
      ).toBe(5)
    })

    it('is nothing where the configuration has rules', async () => {
      const model = limited({ rate_limit: { global: { max_reqs_per_min: 1 } } })
      expect(
        await passed(
          limiter([rule({ limit: 3 })], {}, () => model),
          identity(),
          5,
        ),
      ).toBe(3)
    })
  })

  it('admits exactly the limit to concurrent requests', async () => {
    const subject = limiter([rule({ limit: 100 })])
    const decisions = await Promise.all(
      Array.from({ length: 300 }, async () => subject.take(asked(identity()))),
    )
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(100)
  })
})
