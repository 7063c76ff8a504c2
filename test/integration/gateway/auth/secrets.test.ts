import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseJwtSecret } from '../../../../src/gateway/index.ts'
import type { Logger } from '../../../../src/shared/logger.ts'
import { type Asked, ask, type Headers, send } from '../../../support/ask.ts'
import { EchoUpstream, sendJson } from '../../../support/echo-upstream.ts'
import {
  ADMIN_SECRET,
  EVENTS_SECRET,
  gatewayOptions,
  SESSION_SECRET,
} from '../../../support/gateway-options.ts'
import { startGateway } from '../../../support/start-gateway.ts'
import { hmacToken } from '../../../support/tokens.ts'
import { WsClient } from '../../../support/ws-client.ts'

const JWT_SECRET = 'the-secret-key-that-signs-the-tokens-of-all'
const WRONG_SECRET = 'a-secret-somebody-mistook-for-the-right-one'
const PASSWORD = 'word-of-a-client-to-the-webhook'
const QUERY_SECRET = 'secret-in-the-query-of-a-url'
const HOOK_VARIABLE = 'variable-that-the-webhook-told'
const PRODUCTS = '{ products { id } }'
const claims = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' }
const TOKEN = hmacToken(JWT_SECRET, { 'https://hasura.io/jwt/claims': claims })
const FORGED = hmacToken(WRONG_SECRET, { 'https://hasura.io/jwt/claims': claims })
const SECRETS = [
  ADMIN_SECRET,
  EVENTS_SECRET,
  SESSION_SECRET,
  JWT_SECRET,
  WRONG_SECRET,
  PASSWORD,
  QUERY_SECRET,
  HOOK_VARIABLE,
  TOKEN,
  FORGED,
  ...[TOKEN, FORGED].map((token) => token.split('.')[2] ?? ''),
]

/** Everything that is logged, as deep as it goes. */
class Lines {
  readonly lines: string[] = []
  readonly log: Logger = {
    debug: (...line) => this.#add(line),
    info: (...line) => this.#add(line),
    warn: (...line) => this.#add(line),
    error: (...line) => this.#add(line),
  }

  #add(line: readonly unknown[]): void {
    this.lines.push(inspect(line, { depth: 20, showHidden: true, maxStringLength: null }))
  }
}

type Mode = 'tokens' | 'webhook'

async function run(
  mode: Mode,
): Promise<{ readonly told: readonly string[]; readonly logged: readonly string[] }> {
  const upstream = new EchoUpstream()
  const other = new EchoUpstream()
  await upstream.start()
  await other.start()
  const { lines, log } = new Lines()
  const options = gatewayOptions(upstream.url)
  const byMode =
    mode === 'tokens'
      ? {
          jwtSecrets: [
            parseJwtSecret({ type: 'HS256', key: JWT_SECRET }),
            parseJwtSecret({
              jwk_url: `${other.url}/jwks?${QUERY_SECRET}`,
              header: { type: 'Cookie', name: 't' },
            }),
          ],
          upstreamIdentity: 'session' as const,
          jwksRefreshMinMs: 50,
        }
      : {
          jwtSecrets: [],
          hook: {
            url: `${other.url}/auth?${QUERY_SECRET}`,
            mode: 'POST' as const,
            sendsRequestBody: true,
            timeoutMs: 30_000,
            connections: 4,
            queueMax: 10,
            maxAgeMs: 60_000,
            unkeyedHeaders: [],
          },
        }
  const answer =
    mode === 'tokens' ? { keys: [] } : { 'x-hasura-role': 'user', 'x-hasura-a': HOOK_VARIABLE }
  other.respond = (_request, response) => sendJson(response, answer)
  const gateway = await startGateway({ ...options, auth: { ...options.auth, ...byMode } }, { log })
  onTestFinished(async () => {
    await gateway.stop()
    await upstream.stop()
    await other.stop()
  })
  const { url } = gateway
  const told: string[] = []
  const tell = ({ status, headers, text }: Asked): void => {
    told.push(JSON.stringify({ status, headers, text }))
  }
  const everybody: readonly Headers[] = [
    {},
    { 'x-hasura-admin-secret': ADMIN_SECRET },
    { 'x-hasura-admin-secret': WRONG_SECRET },
    { 'x-hasura-access-key': WRONG_SECRET },
    { authorization: `Bearer ${TOKEN}` },
    { authorization: `Bearer ${TOKEN}`, 'x-hasura-role': 'admin' },
    { authorization: `Bearer ${FORGED}` },
    { authorization: PASSWORD },
    { authorization: `Basic ${PASSWORD} ${PASSWORD}` },
    { cookie: `t=${FORGED}` },
    { cookie: `t=${hmacToken(WRONG_SECRET, claims, { kid: 'other' })}` },
  ]
  const askAll = async (): Promise<void> => {
    for (const headers of everybody) {
      tell(await ask(url, PRODUCTS, headers))
      tell(await send(url, '/session', { method: 'POST', headers }))
      tell(await send(url, '/events/default', { method: 'POST', headers, body: '{}' }))
      tell(await send(url, '/pro/cache/clear', { method: 'POST', headers }))
    }
  }
  await askAll()
  const client = await WsClient.open(url).catch(() => undefined)
  client?.send({
    type: 'connection_init',
    payload: { headers: { authorization: `Bearer ${FORGED}` } },
  })
  // Whoever is asked fails: that is when most is told.
  other.respond = (_request, response) => void response.writeHead(500).end(HOOK_VARIABLE)
  await askAll()
  upstream.respond = (_request, response) => void response.destroy()
  await askAll()
  await other.stop()
  tell(await ask(url, PRODUCTS, { authorization: `Bearer ${PASSWORD}` }))
  tell(
    await ask(url, PRODUCTS, { cookie: `t=${hmacToken(WRONG_SECRET, claims, { kid: 'third' })}` }),
  )
  told.push(JSON.stringify(gateway.gateway.snapshot()), await gateway.gateway.metrics.metrics())
  told.push(process.title, process.argv.join(' '))
  return { told, logged: lines }
}

describe.each<Mode>(['tokens', 'webhook'])(
  'with a gateway that knows its clients by %s',
  (mode) => {
    it('no log, answer, statistic, metric or process title holds a secret', async () => {
      const { told, logged } = await run(mode)
      expect(logged.length).toBeGreaterThan(0)
      expect(told.length).toBeGreaterThan(100)
      for (const text of [...told, ...logged]) {
        for (const secret of SECRETS) expect(text).not.toContain(secret)
      }
    })
  },
)
