import { describe, expect, it, onTestFinished } from 'vitest'
import { parseJwtSecret } from '../../../../src/gateway/index.ts'
import { countingRows, EchoUpstream, sendJson } from '../../../support/echo-upstream.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { ADMIN_SECRET, JWT_KEY } from '../../../support/gateway-options.ts'
import {
  bearer,
  type OptionChanges,
  startWorld,
  type World,
} from '../../../support/start-gateway.ts'
import { hmacToken } from '../../../support/tokens.ts'
import { WsClient } from '../../../support/ws-client.ts'
import { WsUpstream } from '../../../support/ws-upstream.ts'

const USER = { 'x-hasura-role': 'user', 'x-hasura-user-id': '7' }
const TOLD = { 'x-hasura-admin-secret': ADMIN_SECRET, ...USER }
const ACK = '{"type":"connection_ack"}'

interface SocketWorld extends World {
  readonly hook: EchoUpstream
  readonly sockets: WsUpstream
  readonly clock: FakeClock
}

async function start(answer: object = USER, changes: OptionChanges = {}): Promise<SocketWorld> {
  const hook = new EchoUpstream()
  await hook.start()
  onTestFinished(() => hook.stop())
  hook.respond = (_request, response) => sendJson(response, answer)
  const clock = new FakeClock(Date.now())
  const auth = {
    jwtSecrets: [],
    hook: {
      url: `${hook.url}/auth`,
      mode: 'POST' as const,
      sendsRequestBody: true,
      timeoutMs: 30_000,
      connections: 4,
      queueMax: 10,
      maxAgeMs: 60_000,
      unkeyedHeaders: [],
    },
  }
  const world = await startWorld({ auth, ...changes }, { clock })
  return { ...world, hook, clock, sockets: new WsUpstream(world.upstream) }
}

function init(headers?: object): object {
  return { type: 'connection_init', ...(headers && { payload: { headers, other: 1 } }) }
}

