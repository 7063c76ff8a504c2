import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ask, type Headers, listOf, send } from '../../../support/ask.ts'
import { countingRows } from '../../../support/echo-upstream.ts'
import { portOf, rawExchange, requestText } from '../../../support/raw-http.ts'
import { bearer, startWorld } from '../../../support/start-gateway.ts'

const PRODUCTS = '{ products { id } }'
const DELETE = 'mutation { delete_products(where: {}) { affected_rows } }'
const GRAPHQL_RESPONSE = 'application/graphql-response+json'
/** On a machine that does much else at the same time. */
const SOON_MS = 1_000

const user = { authorization: await bearer('1') }

const targetOf = (query: string): string => `/v1/graphql?query=${encodeURIComponent(query)}`

async function sessionCookie(url: string): Promise<Headers> {
  const { headers } = await send(url, '/session', { method: 'POST', headers: user })
  const [session = ''] = listOf(headers['set-cookie'])
  const [cookie = ''] = session.split(';')
  return { cookie }
}

describe('pitfalls of requests', () => {
  it('20: a mutation is one whatever stands beside it, and a text is none', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = countingRows()
    const query = `query A ${PRODUCTS} mutation B { delete_products(where: {}) { affected_rows } }`
    for (let round = 0; round < 2; round += 1) {
      const { headers } = await ask(url, { query, operationName: 'B' }, user)
      expect(headers['cache-status']).toBe('gerbang; fwd=bypass; detail=mutation')
    }
    expect((await ask(url, { query }, user)).text).toContain('exactly one operation')
    expect(upstream.received).toHaveLength(2)

    const named = '{ products(where: { name: { _eq: "mutation { a }" } }) { id } }'
    await ask(url, named, user)
    expect((await ask(url, named, user)).headers['cache-status']).toMatch(/^gerbang; hit/)
  })

  it('21: a mutation by GET is refused with 405', async () => {
    const { url, upstream } = await startWorld()
    const refused = await send(url, targetOf(DELETE), { headers: user })
    expect([refused.status, refused.headers['allow']]).toEqual([405, 'POST'])
    expect(upstream.received).toEqual([])
  })

  const json = { 'content-type': 'application/json' }
  it.each<[string, 'GET' | 'POST', Headers]>([
    ['a form’s text', 'POST', { 'content-type': 'text/plain' }],
    ['a form', 'POST', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON of another origin', 'POST', { ...json, origin: 'https://evil.example' }],
    ['JSON of another site', 'POST', { ...json, 'sec-fetch-site': 'cross-site' }],
    ['a link of another site', 'GET', { 'sec-fetch-site': 'cross-site' }],
    ['another origin', 'GET', { origin: 'https://evil.example' }],
    ['a content type that needs no leave', 'GET', { 'content-type': 'text/plain' }],
    ['nothing that shows where it comes from', 'GET', {}],
  ])(
    '21: with a session’s cookie, what another site may send is refused: %s by %s',
    async (_what, method, headers) => {
      const { url, upstream } = await startWorld()
      const cookie = await sessionCookie(url)
      const sent = { ...cookie, accept: GRAPHQL_RESPONSE, ...headers }
      const refused =
        method === 'GET'
          ? await send(url, targetOf(PRODUCTS), { headers: sent })
          : await ask(url, DELETE, sent)
      expect(refused.status).toBe(403)
      expect(upstream.received).toEqual([])
    },
  )

  it.each<Headers>([
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { 'apollo-require-preflight': '1' },
    { 'content-type': 'application/json' },
  ])('21: with a session’s cookie, a GET of the site itself is answered: %j', async (headers) => {
    const { url } = await startWorld()
    const sent = { ...(await sessionCookie(url)), ...headers }
    expect((await send(url, targetOf(PRODUCTS), { headers: sent })).text).toContain('"data"')
  })

  const fanOut = Array.from(
    { length: 30 },
    (_, index) => `fragment F${index} on X { ...F${index + 1} ...F${index + 1} }`,
  )
  it.each<[string, string]>([
    ['depth', `${'{ a '.repeat(10_000)}${'}'.repeat(10_000)}`],
    ['aliases', `{ ${Array.from({ length: 10_000 }, (_, index) => `a${index}:a `).join('')} }`],
    ['directives', `{ a ${'@a '.repeat(10_000)} }`],
    ['fragments that unfold', `{ ...F0 } ${fanOut.join(' ')} fragment F30 on X { a { b } }`],
    ['fragments in a circle', '{ ...A } fragment A on X { ...B } fragment B on X { ...A }'],
  ])('26: a bomb of %s is refused soon', async (_what, query) => {
    const { url, upstream } = await startWorld({ limits: { bodyBytesMax: 1_000_000 } })
    const startedAt = performance.now()
    const refused = await ask(url, query, { ...user, accept: GRAPHQL_RESPONSE })
    expect(refused.status).toBe(400)
    expect(performance.now() - startedAt).toBeLessThan(SOON_MS)
    expect(upstream.received).toEqual([])
  })

  it.each<[string, number, (url: string) => Promise<{ readonly status: number }>]>([
    ['a body', 413, async (url) => await ask(url, Buffer.alloc(200_000, ' '), user)],
    ['headers', 431, async (url) => await ask(url, PRODUCTS, { ...user, x: 'x'.repeat(50_000) })],
    ['a URL', 431, async (url) => await send(url, targetOf('x'.repeat(50_000)), { headers: user })],
    [
      'nested JSON',
      400,
      async (url) => {
        const body = `{"query":"{a}","variables":{"v":${'['.repeat(101)}${']'.repeat(101)}}}`
        return await ask(url, Buffer.from(body), { ...user, accept: GRAPHQL_RESPONSE })
      },
    ],
    [
      'what unpacks to more',
      415,
      async (url) => {
        const bomb = gzipSync(Buffer.alloc(10_000_000, ' '))
        return await ask(url, bomb, { ...user, 'content-encoding': 'gzip' })
      },
    ],
  ])('32: too much of %s is refused with %i', async (_what, status, request) => {
    const { url, upstream } = await startWorld()
    expect((await request(url)).status).toBe(status)
    expect(upstream.received).toEqual([])
  })

  it.each([
    '{ __schema { types { name } } }',
    '{ a: __schema { types { name } } }',
    '{ __type(name: "x") { name } }',
    '{ ...F } fragment F on query_root { ... on query_root { __schema { types { name } } } }',
  ])('33: a schema is shown to each as the upstream shows it to them: %s', async (query) => {
    const { url, upstream } = await startWorld()
    upstream.respond = countingRows()
    const manager = { authorization: await bearer('2', 'manager') }
    const answers = []
    for (const headers of [user, manager, user]) answers.push(await ask(url, query, headers))
    expect(answers.map(({ text }) => text)).toEqual(
      [1, 2, 3].map((call) => `{"data":{"call":${call}}}`),
    )
    expect(upstream.received.map(({ headers }) => headers.authorization)).toEqual(
      [user, manager, user].map(({ authorization }) => authorization),
    )
  })

  const body = JSON.stringify({ query: DELETE })
  const smuggled = [
    'POST /v1/graphql HTTP/1.1',
    'Host: gateway',
    'Content-Type: application/json',
    `Authorization: ${user.authorization}`,
    '',
  ].join('\r\n')
  const length = `Content-Length: ${body.length}`
  it.each<[string, string]>([
    ['both framings', `${smuggled}${length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${body}`],
    ['two lengths', `${smuggled}${length}\r\nContent-Length: 0\r\n\r\n${body}`],
    ['a folded line', `${smuggled}X: a\r\n b\r\n${length}\r\n\r\n${body}`],
    ['a bare line feed', `${smuggled}X: a\n${length}\r\n\r\n${body}`],
    ['a length with a sign', `${smuggled}Content-Length: +${body.length}\r\n\r\n${body}`],
    ['a space before the colon', `${smuggled}Content-Length : ${body.length}\r\n\r\n${body}`],
    ['an unknown coding', `${smuggled}Transfer-Encoding: xchunked\r\n\r\n${body}`],
    ['a chunk of no length', `${smuggled}Transfer-Encoding: chunked\r\n\r\n-1\r\n${body}\r\n`],
  ])('34: is refused and ends the connection: %s', async (_what, text) => {
    const { url, upstream } = await startWorld()
    const answer = await rawExchange(portOf(url), text)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(upstream.received).toEqual([])
  })

  it('34: no request upgrades its connection to the upstream to another protocol', async () => {
    const { url, upstream } = await startWorld()
    const upgrade = { ...user, Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c' }
    const sent = { ...upgrade, 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' }
    await rawExchange(portOf(url), requestText('GET /v1/version HTTP/1.1', sent))
    for (const { headers } of upstream.received) expect(headers.upgrade).toBeUndefined()
  })
})
