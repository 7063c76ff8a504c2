import { describe, expect, it } from 'vitest'
import { startExplainedWorld } from '../../support/explained-world.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { limitRule } from '../../support/limit-rules.ts'
import { bearer } from '../../support/start-gateway.ts'

const USER = { role: 'user', session: { 'X-Hasura-User-Id': '1' } }
const PER_USER = limitRule({ name: 'per-user', limit: 120 })
const RULES = [
  PER_USER,
  limitRule({ name: 'managers', roles: ['manager'], per: 'role', limit: 5, windowMs: 1_000 }),
]

describe('POST /explain', () => {
  it('tells all that decides about a request', async () => {
    const world = await startExplainedWorld({
      rateLimit: { rules: RULES },
      cache: {
        ttlMaxMs: 30_000,
        ttlJitter: 0.1,
        rules: [
          { tables: ['products'], ttlMs: 1_000 },
          { tables: ['orders'], ttlMs: 60_000, staleIfErrorMs: 5_000 },
        ],
      },
    })
    const query =
      'query Mine($n: Int) { orders(limit: $n, where: {id: {_gt: 1}}) { id  # the id\n} }'
    const { identity, plan, ...explained } = await world.explain({
      ...USER,
      query,
      variables: { n: 5 },
    })
    expect(identity).toEqual({ kind: 'admin', role: 'user', userId: '1' })
    expect(plan).toEqual({
      isByMetadata: true,
      metadataVersion: expect.any(String),
      tables: ['default:public.orders'],
      sessionVariables: [
        {
          name: 'x-hasura-user-id',
          value: '1',
          because: ['the filter of role user on default:public.orders'],
        },
      ],
      headers: [],
      forwardedHeaders: [],
      reads: [
        { value: 'table:default:public.orders', because: ['the rows of default:public.orders'] },
      ],
      writes: [],
      uncacheable: [],
      onRequestOnly: [],
    })
    expect(explained).toEqual({
      operation: {
        kind: 'query',
        name: 'Mine',
        document: 'query Mine($n:Int){orders(limit:$n,where:{id:{_gt:1}}){id}}',
        variables: '{"n":5}',
        depth: { is: 1, max: 50 },
        nodes: { is: 1, max: 1_000 },
      },
      limits: [
        {
          name: 'per-user',
          per: ['user'],
          unit: 'requests',
          algorithm: 'window',
          limit: 120,
          windowMs: 60_000,
          isShadow: false,
          subject: 'user 1',
          cost: 1,
        },
      ],
      ttl: {
        ttlMs: 30_000,
        source: 'rule',
        ruleNumber: 2,
        rule: { tables: ['orders'], ttlMs: 60_000, staleIfErrorMs: 5_000 },
        isCapped: true,
        jitter: 0.1,
        staleWhileRevalidateMs: 0,
        staleIfErrorMs: 5_000,
      },
      keys: {
        cacheKey: expect.stringMatching(/^[\da-f]{40}$/),
        familyKey: expect.stringMatching(/^[\da-f]{40}$/),
      },
      verdict: { result: 'miss', reason: 'absent', because: expect.any(String), tags: [] },
    })
  })

  it('names the keys that clients are shown', async () => {
    const world = await startExplainedWorld()
    const { headers } = await world.askAs('1', '{ orders { id } }')
    const { keys } = await world.explain({ ...USER, query: '{ orders { id } }' })
    expect(keys).toEqual({
      cacheKey: headers['x-hasura-query-cache-key'],
      familyKey: headers['x-hasura-query-family-cache-key'],
    })
  })

  it.each([
    ['query @cached { orders { id } }', { ttlMs: 60_000, source: 'default' }],
    ['query @cached(ttl: 7) { orders { id } }', { ttlMs: 7_000, source: 'directive' }],
  ])('tells where the TTL of %s is from', async (query, ttl) => {
    const world = await startExplainedWorld()
    expect((await world.explain({ ...USER, query })).ttl).toMatchObject(ttl)
  })

  it('asks nothing of the upstream, counts nothing and keeps nothing', async () => {
    const world = await startExplainedWorld({ rateLimit: { rules: [{ ...PER_USER, limit: 1 }] } })
    for (let count = 0; count < 3; count += 1) {
      await world.explain({ ...USER, query: '{ orders { id } }' })
    }
    expect(world.upstream.received).toEqual([])
    expect(world.gateway.snapshot()).toMatchObject({
      requests: { total: 0 },
      limits: { allowed: 0, rejected: 0 },
      cache: { fills: 0 },
    })
    expect((await world.askAs('1', '{ orders { id } }')).headers['cache-status']).toContain('miss')
  })

  it('keeps the text of numbers: 1 and 1.0 have two keys', async () => {
    const world = await startExplainedWorld()
    const keyOf = async (number: string): Promise<unknown> => {
      const variables = `{"n": ${number}}`
      const query = '"query ($n: numeric) { orders(where: {total: {_gt: $n}}) { id } }"'
      const { text } = await world.post(
        `{"role": "user", "session": {}, "query": ${query}, "variables": ${variables}}`,
      )
      return JSON.parse(text).keys.cacheKey
    }
    expect(await keyOf('1')).not.toBe(await keyOf('1.0'))
    expect(await keyOf('1')).toBe(await keyOf('1'))
  })

  it('finds out from the headers who asks, as for a client', async () => {
    const world = await startExplainedWorld()
    const query = '{ orders { id } }'
    const authorization = await bearer('7', 'manager', { 'x-hasura-org-id': '3' })
    const { identity, plan, limits } = await world.explain({
      query,
      headers: { Authorization: authorization },
    })
    expect(identity).toEqual({ kind: 'jwt', role: 'manager', userId: '7' })
    expect(plan.sessionVariables).toMatchObject([{ name: 'x-hasura-org-id', value: '3' }])
    expect(limits).toEqual([])
  })

  it('names headers in the key without their values', async () => {
    const world = await startExplainedWorld()
    const actions = [
      {
        name: 'ask',
        definition: { type: 'query', forward_client_headers: true, kind: 'synchronous' },
      },
    ]
    world.upstream.metadata = { ...world.upstream.metadata, actions }
    world.upstream.resourceVersion += 1
    await world.reloadMetadata()
    const { plan } = await world.explain({
      ...USER,
      query: 'query @cached { ask(about: 1) { answer } }',
      headers: { 'X-Client-Token': 'hunter2' },
    })
    expect(plan.headers).toContain('x-client-token')
    expect(plan.forwardedHeaders).toHaveLength(1)
    expect(plan.sessionVariables).toMatchObject([{ name: 'x-hasura-role' }, { value: '1' }])
    expect(JSON.stringify(plan)).not.toContain('hunter2')
  })

  it('tells what a mutation writes', async () => {
    const world = await startExplainedWorld()
    const query = 'mutation { delete_orders(where: {}) { affected_rows } }'
    const { plan, verdict } = await world.explain({ ...USER, query })
    expect(plan.writes.map(({ value }) => value)).toContain('table:default:public.orders')
    expect(verdict).toMatchObject({ result: 'bypass', reason: 'mutation' })
  })

  it('tells of each member of a batch what becomes of it', async () => {
    const world = await startExplainedWorld({ limits: { batchMax: 4 } })
    const { headers } = await world.askAs('1', '{ orders { id } }')
    const hash = '0'.repeat(64)
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } }
    const batch = [
      { query: '{ orders { id } }', ignored: 1, extensions },
      { query: '{ orders(limit: 5) { id } }' },
      { query: '{ orders { id }' },
      { query: 'mutation { delete_orders(where: {}) { affected_rows } }' },
    ]
    const told = await world.explainBatch({ ...USER, batch })
    expect(told).toMatchObject([
      {
        identity: { role: 'user', userId: '1' },
        keys: { cacheKey: headers['x-hasura-query-cache-key'] },
        verdict: { result: 'hit' },
      },
      { verdict: { result: 'miss', reason: 'absent' } },
      { code: 'validation-failed', path: '$.query', error: expect.any(String) },
      { verdict: { result: 'bypass', reason: 'mutation' } },
    ])
    expect(told[0]).toEqual(await world.explain({ ...USER, query: '{ orders { id } }' }))
    // Nothing was registered on the way.
    expect(await world.explainBatch({ ...USER, batch: [{ extensions }] })).toMatchObject([
      { error: 'PersistedQueryNotFound' },
    ])
    for (const [order, path, code] of [
      [{ batch: {} }, '$.batch', 'parse-failed'],
      [{ batch, query: '{ a }' }, '$.query', 'parse-failed'],
      [{ batch: [1] }, '$[0]', 'parse-failed'],
      [{ batch: [...batch, ...batch] }, '$', 'batch-limit-exceeded'],
    ] as const) {
      const { status, text } = await world.post(JSON.stringify({ ...USER, ...order }))
      expect([status, JSON.parse(text)]).toMatchObject([400, { path, code }])
    }
  })

  describe('refuses', () => {
    it.each([{}, { 'x-hasura-admin-secret': 'wrong' }])(
      '%j, which is no admin',
      async (headers) => {
        const world = await startExplainedWorld()
        const { status, text } = await world.post('{}', headers)
        expect(status).toBe(401)
        expect(JSON.parse(text)).toEqual({
          path: '$',
          error: 'invalid or missing "x-hasura-admin-secret"',
          code: 'access-denied',
        })
      },
    )

    it('what is no request, in Hasura’s shape', async () => {
      const world = await startExplainedWorld()
      const bad: readonly (readonly [string, number, string, string])[] = [
        ['', 400, 'invalid-json', '$'],
        ['{', 400, 'invalid-json', '$'],
        ['[]', 400, 'parse-failed', '$'],
        ['{"query": 1}', 400, 'parse-failed', '$.query'],
        ['{"query": "{ a }", "rolle": "user"}', 400, 'parse-failed', '$.rolle'],
        ['{"query": "{ a }", "role": ["user"]}', 400, 'parse-failed', '$.role'],
        ['{"query": "{ a }", "session": {"x-hasura-a": "1"}}', 400, 'parse-failed', '$.role'],
        ['{"query": "{ a }", "role": "u", "session": []}', 400, 'parse-failed', '$.session'],
        [
          '{"query": "{ a }", "role": "u", "session": {"a": "1"}}',
          400,
          'parse-failed',
          '$.session.a',
        ],
        [
          '{"query": "{ a }", "role": "u", "session": {"x-hasura-a": 1}}',
          400,
          'parse-failed',
          '$.session.x-hasura-a',
        ],
        [
          '{"query": "{ a }", "role": "u", "session": {"x-hasura-a": "1", "X-Hasura-A": "2"}}',
          400,
          'parse-failed',
          '$.session.X-Hasura-A',
        ],
        [
          '{"query": "{ a }", "role": "u", "headers": {"a b": "1"}}',
          400,
          'parse-failed',
          '$.headers.a b',
        ],
        ['{"query": "{ a }", "role": "u", "variables": 1}', 400, 'parse-failed', '$.variables'],
        ['{"query": "{ a", "role": "u"}', 400, 'validation-failed', '$.query'],
        ['{"query": "{ a } { b }", "role": "u"}', 400, 'validation-failed', '$'],
        ['{"query": "{ a }"}', 400, 'invalid-headers', '$'],
        ['{"role": "u"}', 400, 'parse-failed', '$'],
      ]
      for (const [body, status, code, path] of bad) {
        const answer = await world.post(body)
        expect([body, answer.status, JSON.parse(answer.text)]).toEqual([
          body,
          status,
          { path, error: expect.any(String), code },
        ])
      }
    })

    it('a token that is none, with what the client would be told', async () => {
      const world = await startExplainedWorld()
      const order = { query: '{ a }', headers: { authorization: 'Bearer nonsense' } }
      const { status, text } = await world.post(JSON.stringify(order))
      expect(status).toBe(400)
      expect(JSON.parse(text)).toMatchObject({ code: 'invalid-jwt' })
    })

    it('a body beyond its limit, and takes one within', async () => {
      const world = await startExplainedWorld({ limits: { bodyBytesMax: 2_000_000 } })
      const order = JSON.stringify({ ...USER, query: '{ orders { id } }' })
      const within = await world.post(order.padEnd(1_048_576))
      expect(within.status).toBe(200)
      const beyond = await world.post(order.padEnd(1_048_577))
      expect(beyond.status).toBe(413)
      expect(JSON.parse(beyond.text)).toEqual({
        path: '$',
        error: 'the body is larger than 1048576 bytes',
        code: 'payload-too-large',
      })
    })
  })

  it('says when Hasura’s metadata is not known', async () => {
    const world = await startExplainedWorld({ upstream: { adminSecret: undefined } })
    world.upstream.metadata = {}
    await world.reloadMetadata()
    const { plan } = await world.explain({ ...USER, query: '{ orders { id } }' })
    expect(plan.isByMetadata).toBe(false)
    expect(plan.sessionVariables).toEqual([
      { name: 'x-hasura-role', value: 'user', because: ['Hasura’s metadata is not known'] },
      { name: 'x-hasura-user-id', value: '1', because: ['Hasura’s metadata is not known'] },
    ])
  })

  it('never tells the admin secret', async () => {
    const world = await startExplainedWorld()
    const { text } = await world.post(
      JSON.stringify({ query: '{ a }', headers: { 'x-hasura-admin-secret': ADMIN_SECRET } }),
    )
    expect(JSON.parse(text)).toMatchObject({ identity: { kind: 'admin', role: 'admin' } })
    expect(text).not.toContain(ADMIN_SECRET)
  })
})