describe('over a WebSocket, with a webhook', () => {
  it('Hasura is told what the webhook said, and nothing of what the client says of itself', async () => {
    const world = await start()
    const client = await WsClient.open(world.url, {
      authorization: 'Bearer handshake',
      cookie: 'a=b',
      'x-hasura-role': 'admin',
      'x-hasura-org-id': '1',
    })
    client.send(init({ Authorization: 'Bearer init', 'X-Hasura-Role': 'admin', 'x-other': 'y' }))
    const upstream = await world.sockets.opened()
    const message = JSON.parse(await world.sockets.next(upstream))
    expect(message).toEqual({
      type: 'connection_init',
      payload: { headers: { ...TOLD, Authorization: 'Bearer init', 'x-other': 'y' }, other: 1 },
    })
    expect(
      Object.keys(upstream.request.headers).filter((name) => /hasura|auth/.test(name)),
    ).toEqual([])
    const { headers, request } = JSON.parse(world.hook.received[0]?.body ?? '')
    expect(headers).toMatchObject({ authorization: 'Bearer init', cookie: 'a=b', 'x-other': 'y' })
    expect(request).toBeUndefined()
    await client.close()
  })

  it('an admin secret is an admin without it', async () => {
    const world = await start()
    const client = await WsClient.open(world.url)
    client.send(init({ 'x-hasura-admin-secret': ADMIN_SECRET, 'x-hasura-role': 'editor' }))
    const upstream = await world.sockets.opened()
    expect(JSON.parse(await world.sockets.next(upstream))).toMatchObject({
      payload: { headers: { 'x-hasura-admin-secret': ADMIN_SECRET, 'x-hasura-role': 'editor' } },
    })
    expect(world.hook.received).toEqual([])
    await client.close()
  })

  it('a message without headers is one of the handshake alone', async () => {
    const world = await start()
    const client = await WsClient.open(world.url, { authorization: 'Bearer handshake' })
    client.send(init())
    const upstream = await world.sockets.opened()
    expect(JSON.parse(await world.sockets.next(upstream))).toEqual({
      type: 'connection_init',
      payload: { headers: TOLD },
    })
    expect(world.hook.received[0]?.body).toContain('Bearer handshake')
    await client.close()
  })

  it.each([
    ['graphql-transport-ws', 4403, '{"server_error_msg":"4403: Forbidden"}', []],
    [
      'graphql-ws',
      4400,
      '{"server_error_msg":"4400: Connection initialization failed: Authentication hook unauthorized this request"}',
      [{ type: 'connection_error', payload: 'Authentication hook unauthorized this request' }],
    ],
  ])('a refusal ends %s with %i', async (protocol, code, reason, told) => {
    const world = await start()
    world.hook.respond = (_request, response) => sendJson(response, USER, 401)
    const client = await WsClient.open(world.url, {}, protocol)
    client.send(init({ authorization: 'Bearer x' }))
    expect(await client.closed()).toEqual({ code, reason })
    expect(client.untaken).toEqual(told)
    const upstream = await world.sockets.opened()
    expect(upstream.received).toEqual([])
  })

  it('all that is asked is asked by the one whom Hasura was told', async () => {
    const world = await start()
    world.upstream.respond = countingRows()
    const client = await WsClient.open(world.url)
    client.send(init({ authorization: 'Bearer x' }))
    const upstream = await world.sockets.opened()
    await world.sockets.next(upstream)
    upstream.socket.send(ACK)
    expect(await client.next()).toEqual({ type: 'connection_ack' })
    world.hook.respond = (_request, response) => sendJson(response, { 'x-hasura-role': 'manager' })
    client.subscribe('1', '{ orders { id } }')
    expect(await client.next()).toMatchObject({ type: 'next', id: '1' })
    expect(world.upstream.received[0]?.headers).toMatchObject(TOLD)
    // A second time it is not found out anew.
    client.send(init({ authorization: 'Bearer y' }))
    expect(JSON.parse(await world.sockets.next(upstream))).toMatchObject({
      payload: { headers: TOLD },
    })
    expect(world.hook.received).toHaveLength(1)
    await client.close()
  })

  it('what comes before it is known who asks goes to Hasura, which refuses it', async () => {
    const world = await start()
    const client = await WsClient.open(world.url, { authorization: 'Bearer handshake' })
    client.subscribe('1', '{ orders { id } }')
    const upstream = await world.sockets.opened()
    expect(JSON.parse(await world.sockets.next(upstream))).toMatchObject({ type: 'subscribe' })
    expect(world.hook.received).toEqual([])
    await client.close()
  })

  it('a connection ends when what the webhook said has expired', async () => {
    const world = await start({ ...USER, 'Cache-Control': 'max-age=60' })
    const client = await WsClient.open(world.url)
    client.send(init({}))
    const upstream = await world.sockets.opened()
    await world.sockets.next(upstream)
    world.clock.advance(60_000)
    expect(await client.closed()).toEqual({
      code: 4403,
      reason: expect.stringContaining('expired'),
    })
  })
})

describe('over a WebSocket, with a token', () => {
  it('a connection ends when its token has expired', async () => {
    const clock = new FakeClock(1_700_000_000_000)
    const world = await startWorld({}, { clock })
    const sockets = new WsUpstream(world.upstream)
    const claims = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' }
    const token = hmacToken(JWT_KEY, { 'https://hasura.io/jwt/claims': claims, exp: 1_700_000_060 })
    const client = await WsClient.open(world.url)
    client.send(init({ authorization: `Bearer ${token}` }))
    await sockets.next(await sockets.opened())
    clock.advance(60_000)
    expect(await client.closed()).toEqual({
      code: 4403,
      reason: expect.stringContaining('expired'),
    })
  })

  it('Hasura is told the session where it cannot verify the token', async () => {
    const auth = {
      jwtSecrets: [parseJwtSecret({ type: 'HS256', key: JWT_KEY })],
      upstreamIdentity: 'session' as const,
    }
    const world = await startWorld({ auth })
    const sockets = new WsUpstream(world.upstream)
    const client = await WsClient.open(world.url)
    const authorization = await bearer('7')
    client.send(init({ authorization }))
    const { payload } = JSON.parse(await sockets.next(await sockets.opened()))
    expect(payload.headers).toEqual({ ...TOLD, authorization })
    await client.close()
  })
})
