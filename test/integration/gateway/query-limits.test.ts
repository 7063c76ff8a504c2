import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { sha256Of } from '../../../src/gateway/documents/manifest.ts'
import type { QueryLimitRule } from '../../../src/gateway/index.ts'
import { type Asked, ask, send } from '../../support/ask.ts'
import { countingRows, sendJson } from '../../support/echo-upstream.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { bearer, type OptionChanges, startWorld, type World } from '../../support/start-gateway.ts'
import { TEST_METADATA } from '../../support/test-metadata.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { WsClient } from '../../support/ws-client.ts'
import { WsUpstream } from '../../support/ws-upstream.ts'

const GRAPHQL_RESPONSE = 'application/graphql-response+json'
const PRODUCTS = '{ products { id } }'
const DEEP = '{ products { orders { id } } }'
const SCHEMA = '{ x: __schema { types { name } } }'

const user = { authorization: await bearer('1') }
const manager = { authorization: await bearer('2', 'manager') }
const admin = { 'x-hasura-admin-secret': ADMIN_SECRET }

const rulesFor = (...rules: readonly QueryLimitRule[]): OptionChanges => ({
  queryLimits: { rules },
})

function errorOf({ text }: Asked): { readonly code: string; readonly message: string } {
  const { message, extensions } = JSON.parse(text).errors[0]
  return { code: extensions.code, message }
}

/** A gateway whose Hasura has these in its metadata. */
async function startWithMetadata(members: object, changes: OptionChanges = {}): Promise<World> {
  const world = await startWorld({ ...changes, metadata: { pollIntervalMs: 20 } })
  world.upstream.metadata = { ...TEST_METADATA, ...members }
  world.upstream.resourceVersion += 1
  await waitUntil(
    () => world.gateway.snapshot().metadata.resourceVersion === world.upstream.resourceVersion,
  )
  world.upstream.received.length = 0
  return world
}

