import { createClient } from 'graphql-ws'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { RunningDemo } from '../../../src/demo/start.ts'
import { ask, send } from '../../support/ask.ts'
import { ADMIN_SECRET, JWT_KEY } from '../../support/gateway-options.ts'
import { startDemoServer } from '../../support/start-demo.ts'
import { bearer } from '../../support/start-gateway.ts'
import { WsClient } from '../../support/ws-client.ts'

let demo: RunningDemo
beforeAll(async () => {
  demo = await startDemoServer({ pollIntervalMs: 20 })
}, 60_000)
afterAll(() => demo.stop())

const ADMIN = { 'x-hasura-admin-secret': ADMIN_SECRET }
const STOCK = 'subscription { products_by_pk(id: 1) { stock } }'

const setStock = (stock: number) =>
  ask(
    demo.url,
    `mutation { update_products_by_pk(pk_columns: {id: 1}, _set: {stock: ${stock}}) { id } }`,
    ADMIN,
  )
const stockIs = (stock: number, id = 'a') => ({
  type: 'next',
  id,
  payload: { data: { products_by_pk: { stock } } },
})
const error = (message: string, code: string, path = '$') => ({
  message,
  extensions: { path, code },
})

describe('an operation', () => {
  it('of a query is answered once', async () => {
    const client = await WsClient.connect(demo.url, ADMIN)
    client.subscribe('a', 'query ($n: Int!) { products(limit: $n, order_by: {id: asc}) { id } }', {
      n: 1,
    })
    expect(await client.next()).toEqual({
      type: 'next',
      id: 'a',
      payload: { data: { products: [{ id: 1 }] } },
    })
    expect(await client.next()).toEqual({ type: 'complete', id: 'a' })
    await client.close()
  })

  it('of a mutation writes', async () => {
    const client = await WsClient.connect(demo.url, ADMIN)
    client.subscribe(
      'a',
      'mutation { update_products(where: {id: {_eq: 3}}, _set: {stock: 77}) { affected_rows } }',
    )
    expect(await client.next()).toMatchObject({
      payload: { data: { update_products: { affected_rows: 1 } } },
    })
    const { text } = await ask(demo.url, '{ products_by_pk(id: 3) { stock } }', ADMIN)
    expect(text).toBe('{"data":{"products_by_pk":{"stock":77}}}')
    await client.close()
  })

  it('of a subscription is answered again when the answer changes, and only then', async () => {
    await setStock(10)
    const client = await WsClient.connect(demo.url, ADMIN)
    client.subscribe('a', STOCK)
    expect(await client.next()).toEqual(stockIs(10))
    await setStock(11)
    expect(await client.next()).toEqual(stockIs(11))
    await setStock(11)
    await setStock(12)
    expect(await client.next()).toEqual(stockIs(12))
    await client.close()
  })

  it('ends when the client says so', async () => {
    await setStock(1)
    const client = await WsClient.connect(demo.url, ADMIN)
    client.subscribe('a', STOCK)
    expect(await client.next()).toEqual(stockIs(1))
    client.send({ type: 'complete', id: 'a' })
    await roundTrip(client)
    await setStock(2)
    // A name that is free again, and a subscription that sees the change, while the ended one does not.
    client.subscribe('a', STOCK)
    expect(await client.next()).toEqual(stockIs(2))
    expect(client.untaken).toEqual([])
    await client.close()
  })

  it.each([
    [
      '{ nope }',
      error(
        "field 'nope' not found in type: 'query_root'",
        'validation-failed',
        '$.selectionSet.nope',
      ),
    ],
    ['{', error('not a valid graphql query', 'validation-failed', '$.query')],
    [
      'subscription { orgs { id } users { id } }',
      error('subscriptions must select one top level field', 'validation-failed'),
    ],
  ])('%s is refused with a list of errors', async (query, expected) => {
    const client = await WsClient.connect(demo.url, ADMIN)
    client.subscribe('a', query)
    expect(await client.next()).toEqual({ type: 'error', id: 'a', payload: [expected] })
    await client.close()
  })

  it('can be read by the client of graphql-ws', async () => {
    const authorization = await bearer('7')
    const client = createClient({
      url: `${demo.url.replace('http', 'ws')}/v1/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { headers: { Authorization: authorization } },
    })
    const results = client.iterate({ query: 'subscription { users { id } }' })
    const { value } = await results.next()
    expect(value).toEqual({ data: { users: [{ id: 7 }] } })
    await results.return?.()
    await client.dispose()
  })
})

describe('a connection', () => {
  it('is who the headers of connection_init name, before those of the handshake', async () => {
    const query = '{ users { id } }'
    const byHandshake = await WsClient.open(demo.url, { authorization: await bearer('5') })
    byHandshake.send({ type: 'connection_init' })
    expect(await byHandshake.next()).toEqual({ type: 'connection_ack' })
    byHandshake.subscribe('a', query)
    expect(await byHandshake.next()).toMatchObject({ payload: { data: { users: [{ id: 5 }] } } })

    const byPayload = await WsClient.open(demo.url, { authorization: await bearer('5') })
    byPayload.send({
      type: 'connection_init',
      payload: { headers: { Authorization: await bearer('6') } },
    })
    expect(await byPayload.next()).toEqual({ type: 'connection_ack' })
    byPayload.subscribe('a', query)
    expect(await byPayload.next()).toMatchObject({ payload: { data: { users: [{ id: 6 }] } } })
    await Promise.all([byHandshake.close(), byPayload.close()])
  })

  it('answers a ping', async () => {
    const client = await WsClient.connect(demo.url, ADMIN)
    await roundTrip(client)
    await client.close()
  })

  it('ends with 4403 for who may not ask', async () => {
    const client = await WsClient.open(demo.url)
    client.send({ type: 'connection_init', payload: { headers: { 'x-hasura-admin-secret': 'x' } } })
    expect(await client.closed()).toEqual({
      code: 4403,
      reason: '{"server_error_msg":"4403: Forbidden"}',
    })
  })

  it('ends with its token', async () => {
    const token = await new SignJWT({
      'https://hasura.io/jwt/claims': {
        'x-hasura-allowed-roles': ['user'],
        'x-hasura-default-role': 'user',
      },
    })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(new Date(Date.now() + 1_500))
      .sign(Buffer.from(JWT_KEY))
    const client = await WsClient.connect(demo.url, { authorization: `Bearer ${token}` })
    expect((await client.closed()).code).toBe(4403)
  })

  it.each([
    ['{'],
    ['3'],
    ['{"type":"nope"}'],
    ['{"type":"subscribe"}'],
    ['{"type":"connection_init","payload":{"headers":[]}}'],
  ])('ends with 4400 for %s', async (text) => {
    const client = await WsClient.open(demo.url)
    client.send(text)
    const { code, reason } = await client.closed()
    expect(code).toBe(4400)
    expect(reason).toMatch(/^\{"server_error_msg":"4400: Parsing client message failed: /)
  })

  it('ends when it starts before it is initialised', async () => {
    const client = await WsClient.open(demo.url)
    client.subscribe('a', STOCK)
    expect(await client.next()).toEqual({
      type: 'error',
      id: 'a',
      payload: [error('start received before the connection is initialised', 'start-failed')],
    })
    expect((await client.closed()).code).toBe(1000)
  })

  it('ends when a name is used twice', async () => {
    const client = await WsClient.connect(demo.url, ADMIN)
    client.subscribe('a', STOCK)
    await client.next()
    client.subscribe('a', STOCK)
    expect(await client.next()).toEqual({
      type: 'error',
      id: 'a',
      payload: [error('an operation already exists with this id: a', 'start-failed')],
    })
    expect((await client.closed()).code).toBe(1000)
  })

  it('ends with 4408 when it is not initialised in time', async () => {
    const client = await WsClient.open(demo.url)
    expect(await client.closed()).toEqual({
      code: 4408,
      reason: 'Connection initialisation timed out',
    })
  }, 10_000)

  it('ends with 1012 when the metadata changes', async () => {
    const client = await WsClient.connect(demo.url, ADMIN)
    const body = JSON.stringify({ type: 'reload_metadata', args: {} })
    await send(demo.url, '/v1/metadata', { method: 'POST', headers: ADMIN, body })
    expect((await client.closed()).code).toBe(1012)
  })

  it('is not opened for another protocol, or elsewhere', async () => {
    await expect(WsClient.open(demo.url, {}, 'graphql-ws')).rejects.toThrow('400')
    await expect(WsClient.open(`${demo.url}/nope`)).rejects.toThrow('404')
  })
})

async function roundTrip(client: WsClient): Promise<void> {
  client.send({ type: 'ping' })
  expect(await client.next()).toEqual({ type: 'pong' })
}
