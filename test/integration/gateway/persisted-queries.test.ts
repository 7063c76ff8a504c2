import { describe, expect, it } from 'vitest'
import { sha256Of } from '../../../src/gateway/documents/manifest.ts'
import { documentKey } from '../../../src/gateway/keys.ts'
import { nth } from '../../../src/shared/assert.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { type Asked, ask, type Headers, send } from '../../support/ask.ts'
import { failingStore } from '../../support/failing-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { openStore } from '../../support/open-store.ts'
import { bearer, startWorld } from '../../support/start-gateway.ts'

const PRODUCTS = 'query Products($id: Int) { products(where: { id: { _eq: $id } }) { id } }'
const DELETE = 'mutation { delete_products(where: {}) { affected_rows } }'
const GRAPHQL_RESPONSE = 'application/graphql-response+json'

const user = { authorization: await bearer('1') }
const other = { authorization: await bearer('2', 'manager', { 'x-hasura-org-id': '7' }) }
const admin = { 'x-hasura-admin-secret': ADMIN_SECRET }

const persisted = (query: string) => ({
  persistedQuery: { version: 1, sha256Hash: sha256Of(query) },
})
const byHash = (query: string, rest: object = {}) => ({ extensions: persisted(query), ...rest })
const registering = (query: string, rest: object = {}) => ({ query, ...byHash(query, rest) })

/** As JavaScript reads it. */
const told = ({ text }: Asked): unknown => JSON.parse(text)

const getByHash = async (url: string, query: string, headers: Headers): Promise<Asked> => {
  const parameters = new URLSearchParams({ extensions: JSON.stringify(persisted(query)) })
  return await send(url, `/v1/graphql?${parameters.toString()}`, { headers })
}

