import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningDemo } from '../../../../src/demo/start.ts'
import { type GatewayOptions, parseJwtSecret } from '../../../../src/gateway/index.ts'
import { ask } from '../../../support/ask.ts'
import { EchoUpstream, sendJson } from '../../../support/echo-upstream.ts'
import { gatewayOptions, JWT_KEY } from '../../../support/gateway-options.ts'
import { startDemoServer } from '../../../support/start-demo.ts'
import { bearer, type RunningGateway, startGateway } from '../../../support/start-gateway.ts'
import { hmacToken } from '../../../support/tokens.ts'
import { WsClient } from '../../../support/ws-client.ts'

const OTHER_KEY = 'the key of a second issuer, of thirty-two bytes'

/** What a user may ask, what not, and what depends on who it is. */
const QUERIES = [
  '{ products(limit: 3, order_by: { id: asc }) { id name } }',
  '{ orders(limit: 3, order_by: { id: asc }) { id user_id } }',
  '{ orders_aggregate { aggregate { count } } }',
  '{ orders(where: { id: { _eq: 0 } }) { id } }',
  '{ users { id email password } }',
  '{ nothing_of_this_name { id } }',
  'mutation { delete_products(where: {}) { affected_rows } }',
]
const ROLES = [
  { role: 'user', userId: '1' },
  { role: 'user', userId: '2' },
  { role: 'manager', userId: '1' },
  { role: 'anonymous', userId: '1' },
] as const

/** The demo's Hasura knows one key. What it does not know it is told, and must answer the same. */
describe('Hasura, told a session,', () => {
  let demo: RunningDemo
  const hook = new EchoUpstream()
  const gateways: RunningGateway[] = []
  let byHook: RunningGateway
  let bySession: RunningGateway

  beforeAll(async () => {
    demo = await startDemoServer()
    await hook.start()
    hook.respond = ({ headers }, response) => {
      const [role, userId] = String(headers.authorization).split(' ')
      sendJson(response, { 'X-Hasura-Role': role, 'X-Hasura-User-Id': userId })
    }
    byHook = await start({
      jwtSecrets: [],
      hook: {
        url: hook.url,
        mode: 'GET',
        sendsRequestBody: true,
        timeoutMs: 30_000,
        connections: 4,
        queueMax: 100,
        maxAgeMs: 0,
        unkeyedHeaders: [],
      },
    })
    bySession = await start({
      jwtSecrets: [
        parseJwtSecret({ type: 'HS256', key: JWT_KEY, issuer: 'first' }),
        parseJwtSecret({ type: 'HS256', key: OTHER_KEY, issuer: 'second' }),
      ],
      upstreamIdentity: 'session',
    })
  }, 60_000)
  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop()
    await hook.stop()
    await demo.stop()
  })

  async function start(auth: Partial<GatewayOptions['auth']>): Promise<RunningGateway> {
    const options = gatewayOptions(demo.url)
    const gateway = await startGateway({ ...options, auth: { ...options.auth, ...auth } })
    gateways.push(gateway)
    return gateway
  }

  function ofSecondIssuer({ role, userId }: (typeof ROLES)[number]): string {
    const claims = {
      'x-hasura-allowed-roles': [role],
      'x-hasura-default-role': role,
      'x-hasura-user-id': userId,
    }
    return `Bearer ${hmacToken(OTHER_KEY, { iss: 'second', 'https://hasura.io/jwt/claims': claims })}`
  }

  it.each(ROLES)('answers $role $userId as with a token it verifies itself', async (who) => {
    const { role, userId } = who
    for (const query of QUERIES) {
      const itself = await ask(demo.url, query, { authorization: await bearer(userId, role) })
      const told = await ask(byHook.url, query, { authorization: `${role} ${userId}` })
      const other = await ask(bySession.url, query, { authorization: ofSecondIssuer(who) })
      expect([told.status, told.text], query).toEqual([itself.status, itself.text])
      expect([other.status, other.text], query).toEqual([itself.status, itself.text])
    }
  })

  it('answers over a WebSocket, too', async () => {
    const query = '{ orders(limit: 3, order_by: { id: asc }) { id user_id } }'
    const itself = await ask(demo.url, query, { authorization: await bearer('1') })
    for (const [url, authorization] of [
      [byHook.url, 'user 1'],
      [bySession.url, ofSecondIssuer(ROLES[0])],
    ] as const) {
      const client = await WsClient.connect(url, { authorization })
      client.subscribe('1', query)
      expect(await client.next()).toEqual({
        id: '1',
        type: 'next',
        payload: JSON.parse(itself.text),
      })
      client.subscribe('2', `subscription ${query}`)
      expect(await client.next()).toMatchObject({ type: 'complete', id: '1' })
      expect(await client.next()).toEqual({
        id: '2',
        type: 'next',
        payload: JSON.parse(itself.text),
      })
      await client.close()
    }
  })
})
