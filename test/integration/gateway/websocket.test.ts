import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../../src/shared/clock.ts'
import { ask, listOf, send } from '../../support/ask.ts'
import { countingRows } from '../../support/echo-upstream.ts'
import { failingStore } from '../../support/failing-store.ts'
import { openStore } from '../../support/open-store.ts'
import { openSocket, portOf, rawExchange, readToEnd, requestText } from '../../support/raw-http.ts'
import {
  bearer,
  type OptionChanges,
  type Surroundings,
  startWorld,
  type World,
} from '../../support/start-gateway.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { type UpstreamSocket, WsUpstream } from '../../support/ws-upstream.ts'

const PRODUCTS = '{ products { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'
const TRANSPORT = 'graphql-transport-ws'

const user = { authorization: await bearer('1') }

interface WsWorld extends World {
  readonly ws: WsUpstream
  /** A client, open, and its connection to the upstream. */
  readonly connect: (protocol?: string, options?: ClientOptions) => Promise<Connected>
}

interface Connected {
  readonly client: WebSocket
  readonly upstream: UpstreamSocket
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

async function startWsWorld(
  changes: OptionChanges = {},
  surroundings: Surroundings = {},
): Promise<WsWorld> {
  // Mutations that a test leaves unanswered are waited for so long when it ends.
  const server = { shutdownGraceMs: 100, ...changes.server }
  const world = await startWorld({ ...changes, server }, surroundings)
  const ws = new WsUpstream(world.upstream)
  const connect = async (protocol = TRANSPORT, options: ClientOptions = {}): Promise<Connected> => {
    const client = new WebSocket(wsUrl(world.url), protocol, { headers: user, ...options })
    const closed = new Promise<{ code: number; reason: string }>((resolve) => {
      client.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    client.on('error', () => undefined)
    await once(client, 'open')
    return { client, upstream: await ws.opened(ws.sockets.length - 1), closed }
  }
  return { ...world, ws, connect }
}

function wsUrl(url: string, path = '/v1/graphql'): string {
  return `${url.replace('http', 'ws')}${path}`
}

async function nextText(socket: WebSocket): Promise<string> {
  const [data] = await once(socket, 'message')
  return String(data)
}

async function closeOf(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close')
  return Number(code)
}

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
}

describe('a WebSocket', () => {
  it.each(['graphql-ws', TRANSPORT])(
    'speaks %s with Hasura, message by message',
    async (protocol) => {
      const { connect, ws } = await startWsWorld()
      const { client, upstream } = await connect(protocol)
      expect([client.protocol, upstream.socket.protocol]).toEqual([protocol, protocol])
      const sent = ' {"type":"connection_init","payload":{"big":12345678901234567890}} '
      client.send(sent)
      expect(await ws.next(upstream)).toBe(sent)
      upstream.socket.send('{"type":"connection_ack"}')
      expect(await nextText(client)).toBe('{"type":"connection_ack"}')
      client.send('{"type":"stop","id":"1"}')
      client.send('{"type":"stop","id":"2"}')
      expect([await ws.next(upstream), await ws.next(upstream)]).toEqual([
        '{"type":"stop","id":"1"}',
        '{"type":"stop","id":"2"}',
      ])
    },
  )

  it('is opened as the client asks, with its headers, but for what is of the hop', async () => {
    const { connect } = await startWsWorld()
    const headers = { ...user, cookie: 'a=1', 'x-mine': 'x', 'x-hasura-role': 'user' }
    const { upstream } = await connect(TRANSPORT, { headers, origin: 'https://shop.example' })
    expect(upstream.request.url).toBe('/v1/graphql')
    expect(upstream.request.headers).toMatchObject({
      ...headers,
      origin: 'https://shop.example',
      'x-forwarded-for': expect.stringMatching(/127\.0\.0\.1$/),
      'x-request-id': expect.any(String),
    })
    expect(upstream.request.headers).not.toHaveProperty('sec-websocket-extensions')
  })

  it('is one of the older protocol to Hasura when the client offers several', async () => {
    const { url, ws } = await startWsWorld()
    const client = new WebSocket(wsUrl(url), [TRANSPORT, 'graphql-ws'])
    await once(client, 'open')
    expect([client.protocol, (await ws.opened()).socket.protocol]).toEqual([
      'graphql-ws',
      'graphql-ws',
    ])
    client.terminate()
  })

  it.each([
    [1000, 'done'],
    [1001, ''],
    [4403, '{"server_error_msg":"4403: Forbidden"}'],
    [1012, 'restart'],
  ])('ends for the client as Hasura ends it: %d', async (code, reason) => {
    const { connect } = await startWsWorld()
    const { upstream, closed } = await connect()
    upstream.socket.close(code, reason)
    expect(await closed).toEqual({ code, reason })
  })

  it('ends for the client when Hasura is cut off', async () => {
    const { connect } = await startWsWorld()
    const { upstream, closed } = await connect()
    upstream.socket.terminate()
    expect((await closed).code).toBe(1006)
  })

  it('ends for Hasura when the client ends it, or goes away', async () => {
    const { connect, gateway } = await startWsWorld()
    const first = await connect()
    first.client.close(4000, 'bye')
    expect(await closeOf(first.upstream.socket)).toBe(4000)
    const second = await connect()
    second.client.close()
    expect(await closeOf(second.upstream.socket)).toBe(1005)
    const third = await connect()
    third.client.terminate()
    expect(await closeOf(third.upstream.socket)).toBe(1006)
    expect(gateway.snapshot().websockets).toEqual({ open: 0, opened: 3, refused: 0 })
  })

  it('answers pings itself', async () => {
    const { connect } = await startWsWorld()
    const { client, upstream } = await connect()
    let pinged = 0
    upstream.socket.on('ping', () => (pinged += 1))
    client.ping('a')
    const [data] = await once(client, 'pong')
    expect([String(data), pinged]).toEqual(['a', 0])
  })

  it('is refused a message over the limit of bodies', async () => {
    const { connect, ws } = await startWsWorld({ limits: { bodyBytesMax: 1_000 } })
    const { client, upstream, closed } = await connect()
    const fits = JSON.stringify({ type: 'x', pad: 'x'.repeat(900) })
    client.send(fits)
    expect(await ws.next(upstream)).toBe(fits)
    client.send('x'.repeat(1_001))
    expect((await closed).code).toBe(1009)
  })

  it('is not read on while the other side reads nothing', async () => {
    const { connect } = await startWsWorld({ upstream: { responseBytesMax: 10_000_000 } })
    const { client, upstream } = await connect()
    client.pause()
    const chunk = JSON.stringify({ type: 'next', id: '1', payload: 'x'.repeat(1_000_000) })
    let isStuck = false
    for (let sent = 0; sent < 200 && !isStuck; sent += 1) {
      const written = new Promise((resolve) => upstream.socket.send(chunk, resolve))
      const late = new Promise((resolve) => setTimeout(resolve, 250, 'late'))
      isStuck = (await Promise.race([written, late])) === 'late'
    }
    expect(isStuck).toBe(true)
    client.resume()
    await waitUntil(() => upstream.socket.bufferedAmount === 0)
  })
})

describe('a handshake', () => {
  it('is refused as Hasura refuses it', async () => {
    const { url, upstream } = await startWorld()
    upstream.server.on('upgrade', (_request, socket) => {
      socket.end(
        'HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"code":"x"}',
      )
    })
    const answer = await rawExchange(
      portOf(url),
      requestText('GET /v1/graphql HTTP/1.1', HANDSHAKE),
    )
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n[^]*\r\n\r\n{"code":"x"}$/)
  })

  it('is refused when Hasura is not there', async () => {
    const { url, upstream, gateway } = await startWorld()
    await upstream.stop()
    const answer = await rawExchange(
      portOf(url),
      requestText('GET /v1/graphql HTTP/1.1', HANDSHAKE),
    )
    expect(answer).toMatch(/^HTTP\/1.1 502 [^]*"code":"upstream-unreachable"}$/)
    expect(gateway.snapshot().websockets).toEqual({ open: 0, opened: 0, refused: 1 })
    upstream.server.listen(0)
  })

  it('is refused when Hasura does not answer it', async () => {
    const { url, upstream } = await startWorld({ upstream: { connectTimeoutMs: 50 } })
    upstream.server.on('upgrade', () => undefined)
    const answer = await rawExchange(
      portOf(url),
      requestText('GET /v1/graphql HTTP/1.1', HANDSHAKE),
    )
    expect(answer).toMatch(/^HTTP\/1.1 502 [^]*"code":"upstream-unreachable"}$/)
  })