const NOT_FOUND = {
  errors: [
    { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
  ],
}

describe('automatic persisted queries', () => {
  it.each(['application/json', GRAPHQL_RESPONSE])(
    'are not found in the shape of Apollo Server, with 200, as %s',
    async (accept) => {
      const { url, upstream } = await startWorld()
      const answer = await ask(url, byHash(PRODUCTS), { ...user, accept })
      expect([answer.status, told(answer)]).toEqual([200, NOT_FOUND])
      expect(answer.headers['cache-control']).toBe('no-store')
      expect(upstream.received).toEqual([])
    },
  )

  it('are registered by one request and found by the next, whoever sends it', async () => {
    const { url, upstream } = await startWorld()
    await ask(url, registering(PRODUCTS, { variables: { id: 1 } }), user)
    const found = await ask(url, byHash(PRODUCTS, { variables: { id: 2 } }), other)
    expect(told(found)).toEqual({ data: { products: [] } })
    expect(upstream.received.map(({ body }) => body)).toEqual([
      `{"query":${JSON.stringify(PRODUCTS)},"variables":{"id":1}}`,
      `{"query":${JSON.stringify(PRODUCTS)},"variables":{"id":2}}`,
    ])
  })

  it('share the entry of the same query sent whole', async () => {
    const { url, upstream } = await startWorld()
    await ask(url, { query: PRODUCTS }, user)
    await ask(url, registering(PRODUCTS), user)
    const hit = await ask(url, byHash(PRODUCTS), user)
    expect(hit.headers['cache-status']).toMatch(/^gerbang; hit/)
    expect(upstream.received).toHaveLength(1)
  })

  it('are found by another gateway on the same store', async () => {
    const store = openStore(new FakeClock(Date.now()))
    const one = await startWorld({}, { store })
    const two = await startWorld({}, { store })
    await ask(one.url, registering(PRODUCTS), user)
    expect(told(await ask(two.url, byHash(PRODUCTS), user))).toEqual({ data: { products: [] } })
  })

  it('may be asked for with GET, unless they are mutations', async () => {
    const { url, upstream } = await startWorld()
    await ask(url, registering(DELETE), user)
    await ask(url, registering(PRODUCTS), user)
    expect(await getByHash(url, PRODUCTS, user)).toMatchObject({ status: 200 })
    expect(await getByHash(url, DELETE, user)).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
    })
    expect(upstream.received).toHaveLength(2)
  })

  it.each(['application/json', GRAPHQL_RESPONSE])(
    'are refused with 400 when the hash is another’s, as %s',
    async (accept) => {
      const { url, upstream } = await startWorld()
      const poison = { query: DELETE, ...byHash(PRODUCTS) }
      const answer = await ask(url, poison, { ...user, accept })
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('provided sha does not match query')
      expect(told(await ask(url, byHash(PRODUCTS), user))).toEqual(NOT_FOUND)
      expect(upstream.received).toEqual([])
    },
  )

  it('are not kept when they are no GraphQL', async () => {
    const { url } = await startWorld()
    await ask(url, registering('{ products {'), user)
    expect(told(await ask(url, byHash('{ products {'), user))).toEqual(NOT_FOUND)
  })

  it('are answered and not kept when they are too large', async () => {
    const large = `${PRODUCTS}#${'x'.repeat(10_000)}`
    const { url } = await startWorld()
    expect(told(await ask(url, registering(large), user))).toEqual({ data: { products: [] } })
    expect(told(await ask(url, byHash(large), user))).toEqual(NOT_FOUND)
  })

  const numbered = (number: number): string => `query Q${number} { products { id } }`

  it('are kept up to a number for one user, and for others beside', async () => {
    const { url } = await startWorld({ persistedQueries: { registrationsMax: 2 } })
    for (const number of [1, 2, 3]) await ask(url, registering(numbered(number)), user)
    expect(told(await ask(url, byHash(numbered(2)), user))).not.toEqual(NOT_FOUND)
    expect(told(await ask(url, byHash(numbered(3)), user))).toEqual(NOT_FOUND)
    await ask(url, registering(numbered(3)), other)
    expect(told(await ask(url, byHash(numbered(3)), user))).not.toEqual(NOT_FOUND)
  })

  it('use up nothing when they are registered again', async () => {
    const { url } = await startWorld({ persistedQueries: { registrationsMax: 2 } })
    for (const number of [1, 1, 1, 2]) await ask(url, registering(numbered(number)), user)
    expect(told(await ask(url, byHash(numbered(2)), user))).not.toEqual(NOT_FOUND)
  })

  it('are kept up to a number for all together', async () => {
    const { url } = await startWorld({ persistedQueries: { documentsMax: 2 } })
    for (const number of [1, 2]) await ask(url, registering(numbered(number)), user)
    await ask(url, registering(numbered(3)), other)
    expect(told(await ask(url, byHash(numbered(3)), other))).toEqual(NOT_FOUND)
  })

  it('end in the store after their time', async () => {
    const clock = new FakeClock(Date.now())
    const store = openStore(clock)
    const { url } = await startWorld({ persistedQueries: { ttlMs: 60_000 } }, { store, clock })
    await ask(url, registering(PRODUCTS), user)
    clock.advance(59_999)
    expect(store.get(documentKey(sha256Of(PRODUCTS)))).toEqual(Buffer.from(PRODUCTS))
    clock.advance(2)
    expect(store.get(documentKey(sha256Of(PRODUCTS)))).toBeUndefined()
  })

  it('are not run when the store holds another document under the hash', async () => {
    const { url, store, upstream } = await startWorld()
    await store.set(documentKey(sha256Of(PRODUCTS)), Buffer.from(DELETE))
    expect(told(await ask(url, byHash(PRODUCTS), user))).toEqual(NOT_FOUND)
    expect(upstream.received).toEqual([])
  })

  it('are answered while the store fails, as long as they are sent whole', async () => {
    const store = failingStore(openStore(systemClock))
    const { url } = await startWorld({}, { store })
    store.isDown = true
    expect(told(await ask(url, registering(PRODUCTS), user))).toEqual({ data: { products: [] } })
    expect(told(await ask(url, byHash(PRODUCTS), user))).toEqual(NOT_FOUND)
  })

  it('fail alone in a batch', async () => {
    const { url } = await startWorld()
    const answer = await ask(url, [byHash(PRODUCTS), registering(PRODUCTS), byHash(PRODUCTS)], user)
    expect(told(answer)).toEqual([
      NOT_FOUND,
      { data: { products: [] } },
      { data: { products: [] } },
    ])
  })

  it.each([byHash(PRODUCTS), registering(PRODUCTS)])(
    'are refused as Hasura does when they are off: %j',
    async (body) => {
      const { url, upstream } = await startWorld({ persistedQueries: { enabled: false } })
      expect(told(await ask(url, body, user))).toEqual({
        errors: [
          {
            message: 'PersistedQueryNotSupported',
            extensions: { path: '$', code: 'not-supported' },
          },
        ],
      })
      expect(upstream.received).toEqual([])
    },
  )

  it('are no way round who asks: an identity comes first', async () => {
    const { url } = await startWorld()
    await ask(url, registering(PRODUCTS), user)
    expect((await ask(url, byHash(PRODUCTS))).text).toContain('invalid-headers')
  })
})

