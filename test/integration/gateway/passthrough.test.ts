import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request as openRequest } from 'node:http'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { nth } from '../../../src/shared/assert.ts'
import { ask, listOf, send } from '../../support/ask.ts'
import { countingRows, type EchoUpstream, sendJson } from '../../support/echo-upstream.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { openSocket, portOf, rawExchange, readToEnd, requestText } from '../../support/raw-http.ts'
import { bearer, startGatewayTo, startWorld } from '../../support/start-gateway.ts'
import { TEST_METADATA } from '../../support/test-metadata.ts'
import { waitUntil } from '../../support/wait-until.ts'

const PRODUCTS = '{ products { id } }'

const user = { authorization: await bearer('1') }
const admin = { 'x-hasura-admin-secret': ADMIN_SECRET }

/** Takes requests as streams, where the test wants to see a body before it has ended. */
function serveStreams(
  upstream: EchoUpstream,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const [answerOwn] = upstream.server.listeners('request')
  upstream.server.removeAllListeners('request')
  upstream.server.on('request', (request, response) => {
    if (['/v1/metadata', '/v2/query'].includes(request.url ?? ''))
      answerOwn?.call(upstream.server, request, response)
    else serve(request, response)
  })
}

describe('what the gateway does not answer', () => {
  it.each([
    '/',
    '/console',
    '/console/data/default?x=1&y=%2F',
    '/console/assets/common/js/main.js.gz',
    '/api/rest/products/a%20b/%C3%A9?limit=1',
    `/api/rest/${'x'.repeat(500)}`,
    '/v1/version',
    '/healthz?strict=true',
    '/dev/plan_cache',
    '//double//slashes/',
    '/v1/graphql/',
  ])('is asked of Hasura under the same path: %s', async (path) => {
    const { url, upstream } = await startWorld()
    upstream.respond = (_request, response) => void response.end('from Hasura')
    expect(await send(url, path)).toMatchObject({ status: 200, text: 'from Hasura' })
    expect(upstream.received).toMatchObject([{ method: 'GET', path }])
  })

  it('goes below the path of the upstream’s URL', async () => {
    const { upstream } = await startWorld()
    const prefixed = await startGatewayTo(`${upstream.url}/hasura/`)
    await send(prefixed.url, '/console')
    await ask(prefixed.url, PRODUCTS, user)
    await prefixed.stop()
    const paths = upstream.received.map(({ path }) => path)
    expect(paths.filter((path) => path !== '/hasura/v1/metadata')).toEqual([
      '/hasura/console',
      '/hasura/v1/graphql',
    ])
  })

  it('comes back as it was: status, headers, bytes', async () => {
    const { url, upstream } = await startWorld()
    const body = gzipSync('<p>console</p>')
    upstream.respond = (_request, response) => {
      response.writeHead(203, {
        'Content-Type': 'text/html',
        'Content-Encoding': 'gzip',
        'Set-Cookie': ['a=1', 'b=2'],
        'Cache-Control': 'public, max-age=60',
        'X-Name': Buffer.from('ä€').toString('latin1'),
        'X-Request-Id': 'of-the-upstream',
        'Keep-Alive': 'timeout=1',
        Connection: 'X-Hop',
        'X-Hop': 'x',
      })
      response.end(body)
    }
    const headers = { 'accept-encoding': 'gzip', 'x-request-id': 'mine' }
    const answer = await request(`${url}/console`, { headers })
    expect(answer.statusCode).toBe(203)
    expect(gunzipSync(await answer.body.bytes()).toString()).toBe('<p>console</p>')
    expect(answer.headers).toMatchObject({
      'content-encoding': 'gzip',
      'set-cookie': ['a=1', 'b=2'],
      'cache-control': 'public, max-age=60',
      'x-name': Buffer.from('ä€').toString('latin1'),
      'x-request-id': 'mine',
    })
    expect(answer.headers).not.toHaveProperty('x-hop')
    expect(upstream.received[0]?.headers).toMatchObject(headers)
  })

  it.each([204, 302, 304, 404, 500])(
    'comes back with the status %d, redirects unfollowed',
    async (status) => {
      const { url, upstream } = await startWorld()
      upstream.respond = (_request, response) => {
        response.writeHead(status, { Location: '/console' }).end()
      }
      const answer = await send(url, '/x')
      expect([answer.status, answer.headers['location']]).toEqual([status, '/console'])
      expect(upstream.received).toHaveLength(1)
    },
  )

  it('is told without a body for HEAD', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = (_request, response) => {
      response.writeHead(200, { 'Content-Length': 1_000 }).end()
    }
    const answer = await send(url, '/console', { method: 'HEAD' })
    expect([answer.headers['content-length'], answer.text]).toEqual(['1000', ''])
  })

  it('shows who asks as the client says it, for Hasura to judge', async () => {
    const { url, upstream } = await startWorld()
    const headers = { ...user, 'x-hasura-role': 'user', 'x-hasura-user-id': '9', cookie: 'a=1' }
    await send(url, '/api/rest/products', {
      headers: { ...headers, 'x-forwarded-for': '8.8.8.8', 'x-forwarded-proto': 'https' },
    })
    expect(nth(upstream.received, 0).headers).toMatchObject({
      ...headers,
      'x-forwarded-for': expect.stringMatching(/^(?:::ffff:)?127\.0\.0\.1$/),
      'x-forwarded-proto': 'http',
      'x-forwarded-host': expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    })
  })

  it('is the session’s, with nothing else the client says of itself', async () => {
    const { url, upstream } = await startWorld()
    const login = await send(url, '/session', { method: 'POST', headers: user })
    const [session = ''] = listOf(login.headers['set-cookie'])
    const [cookie = ''] = session.split(';')
    await send(url, '/api/rest/products', {
      headers: {
        cookie,
        authorization: 'Bearer x',
        'x-hasura-role': 'user',
        'x-hasura-user-id': '9',
        'sec-fetch-site': 'same-origin',
      },
    })
    const { headers } = nth(upstream.received, 0)
    expect(headers).toMatchObject({ ...user, 'x-hasura-role': 'user' })
    expect(headers).not.toHaveProperty('x-hasura-user-id')
    expect(headers).not.toHaveProperty('cookie')
    await send(url, '/api/rest/products', { headers: { ...admin, cookie: `a=1; ${cookie}` } })
    expect(nth(upstream.received, 1).headers.cookie).toBe('a=1')
  })

  it('is told of in Hasura’s shape when Hasura is not there', async () => {
    const { url, upstream } = await startWorld()
    const { port } = upstream
    await upstream.stop()
    const answer = await send(url, '/v1/metadata', { method: 'POST', headers: admin, body: '{}' })
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      502,
      { path: '$', error: 'the upstream cannot be reached', code: 'upstream-unreachable' },
    ])
    upstream.server.listen(port)
  })

  it('ends in the middle when Hasura’s answer does', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = (_request, response) => {
      response.writeHead(200, { 'Content-Length': 100 })
      response.write('half', () => response.destroy())
    }
    await expect(send(url, '/console')).rejects.toThrow()
    upstream.respond = (_request, response) => void response.end('whole')
    expect((await send(url, '/console')).text).toBe('whole')
  })
})

