import { describe, expect, it } from 'vitest'
import type { RateLimitRule } from '../../../src/gateway/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { type Asked, ask, send } from '../../support/ask.ts'
import { failingStore } from '../../support/failing-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { limitRule, type RuleChanges } from '../../support/limit-rules.ts'
import { openStore } from '../../support/open-store.ts'
import { bearer, startGatewayTo, startWorld } from '../../support/start-gateway.ts'

const PRODUCTS = '{ products { id } }'

function rules(...all: readonly RuleChanges[]): { rateLimit: { rules: RateLimitRule[] } } {
  return {
    rateLimit: { rules: all.map(({ slots = 60, ...rule }) => limitRule({ slots, ...rule })) },
  }
}

async function bearers(count: number, role = 'user'): Promise<{ authorization: string }[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, index) => ({
      authorization: await bearer(`${index}`, role),
    })),
  )
}

function countOf(answers: readonly Asked[], status: number): number {
  return answers.filter((answer) => answer.status === status).length
}

async function askTimes(
  count: number,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<readonly Asked[]> {
  return await Promise.all(Array.from({ length: count }, () => ask(url, PRODUCTS, headers)))
}

describe('a limit', () => {
  it('admits exactly so many of 300 at once', async () => {
    const { url, gateway } = await startWorld(rules({ limit: 100 }))
    const answers = await askTimes(300, url, { authorization: await bearer('1') })
    expect([countOf(answers, 200), countOf(answers, 429)]).toEqual([100, 200])
    expect(gateway.snapshot().limits).toMatchObject({
      allowed: 100,
      rejected: 200,
      rejectedByRule: { default: 200 },
      topRejected: [{ subject: 'user 1', count: 200 }],
    })
  })

  it('admits exactly so many over two gateways of one store', async () => {
    const store = openStore(systemClock)
    const { url, upstream } = await startWorld(rules({ limit: 50 }), { store })
    const other = await startGatewayTo(upstream.url, rules({ limit: 50 }), store)
    const headers = { authorization: await bearer('1') }
    const answers = await Promise.all([
      askTimes(60, url, headers),
      askTimes(60, other.url, headers),
    ])
    await other.stop()
    expect(countOf(answers.flat(), 200)).toBe(50)
  })

  it('counts each user alone, over all tokens of one', async () => {
    const { url } = await startWorld(rules({ limit: 1 }))
    const [one, other] = await bearers(2)
    const again = { authorization: await bearer('0', 'user', { 'x-hasura-extra': 'x' }) }
    const statuses = []
    for (const headers of [one, other, one, again]) {
      statuses.push((await ask(url, PRODUCTS, headers)).status)
    }
    expect(statuses).toEqual([200, 200, 429, 429])
  })

  it('counts a role together', async () => {
    const { url } = await startWorld(rules({ per: 'role', limit: 3 }))
    const users = await Promise.all(
      (await bearers(5)).map((headers) => ask(url, PRODUCTS, headers)),
    )
    const managers = await ask(url, PRODUCTS, { authorization: await bearer('1', 'manager') })
    expect([countOf(users, 200), managers.status]).toEqual([3, 200])
  })

  it('counts an address together, and believes the proxies that are trusted, no others', async () => {
    const perIp = rules({ per: 'ip', limit: 1 })
    const { url } = await startWorld({ ...perIp, server: { trustedProxyHops: 1 } })
    const user = { authorization: await bearer('1') }
    const statuses = []
    for (const ip of [
      '192.0.2.1',
      '192.0.2.2',
      '8.8.8.8, 192.0.2.1',
      '2001:db8::1',
      '2001:db8::2',
    ]) {
      statuses.push((await ask(url, PRODUCTS, { ...user, 'x-forwarded-for': ip })).status)
    }
    expect(statuses).toEqual([200, 200, 429, 200, 429])
    const untrusting = await startWorld(perIp)
    const spoofed = []
    for (const ip of ['192.0.2.1', '192.0.2.2']) {
      spoofed.push((await ask(untrusting.url, PRODUCTS, { ...user, 'x-forwarded-for': ip })).status)
    }
    expect(spoofed).toEqual([200, 429])
  })

  it('is not escaped by whoever nobody vouches for', async () => {
    const { url } = await startWorld({
      ...rules({ limit: 1 }),
      auth: { unauthorizedRole: 'anonymous' },
    })
    const statuses = []
    for (const id of ['1', '2']) {
      statuses.push((await ask(url, PRODUCTS, { 'x-hasura-user-id': id })).status)
    }
    expect(statuses).toEqual([200, 429])
  })

  it('spares an admin unless it names him', async () => {
    const admin = { 'x-hasura-admin-secret': ADMIN_SECRET }
    const spared = await startWorld(rules({ limit: 1 }))
    expect(countOf(await askTimes(3, spared.url, admin), 200)).toBe(3)
    const named = await startWorld(rules({ limit: 1, roles: ['admin'] }))
    expect(countOf(await askTimes(3, named.url, admin), 200)).toBe(1)
  })

  it('counts each member of a batch, and refuses those that are too many', async () => {
    const { url, upstream } = await startWorld(rules({ limit: 2 }))
    const members = Array.from({ length: 4 }, (_, index) => ({
      query: `{ products(limit: ${index}) { id } }`,
    }))
    const { text } = await ask(url, members, { authorization: await bearer('1') })
    const refused = { errors: [{ extensions: { code: 'rate-limit-exceeded' } }] }
    const served = { data: { products: [] } }
    expect(JSON.parse(text)).toMatchObject([served, served, refused, refused])
    expect(upstream.received).toHaveLength(2)
  })

  it.each(['/v1alpha1/graphql', '/v1beta1/relay'])('counts what comes by %s', async (path) => {
    const { url, upstream } = await startWorld(rules({ limit: 3 }))
    const headers = { authorization: await bearer('1') }
    await ask(url, PRODUCTS, headers)
    const body = JSON.stringify([{ query: PRODUCTS }, { query: PRODUCTS }])
    const passed = await send(url, path, { method: 'POST', headers, body })
    const refused = await send(url, path, { method: 'POST', headers, body: '{' })
    expect([passed.status, refused.status]).toEqual([200, 429])
    expect(JSON.parse(refused.text).errors[0].extensions.code).toBe('rate-limit-exceeded')
    expect(refused.headers['retry-after']).toMatch(/^\d+$/)
    expect(upstream.received).toHaveLength(2)
  })

  it('counts hits, mutations and what the upstream could not serve', async () => {
    const { url, upstream } = await startWorld(rules({ limit: 4 }))
    const headers = { authorization: await bearer('1') }
    await ask(url, PRODUCTS, headers)
    await ask(url, PRODUCTS, headers)
    await ask(url, 'mutation { insert_products_one(object: {}) { id } }', headers)
    upstream.respond = (_request, response) => void response.destroy()
    const failed = await ask(url, PRODUCTS, headers)
    expect([failed.status, failed.headers['ratelimit']]).toEqual([
      502,
      expect.stringMatching(/^"default";r=0;t=\d+$/),
    ])
    expect((await ask(url, PRODUCTS, headers)).status).toBe(429)
  })
})

describe('what the client is told', () => {
  it('is how much is left and what the rule is, of every rule', async () => {
    const clock = new FakeClock(1_700_000_000_000)
    const world = await startWorld(
      rules({ limit: 3 }, { name: 'all', per: 'role', limit: 100, windowMs: 10_000 }),
      { clock },
    )
    const answer = await ask(world.url, PRODUCTS, { authorization: await bearer('1') })
    expect(answer.headers).toMatchObject({
      ratelimit: '"default";r=2;t=61, "all";r=99;t=11',
      'ratelimit-policy': '"default";q=3;w=60, "all";q=100;w=10',
    })
    expect(answer.headers).not.toHaveProperty('retry-after')
  })

  it('is a 429 that says when to come back, and coming back then is right', async () => {
    const clock = new FakeClock(Date.now())
    const { url, upstream } = await startWorld(rules({ limit: 1 }), { clock })
    const headers = { authorization: await bearer('1') }
    await ask(url, PRODUCTS, headers)
    clock.advance(10_000)
    const refused = await ask(url, PRODUCTS, headers)
    expect(refused.status).toBe(429)
    const retryAfter = Number(refused.headers['retry-after'])
    expect(retryAfter).toBeGreaterThanOrEqual(50)
    expect(retryAfter).toBeLessThanOrEqual(51)
    expect(refused.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ratelimit: `"default";r=0;t=${retryAfter}`,
      'ratelimit-policy': '"default";q=1;w=60',
    })
    expect(JSON.parse(refused.text)).toEqual({
      errors: [
        {
          message: 'rate limit of 1 exceeded',
          extensions: {
            path: '$',
            code: 'rate-limit-exceeded',
            policy: 'default',
            limit: 1,
            remaining: 0,
            retryAfterMs: expect.any(Number),
          },
        },
      ],
    })
    expect(upstream.received).toHaveLength(1)
    clock.advance(48_000)
    expect((await ask(url, PRODUCTS, headers)).status).toBe(429)
    clock.advance((retryAfter - 48) * 1_000)
    expect((await ask(url, PRODUCTS, headers)).status).toBe(200)
  })

  it('is nothing where no rule applies', async () => {
    const { url } = await startWorld(rules({ roles: ['manager'] }))
    const { headers } = await ask(url, PRODUCTS, { authorization: await bearer('1') })
    expect(headers).not.toHaveProperty('ratelimit')
  })
})

