import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ask, send } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { JWT_KEY } from '../../support/gateway-options.ts'
import { type RedisProcess, startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { userToken } from '../../support/user-token.ts'
import { WsUpstream } from '../../support/ws-upstream.ts'

requireToolInCi('redis-server')

const SECRET = 'the secret of the revocation test'
const ADMIN = { 'x-hasura-admin-secret': SECRET, 'content-type': 'application/json' }
const PRODUCTS = 'query @cached(ttl: 60) { products { id } }'
const START_TIMEOUT_MS = 60_000
/** Set on a machine that has nothing else to do: there it is held to what is promised. */
const WITHIN_MS = Number(process.env['GERBANG_REVOCATION_MS'] ?? Number.POSITIVE_INFINITY)

interface Serving {
  readonly cli: CliProcess
  readonly url: string
  readonly admin: string
}

describe.skipIf(findTool('redis-server') === undefined)('two processes on one redis-server', () => {
  let redis: RedisProcess
  let upstream: EchoUpstream
  let ws: WsUpstream
  let here: Serving
  let there: Serving

  beforeAll(async () => {
    redis = await startRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'])
    upstream = new EchoUpstream()
    await upstream.start()
    upstream.respond = countingRows()
    ws = new WsUpstream(upstream)
    ;[here, there] = await Promise.all([serve(), serve()])
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await Promise.all([here, there].map(({ cli }) => cli.stop('SIGKILL')))
    await upstream.stop()
    await redis.stop()
  })

  async function serve(): Promise<Serving> {
    const ports = ['--port', '0', '--admin-port', '0', '--host', '127.0.0.1']
    const cli = new CliProcess(['serve', ...ports], {
      HASURA_GRAPHQL_ENDPOINT: upstream.url,
      HASURA_GRAPHQL_ADMIN_SECRET: SECRET,
      HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: JWT_KEY }),
      HASURA_GRAPHQL_REDIS_TIMEOUT: '30',
      GERBANG_SESSION_SECRET: 'the same on both, of more than 32 characters',
      GERBANG_STORE_URL: `redis://127.0.0.1:${redis.port}`,
    })
    const log = await cli.logged(/"msg":"ready"/)
    const line = log.split('\n').find((candidate) => candidate.includes('"msg":"ready"'))
    const { gateway: url, admin } = JSON.parse(line ?? '')
    return { cli, url, admin }
  }

  /** Open at the other gateway, and known to Hasura. */
  async function socket(headers: Readonly<Record<string, string>>) {
    const address = `${there.url.replace('http', 'ws')}/v1/graphql`
    const client = new WebSocket(address, 'graphql-transport-ws', { headers })
    client.on('error', () => undefined)
    const closed = once(client, 'close').then(([code]) => ({
      code: Number(code),
      atMs: performance.now(),
    }))
    await once(client, 'open')
    client.send('{"type":"connection_init"}')
    await ws.next(await ws.opened(ws.sockets.length - 1))
    return { closed }
  }

  async function refusedAtMs(headers: Readonly<Record<string, string>>): Promise<number> {
    while ('data' in JSON.parse((await ask(there.url, PRODUCTS, headers)).text));
    return performance.now()
  }

  function tell(what: string, ms: number): void {
    console.info(`${what}: ${ms.toFixed(0)} ms after it was asked for`)
    expect(ms).toBeLessThan(WITHIN_MS)
  }

  it('say at the start that the server may evict sessions', () => {
    for (const { cli } of [here, there]) {
      expect(cli.errors).toMatch(/"policy":"volatile-lru".*may evict sessions/)
    }
  })

  it('end a session of the other, and its WebSockets', async () => {
    const browser = new Browser(here.url)
    expect((await browser.login(userToken('7'))).status).toBe(201)
    const session = { cookie: browser.cookieHeader('/').cookie ?? '' }
    expect(session.cookie).toMatch(/^__Host-/)
    const { closed } = await socket(session)
    expect((await ask(there.url, PRODUCTS, session)).text).toContain('data')
    const beganAtMs = performance.now()
    expect((await browser.send('DELETE', '/session')).status).toBe(204)
    const atMs = await refusedAtMs(session)
    const { code, atMs: closedAtMs } = await closed
    expect(code).toBe(4403)
    tell('a session was refused by the other process', atMs - beganAtMs)
    tell('its WebSocket was closed by the other process', closedAtMs - beganAtMs)
  })

  it('refuse the tokens of a user that the other was told of, and close their WebSockets', async () => {
    const token = { authorization: `Bearer ${userToken('8')}` }
    const { closed } = await socket(token)
    expect((await ask(there.url, PRODUCTS, token)).text).toContain('data')
    const beganAtMs = performance.now()
    const body = JSON.stringify({ what: { user: '8' }, why: 'a test' })
    const { status } = await send(here.admin, '/revoke', { method: 'POST', headers: ADMIN, body })
    expect(status).toBe(200)
    const atMs = await refusedAtMs(token)
    const { code, atMs: closedAtMs } = await closed
    expect(code).toBe(4401)
    tell('a token was refused by the other process', atMs - beganAtMs)
    tell('its WebSocket was closed by the other process', closedAtMs - beganAtMs)
  })
})