describe('limits of a role', () => {
  const cases: readonly (readonly [
    rule: QueryLimitRule,
    sent: object,
    code: string,
    message: string,
    status: number,
  ])[] = [
    [{ depthMax: 1 }, { query: DEEP }, 'depth-limit-exceeded', 'depth limit of 1 exceeded', 200],
    [{ nodesMax: 1 }, { query: DEEP }, 'node-limit-exceeded', 'node limit of 1 exceeded', 200],
    [{ tokensMax: 8 }, { query: DEEP }, 'token-limit-exceeded', 'token limit of 8 exceeded', 200],
    [
      { aliasesMax: 0 },
      { query: '{ x: a { b } }' },
      'alias-limit-exceeded',
      'alias limit of 0 exceeded',
      200,
    ],
    [
      { rootFieldsMax: 1 },
      { query: '{ a b }' },
      'root-field-limit-exceeded',
      'root field limit of 1 exceeded',
      200,
    ],
    [
      { directivesMax: 0 },
      { query: '{ a @b }' },
      'directive-limit-exceeded',
      'directive limit of 0 exceeded',
      200,
    ],
    [
      { variablesBytesMax: 6 },
      { query: PRODUCTS, variables: { a: 10 } },
      'variables-limit-exceeded',
      'variables limit of 6 bytes exceeded',
      200,
    ],
    [
      { variablesDepthMax: 1 },
      { query: PRODUCTS, variables: { a: [] } },
      'variables-limit-exceeded',
      'variables depth limit of 1 exceeded',
      200,
    ],
    [
      { batchMax: 1 },
      [{ query: PRODUCTS }, { query: PRODUCTS }],
      'batch-limit-exceeded',
      'batch limit of 1 exceeded',
      200,
    ],
    [
      { bodyBytesMax: 30 },
      { query: DEEP },
      'payload-too-large',
      'the request body is larger than 30 bytes',
      413,
    ],
    [
      { introspection: false },
      { query: SCHEMA },
      'introspection-disabled',
      "field '__schema' not found in type: 'query_root'",
      200,
    ],
  ]

  it.each(cases)('%j refuse %j with %s', async (rule, sent, code, message, status) => {
    const { url, upstream, gateway } = await startWorld(rulesFor({ roles: ['user'], ...rule }))
    upstream.respond = countingRows()
    const refused = await ask(url, sent, user)
    expect([refused.status, errorOf(refused)]).toEqual([status, { code, message }])
    expect(refused.headers['cache-control']).toBe('no-store')
    const told = await ask(url, sent, { ...user, accept: GRAPHQL_RESPONSE })
    expect(told.status).toBe(status === 200 ? 400 : status)
    expect(upstream.received).toEqual([])
    expect(gateway.snapshot().queryLimits[code]).toBe(2)
    expect((await ask(url, sent, manager)).text).toContain('"call":')
    expect((await ask(url, sent, admin)).text).toContain('"call":')
  })

  it('hold for what is kept already', async () => {
    const { url, upstream } = await startWorld(rulesFor({ roles: ['manager'], depthMax: 0 }))
    upstream.respond = countingRows()
    await ask(url, PRODUCTS, user)
    expect((await ask(url, PRODUCTS, user)).headers['cache-status']).toMatch(/hit/)
    expect(errorOf(await ask(url, PRODUCTS, manager)).code).toBe('depth-limit-exceeded')
    expect(upstream.received).toHaveLength(1)
  })

  it('hold for each member of a batch, which fails alone', async () => {
    const { url, upstream } = await startWorld(rulesFor({ depthMax: 1 }))
    upstream.respond = countingRows()
    const { text } = await ask(url, [{ query: PRODUCTS }, { query: DEEP }], user)
    const [first, second] = JSON.parse(text)
    expect(first).toEqual({ data: { call: 1 } })
    expect(second.errors[0].extensions.code).toBe('depth-limit-exceeded')
  })

  it('hold for GET, and for its URL', async () => {
    const { url, upstream } = await startWorld(rulesFor({ depthMax: 1, urlLengthMax: 300 }))
    const get = async (query: string, filler = ''): Promise<Asked> =>
      await send(url, `/v1/graphql?query=${encodeURIComponent(query)}&x=${filler}`, {
        headers: user,
      })
    expect(errorOf(await get(DEEP)).code).toBe('depth-limit-exceeded')
    expect((await get(PRODUCTS, 'x'.repeat(200))).status).toBe(200)
    const refused = await get(PRODUCTS, 'x'.repeat(300))
    expect([refused.status, errorOf(refused)]).toEqual([
      414,
      { code: 'uri-too-long', message: 'the URL is longer than 300 characters' },
    ])
    expect(upstream.received).toHaveLength(1)
  })

  it('hold for persisted queries and trusted documents', async () => {
    const documents = new Map([['deep', DEEP]])
    const trustedDocuments = { mode: 'on', documents } as const
    const { url, upstream } = await startWorld({
      ...rulesFor({ roles: ['user'], depthMax: 1 }),
      trustedDocuments,
    })
    upstream.respond = countingRows()
    const persistedQuery = { version: 1, sha256Hash: sha256Of(DEEP) }
    const registered = await ask(url, { query: DEEP, extensions: { persistedQuery } }, manager)
    expect(registered.text).toContain('"call":')
    for (const sent of [{ documentId: 'deep' }, { extensions: { persistedQuery } }]) {
      expect(errorOf(await ask(url, sent, user)).code).toBe('depth-limit-exceeded')
      expect((await ask(url, sent, manager)).text).toContain('"call":')
    }
  })

  it('hold for GraphQL under other paths', async () => {
    const { url, upstream } = await startWorld(rulesFor({ depthMax: 1, introspection: false }))
    for (const path of ['/v1alpha1/graphql', '/v1beta1/relay']) {
      const post = async (query: string): Promise<Asked> =>
        await send(url, path, { method: 'POST', headers: user, body: JSON.stringify({ query }) })
      expect(errorOf(await post(DEEP)).code).toBe('depth-limit-exceeded')
      expect(errorOf(await post(SCHEMA)).code).toBe('introspection-disabled')
      expect(errorOf(await post(`{ ${'a '.repeat(20_000)}}`)).code).toBe('token-limit-exceeded')
      expect((await post(PRODUCTS)).status).toBe(200)
    }
    expect(upstream.received).toHaveLength(2)
  })

  it('hold over WebSockets', async () => {
    const world = await startWorld(rulesFor({ depthMax: 1, introspection: false }))
    const { client, sent } = await openSocket(world)
    client.subscribe('1', DEEP)
    client.subscribe('2', 'subscription { products { orders { id } } }')
    client.subscribe('3', SCHEMA)
    client.subscribe('4', `{ ${'a '.repeat(20_000)}}`)
    const codes: unknown[] = []
    for (let count = 0; count < 4; count += 1) codes.push(await client.next())
    expect(codes).toMatchObject(
      [
        'depth-limit-exceeded',
        'depth-limit-exceeded',
        'introspection-disabled',
        'token-limit-exceeded',
      ].map((code, index) => ({
        type: 'error',
        id: `${index + 1}`,
        payload: [{ extensions: { code } }],
      })),
    )
    expect(sent()).toEqual(['connection_init'])
    await client.close()
  })
})

