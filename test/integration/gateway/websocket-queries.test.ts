import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { sha256Of } from '../../../src/gateway/documents/manifest.ts'
import { ask } from '../../support/ask.ts'
import { sessionOf } from '../../support/decode-claims.ts'
import { countingRows, type Respond, sendJson } from '../../support/echo-upstream.ts'
import { limitRule } from '../../support/limit-rules.ts'
import { bearer, type OptionChanges, startWorld, type World } from '../../support/start-gateway.ts'
import { type UpstreamSocket, WsUpstream } from '../../support/ws-upstream.ts'

const PRODUCTS = '{ products { id } }'
const ORDERS = '{ orders { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'
const SUBSCRIPTION = 'subscription { orders { id } }'
const TRANSPORT = 'graphql-transport-ws'

const user = { authorization: await bearer('1') }
const other = { authorization: await bearer('2') }

/** The rows of whoever asks. */
const ownRows: Respond = (received, response) => {
  sendJson(response, { data: { of: sessionOf(received)['x-hasura-user-id'] } })
}

class Client {
  readonly socket: WebSocket
  readonly received: unknown[] = []

  constructor(url: string, protocol: string, headers: Readonly<Record<string, string>>) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/v1/graphql`, protocol, { headers })
    this.socket.on('message', (data: Buffer) => this.received.push(JSON.parse(data.toString())))
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message))
  }

  begin(id: string, payload: object | string): void {
    const type = this.socket.protocol === TRANSPORT ? 'subscribe' : 'start'
    this.send({ id, type, payload: typeof payload === 'string' ? { query: payload } : payload })
  }

  /** The next messages, as many. */
  async next(count: number): Promise<readonly unknown[]> {
    while (this.received.length < count) await once(this.socket, 'message')
    return this.received.splice(0, count)
  }
}

interface Connection {
  readonly client: Client
  readonly upstream: UpstreamSocket
  readonly ws: WsUpstream
}

interface Handshake {
  readonly protocol?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly initHeaders?: Readonly<Record<string, string>>
  readonly isAcknowledged?: boolean
}

const upstreams = new WeakMap<World, WsUpstream>()

async function connect(world: World, handshake: Handshake = {}): Promise<Connection> {
  const { protocol = TRANSPORT, headers = {}, initHeaders = {}, isAcknowledged = true } = handshake
  const ws = upstreams.get(world) ?? new WsUpstream(world.upstream)
  upstreams.set(world, ws)
  const client = new Client(world.url, protocol, headers)
  await once(client.socket, 'open')
  const upstream = await ws.opened(ws.sockets.length - 1)
  client.send({ type: 'connection_init', payload: { headers: initHeaders } })
  await ws.next(upstream)
  if (isAcknowledged) {
    upstream.socket.send('{"type":"connection_ack"}')
    await client.next(1)
  }
  return { client, upstream, ws }
}

const start = async (changes: OptionChanges = {}): Promise<World> =>
  await startWorld({ ...changes, server: { shutdownGraceMs: 100 } })

describe.each([
  [TRANSPORT, 'next', 'complete'],
  ['graphql-ws', 'data', 'complete'],
])('a query over %s', (protocol, result, complete) => {
  it('is answered out of the entry of POST /v1/graphql', async () => {
    const world = await start()
    world.upstream.respond = countingRows()
    await ask(world.url, PRODUCTS, user)
    const { client, upstream } = await connect(world, { protocol, initHeaders: user })
    client.begin('a', PRODUCTS)
    expect(await client.next(2)).toEqual([
      { id: 'a', type: result, payload: { data: { call: 1 } } },
      { id: 'a', type: complete },
    ])
    expect(world.upstream.received).toHaveLength(1)
    expect(upstream.received).toEqual([])
  })

  it('is kept for those who ask with POST', async () => {
    const world = await start()
    const { client } = await connect(world, { protocol, initHeaders: user })
    client.begin('a', PRODUCTS)
    await client.next(2)
    expect((await ask(world.url, PRODUCTS, user)).headers['cache-status']).toMatch(/^gerbang; hit/)
  })

  it('counts against the limits, like all that a connection begins', async () => {
    const rule = limitRule({ limit: 2 })
    const world = await start({ rateLimit: { rules: [rule] } })
    const { client, upstream, ws } = await connect(world, { protocol, initHeaders: user })
    client.begin('a', PRODUCTS)
    client.begin('b', SUBSCRIPTION)
    await client.next(2)
    expect(await ws.next(upstream)).toContain('subscription')
    client.begin('c', SUBSCRIPTION)
    const error = {
      message: expect.stringContaining('limit'),
      extensions: expect.objectContaining({ code: 'rate-limit-exceeded' }),
    }
    const told = protocol === TRANSPORT ? [error] : { errors: [error] }
    expect(await client.next(1)).toEqual([{ id: 'c', type: 'error', payload: told }])
    expect((await ask(world.url, PRODUCTS, user)).status).toBe(429)
    expect(upstream.received).toEqual([])
  })

  it('counts against the limits by its cost', async () => {
    const world = await start({ rateLimit: { rules: [limitRule({ unit: 'cost', limit: 60 })] } })
    const { client, upstream, ws } = await connect(world, { protocol, initHeaders: user })
    client.begin('a', '{ products(limit: 60) { id } }')
    const refusal = await client.next(protocol === TRANSPORT ? 1 : 2)
    expect(JSON.stringify(refusal)).toContain('cost-limit-exceeded')
    client.begin('b', 'subscription { products(limit: 40) { id } }')
    expect(await ws.next(upstream)).toContain('subscription')
    client.begin('c', '{ products(limit: 40) { id } }')
    expect(JSON.stringify(await client.next(1))).toContain('rate-limit-exceeded')
  })

  it('is an error when the upstream’s answer has no data', async () => {
    const world = await start()
    const errors = [{ message: 'no', extensions: { path: '$', code: 'unexpected' } }]
    world.upstream.respond = (_request, response) => sendJson(response, { errors })
    const { client } = await connect(world, { protocol, initHeaders: user })
    client.begin('a', PRODUCTS)
    const payload = protocol === TRANSPORT ? errors : { errors }
    expect(await client.next(1)).toEqual([{ id: 'a', type: 'error', payload }])
  })
})

describe('queries over a WebSocket', () => {
  it('are answered for whom the handshake or connection_init names', async () => {
    const world = await start()
    world.upstream.respond = ownRows
    for (const [handshake, of] of [
      [{ headers: user }, '1'],
      [{ initHeaders: other }, '2'],
      [{ headers: user, initHeaders: user }, '1'],
      [{ initHeaders: { Authorization: user.authorization } }, '1'],
    ] as const) {
      const { client } = await connect(world, handshake)
      client.begin('a', ORDERS)
      expect((await client.next(2))[0]).toMatchObject({ payload: { data: { of } } })
    }
    expect(world.upstream.received).toHaveLength(2)
  })

  it.each<[string, Handshake]>([
    ['nobody', {}],
    ['two at once', { headers: user, initHeaders: other }],
    ['one whom Hasura has not taken yet', { initHeaders: user, isAcknowledged: false }],
  ])('are Hasura’s when they are of %s', async (_whom, handshake) => {
    const world = await start()
    await ask(world.url, PRODUCTS, user)
    const { client, upstream, ws } = await connect(world, handshake)
    client.begin('a', PRODUCTS)
    expect(JSON.parse(await ws.next(upstream))).toEqual({
      id: 'a',
      type: 'subscribe',
      payload: { query: PRODUCTS },
    })
    expect(client.received).toEqual([])
  })

  it('are Hasura’s when they are not to be cached, or are no queries', async () => {
    const world = await start({ cache: { rules: [] } })
    const { client, upstream, ws } = await connect(world, { initHeaders: user })
    for (const query of [PRODUCTS, TOUCH, SUBSCRIPTION, '{']) {
      client.begin(query, query)
      expect(JSON.parse(await ws.next(upstream))).toMatchObject({ payload: { query } })
    }
    expect(client.received).toEqual([])
  })

  it('see what a mutation of the same connection wrote, once it is answered', async () => {
    const world = await start()
    world.upstream.respond = countingRows()
    const { client, upstream, ws } = await connect(world, { initHeaders: user })
    client.begin('a', PRODUCTS)
    await client.next(2)
    client.begin('m', TOUCH)
    await ws.next(upstream)
    upstream.socket.send('{"id":"m","type":"next","payload":{"data":{}}}')
    await client.next(1)
    client.begin('b', PRODUCTS)
    expect((await client.next(2))[0]).toMatchObject({ id: 'b', payload: { data: { call: 2 } } })
  })

  it('that the client ended are not answered', async () => {
    const world = await start()
    const held = world.upstream.hold()
    const { client, upstream } = await connect(world, { initHeaders: user })
    client.begin('a', PRODUCTS)
    await world.upstream.receives(1)
    client.send({ id: 'a', type: 'complete' })
    client.begin('b', PRODUCTS)
    held.release()
    expect(await client.next(2)).toMatchObject([{ id: 'b' }, { id: 'b' }])
    expect(upstream.received).toEqual([])
  })

  it('have no id that a subscription has', async () => {
    const world = await start()
    const { client, upstream, ws } = await connect(world, { initHeaders: user })
    client.begin('a', SUBSCRIPTION)
    client.begin('a', PRODUCTS)
    await ws.next(upstream)
    expect(await ws.next(upstream)).toContain('products')
  })

  it('may be persisted', async () => {
    const world = await start()
    const { client } = await connect(world, { initHeaders: user })
    const extensions = { persistedQuery: { version: 1, sha256Hash: sha256Of(PRODUCTS) } }
    client.begin('a', { extensions })
    expect(await client.next(1)).toMatchObject([
      { id: 'a', type: 'error', payload: [{ message: 'PersistedQueryNotFound' }] },
    ])
    client.begin('b', { extensions, query: PRODUCTS })
    expect(await client.next(2)).toMatchObject([{ id: 'b', type: 'next' }, { id: 'b' }])
    client.begin('c', { extensions })
    expect(await client.next(2)).toMatchObject([{ id: 'c', type: 'next' }, { id: 'c' }])
  })

  it('are refused when only trusted documents are answered, before anybody is known as well', async () => {
    const documents = new Map([['s', SUBSCRIPTION]])
    const world = await start({ trustedDocuments: { mode: 'only', documents } })
    for (const handshake of [{ initHeaders: user }, {}, { isAcknowledged: false }]) {
      const { client, upstream } = await connect(world, handshake)
      client.begin('a', SUBSCRIPTION)
      expect(await client.next(1)).toMatchObject([
        { type: 'error', payload: [{ extensions: { code: 'document-not-trusted' } }] },
      ])
      expect(upstream.received).toEqual([])
    }
    const { client, upstream, ws } = await connect(world, { initHeaders: user })
    client.begin('a', { documentId: 's' })
    expect(JSON.parse(await ws.next(upstream))).toEqual({
      id: 'a',
      type: 'subscribe',
      payload: { query: SUBSCRIPTION },
    })
  })
})
