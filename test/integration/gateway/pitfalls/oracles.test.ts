import { describe, expect, it } from 'vitest'
import { type Asked, ask, type Headers, send } from '../../../support/ask.ts'
import { sessionOf } from '../../../support/decode-claims.ts'
import { countingRows, type Respond, sendJson } from '../../../support/echo-upstream.ts'
import { ADMIN_SECRET } from '../../../support/gateway-options.ts'
import { bearer, type OptionChanges, startWorld } from '../../../support/start-gateway.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const PRODUCTS = '{ products { id } }'
const DEFERRED = 'query { products { id } ... @defer { products { name } } }'

const user = { authorization: await bearer('1') }
const other = { authorization: await bearer('2') }
const nobody: Headers = {}
const anonymous = { unauthorizedRole: 'anonymous' }

/** What tells of other requests than one's own. */
const TELLING = ['age', 'warning', 'x-hasura-query-cache-key', 'x-hasura-query-family-cache-key']

const statusOf = ({ headers }: Asked) => headers['cache-status']
const tellingOf = ({ headers }: Asked) => TELLING.filter((name) => name in headers)

describe.each([
  ['the fast lane', true],
  ['Node.js alone', false],
])('pitfall 44 over %s', (_lane, fastLane) => {
  const start = (cache: OptionChanges['cache'] = {}) =>
    startWorld({ server: { fastLane }, auth: anonymous, cache })

  it('who is not known is told of a hit, and nothing about who asked when', async () => {
    const { url } = await start()
    const asked = [await ask(url, PRODUCTS, nobody), await ask(url, PRODUCTS, nobody)]
    expect(asked.map(statusOf)).toEqual(['gerbang; fwd=miss', 'gerbang; hit'])
    expect(asked.flatMap(tellingOf)).toEqual([])
    const byGet = await send(url, `/v1/graphql?query=${encodeURIComponent(PRODUCTS)}`)
    expect([statusOf(byGet), tellingOf(byGet)]).toEqual(['gerbang; hit', []])
    // Caches in between still share it, for as long as it lives.
    expect(byGet.headers['cache-control']).toMatch(/^public, max-age=\d+$/)
  })

  it('nor is the reason of a bypass, of a mutation, of an answer that is too large, of a batch', async () => {
    const { url } = await start({
      entryBytesMax: 1,
      rules: [{ tables: ['products'], ttlMs: 1_000 }],
    })
    const mutation = 'mutation { delete_products(where: {}) { affected_rows } }'
    const queries = [PRODUCTS, '{ orders { id } }', mutation, [{ query: PRODUCTS }]]
    const asked = await Promise.all(queries.map((query) => ask(url, query, nobody)))
    expect(asked.map(statusOf)).toEqual([
      'gerbang; fwd=miss',
      'gerbang; fwd=bypass',
      'gerbang; fwd=bypass',
      undefined,
    ])
    expect(asked.flatMap(tellingOf)).toEqual([])
  })

  it('who is known, and an admin in any case, is told all', async () => {
    const { url } = await start({ detailAnonymous: 'off' })
    const admin = { 'x-hasura-admin-secret': ADMIN_SECRET, 'x-hasura-role': 'user' }
    for (const headers of [user, admin]) {
      await ask(url, PRODUCTS, headers)
      const hit = await ask(url, PRODUCTS, headers)
      expect(statusOf(hit)).toMatch(/^gerbang; hit; ttl=\d+$/)
      expect(tellingOf(hit)).toEqual(TELLING.filter((name) => name !== 'warning'))
    }
  })

  it('off, a hit has the same headers as a miss, and the client asks each time', async () => {
    const { url, upstream } = await start({ detail: 'off' })
    upstream.respond = countingRows()
    const [miss, hit] = [await ask(url, PRODUCTS, user), await ask(url, PRODUCTS, user)]
    expect(hit.text).toBe(miss.text)
    const shown = ({ headers: { 'x-request-id': _id, date: _date, ...rest } }: Asked) => rest
    expect(shown(hit)).toEqual(shown(miss))
    expect(hit.headers['cache-control']).toBe('private, no-cache')
    const etag = String(hit.headers['etag'])
    expect((await ask(url, PRODUCTS, { ...user, 'if-none-match': etag })).status).toBe(304)
  })
})

type Form = (own: string) => readonly [type: string, body: string]

/** An answer in parts, with the rows of whoever asks in each. */
const FORMS: readonly (readonly [string, Form])[] = [
  [
    'multipart/mixed',
    (own) => {
      const first = `{"data":{"of":"${own}"},"hasNext":true}`
      const next = `{"incremental":[{"data":{"of":"${own}"},"path":[]}],"hasNext":false}`
      const parts = [first, next].map(
        (part) => `\r\n---\r\nContent-Type: application/json\r\n\r\n${part}`,
      )
      return ['multipart/mixed; boundary="-"', `${parts.join('')}\r\n-----\r\n`]
    },
  ],
  [
    'text/event-stream',
    (own) => ['text/event-stream', `event: next\ndata: {"data":{"of":"${own}"}}\n\n`],
  ],
  [
    'the first part alone',
    (own) => ['application/json', `{"data":{"of":"${own}"},"hasNext":true}`],
  ],
  [
    'the first part alone, as newer drafts word it',
    (own) => ['application/json', `{"data":{"of":"${own}"},"pending":[{"id":"0","path":[]}]}`],
  ],
]

describe.each(FORMS)('pitfall 39: an answer in parts, %s', (_what, form) => {
  const inParts: Respond = (received, response) => {
    const [type, body] = form(String(sessionOf(received)['x-hasura-user-id']))
    response.writeHead(200, { 'Content-Type': type }).end(body)
  }

  it.each([
    ['a query', PRODUCTS],
    ['a query with @defer', DEFERRED],
    ['a subscription', 'subscription { products { id } }'],
  ])('to %s is never kept', async (_kind, query) => {
    const { url, upstream } = await startWorld()
    upstream.respond = inParts
    const accept = 'multipart/mixed;deferSpec=20220824, text/event-stream, application/json'
    for (const headers of [user, user, other]) {
      const { headers: told } = await ask(url, query, { ...headers, accept })
      expect(told['etag']).toBeUndefined()
      expect(told['cache-status']).not.toMatch(/hit|stored/)
    }
    expect(upstream.received).toHaveLength(3)
    upstream.respond = (_request, response) => sendJson(response, { data: { whole: true } })
    expect((await ask(url, query, user)).text).toBe('{"data":{"whole":true}}')
  })

  it('is not told to others who wait for it, when it is of one user', async () => {
    const { url, upstream, gateway } = await startWorld()
    const held = upstream.hold(inParts)
    const query = '{ orders { id } }'
    const asking = [user, user, other].map((headers) => ask(url, query, headers))
    await upstream.receives(2)
    await waitUntil(() => gateway.snapshot().cache.waiters === 1)
    held.release()
    const [, , foreign] = await Promise.all(asking)
    expect(foreign?.text).not.toContain('"of":"1"')
  })
})