/** Acknowledged; `sent` tells the types of what the upstream has received. */
async function openSocket(world: World): Promise<{
  readonly client: WsClient
  readonly ws: WsUpstream
  readonly sent: () => readonly string[]
}> {
  const ws = new WsUpstream(world.upstream)
  const client = await WsClient.open(world.url, user)
  const upstream = await ws.opened(0)
  const types: string[] = []
  upstream.socket.on('message', (data: Buffer) => types.push(JSON.parse(data.toString()).type))
  client.send({ type: 'connection_init', payload: {} })
  await once(upstream.socket, 'message')
  upstream.socket.send('{"type":"connection_ack"}')
  await client.next()
  return { client, ws, sent: () => types }
}

describe('the limits of everybody', () => {
  it('are admins’, too', async () => {
    const limits = { depthMax: 1, variablesDepthMax: 1, variablesBytesMax: 10 }
    const { url, upstream } = await startWorld({ limits })
    const refusals = [
      { query: DEEP },
      { query: PRODUCTS, variables: { a: [] } },
      { query: PRODUCTS, variables: { a: 'too much' } },
    ].map(async (sent) => errorOf(await ask(url, sent, admin)).code)
    expect(await Promise.all(refusals)).toEqual([
      'depth-limit-exceeded',
      'variables-limit-exceeded',
      'variables-limit-exceeded',
    ])
    expect(upstream.received).toEqual([])
  })

  it('are those of a URL whatever its path is', async () => {
    const { url, upstream } = await startWorld({ limits: { urlLengthMax: 300 } })
    for (const path of ['/v1/graphql', '/api/rest/products']) {
      expect((await send(url, `${path}?${'x'.repeat(300)}`, { headers: user })).status).toBe(414)
    }
    const longest = `/api/rest/products?${'x'.repeat(281)}`
    expect((await send(url, longest, { headers: user })).status).toBe(200)
    expect(upstream.received).toHaveLength(1)
  })
})

describe('Hasura’s api_limits', () => {
  const api_limits = {
    depth_limit: { global: 1, per_role: { manager: 2 } },
    node_limit: { global: 10 },
    batch_limit: { global: 1 },
  }

  it('are enforced in its stead, for all but admins', async () => {
    const { url, upstream } = await startWithMetadata({ api_limits })
    expect(errorOf(await ask(url, DEEP, user))).toEqual({
      code: 'depth-limit-exceeded',
      message: 'depth limit of 1 exceeded',
    })
    const batch = [{ query: PRODUCTS }, { query: PRODUCTS }]
    expect(errorOf(await ask(url, batch, user)).code).toBe('batch-limit-exceeded')
    expect(upstream.received).toEqual([])
    expect((await ask(url, DEEP, manager)).text).toContain('data')
    expect((await ask(url, batch, admin)).text).toContain('data')
  })

  it('are not when they are disabled, or the configuration says so', async () => {
    const disabled = await startWithMetadata({ api_limits: { ...api_limits, disabled: true } })
    expect((await ask(disabled.url, DEEP, user)).text).toContain('data')
    const off = await startWithMetadata(
      { api_limits },
      { queryLimits: { enforcesApiLimits: false } },
    )
    expect((await ask(off.url, DEEP, user)).text).toContain('data')
  })

  it('follow the metadata', async () => {
    const world = await startWithMetadata({ api_limits })
    expect(errorOf(await ask(world.url, DEEP, user)).code).toBe('depth-limit-exceeded')
    world.upstream.metadata = TEST_METADATA
    world.upstream.resourceVersion += 1
    await waitUntil(async () => (await ask(world.url, DEEP, user)).text.includes('data'))
  })
})

