import { describe, expect, it } from 'vitest'
import { nth } from '../../../src/shared/assert.ts'
import { ask, send, textOf } from '../../support/ask.ts'
import { countingRows, HeldAnswers, sendJson } from '../../support/echo-upstream.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { limitRule } from '../../support/limit-rules.ts'
import { portOf, rawExchange, requestText } from '../../support/raw-http.ts'
import {
  bearer,
  type OptionChanges,
  type Surroundings,
  startWorld as start,
  type World,
} from '../../support/start-gateway.ts'

const PRODUCTS = '{ products { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'
const JSON_TYPE = 'application/json; charset=utf-8'

const user = { authorization: await bearer('1') }
const admin = { 'x-hasura-admin-secret': ADMIN_SECRET }

describe.each([
  ['the fast lane', true],
  ['Node.js alone', false],
])('over %s', (_lane, fastLane) => {
  async function startWorld(
    changes: OptionChanges = {},
    surroundings: Surroundings = {},
  ): Promise<World> {
    return await start({ ...changes, server: { fastLane, ...changes.server } }, surroundings)
  }

  describe('a query that may be cached', () => {
    it('is asked of the upstream once and then answered with the same bytes', async () => {
      const { url, upstream } = await startWorld()
      upstream.respond = countingRows()
      const miss = await ask(url, PRODUCTS, user)
      const hit = await ask(url, PRODUCTS, user)
      expect([miss.status, miss.text]).toEqual([200, '{"data":{"call":1}}'])
      expect([hit.status, hit.text]).toEqual([200, miss.text])
      expect(upstream.received).toHaveLength(1)
    })

    it('tells in Cache-Status, Age and Hasura EE’s headers how it was answered', async () => {
      const clock = new FakeClock(Date.now())
      const { url } = await startWorld({}, { clock })
      const miss = await ask(url, PRODUCTS, user)
      clock.advance(10_500)
      const hit = await ask(url, PRODUCTS, user)
      expect(miss.headers).toMatchObject({
        'content-type': JSON_TYPE,
        'cache-status': 'gerbang; fwd=miss; stored; ttl=60',
        age: '0',
        'cache-control': 'private, max-age=60',
        'x-hasura-query-cache-key': expect.stringMatching(/^[\da-f]{40}$/),
        'x-hasura-query-family-cache-key': expect.stringMatching(/^[\da-f]{40}$/),
      })
      expect(hit.headers).toMatchObject({
        'content-type': JSON_TYPE,
        'cache-status': 'gerbang; hit; ttl=50',
        age: '10',
        'cache-control': 'private, max-age=50',
        'x-hasura-query-cache-key': miss.headers['x-hasura-query-cache-key'],
        'x-hasura-query-family-cache-key': miss.headers['x-hasura-query-family-cache-key'],
      })
    })

    it('is asked again once its time is over', async () => {
      const clock = new FakeClock(Date.now())
      const { url, upstream } = await startWorld({}, { clock })
      await ask(url, PRODUCTS, user)
      clock.advance(59_999)
      await ask(url, PRODUCTS, user)
      expect(upstream.received).toHaveLength(1)
      clock.advance(1)
      await ask(url, PRODUCTS, user)
      expect(upstream.received).toHaveLength(2)
    })

    it('is asked anew for @cached(refresh: true), and that answer kept', async () => {
      const { url, upstream } = await startWorld({ cache: { rules: [] } })
      upstream.respond = countingRows()
      await ask(url, 'query @cached(ttl: 30) { products { id } }', user)
      const refreshed = await ask(
        url,
        'query @cached(ttl: 30, refresh: true) { products { id } }',
        user,
      )
      const hit = await ask(url, 'query @cached(ttl: 30) { products { id } }', user)
      expect(refreshed.headers['cache-status']).toBe('gerbang; fwd=request; stored; ttl=30')
      expect(hit.headers['cache-status']).toMatch(/^gerbang; hit/)
      expect(hit.text).toBe('{"data":{"call":2}}')
    })

    it('does not give way to a slower answer that was asked for before it', async () => {
      const clock = new FakeClock(Date.now())
      const { url, upstream } = await startWorld({ cache: { rules: [] } }, { clock })
      const held = new HeldAnswers((_request, response) => {
        sendJson(response, { data: { call: 'first' } })
      })
      upstream.respond = held.respond
      const slow = ask(url, 'query @cached(ttl: 30) { products { id } }', user)
      await upstream.receives(1)
      clock.advance(10)
      upstream.respond = (_request, response) => sendJson(response, { data: { call: 'second' } })
      await ask(url, 'query @cached(ttl: 30, refresh: true) { products { id } }', user)
      clock.advance(10)
      held.release()
      expect((await slow).text).toBe('{"data":{"call":"first"}}')
      expect((await slow).headers['cache-control']).toBe('no-store')
      const hit = await ask(url, 'query @cached(ttl: 30) { products { id } }', user)
      expect(hit.text).toBe('{"data":{"call":"second"}}')
    })

    it('has one family for all its variables', async () => {
      const { url } = await startWorld()
      const query = 'query P($id: Int!) { products_by_pk(id: $id) { id } }'
      const [one, two] = await Promise.all(
        [1, 2].map((id) => ask(url, { query, variables: { id } }, user)),
      )
      const key = 'x-hasura-query-cache-key'
      const family = 'x-hasura-query-family-cache-key'
      expect(one?.headers[key]).not.toBe(two?.headers[key])
      expect(one?.headers[family]).toBe(two?.headers[family])
    })

    it('is told apart by numbers that a double cannot hold', async () => {
      const { url, upstream } = await startWorld()
      const bodyOf = (id: string): Buffer =>
        Buffer.from(
          `{"query":"query($id:bigint){products_by_pk(id:$id){id}}","variables":{"id":${id}}}`,
        )
      for (const id of [
        '9007199254740992',
        '9007199254740993',
        '1e400',
        '-0',
        '1.0',
        '1',
        '"1"',
        'null',
      ]) {
        await ask(url, bodyOf(id), user)
      }
      expect(upstream.received).toHaveLength(8)
    })
  })

  describe('If-None-Match', () => {
    it('gets 304 without a body for the answer of a hit and of a miss', async () => {
      const { url } = await startWorld()
      const { headers } = await ask(url, PRODUCTS, user)
      const condition = { 'if-none-match': `W/"other", ${textOf(headers['etag'])}` }
      const notModified = await ask(url, PRODUCTS, { ...user, ...condition })
      expect([notModified.status, notModified.text]).toEqual([304, ''])
      expect(notModified.headers).toMatchObject({ etag: headers['etag'], age: '0' })
      expect(notModified.headers['content-length']).toBeUndefined()
    })

    it('gets the new answer when it changed', async () => {
      const { url, upstream } = await startWorld()
      upstream.respond = countingRows()
      const { headers } = await ask(url, PRODUCTS, user)
      await ask(url, TOUCH, user)
      const changed = await ask(url, PRODUCTS, {
        ...user,
        'if-none-match': textOf(headers['etag']),
      })
      expect([changed.status, changed.text]).toEqual([200, '{"data":{"call":3}}'])
    })

    it('is no way round identity', async () => {
      const { url } = await startWorld()
      const { headers } = await ask(url, PRODUCTS, user)
      const condition = { 'if-none-match': textOf(headers['etag']) }
      for (const credentials of [{}, { authorization: 'Bearer a.b.c' }]) {
        const refused = await ask(url, PRODUCTS, { ...credentials, ...condition })
        expect(refused.status).toBe(200)
        expect(JSON.parse(refused.text)).toHaveProperty('errors')
        expect(refused.headers).not.toHaveProperty('etag')
      }
    })

    it('is no way round limits', async () => {
      const rules = [limitRule({ limit: 1 })]
      const { url } = await startWorld({ rateLimit: { rules } })
      const { headers } = await ask(url, PRODUCTS, user)
      const limited = await ask(url, PRODUCTS, {
        ...user,
        'if-none-match': textOf(headers['etag']),
      })
      expect(limited.status).toBe(429)
    })

    it('never keeps a mutation from being executed', async () => {
      const { url, upstream } = await startWorld()
      const mutated = await ask(url, TOUCH, { ...user, 'if-none-match': '*' })
      expect(mutated.status).toBe(200)
      expect(mutated.headers).not.toHaveProperty('etag')
      expect(upstream.received).toHaveLength(1)
    })
  })

  describe('a request that is not cached', () => {
    it.each([
      ['a mutation', TOUCH, 'mutation'],
      ['a query no rule names', PRODUCTS, 'no-rule'],
      ['a query of TTL 0', 'query @cached(ttl: 0) { products { id } }', 'ttl-zero'],
      [
        'a TTL from a variable',
        'query($t: Int) @cached(ttl: $t) { products { id } }',
        'invalid-directive',
      ],
    ])('says why: %s', async (_what, query, reason) => {
      const { url, upstream } = await startWorld({ cache: { rules: [] } })
      for (let times = 0; times < 2; times += 1) {
        const { headers } = await ask(url, query, user)
        expect(headers['cache-status']).toBe(`gerbang; fwd=bypass; detail=${reason}`)
        for (const name of ['age', 'etag', 'x-hasura-query-cache-key']) {
          expect(headers).not.toHaveProperty(name)
        }
      }
      expect(upstream.received).toHaveLength(2)
    })

    it('keeps the upstream’s status and headers, but for hop-by-hop and CORS', async () => {
      const { url, upstream } = await startWorld()
      upstream.respond = (_request, response) => {
        response.writeHead(200, {
          'Content-Type': 'application/json',
          'Set-Cookie': ['a=1', 'b=2'],
          'Keep-Alive': 'timeout=1',
          'Access-Control-Allow-Origin': 'https://upstream.example',
          'X-Request-Id': 'of-the-upstream',
          Warning: '199 - hello',
          Connection: 'X-Private',
          'X-Private': 'hop',
        })
        response.end('{"data":{}}')
      }
      const { headers } = await ask(url, TOUCH, { ...user, 'x-request-id': 'mine' })
      expect(headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], warning: '199 - hello' })
      expect(headers['x-request-id']).toBe('mine')
      for (const name of ['x-private', 'access-control-allow-origin']) {
        expect(headers).not.toHaveProperty(name)
      }
    })
  })

  describe('what goes upstream', () => {
    it('is the client’s document byte for byte', async () => {
      const { url, upstream } = await startWorld()
      const body =
        ' {"query" : "query  Q { # a comment\\n products { id, name } } ", "x":[1.0e2,"\\u00e9é"],"operationName":"Q"}\n'
      await ask(url, Buffer.from(body), user)
      expect(upstream.received[0]).toMatchObject({ method: 'POST', path: '/v1/graphql', body })
    })

    it('is each member of a batch as the client wrote it, in order', async () => {
      const { url, upstream } = await startWorld()
      const members = [
        `{ "query":"${PRODUCTS}" }`,
        `{"query" : "${TOUCH}"}`,
        `{"query":"{ products { name } }","variables":{"big":10000000000000000001}}`,
      ]
      upstream.respond = countingRows()
      const answer = await ask(url, Buffer.from(`[ ${members.join(' ,\n')}]`), user)
      expect(upstream.received.map(({ body }) => body)).toEqual(members)
      expect(answer.text).toBe('[{"data":{"call":1}},{"data":{"call":2}},{"data":{"call":3}}]')
      expect(answer.headers).toMatchObject({
        'content-type': JSON_TYPE,
        'cache-status': 'gerbang; detail=batch',
      })
    })

    it('says who asks as the gateway found out, not as the client claims', async () => {
      const { url, upstream } = await startWorld()
      const claims = {
        'x-hasura-user-id': '2',
        'x-hasura-org-id': '9',
        'X-Hasura-Use-Backend-Only-Permissions': 'true',
        'x-hasura-role': 'user',
      }
      await ask(url, PRODUCTS, { ...user, ...claims })
      await ask(url, TOUCH, { ...user, ...claims })
      for (const { headers } of upstream.received) {
        const told = Object.entries(headers).filter(([name]) => name.startsWith('x-hasura-'))
        expect(Object.fromEntries(told)).toEqual({ 'x-hasura-role': 'user' })
        expect(headers.authorization).toBe(user.authorization)
      }
      expect(upstream.received).toHaveLength(2)
    })

    it('keeps the x-hasura-* headers of an admin', async () => {
      const { url, upstream } = await startWorld()
      const claims = { 'x-hasura-role': 'user', 'x-hasura-user-id': '7' }
      await ask(url, PRODUCTS, { ...admin, ...claims })
      expect(upstream.received[0]?.headers).toMatchObject({ ...admin, ...claims })
    })

    it('keeps the x-hasura-* headers of the unauthorized role, but for the role itself', async () => {
      const { url, upstream } = await startWorld({ auth: { unauthorizedRole: 'anonymous' } })
      await ask(url, PRODUCTS, { 'x-hasura-role': 'admin', 'x-hasura-user-id': '7' })
      const { headers } = nth(upstream.received, 0)
      expect(headers['x-hasura-user-id']).toBe('7')
      expect(headers).not.toHaveProperty('x-hasura-role')
    })

    it('leaves hop-by-hop headers and what Connection names behind', async () => {
      const { url, upstream } = await startWorld()
      const sent = {
        Authorization: user.authorization,
        TE: 'trailers',
        'Proxy-Authorization': 'Basic eDp5',
        'X-Mine': 'kept',
        'X-Secret': 'dropped',
        Connection: 'close, x-secret',
      }
      const body = JSON.stringify({ query: TOUCH })
      await rawExchange(portOf(url), requestText('POST /v1/graphql HTTP/1.1', sent, body))
      const { headers } = nth(upstream.received, 0)
      expect(headers['x-mine']).toBe('kept')
      for (const name of ['te', 'proxy-authorization', 'x-secret']) {
        expect(headers).not.toHaveProperty(name)
      }
    })

    it('does not depend on a header that is not part of the key', async () => {
      const { url, upstream } = await startWorld()
      const poison = {
        'accept-language': 'xx',
        'x-forwarded-host': 'evil.example',
        origin: 'https://evil.example',
        accept: 'text/html, */*',
        cookie: 'a=1',
      }
      await ask(url, PRODUCTS, { ...user, ...poison })
      const { headers } = nth(upstream.received, 0)
      for (const name of ['accept-language', 'origin', 'cookie']) {
        expect(headers).not.toHaveProperty(name)
      }
      expect(headers['x-forwarded-host']).not.toBe('evil.example')
      const clean = await ask(url, PRODUCTS, user)
      expect(clean.headers['cache-status']).toMatch(/hit/)
      expect(clean.headers).not.toHaveProperty('access-control-allow-origin')
    })
  })

  describe('a batch', () => {
    it('takes its cacheable members from the cache', async () => {
      const { url, upstream } = await startWorld()
      upstream.respond = countingRows()
      await ask(url, PRODUCTS, user)
      const { text } = await ask(
        url,
        [{ query: PRODUCTS }, { query: TOUCH }, { query: PRODUCTS }],
        user,
      )
      expect(text).toBe('[{"data":{"call":1}},{"data":{"call":2}},{"data":{"call":3}}]')
    })

    it('answers an empty list with one', async () => {
      const { url } = await startWorld()
      expect((await ask(url, [], user)).text).toBe('[]')
    })

    it('gives a member that is refused its own error', async () => {
      const { url } = await startWorld()
      const { text } = await ask(url, [{ query: '{' }, { query: PRODUCTS }], user)
      expect(JSON.parse(text)).toMatchObject([
        { errors: [{ extensions: { code: 'validation-failed' } }] },
        { data: { products: [] } },
      ])
    })
  })

  describe('CORS', () => {
    const origin = 'https://shop.example'

    it('lets a browser’s script read hits, misses and refusals with their headers', async () => {
      const { url } = await startWorld()
      for (const credentials of [user, user, {}]) {
        const { headers } = await ask(url, PRODUCTS, { ...credentials, origin })
        expect(headers).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          vary: 'Origin',
        })
        const exposed = textOf(headers['access-control-expose-headers']).split(',')
        for (const name of ['Cache-Status', 'Age', 'ETag', 'RateLimit', 'Retry-After']) {
          expect(exposed).toContain(name)
        }
        expect(exposed).toContain('X-Hasura-Query-Cache-Key')
      }
    })

    it('answers a preflight itself, on every path', async () => {
      const { url, upstream } = await startWorld()
      const asked = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      }
      for (const path of ['/v1/graphql', '/v1/metadata', '/session']) {
        const { status, headers, text } = await send(url, path, {
          method: 'OPTIONS',
          headers: asked,
        })
        expect([status, text]).toEqual([204, ''])
        expect(headers).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-allow-headers': 'authorization,content-type',
          'access-control-max-age': '1728000',
        })
      }
      expect(upstream.received).toEqual([])
    })
  })

  describe('other methods on /v1/graphql', () => {
    it.each(['OPTIONS', 'PUT', 'DELETE', 'PATCH'])('leaves %s to Hasura', async (method) => {
      const { url, upstream } = await startWorld()
      upstream.respond = (_request, response) => sendJson(response, { path: '$' }, 404)
      const { status } = await send(url, '/v1/graphql?query={products{id}}', {
        method,
        headers: user,
      })
      expect(status).toBe(404)
      expect(upstream.received).toMatchObject([
        { method, path: '/v1/graphql?query={products{id}}' },
      ])
    })

    it('passes no TRACE on: it would show the headers between gateway and Hasura', async () => {
      const { url, upstream } = await startWorld()
      const { status, headers, text } = await send(url, '/v1/graphql', { method: 'TRACE' })
      expect(status).toBe(405)
      expect(headers['allow']).toContain('POST')
      expect(JSON.parse(text)).toMatchObject({ path: '$', code: 'method-not-allowed' })
      expect(upstream.received).toEqual([])
    })

    it('refuses a method it does not know in Hasura’s shape', async () => {
      const { url } = await startWorld()
      const { status, text } = await send(url, '/v1/graphql', { method: 'PROPFIND' })
      expect(status).toBe(405)
      expect(JSON.parse(text)).toMatchObject({ path: '$', code: 'method-not-allowed' })
    })
  })
})