describe('a refusal', () => {
  it('costs nothing of the other rules', async () => {
    const { url } = await startWorld({
      ...rules({ limit: 100 }, { name: 'few', per: 'ip', limit: 1 }),
      server: { trustedProxyHops: 1 },
    })
    const headers = { authorization: await bearer('1') }
    const answers = await askTimes(6, url, { ...headers, 'x-forwarded-for': '192.0.2.1' })
    expect(countOf(answers, 429)).toBe(5)
    const admitted = await ask(url, PRODUCTS, { ...headers, 'x-forwarded-for': '192.0.2.2' })
    expect(admitted.headers['ratelimit']).toContain('"default";r=98;')
  })

  it('comes only after identity: a bad token is told as one', async () => {
    const { url } = await startWorld(rules({ limit: 1, per: 'ip' }))
    await askTimes(2, url, { authorization: await bearer('1') })
    const bad = await ask(url, PRODUCTS, { authorization: 'Bearer a.b.c' })
    expect(JSON.parse(bad.text).errors[0].extensions.code).toBe('invalid-jwt')
  })
})

describe('when the store fails', () => {
  it.each(['open', 'closed'] as const)(
    'limits are %s as the options say',
    async (onStoreFailure) => {
      const store = failingStore(openStore(systemClock))
      const { url } = await startWorld(rules({ limit: 1, onStoreFailure }), { store })
      const headers = { authorization: await bearer('1') }
      store.isDown = true
      const answers = await askTimes(3, url, headers)
      if (onStoreFailure === 'open') {
        expect(countOf(answers, 200)).toBe(3)
        expect(answers[0]?.headers).not.toHaveProperty('ratelimit')
      } else {
        expect(countOf(answers, 503)).toBe(3)
        expect(answers[0]?.headers['retry-after']).toBe('1')
        expect(JSON.parse(answers[0]?.text ?? '').errors[0].extensions.code).toBe(
          'store-unavailable',
        )
      }
      store.isDown = false
      expect(countOf(await askTimes(3, url, headers), 200)).toBe(1)
    },
  )
})
