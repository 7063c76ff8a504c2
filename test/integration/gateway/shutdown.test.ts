import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ask } from '../../support/ask.ts'
import { countingRows } from '../../support/echo-upstream.ts'
import { openSocket, portOf, readToEnd, requestText } from '../../support/raw-http.ts'
import { bearer, startWorld } from '../../support/start-gateway.ts'
import { WsUpstream } from '../../support/ws-upstream.ts'

const PRODUCTS = '{ products { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'

const user = { authorization: await bearer('1') }

function graphqlText(query: string, headers: Readonly<Record<string, string>> = {}): string {
  const sent = { ...user, 'Content-Type': 'application/json', ...headers }
  return requestText('POST /v1/graphql HTTP/1.1', sent, JSON.stringify({ query }))
}

describe.each([
  ['with the fast lane', true],
  ['without the fast lane', false],
])('a gateway that stops, %s', (_what, fastLane) => {
  it('lets what is under way finish, and takes no more', async () => {
    const { url, upstream, stop } = await startWorld({ server: { fastLane } })
    const held = upstream.hold(countingRows())
    const asking = [ask(url, PRODUCTS, user), ask(url, TOUCH, user)]
    await upstream.receives(2)
    const stopped = stop()
    await expect(openSocket(portOf(url))).rejects.toThrow('ECONNREFUSED')
    held.release()
    const answers = await Promise.all(asking)
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers.map(({ headers }) => headers['connection'])).toEqual(['close', 'close'])
    await stopped
  })

  it('ends what is not finished within the grace', async () => {
    const { url, upstream, stop } = await startWorld({ server: { fastLane, shutdownGraceMs: 100 } })
    const held = upstream.hold()
    const asking = ask(url, PRODUCTS, user)
    const refused = expect(asking).rejects.toThrow()
    await upstream.receives(1)
    await stop()
    await refused
    held.release()
  })

  it('ends idle connections at once, those that have sent nothing too', async () => {
    const { url, stop } = await startWorld({ server: { fastLane, shutdownGraceMs: 60_000 } })
    const [silent, used] = [await openSocket(portOf(url)), await openSocket(portOf(url))]
    used.write(graphqlText(PRODUCTS))
    await once(used, 'data')
    const ends = [readToEnd(silent), readToEnd(used)]
    await stop()
    await Promise.all(ends)
  })

  it('ends a request that never becomes whole with the grace', async () => {
    const { url, stop } = await startWorld({ server: { fastLane, shutdownGraceMs: 100 } })
    const slow = await openSocket(portOf(url))
    slow.write(graphqlText(PRODUCTS).slice(0, -5))
    const end = readToEnd(slow)
    await stop()
    await end
  })

  it('answers what an open connection still sends, and closes it', async () => {
    const { url, upstream, stop } = await startWorld({ server: { fastLane } })
    const held = upstream.hold(countingRows())
    const client = await openSocket(portOf(url))
    client.write(graphqlText(PRODUCTS))
    await upstream.receives(1)
    const stopped = stop()
    held.release()
    const text = await readToEnd(client)
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*Connection: close[^]*{"data":{"call":1}}$/i)
    await stopped
  })

  it('has told the cache of a mutation before it ends', async () => {
    const { url, upstream, gateway, stop } = await startWorld({ server: { fastLane } })
    const held = upstream.hold(countingRows())
    const asking = ask(url, TOUCH, user)
    await upstream.receives(1)
    const stopped = stop()
    held.release()
    await Promise.all([asking, stopped])
    expect(gateway.snapshot().cache.invalidations).toMatchObject({ mutation: 1 })
  })
})

describe('the WebSockets of a gateway that stops', () => {
  it('are told to go, and Hasura’s side with them', async () => {
    const { url, upstream, stop } = await startWorld({ server: { shutdownGraceMs: 60_000 } })
    const ws = new WsUpstream(upstream)
    const client = new WebSocket(`${url.replace('http', 'ws')}/v1/graphql`, 'graphql-transport-ws')
    await once(client, 'open')
    const { socket } = await ws.opened()
    const closes = [once(client, 'close'), once(socket, 'close')]
    await stop()
    const [[code, reason], [upstreamCode]] = await Promise.all([
      nthClose(closes, 0),
      nthClose(closes, 1),
    ])
    expect([code, String(reason), upstreamCode]).toEqual([1001, 'the gateway is stopping', 1001])
  })

  it('are ended with the grace when they do not go', async () => {
    const { url, upstream, stop } = await startWorld({ server: { shutdownGraceMs: 100 } })
    const ws = new WsUpstream(upstream)
    const client = new WebSocket(`${url.replace('http', 'ws')}/v1/graphql`, 'graphql-transport-ws')
    client.on('error', () => undefined)
    await once(client, 'open')
    client.pause()
    const { socket } = await ws.opened()
    const closed = once(socket, 'close')
    await stop()
    await closed
    client.resume()
    client.terminate()
  })

  it('are not opened any more: a handshake under way is refused', async () => {
    const { url, upstream, stop } = await startWorld({ server: { shutdownGraceMs: 60_000 } })
    const asked = once(upstream.server, 'upgrade')
    const client = new WebSocket(`${url.replace('http', 'ws')}/v1/graphql`, 'graphql-transport-ws')
    const refused = once(client, 'error')
    await asked
    await stop()
    await refused
  })
})

async function nthClose(
  closes: readonly Promise<unknown[]>[],
  index: number,
): Promise<readonly unknown[]> {
  return (await closes[index]) ?? []
}
