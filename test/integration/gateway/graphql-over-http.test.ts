import { describe, expect, it } from 'vitest'
import { nth } from '../../../src/shared/assert.ts'
import { ask, type Headers, send } from '../../support/ask.ts'
import { sendJson } from '../../support/echo-upstream.ts'
import { limitRule } from '../../support/limit-rules.ts'
import { bearer, type OptionChanges, startWorld } from '../../support/start-gateway.ts'

const PRODUCTS = '{ products { id } }'
const DELETE = 'mutation { delete_products(where: {}) { affected_rows } }'
const GRAPHQL_RESPONSE = 'application/graphql-response+json'

const user = { authorization: await bearer('1') }
const anonymous: OptionChanges = { auth: { unauthorizedRole: 'anonymous' } }

const targetOf = (parameters: Readonly<Record<string, string>>): string =>
  `/v1/graphql?${new URLSearchParams(parameters).toString()}`

const get = async (url: string, parameters: Readonly<Record<string, string>>, headers: Headers) =>
  await send(url, targetOf(parameters), { headers })

describe.each([
  ['the fast lane', true],
  ['Node.js alone', false],
])('Accept over %s', (_lane, fastLane) => {
  const server = { fastLane }

  it.each([
    ['*/*', 'application/json; charset=utf-8'],
    ['application/json', 'application/json; charset=utf-8'],
    [GRAPHQL_RESPONSE, `${GRAPHQL_RESPONSE}; charset=utf-8`],
    [`application/json;q=0.9, ${GRAPHQL_RESPONSE}`, `${GRAPHQL_RESPONSE}; charset=utf-8`],
  ])('%s gets %s for a miss, a hit, a mutation and a refusal', async (accept, type) => {
    const { url } = await startWorld({ server })
    for (const query of [PRODUCTS, PRODUCTS, DELETE, '{']) {
      const answer = await ask(url, query, { ...user, accept })
      expect(answer.headers['content-type']).toBe(type)
    }
  })

  it('that takes neither type gets 406, and nothing is executed', async () => {
    const { url, upstream } = await startWorld({ server })
    const answer = await ask(url, DELETE, { ...user, accept: 'text/html' })
    expect(answer.status).toBe(406)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(upstream.received).toEqual([])
  })

  it.each([
    ['a document that is none', '{', 400],
    ['a body without a query', { qeury: PRODUCTS }, 400],
    ['a body that is no JSON', Buffer.from('{"query'), 400],
  ])('for the type of GraphQL gives %s its own status', async (_what, body, status) => {
    const { url } = await startWorld({ server })
    const refused = await ask(url, body, { ...user, accept: GRAPHQL_RESPONSE })
    expect(refused.status).toBe(status)
    expect((await ask(url, body, user)).status).toBe(200)
  })

  it.each([
    [{ errors: [{ message: 'no' }] }, 400],
    [{ errors: [{ message: 'no', extensions: { code: 'access-denied' } }] }, 403],
    [{ errors: [{ message: 'no', extensions: { code: 'unexpected' } }] }, 500],
    [{ data: null, errors: [{ message: 'no' }] }, 200],
    [{ data: { products: null }, errors: [{ message: 'no' }] }, 200],
  ])('for the type of GraphQL sends Hasura’s %j with %i', async (result, status) => {
    const { url, upstream } = await startWorld({ server })
    upstream.respond = (_request, response) => sendJson(response, result)
    for (const query of [PRODUCTS, DELETE]) {
      const answer = await ask(url, query, { ...user, accept: GRAPHQL_RESPONSE })
      expect([answer.status, answer.text]).toEqual([status, JSON.stringify(result)])
      expect((await ask(url, query, user)).status).toBe(200)
    }
  })

  it('shares one entry between both types', async () => {
    const { url, upstream } = await startWorld({ server })
    const one = await ask(url, PRODUCTS, { ...user, accept: GRAPHQL_RESPONSE })
    const other = await ask(url, PRODUCTS, user)
    expect(other.text).toBe(one.text)
    expect(upstream.received).toHaveLength(1)
  })
})