describe('a body', () => {
  it('arrives at the client while it is being sent', async () => {
    const { url, upstream } = await startWorld()
    const sending: ServerResponse[] = []
    upstream.respond = (_request, response) => {
      response.write('first,')
      sending.push(response)
    }
    const { body } = await request(`${url}/v1alpha1/pg_dump`)
    const chunks = body[Symbol.asyncIterator]()
    expect(String((await chunks.next()).value)).toBe('first,')
    nth(sending, 0).end('last')
    expect(String((await chunks.next()).value)).toBe('last')
    expect((await chunks.next()).done).toBe(true)
  })

  it('arrives at Hasura while it is being sent', async () => {
    const { url, upstream } = await startWorld()
    const arriving = new Promise<IncomingMessage>((resolve) => {
      serveStreams(upstream, (received, response) => {
        received.on('end', () => sendJson(response, {}))
        resolve(received)
      })
    })
    const sending = openRequest(`${url}/upload`, { method: 'POST' })
    const answered = once(sending, 'response')
    sending.write('first')
    const received = await arriving
    expect(String((await once(received, 'data'))[0])).toBe('first')
    sending.end('last')
    expect(String((await once(received, 'data'))[0])).toBe('last')
    const [answer] = await answered
    answer.resume()
    expect(answer.statusCode).toBe(200)
  })

  it.each([
    ['of known length', true],
    ['in chunks', false],
  ])('may be larger than any limit on GraphQL: %s', async (_what, isLengthKnown) => {
    const { url, upstream } = await startWorld()
    const bytes = Buffer.alloc(20_000_000, 'abcdefghij')
    serveStreams(upstream, (received, response) => {
      const digest = createHash('sha1')
      received.on('data', (chunk: Buffer) => digest.update(chunk))
      received.on('end', () => sendJson(response, { sha1: digest.digest('hex') }))
    })
    const sending = openRequest(`${url}/v1/query`, {
      method: 'POST',
      headers: isLengthKnown ? { 'Content-Length': bytes.length } : {},
    })
    sending.end(bytes)
    const [answer] = await once(sending, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk)
    const sha1 = createHash('sha1').update(bytes).digest('hex')
    expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual({ sha1 })
  })

  it('that a client sends slowly keeps nobody from GraphQL', async () => {
    const { url, upstream, gateway } = await startWorld({ upstream: { connections: 2 } })
    const clients = await Promise.all([1, 2, 3].map(() => openSocket(portOf(url))))
    for (const client of clients) {
      client.write('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf')
    }
    await waitUntil(() => gateway.snapshot().upstream.inFlight === 3)
    expect((await ask(url, PRODUCTS, user)).status).toBe(200)
    for (const client of clients) client.destroy()
    expect(upstream.received.map(({ path }) => path)).toEqual(['/v1/graphql'])
  })

  it('is not read from Hasura faster than the client reads', async () => {
    const { url, upstream } = await startWorld()
    let written = 0
    function* chunks(): Generator<Buffer> {
      for (; written < 200; written += 1) yield Buffer.alloc(1_000_000)
    }
    upstream.respond = (_request, response) => {
      Readable.from(chunks()).pipe(response)
    }
    const client = await openSocket(portOf(url))
    client.pause()
    client.write(requestText('GET /big HTTP/1.1', {}))
    await waitUntil(() => written > 0)
    let seen = 0
    while (seen !== written) {
      seen = written
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(written).toBeLessThan(100)
    client.destroy()
  })
})

describe('a client that goes away', () => {
  it('ends a read at Hasura', async () => {
    const { url, upstream } = await startWorld()
    const held = upstream.hold()
    const cut = new Promise((resolve) =>
      upstream.server.once('request', (_r, s) => s.on('close', resolve)),
    )
    const client = await openSocket(portOf(url))
    client.write(requestText('GET /api/rest/slow HTTP/1.1', {}))
    await upstream.receives(1)
    client.destroy()
    await cut
    held.release()
  })

  it('does not end a write, whose tables are stale after it', async () => {
    const { url, upstream, gateway } = await startWorld()
    const rows = countingRows()
    upstream.respond = rows
    await ask(url, PRODUCTS, user)
    const held = upstream.hold(rows)
    const client = await openSocket(portOf(url))
    client.write(requestText('POST /api/rest/touch HTTP/1.1', { ...user }, '{}'))
    await upstream.receives(2)
    client.destroy()
    held.release()
    await waitUntil(() => gateway.snapshot().cache.invalidations['passthrough'] === 1)
    expect((await ask(url, PRODUCTS, user)).text).toBe('{"data":{"call":3}}')
  })

  it('in the middle of an upload ends it at Hasura', async () => {
    const { url, upstream, gateway } = await startWorld()
    const cut = new Promise((resolve) => {
      serveStreams(upstream, (received) =>
        received.on('data', () => undefined).on('close', resolve),
      )
    })
    const client = await openSocket(portOf(url))
    client.write('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf')
    await waitUntil(() => gateway.snapshot().upstream.inFlight === 1)
    client.destroy()
    await cut
    await waitUntil(() => gateway.snapshot().upstream.inFlight === 0)
  })
})

/** Of the metadata with another filter on products for users. */
function ownProductsOnly(): object {
  const metadata = structuredClone(TEST_METADATA)
  const text = JSON.stringify(metadata).replace(
    '{"role":"user","permission":{"columns":"*","filter":{}',
    '{"role":"user","permission":{"columns":"*","filter":{"user_id":{"_eq":"X-Hasura-User-Id"}}',
  )
  return JSON.parse(text)
}

describe('a change of metadata', () => {
  it('is known, and what was cached by the old one stale, before it is answered', async () => {
    const { url, upstream } = await startWorld()
    const rows = countingRows()
    upstream.respond = rows
    const users = await Promise.all(['1', '2'].map((id) => bearer(id)))
    for (const authorization of users) await ask(url, PRODUCTS, { authorization })
    expect(upstream.received).toHaveLength(1)
    upstream.respond = (_request, response) => {
      upstream.metadata = ownProductsOnly()
      upstream.resourceVersion += 1
      sendJson(response, { message: 'success' })
    }
    const body = JSON.stringify({ type: 'pg_create_select_permission', args: {} })
    const changed = await send(url, '/v1/metadata', { method: 'POST', headers: admin, body })
    expect(changed.text).toBe('{"message":"success"}')
    upstream.respond = rows
    const answers = []
    for (const authorization of users) {
      answers.push((await ask(url, PRODUCTS, { authorization })).text)
    }
    expect(answers).toEqual(['{"data":{"call":2}}', '{"data":{"call":3}}'])
  })

  it('is looked for after whatever may be one, and not after REST, aliases or a read', async () => {
    const { url, upstream } = await startWorld()
    const readings = (): number => upstream.readingsOfMetadata
    const before = readings()
    await send(url, '/v1/version')
    await send(url, '/api/rest/touch?x=1', { method: 'POST' })
    await send(url, '/v1alpha1/graphql', { method: 'POST', headers: user, body: '{' })
    expect(readings()).toBe(before)
    await send(url, '/v1/query', { method: 'POST', headers: admin, body: '{}' })
    expect(readings()).toBe(before + 1)
    await send(url, '/api/rest//v1/metadata', { method: 'POST', headers: admin, body: '{}' })
    expect(readings()).toBe(before + 2)
  })
})

describe('a write that Hasura refuses', () => {
  it.each([
    ['with 401', 401, user],
    ['as there is no such path', 404, user],
    ['as there is no such method', 405, user],
    ['as nobody’s', 400, {}],
    ['for a bad token', 400, { authorization: 'Bearer a.b.c' }],
  ])('leaves what is cached: %s', async (_what, status, headers) => {
    const { url, upstream } = await startWorld()
    await ask(url, PRODUCTS, user)
    upstream.respond = (_request, response) => sendJson(response, { code: 'x' }, status)
    await send(url, '/v1/query', { method: 'POST', headers, body: '{}' })
    expect((await ask(url, PRODUCTS, user)).headers['cache-status']).toMatch(/hit/)
  })

  it.each([400, 409, 500])('may be half done, with %d', async (status) => {
    const { url, upstream } = await startWorld()
    const rows = countingRows()
    upstream.respond = rows
    await ask(url, PRODUCTS, user)
    upstream.respond = (_request, response) => sendJson(response, { code: 'x' }, status)
    await send(url, '/v2/query', { method: 'POST', headers: admin, body: '{"type":"bulk"}' })
    upstream.respond = rows
    expect((await ask(url, PRODUCTS, user)).text).toBe('{"data":{"call":2}}')
  })
})

describe('GraphQL under another path', () => {
  it('leaves what is cached when it only reads', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = countingRows()
    await ask(url, PRODUCTS, user)
    const body = JSON.stringify({ query: PRODUCTS })
    const answer = await send(url, '/v1alpha1/graphql', { method: 'POST', headers: user, body })
    expect(answer.text).toBe('{"data":{"call":2}}')
    expect((await ask(url, PRODUCTS, user)).text).toBe('{"data":{"call":1}}')
  })

  it('is refused over the limit of bodies', async () => {
    const { url, upstream } = await startWorld({ limits: { bodyBytesMax: 10 } })
    const body = JSON.stringify({ query: PRODUCTS })
    const answer = await send(url, '/v1beta1/relay', { method: 'POST', headers: user, body })
    expect(answer.status).toBe(413)
    expect(upstream.received).toEqual([])
  })
})

describe('pipelined requests', () => {
  it('are answered in order, whoever answers them', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = ({ path }, response) => sendJson(response, { data: { path } })
    const body = JSON.stringify({ query: PRODUCTS })
    const json = { ...user, 'Content-Type': 'application/json' }
    const graphql = requestText('POST /v1/graphql HTTP/1.1', json, body)
    const last = requestText('GET /last HTTP/1.1', { Connection: 'close' })
    const answers = await rawExchange(
      portOf(url),
      [graphql, graphql, requestText('GET /x HTTP/1.1', {}), graphql, last].join(''),
    )
    expect([...answers.matchAll(/"path":"([^"]+)"/g)].map(([, path]) => path)).toEqual([
      '/v1/graphql',
      '/v1/graphql',
      '/x',
      '/v1/graphql',
      '/last',
    ])
    expect(upstream.received).toHaveLength(3)
  })

  it('end with the connection when the client stops reading them', async () => {
    const { url } = await startWorld()
    const client = await openSocket(portOf(url))
    client.write(requestText('GET /x HTTP/1.1', { Connection: 'close' }))
    expect(await readToEnd(client)).toContain('200')
  })
})