describe('trusted documents', () => {
  const documents = new Map([
    ['products', PRODUCTS],
    [`sha256:${sha256Of(PRODUCTS)}`, PRODUCTS],
    ['delete', DELETE],
  ])
  const on = { trustedDocuments: { mode: 'on', documents } } as const
  const only = { trustedDocuments: { mode: 'only', documents } } as const

  it.each(['products', `sha256:${sha256Of(PRODUCTS)}`])(
    'are found by the id %s',
    async (documentId) => {
      const { url, upstream } = await startWorld(on)
      const variables = { id: 1 }
      const posted = await ask(url, { documentId, variables, operationName: 'Products' }, user)
      expect(told(posted)).toEqual({ data: { products: [] } })
      expect(nth(upstream.received, 0).body).toBe(
        `{"operationName":"Products","query":${JSON.stringify(PRODUCTS)},"variables":{"id":1}}`,
      )
      const parameters = new URLSearchParams({ documentId, variables: '{"id":1}' })
      const got = await send(url, `/v1/graphql?${parameters.toString()}`, { headers: user })
      expect(told(got)).toEqual({ data: { products: [] } })
    },
  )

  it('are found by Apollo’s protocol as well, which need not be on', async () => {
    const { url } = await startWorld({ ...on, persistedQueries: { enabled: false } })
    expect(told(await ask(url, byHash(PRODUCTS), user))).toEqual({ data: { products: [] } })
  })

  it.each([
    ['an id that is not listed', { documentId: 'other' }, 'document-not-found'],
    ['an id and a query', { documentId: 'products', query: DELETE }, 'not both'],
  ])('are refused for %s', async (_what, body, reason) => {
    const { url, upstream } = await startWorld(on)
    const answer = await ask(url, body, { ...user, accept: GRAPHQL_RESPONSE })
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(reason)])
    expect(upstream.received).toEqual([])
  })

  it('are not asked for with GET when they are mutations', async () => {
    const { url } = await startWorld(on)
    const answer = await send(url, '/v1/graphql?documentId=delete', { headers: user })
    expect(answer.status).toBe(405)
  })

  it('are nothing when they are off: documentId is a key like any other', async () => {
    const { url } = await startWorld({ trustedDocuments: { mode: 'off', documents } })
    expect((await ask(url, { documentId: 'products' }, user)).text).toContain('not found')
    const answer = await ask(url, { documentId: 'products', query: '{ products { id } }' }, user)
    expect(told(answer)).toEqual({ data: { products: [] } })
  })

  describe('only', () => {
    it.each([
      ['a query', { query: '{ products { id } }' }],
      ['a listed document sent whole', { query: PRODUCTS }],
      ['a query with an id', { query: '{ a }', documentId: 'products' }],
      ['a registration', registering('{ products { id } }')],
      ['a batch', [{ query: '{ a }' }]],
    ])('refuse %s', async (_what, body) => {
      const { url, upstream } = await startWorld(only)
      const answer = await ask(url, body, user)
      expect(answer.text).toContain('document-not-trusted')
      expect(upstream.received).toEqual([])
    })

    it('refuse it under the other paths of GraphQL too', async () => {
      const { url, upstream } = await startWorld(only)
      for (const path of ['/v1alpha1/graphql', '/v1beta1/relay']) {
        const body = JSON.stringify({ query: '{ a }' })
        const answer = await send(url, path, { method: 'POST', headers: user, body })
        expect(answer.text).toContain('document-not-trusted')
      }
      expect(upstream.received).toEqual([])
    })

    it('answer what is listed, and an admin’s', async () => {
      const { url } = await startWorld(only)
      for (const [body, headers] of [
        [{ documentId: 'products' }, user],
        [byHash(PRODUCTS), user],
        [{ query: '{ products { id } }' }, admin],
      ] as const) {
        expect(told(await ask(url, body, headers))).toEqual({ data: { products: [] } })
      }
    })
  })
})

describe('what became of documents', () => {
  it('is counted: registered, found, not found, changed, too large, too many', async () => {
    const persistedQueries = { registrationsMax: 2, documentsMax: 3, documentBytesMax: 100 }
    const store = failingStore(openStore(new FakeClock(Date.now())))
    const { url, gateway } = await startWorld({ persistedQueries }, { store })
    const query = (name: string): string => `query ${name} { products { id } }`
    await ask(url, byHash(query('A')), user)
    for (const name of ['A', 'A', 'B', 'C']) await ask(url, registering(query(name)), user)
    for (const name of ['D', 'E']) await ask(url, registering(query(name)), other)
    await ask(url, byHash(query('A')), other)
    await ask(url, { query: query('X'), ...byHash(query('A')) }, user)
    await ask(url, registering(query('L'.repeat(100))), user)
    store.isDown = true
    await ask(url, registering(query('F')), user)
    const order = { ...byHash(query('A')), role: 'user' }
    await gateway.explain(Buffer.from(JSON.stringify(order)))
    expect(gateway.snapshot().documents).toEqual({
      trusted: 0,
      'unknown-id': 0,
      untrusted: 0,
      hit: 1,
      miss: 1,
      registered: 3,
      known: 1,
      mismatch: 1,
      'too-large': 1,
      'over-quota': 1,
      full: 1,
      'store-failed': 1,
    })
    expect(await gateway.metrics.metrics()).toContain(
      'gerbang_documents_total{result="registered"} 3',
    )
  })

  it('is counted of trusted ones: answered, not listed, not allowed', async () => {
    const documents = new Map([['products', PRODUCTS]])
    const { url, gateway } = await startWorld({ trustedDocuments: { mode: 'only', documents } })
    await ask(url, { documentId: 'products' }, user)
    await ask(url, byHash(PRODUCTS), user)
    await ask(url, { documentId: 'unknown' }, user)
    await ask(url, { query: PRODUCTS }, user)
    await ask(url, { query: PRODUCTS }, admin)
    const order = { query: PRODUCTS, role: 'user', session: {} }
    await gateway.explain(Buffer.from(JSON.stringify(order))).catch(() => undefined)
    const { trusted, 'unknown-id': unknown, untrusted } = gateway.snapshot().documents
    // By its hash it is not listed here: the manifest has it under a name.
    expect([trusted, unknown, untrusted]).toEqual([1, 1, 2])
  })
})