  it.each([
    ['another path', 'GET /v1/metadata HTTP/1.1', {}, 404],
    ['another method', 'POST /v1/graphql HTTP/1.1', {}, 400],
    ['another protocol', 'GET /v1/graphql HTTP/1.1', { Upgrade: 'h2c' }, 400],
    ['no key', 'GET /v1/graphql HTTP/1.1', { 'Sec-WebSocket-Key': '' }, 400],
    ['a bad key', 'GET /v1/graphql HTTP/1.1', { 'Sec-WebSocket-Key': 'x' }, 400],
    ['another version', 'GET /v1/graphql HTTP/1.1', { 'Sec-WebSocket-Version': '12' }, 400],
  ])('is refused before Hasura sees it: %s', async (_what, line, changes, status) => {
    const { url, ws } = await startWsWorld()
    const text = requestText(line, { ...HANDSHAKE, ...changes })
    expect(await rawExchange(portOf(url), text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(ws.sockets).toEqual([])
    expect((await ask(url, PRODUCTS, user)).status).toBe(200)
  })

  it('leaves nothing open when the client goes away in the middle of it', async () => {
    const { url, upstream, gateway } = await startWorld()
    const opened = once(upstream.server, 'upgrade')
    const client = await openSocket(portOf(url))
    client.write(requestText('GET /v1/graphql HTTP/1.1', HANDSHAKE))
    const [request, socket, firstBytes] = await opened
    client.destroy()
    const server = new WebSocketServer({ noServer: true })
    const code = new Promise((resolve) => {
      server.handleUpgrade(request, socket, firstBytes, (ws) => ws.on('close', resolve))
    })
    expect(await code).toBe(1006)
    expect(gateway.snapshot().websockets.open).toBe(0)
  })

  it('is not taken beyond the number of connections', async () => {
    const { url, connect } = await startWsWorld({ server: { connectionsMax: 1 } })
    await connect()
    expect(await rawExchange(portOf(url), requestText('GET / HTTP/1.1', HANDSHAKE))).toBe('')
  })
})

const start = (id: string, query: string, type = 'subscribe'): string =>
  JSON.stringify({ type, id, payload: { query } })

describe('a mutation over a WebSocket', () => {
  it.each([
    ['graphql-ws', 'start', 'data'],
    [TRANSPORT, 'subscribe', 'next'],
  ])('makes the next read fresh before its answer arrives: %s', async (protocol, type, result) => {
    const world = await startWsWorld()
    world.upstream.respond = countingRows()
    const { client, upstream } = await world.connect(protocol)
    for (let round = 1; round <= 5; round += 1) {
      const read = await ask(world.url, PRODUCTS, user)
      expect(read.text).toBe(`{"data":{"call":${round}}}`)
      client.send(start('m', TOUCH, type))
      await world.ws.next(upstream)
      upstream.socket.send(JSON.stringify({ type: result, id: 'm', payload: { data: {} } }))
      upstream.socket.send(JSON.stringify({ type: 'complete', id: 'm' }))
      await nextText(client)
    }
  })

  it.each([
    ['in a binary message', Buffer.from(start('m', TOUCH))],
    ['with its keys escaped', start('m', TOUCH).replace('"type"', '"\\u0074ype"')],
    [
      'that cannot be read',
      JSON.stringify({ type: 'subscribe', id: 'm', payload: { query: '{' } }),
    ],
    [
      'named by operationName',
      JSON.stringify({
        type: 'subscribe',
        id: 'm',
        payload: {
          query: `query Q ${PRODUCTS} ${TOUCH.replace('mutation', 'mutation M')}`,
          operationName: 'M',
        },
      }),
    ],
  ])('is followed %s', async (_what, message) => {
    const world = await startWsWorld()
    world.upstream.respond = countingRows()
    const { client, upstream } = await world.connect()
    await ask(world.url, PRODUCTS, user)
    client.send(message)
    await world.ws.next(upstream)
    upstream.socket.send(JSON.stringify({ type: 'next', id: 'm' }))
    await nextText(client)
    expect((await ask(world.url, PRODUCTS, user)).text).toBe('{"data":{"call":2}}')
  })

  it('is followed though an earlier operation of its id is answered after it began', async () => {
    const world = await startWsWorld()
    world.upstream.respond = countingRows()
    const { client, upstream } = await world.connect()
    client.send(start('1', `subscription ${PRODUCTS}`))
    client.send(JSON.stringify({ type: 'complete', id: '1' }))
    client.send(start('1', TOUCH))
    for (let message = 0; message < 3; message += 1) await world.ws.next(upstream)
    upstream.socket.send(JSON.stringify({ type: 'next', id: '1', payload: 'late' }))
    await nextText(client)
    await ask(world.url, PRODUCTS, user)
    upstream.socket.send(JSON.stringify({ type: 'next', id: '1', payload: 'of the mutation' }))
    await nextText(client)
    expect((await ask(world.url, PRODUCTS, user)).text).toBe('{"data":{"call":2}}')
  })

  it.each([
    ['no JSON', '{'],
    [
      'a key twice',
      '{"type":"subscribe","id":"1","payload":{"query":"{a}"},"payload":{"query":"mutation{a}"}}',
    ],
  ])('cannot hide in a message that two programs read differently: %s', async (_what, message) => {
    const { connect } = await startWsWorld()
    const { client, upstream, closed } = await connect()
    client.send(message)
    expect((await closed).code).toBe(4400)
    expect(upstream.received).toEqual([])
  })

  it('is waited for when its client is gone, and makes the next read fresh', async () => {
    const world = await startWsWorld()
    world.upstream.respond = countingRows()
    const { client, upstream } = await world.connect()
    client.send(start('m', TOUCH))
    await world.ws.next(upstream)
    client.terminate()
    await waitUntil(() => world.gateway.snapshot().websockets.open === 0)
    await ask(world.url, PRODUCTS, user)
    upstream.socket.send(JSON.stringify({ type: 'next', id: 'm' }))
    upstream.socket.send(JSON.stringify({ type: 'complete', id: 'm' }))
    expect(await closeOf(upstream.socket)).toBe(1006)
    expect((await ask(world.url, PRODUCTS, user)).text).toBe('{"data":{"call":2}}')
  })

  it('makes the next read fresh when Hasura goes away', async () => {
    const world = await startWsWorld()
    world.upstream.respond = countingRows()
    const { client, upstream, closed } = await world.connect()
    client.send(start('m', TOUCH))
    await world.ws.next(upstream)
    await ask(world.url, PRODUCTS, user)
    upstream.socket.terminate()
    await closed
    expect((await ask(world.url, PRODUCTS, user)).text).toBe('{"data":{"call":2}}')
  })

  it('is answered in order behind an invalidation that takes time', async () => {
    const store = failingStore(openStore(systemClock))
    const world = await startWsWorld({}, { store })
    const { client, upstream } = await world.connect()
    client.send(start('m', TOUCH))
    await world.ws.next(upstream)
    const got: string[] = []
    client.on('message', (data: Buffer) => got.push(JSON.parse(data.toString()).id))
    for (const id of ['1', 'm', '2', '3'])
      upstream.socket.send(JSON.stringify({ type: 'next', id }))
    await waitUntil(() => got.length === 4)
    expect(got).toEqual(['1', 'm', '2', '3'])
    expect(world.gateway.snapshot().cache.invalidations).toMatchObject({ websocket: 1 })
  })

  it('is one too many beyond a thousand at once', async () => {
    const { connect } = await startWsWorld()
    const { client, closed } = await connect()
    for (let id = 0; id <= 1_000; id += 1) client.send(start(`${id}`, TOUCH))
    expect((await closed).code).toBe(1008)
  })
})

describe('a WebSocket opened with a session cookie', () => {
  async function login(url: string): Promise<{ readonly cookie: string }> {
    const answer = await send(url, '/session', { method: 'POST', headers: user })
    const [session = ''] = listOf(answer.headers['set-cookie'])
    const [cookie = ''] = session.split(';')
    return { cookie }
  }

  it('is the token’s to Hasura, and ends with the session', async () => {
    const { connect, url } = await startWsWorld()
    const session = await login(url)
    const { client, upstream, closed } = await connect(TRANSPORT, { headers: session })
    expect(upstream.request.headers.authorization).toBe(user.authorization)
    expect(upstream.request.headers).not.toHaveProperty('cookie')
    await send(url, '/session', { method: 'DELETE', headers: session })
    expect(await closed).toEqual({ code: 4403, reason: 'the session has ended' })
    expect(client.readyState).toBe(WebSocket.CLOSED)
  })

  it('is refused for a session that has ended, and from another site', async () => {
    const { url, ws } = await startWsWorld()
    const session = await login(url)
    const foreign = requestText('GET /v1/graphql HTTP/1.1', {
      ...HANDSHAKE,
      Cookie: session.cookie,
      Origin: 'https://evil.example',
    })
    expect(await rawExchange(portOf(url), foreign)).toMatch(/^HTTP\/1.1 403 /)
    await send(url, '/session', { method: 'DELETE', headers: session })
    const ended = requestText('GET /v1/graphql HTTP/1.1', { ...HANDSHAKE, Cookie: session.cookie })
    expect(await rawExchange(portOf(url), ended)).toMatch(/^HTTP\/1.1 401 /)
    expect(ws.sockets).toEqual([])
  })

  it('takes no more messages of a client that was told to go and stays', async () => {
    const { url, ws } = await startWsWorld()
    const session = await login(url)
    const socket = await openSocket(portOf(url))
    socket.write(
      requestText('GET /v1/graphql HTTP/1.1', {
        ...HANDSHAKE,
        'Sec-WebSocket-Protocol': TRANSPORT,
        Cookie: session.cookie,
      }),
    )
    const upstream = await ws.opened()
    const isTold = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        if (chunk.includes('the session has ended')) resolve()
      })
    })
    await send(url, '/session', { method: 'DELETE', headers: session })
    await isTold
    // "{}" in a masked frame.
    socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]))
    socket.end()
    await readToEnd(socket)
    if (upstream.socket.readyState !== WebSocket.CLOSED) await once(upstream.socket, 'close')
    expect(upstream.received).toEqual([])
  })
})