describe('a time limit', () => {
  const SOON_MS = 20

  it.each([
    ['a query that may be kept', PRODUCTS],
    ['one that may not', 'query @cached(ttl: 0) { products { id } }'],
    ['a mutation', 'mutation { delete_products(where: {}) { affected_rows } }'],
  ])('ends %s, on the upstream’s side too', async (_what, query) => {
    const { url, upstream, gateway } = await startWorld(
      rulesFor({ roles: ['user'], timeMs: SOON_MS }),
    )
    const closed = new Promise<void>((resolve) => {
      upstream.respond = (_request, response) => void response.once('close', resolve)
    })
    const refused = await ask(url, query, user)
    expect([refused.status, errorOf(refused)]).toEqual([
      200,
      { code: 'time-limit-exceeded', message: 'time limit of 0.02 seconds exceeded' },
    ])
    await closed
    expect(upstream.received).toHaveLength(1)
    const { queryLimits, upstream: asked } = gateway.snapshot()
    expect(queryLimits['time-limit-exceeded']).toBe(1)
    expect(asked.failuresByCode['time-limit-exceeded']).toBe(1)
  })

  it('has a status of its own for who can read it', async () => {
    const { url, upstream } = await startWorld(rulesFor({ timeMs: SOON_MS }))
    upstream.respond = () => undefined
    expect((await ask(url, PRODUCTS, { ...user, accept: GRAPHQL_RESPONSE })).status).toBe(504)
  })

  it('is Hasura’s, in seconds', async () => {
    const { url, upstream } = await startWithMetadata({
      api_limits: { time_limit: { global: 0.05 } },
    })
    upstream.respond = () => undefined
    expect(errorOf(await ask(url, PRODUCTS, user)).message).toBe(
      'time limit of 0.05 seconds exceeded',
    )
  })

  it('counts the wait for a connection', async () => {
    const changes = {
      upstream: { connections: 1 },
      ...rulesFor({ roles: ['user'], timeMs: SOON_MS }),
    }
    const { url, upstream, gateway } = await startWorld(changes)
    const held = upstream.hold(countingRows())
    const first = ask(url, PRODUCTS, manager)
    await upstream.receives(1)
    expect(errorOf(await ask(url, '{ products { name } }', user)).code).toBe('time-limit-exceeded')
    held.release()
    expect((await first).text).toBe('{"data":{"call":1}}')
    expect((await ask(url, DEEP, manager)).text).toBe('{"data":{"call":2}}')
    expect(gateway.snapshot().upstream.inFlight).toBe(0)
  })

  it('lets a stale answer take the place of none', async () => {
    const changes = { cache: { staleIfErrorMs: 60_000 }, ...rulesFor({ timeMs: SOON_MS }) }
    const world = await startWorld({ ...changes, queryLimits: { rules: [{ timeMs: SOON_MS }] } })
    world.upstream.respond = countingRows()
    const query = 'query @cached(ttl: 1) { products { id } }'
    const kept = await waitUntilAnswered(world, query)
    world.upstream.respond = () => undefined
    await waitUntil(async () => {
      const { text, headers } = await ask(world.url, query, user)
      expect(text).toBe(kept)
      return String(headers['cache-status']).includes('stale-if-error')
    })
  })

  it('holds for queries over WebSockets', async () => {
    const world = await startWorld(rulesFor({ timeMs: SOON_MS }))
    const { client, sent } = await openSocket(world)
    world.upstream.respond = () => undefined
    client.subscribe('1', 'query @cached(ttl: 0) { products { id } }')
    expect(await client.next()).toMatchObject({
      type: 'error',
      id: '1',
      payload: [{ extensions: { code: 'time-limit-exceeded' } }],
    })
    expect(sent()).toEqual(['connection_init'])
    await client.close()
  })
})

/** A busy machine may take longer than the limit once. */
async function waitUntilAnswered(world: World, query: string): Promise<string> {
  let answer = ''
  await waitUntil(async () => {
    answer = (await ask(world.url, query, user)).text
    return answer.includes('data')
  })
  return answer
}

describe('introspection that is off', () => {
  it.each([
    '{ __schema { types { name } } }',
    '{ __type(name: "x") { name } }',
    '{ ...F } fragment F on query_root { ... on query_root { x: __schema { types { name } } } }',
    'query A { __typename } query B { __schema { types { name } } }',
    '{ _service { sdl } }',
  ])('is off for %s', async (query) => {
    const { url, upstream } = await startWorld(rulesFor({ introspection: false }))
    const operationName = query.startsWith('query A') ? 'B' : undefined
    expect(errorOf(await ask(url, { query, operationName }, user)).code).toBe(
      'introspection-disabled',
    )
    expect(upstream.received).toEqual([])
    expect((await ask(url, { query, operationName }, admin)).status).toBe(200)
    expect(upstream.received).toHaveLength(1)
  })

  it('leaves __typename', async () => {
    const { url } = await startWorld(rulesFor({ introspection: false }))
    expect((await ask(url, '{ __typename products { __typename } }', user)).text).toContain('data')
  })

  it('is off where Hasura’s metadata says so', async () => {
    const graphql_schema_introspection = { disabled_for_roles: ['user'] }
    const { url, upstream } = await startWithMetadata({ graphql_schema_introspection })
    expect(errorOf(await ask(url, SCHEMA, user)).code).toBe('introspection-disabled')
    expect(upstream.received).toEqual([])
    expect((await ask(url, SCHEMA, manager)).text).toContain('data')
  })

  it.each([PRODUCTS, 'query @cached(ttl: 0) { products { id } }', 'mutation { a }'])(
    'takes the suggestions out of errors: %s',
    async (query) => {
      const { url, upstream } = await startWorld(
        rulesFor({ roles: ['user'], introspection: false }),
      )
      const message = 'Cannot query field "a". Did you mean "b"?'
      upstream.respond = (_request, response) => sendJson(response, { errors: [{ message }] })
      const bare = { errors: [{ message: 'Cannot query field "a".' }] }
      expect(JSON.parse((await ask(url, query, user)).text)).toEqual(bare)
      expect((await ask(url, query, manager)).text).toContain('Did you mean')
    },
  )
})