describe('GET /v1/graphql', () => {
  it('asks the upstream with a POST in canonical JSON', async () => {
    const { url, upstream } = await startWorld()
    const variables = '{"b":9007199254740993,"a":1.0}'
    await get(url, { query: 'query A($a: X, $b: Y) { products { id } }', variables }, user)
    const { method, path, headers, body } = nth(upstream.received, 0)
    expect([method, path, headers['content-type']]).toEqual([
      'POST',
      '/v1/graphql',
      'application/json',
    ])
    expect(body).toBe(
      '{"query":"query A($a: X, $b: Y) { products { id } }","variables":{"a":1.0,"b":9007199254740993}}',
    )
  })

  it('shares its entry with the POST that asks the same', async () => {
    const { url, upstream } = await startWorld()
    const posted = await ask(url, PRODUCTS, user)
    const got = await get(url, { query: PRODUCTS }, user)
    expect(got.text).toBe(posted.text)
    expect(got.headers['cache-status']).toMatch(/^gerbang; hit/)
    expect(upstream.received).toHaveLength(1)
  })

  it('is refused for a mutation with 405, which is not executed', async () => {
    const { url, upstream } = await startWorld()
    for (const parameters of [
      { query: DELETE },
      { query: `query A { a } mutation B { b }`, operationName: 'B' },
    ]) {
      const refused = await get(url, parameters, user)
      expect([refused.status, refused.headers['allow']]).toEqual([405, 'POST'])
    }
    expect(upstream.received).toEqual([])
  })

  it('is limited as POST is', async () => {
    const rule = limitRule({ limit: 1 })
    const { url } = await startWorld({ rateLimit: { rules: [rule] } })
    expect((await get(url, { query: PRODUCTS }, user)).status).toBe(200)
    expect((await get(url, { query: PRODUCTS }, user)).status).toBe(429)
    expect((await ask(url, PRODUCTS, user)).status).toBe(429)
  })

  it('gets the head of its answer for HEAD', async () => {
    const { url } = await startWorld()
    const head = await send(url, targetOf({ query: PRODUCTS }), { method: 'HEAD', headers: user })
    expect([head.status, head.text]).toEqual([200, ''])
    expect(head.headers['etag']).toBeDefined()
  })

  it('without a query is refused in the words of Hasura', async () => {
    const { url } = await startWorld()
    expect((await get(url, {}, user)).text).toContain('key \\"query\\" not found')
  })
})

describe('what caches in front may do with the answer to a GET', () => {
  it('is to share it when it is the same for all who bring no credentials', async () => {
    const { url } = await startWorld(anonymous)
    const { headers } = await get(url, { query: PRODUCTS }, {})
    expect(headers['cache-control']).toBe('public, max-age=60')
    expect(headers['vary']).toBe(
      'Accept, Origin, Authorization, Cookie, X-Hasura-Admin-Secret, X-Hasura-Access-Key, X-Hasura-Role',
    )
    expect(headers['etag']).toMatch(/^"/)
  })

  it('is to keep it for one client when it is somebody’s', async () => {
    const { url } = await startWorld(anonymous)
    const { headers } = await get(url, { query: PRODUCTS }, user)
    expect(headers['cache-control']).toBe('private, max-age=60')
  })

  it('is to keep it for one client when it depends on what the client says of itself', async () => {
    const { url } = await startWorld({ auth: { unauthorizedRole: 'manager' } })
    const { headers } = await get(url, { query: '{ orders { id } }' }, {})
    expect(headers['cache-control']).toBe('private, max-age=60')
  })

  it.each([
    ['an answer that is not kept', '{ __typename __schema { types { name } } }'],
    ['a refusal', '{'],
  ])('is nothing for %s', async (_what, query) => {
    const { url } = await startWorld(anonymous)
    const { headers } = await get(url, { query }, {})
    expect(headers['cache-control']).toBe('no-store')
  })

  it('is nothing new for a POST', async () => {
    const { url } = await startWorld(anonymous)
    const { headers } = await ask(url, PRODUCTS)
    expect(headers['cache-control']).toBe('private, max-age=60')
    expect(headers['vary']).toBeUndefined()
  })
})
