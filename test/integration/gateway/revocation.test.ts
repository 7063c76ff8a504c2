import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Asked, ask, send } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { gatewayOptions } from '../../support/gateway-options.ts'
import { openRemoteStore } from '../../support/open-remote-store.ts'
import { startEngineServer } from '../../support/start-engine-server.ts'
import { type RunningGateway, startGateway } from '../../support/start-gateway.ts'
import { type RedisProcess, startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { type UserTokenOptions, userToken } from '../../support/user-token.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { WsUpstream } from '../../support/ws-upstream.ts'

requireToolInCi('redis-server')

const STORES = [
  ['gerbang engine', startEngineServer],
  ...(findTool('redis-server') === undefined ? [] : [['redis-server', startRedis] as const]),
] as const

const PRODUCTS = '{ products { id } }'
const WHO = { via: 'admin', secret: 1, address: '127.0.0.1' } as const

const codeOf = ({ text }: Asked): unknown => JSON.parse(text).errors?.[0].extensions.code
const isServed = ({ text }: Asked): boolean => 'data' in JSON.parse(text)

describe.each(STORES)('two gateways on one %s', (_name, startStore) => {
  let server: RedisProcess
  let upstream: EchoUpstream
  let ws: WsUpstream
  let here: RunningGateway
  let there: RunningGateway
  let user = ''
  let userCount = 0

  beforeAll(async () => {
    server = await startStore()
    upstream = new EchoUpstream()
    await upstream.start()
    upstream.respond = countingRows()
    ws = new WsUpstream(upstream)
    ;[here, there] = await Promise.all([serve(), serve()])
  }, 60_000)
  beforeEach(() => {
    userCount += 1
    user = `user ${userCount}`
  })
  afterAll(async () => {
    for (const { stop, store } of [here, there]) {
      await stop()
      await store.stop()
    }
    await upstream.stop()
    await server.stop()
  })

  async function serve(): Promise<RunningGateway> {
    const store = openRemoteStore(server.port)
    await store.start()
    return await startGateway(gatewayOptions(upstream.url), { store })
  }

  const bearer = (options: UserTokenOptions = {}) => ({
    authorization: `Bearer ${userToken(user, options)}`,
  })

  async function socket(url: string, headers: Readonly<Record<string, string>>, init = {}) {
    const client = new WebSocket(
      `${url.replace('http', 'ws')}/v1/graphql`,
      'graphql-transport-ws',
      { headers },
    )
    const closed = new Promise<number>((resolve) => {
      client.on('close', (code) => resolve(code))
    })
    client.on('error', () => undefined)
    await once(client, 'open')
    client.send(JSON.stringify({ type: 'connection_init', payload: { headers: init } }))
    await ws.next(await ws.opened(ws.sockets.length - 1))
    return { client, closed }
  }

  it('refuse a token that was revoked by its id, though it is remembered', async () => {
    const [revoked, other] = [bearer({ jti: `${user} 1` }), bearer({ jti: `${user} 2` })]
    for (const { url } of [here, there]) {
      for (const token of [revoked, other])
        expect(isServed(await ask(url, PRODUCTS, token))).toBe(true)
    }
    const report = await here.gateway.revoke({ what: { token: `${user} 1` } }, WHO)
    expect(report.revokedUntil).toMatch(/^\d{4}-/)
    expect(codeOf(await ask(here.url, PRODUCTS, revoked))).toBe('token-revoked')
    await waitUntil(async () => !isServed(await ask(there.url, PRODUCTS, revoked)))
    expect(codeOf(await ask(there.url, PRODUCTS, revoked))).toBe('token-revoked')
    for (const { url } of [here, there]) {
      expect(isServed(await ask(url, PRODUCTS, other))).toBe(true)
    }
  })

  it('refuse what was issued to a user until then, sessions as well, and nothing later', async () => {
    const token = bearer()
    const browser = new Browser(there.url)
    await browser.login(userToken(user))
    expect(isServed(await ask(there.url, PRODUCTS, token))).toBe(true)
    expect(isServed(await browser.ask(PRODUCTS))).toBe(true)
    const report = await here.gateway.revoke({ what: { user }, why: 'a test' }, WHO)
    expect(report.sessions).toBe(1)
    await waitUntil(async () => !isServed(await ask(there.url, PRODUCTS, token)))
    await waitUntil(async () => !isServed(await browser.ask(PRODUCTS)))
    expect((await browser.login(userToken(user))).status).toBe(401)
    // Tokens tell the second in which they were issued.
    const later = bearer({ issuedAtMs: Date.parse(report.revokedUntil ?? '') + 1_000 })
    await waitUntil(async () => isServed(await ask(there.url, PRODUCTS, later)))
  })

  it('hear of a session that ended on the other one', async () => {
    const browser = new Browser(here.url)
    await browser.login(userToken(user))
    const other = browser.copy(there.url)
    expect(isServed(await other.ask(PRODUCTS))).toBe(true)
    await browser.send('DELETE', '/session')
    await waitUntil(async () => !isServed(await other.ask(PRODUCTS)))
  })

  it('close the WebSockets of a session that ended on the other one', async () => {
    const browser = new Browser(here.url)
    await browser.login(userToken(user))
    const { closed } = await socket(there.url, { cookie: browser.cookieHeader('/').cookie ?? '' })
    await browser.send('DELETE', '/session')
    expect(await closed).toBe(4403)
  })

  it('close the WebSockets of a token that was revoked on the other one', async () => {
    const inHandshake = await socket(there.url, bearer())
    const inMessage = await socket(there.url, {}, bearer())
    await here.gateway.revoke({ what: { user } }, WHO)
    expect(await Promise.all([inHandshake.closed, inMessage.closed])).toEqual([4401, 4401])
  })

  it('open no WebSocket for a token that is revoked', async () => {
    await here.gateway.revoke({ what: { user } }, WHO)
    const { closed } = await socket(here.url, {}, bearer())
    expect(await closed).toBe(4401)
  })

  it('pass nothing on to Hasura for a token that is revoked', async () => {
    await here.gateway.revoke({ what: { user } }, WHO)
    const before = upstream.received.length
    const headers = { ...bearer(), 'content-type': 'application/json' }
    for (const path of ['/api/rest/x', '/v1/metadata', '/v1beta1/relay']) {
      const method = 'POST'
      const { status, text } = await send(here.url, path, { method, headers, body: '{}' })
      expect([path, status, JSON.parse(text).code]).toEqual([path, 401, 'token-revoked'])
    }
    expect(upstream.received.slice(before).filter(({ path }) => path !== '/v1/metadata')).toEqual(
      [],
    )
  })

  it('refuse everyone’s tokens and sessions, and close all their WebSockets', async () => {
    const browser = new Browser(there.url)
    await browser.login(userToken(user))
    const { closed } = await socket(there.url, bearer())
    await here.gateway.revoke({ what: { everyone: true } }, WHO)
    expect(await closed).toBe(4401)
    await waitUntil(async () => !isServed(await browser.ask(PRODUCTS)))
    expect(codeOf(await ask(here.url, PRODUCTS, bearer()))).toBe('token-revoked')
  })
})
