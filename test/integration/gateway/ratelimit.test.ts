import { describe, expect, it, onTestFinished } from 'vitest'
import type { RateLimitRule } from '../../../src/gateway/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { type Asked, ask, send, textOf } from '../../support/ask.ts'
import { EchoUpstream, sendJson } from '../../support/echo-upstream.ts'
import { failingStore } from '../../support/failing-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { limitRule, type RuleChanges } from '../../support/limit-rules.ts'
import { openStore } from '../../support/open-store.ts'
import { bearer, startGatewayTo, startWorld } from '../../support/start-gateway.ts'
import { TEST_METADATA } from '../../support/test-metadata.ts'
import { waitUntil } from '../../support/wait-until.ts'

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
  it.each(['open', 'closed', 'local'] as const)(
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
      } else if (onStoreFailure === 'local') {
        expect([countOf(answers, 200), countOf(answers, 429)]).toEqual([1, 2])
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

describe('with points of cost', () => {
  const budget = (changes: RuleChanges = {}): ReturnType<typeof rules> =>
    rules({ name: 'budget', unit: 'cost', limit: 50, ...changes })
  const remaining = ({ headers }: Asked): number =>
    Number(/r=(\d+)/.exec(textOf(headers['ratelimit']))?.[1])

  it('reserves the estimate, and gives back what the answer does not have', async () => {
    const world = await startWorld(budget())
    const products = [{ id: 1 }, { id: 2 }]
    world.upstream.respond = (_request, response) => sendJson(response, { data: { products } })
    const headers = { authorization: await bearer('1') }
    const many = '{ products(limit: 30) { id } }'
    // 31 points, of which 4 are for a hit; 3 for what is found, but no less than for a hit.
    expect(remaining(await ask(world.url, many, headers))).toBe(50 - 31)
    expect(remaining(await ask(world.url, many, headers))).toBe(50 - 4 - 4)
    const other = await ask(world.url, '{ a: products(limit: 30) { id } }', headers)
    expect(remaining(other)).toBe(50 - 8 - 31)
  })

  it.each([
    ['a literal', '{ products(limit: 50) { id } }', {}],
    ['a variable', 'query ($n: Int) { products(limit: $n) { id } }', { n: 50 }],
    ['a default', 'query ($n: Int = 50) { products(limit: $n) { id } }', {}],
    ['aliases', '{ a: products(limit: 25) { id } b: products(limit: 24) { id } }', {}],
  ])('refuses what costs more than there ever is, by %s', async (_name, query, variables) => {
    const { url, upstream } = await startWorld(budget())
    const headers = { authorization: await bearer('1') }
    const refused = await ask(url, { query, variables }, headers)
    expect(refused.status).toBe(400)
    expect(refused.headers).not.toHaveProperty('retry-after')
    expect(JSON.parse(refused.text)).toEqual({
      errors: [
        {
          message: 'cost limit of 50 exceeded: the operation costs 51',
          extensions: {
            path: '$',
            code: 'cost-limit-exceeded',
            policy: 'budget',
            limit: 50,
            cost: { requested: 51 },
          },
        },
      ],
    })
    expect(upstream.received).toEqual([])
    const passed = await ask(url, '{ products(limit: 49) { id } }', headers)
    expect(passed.status).toBe(200)
  })

  it('lets hits pass that cost nothing when all is used up', async () => {
    const { url } = await startWorld(rules({ limit: 1, hitWeight: 0 }))
    const headers = { authorization: await bearer('1') }
    expect(countOf(await askTimes(1, url, headers), 200)).toBe(1)
    expect(countOf(await askTimes(5, url, headers), 200)).toBe(5)
    const miss = await ask(url, '{ products { name } }', headers)
    expect(miss.status).toBe(429)
    expect(miss.headers['ratelimit']).toMatch(/^"default";r=0;t=\d+$/)
  })
})

describe('by Hasura’s metadata', () => {
  const limits = (rate: object, more: object = {}): object => ({
    ...TEST_METADATA,
    api_limits: { disabled: false, rate_limit: rate, ...more },
  })

  it('limits without any configuration, and follows the metadata', async () => {
    const upstream = new EchoUpstream()
    await upstream.start()
    upstream.metadata = limits({ global: { max_reqs_per_min: 2 } })
    const changes = { metadata: { pollIntervalMs: 100 } }
    const { url, gateway, stop } = await startGatewayTo(upstream.url, changes)
    onTestFinished(async () => {
      await stop()
      await upstream.stop()
    })
    const headers = { authorization: await bearer('1') }
    const [refused] = (await askTimes(3, url, headers)).filter(({ status }) => status === 429)
    expect(JSON.parse(refused?.text ?? '').errors[0]).toMatchObject({
      message: 'rate limit of 2 exceeded',
      extensions: { code: 'rate-limit-exceeded', policy: 'hasura-api-limits' },
    })
    const admin = { 'x-hasura-admin-secret': ADMIN_SECRET }
    expect(countOf(await askTimes(5, url, admin), 200)).toBe(5)
    expect(gateway.snapshot().limits.rejectedByRule).toEqual({ 'hasura-api-limits': 1 })
    upstream.metadata = limits({ global: { max_reqs_per_min: 2 } }, { disabled: true })
    upstream.resourceVersion += 1
    await waitUntil(async () => (await ask(url, PRODUCTS, headers)).status === 200)
    expect(countOf(await askTimes(5, url, headers), 200)).toBe(5)
  })
})

describe('a rule in shadow', () => {
  it('is counted and refuses nothing', async () => {
    const { url, gateway } = await startWorld(rules({ name: 'hidden', limit: 2, isShadow: true }))
    const answers = await askTimes(5, url, { authorization: await bearer('1') })
    expect(countOf(answers, 200)).toBe(5)
    expect(answers[0]?.headers).not.toHaveProperty('ratelimit')
    expect(gateway.snapshot().limits).toMatchObject({
      allowed: 5,
      rejected: 0,
      shadowedByRule: { hidden: 3 },
    })
    expect(await gateway.metrics.metrics()).toContain(
      'gerbang_ratelimit_shadow_rejections_total{rule="hidden"} 3',
    )
  })
})

describe('how many are asked of Hasura at once', () => {
  const atOnce = (): ReturnType<typeof rules> => rules({ algorithm: 'concurrency', limit: 2 })

  it('is limited, and a place is free when an answer is there', async () => {
    const { url, upstream } = await startWorld(atOnce())
    const held = upstream.hold()
    const headers = { authorization: await bearer('1') }
    const query = (row: number): string => `{ products(limit: ${row}) { id } }`
    const waiting = [1, 2].map((row) => ask(url, query(row), headers))
    await upstream.receives(2)
    const refused = await ask(url, query(3), headers)
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1'])
    expect(refused.headers['ratelimit-policy']).toBe('"default";q=2;qu="concurrent-requests"')
    expect(JSON.parse(refused.text).errors[0].message).toBe('concurrency limit of 2 exceeded')
    held.release()
    expect(countOf(await Promise.all(waiting), 200)).toBe(2)
    expect(countOf(await askTimes(2, url, headers), 200)).toBe(2)
    expect((await ask(url, query(3), headers)).status).toBe(200)
  })

  it('is free again when Hasura fails', async () => {
    const { url, upstream } = await startWorld(atOnce())
    upstream.respond = (_request, response) => void response.destroy()
    const headers = { authorization: await bearer('1') }
    for (let count = 0; count < 4; count += 1) {
      expect((await ask(url, PRODUCTS, headers)).status).toBe(502)
    }
  })
})

it('refuses with 200 where clients want it so', async () => {
  const { rateLimit } = rules({ limit: 1 })
  const { url } = await startWorld({ rateLimit: { ...rateLimit, rejectStatus: 200 } })
  const headers = { authorization: await bearer('1') }
  await ask(url, PRODUCTS, headers)
  const refused = await ask(url, PRODUCTS, headers)
  expect(refused.status).toBe(200)
  expect(refused.headers).toMatchObject({ 'cache-control': 'no-store' })
  expect(refused.headers['retry-after']).toMatch(/^\d+$/)
  expect(JSON.parse(refused.text).errors[0].extensions.code).toBe('rate-limit-exceeded')
})
