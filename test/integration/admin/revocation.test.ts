import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Admin, createAdmin } from '../../../src/admin/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { type Logger, silentLogger } from '../../../src/shared/logger.ts'
import { ask, type Headers, send } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { EchoUpstream } from '../../support/echo-upstream.ts'
import { failingStore } from '../../support/failing-store.ts'
import { ADMIN_SECRET, gatewayOptions } from '../../support/gateway-options.ts'
import { openStore } from '../../support/open-store.ts'
import { type RunningGateway, startGateway } from '../../support/start-gateway.ts'
import { userToken } from '../../support/user-token.ts'

const SECRET = { 'x-hasura-admin-secret': ADMIN_SECRET }
const PRODUCTS = '{ products { id } }'
const upstream = new EchoUpstream()
const store = failingStore(openStore(systemClock))
const protectedStores = { limits: openStore(systemClock), sessions: store }
const logged: string[] = []
const log: Logger = { ...silentLogger, info: (fields) => logged.push(JSON.stringify(fields)) }
let running: RunningGateway
let admin: Admin
let url: string

beforeAll(async () => {
  await upstream.start()
  const surroundings = { store: openStore(systemClock), protectedStores, log }
  running = await startGateway(gatewayOptions(upstream.url), surroundings)
  admin = createAdmin(
    { host: '127.0.0.1', port: 0, secrets: [ADMIN_SECRET] },
    { gateway: running.gateway, ...surroundings, clock: systemClock, log: silentLogger },
  )
  await admin.start()
  url = `http://127.0.0.1:${admin.address.port}`
})
afterAll(async () => {
  await admin.stop()
  await running.stop()
  await upstream.stop()
})

async function revoke(order: object, headers: Headers = SECRET) {
  const answer = await send(url, '/revoke', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(order),
  })
  return { status: answer.status, body: JSON.parse(answer.text) }
}

async function sessionsOf(user: string) {
  const { status, text } = await send(url, `/sessions?user=${encodeURIComponent(user)}`, {
    headers: SECRET,
  })
  expect(status).toBe(200)
  return JSON.parse(text).sessions
}

async function browserOf(user: string): Promise<Browser> {
  const browser = new Browser(running.url)
  await browser.login(userToken(user), { 'user-agent': 'a phone' })
  return browser
}

const isServed = async (browser: Browser): Promise<boolean> =>
  'data' in JSON.parse((await browser.ask(PRODUCTS)).text)

describe('GET /sessions on the admin listener', () => {
  it('lists those of a user, without what would open them', async () => {
    await browserOf('list/ä')
    const [session, ...others] = await sessionsOf('list/ä')
    expect(others).toEqual([])
    expect(session).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      role: 'user',
      userId: 'list/ä',
      createdAt: expect.any(String),
      lastSeenAt: expect.any(String),
      expiresAt: expect.any(String),
      device: 'a phone',
      isCurrent: false,
    })
    expect(await sessionsOf('nobody')).toEqual([])
  })

  it('wants the secret, and a user', async () => {
    expect((await send(url, '/sessions?user=7')).status).toBe(401)
    for (const path of ['/sessions', '/sessions?user=', '/sessions?user=a&user=b']) {
      expect((await send(url, path, { headers: SECRET })).status, path).toBe(400)
    }
  })
})

describe('POST /revoke', () => {
  it('ends a session by its id', async () => {
    const [one, other] = [await browserOf('one'), await browserOf('one')]
    const [first] = await sessionsOf('one')
    expect(await revoke({ what: { session: first.id }, why: 'a phone was lost' })).toEqual({
      status: 200,
      body: { sessions: 1, revoked_until: null },
    })
    expect([await isServed(one), await isServed(other)]).toEqual([false, true])
    expect((await revoke({ what: { session: first.id } })).body.sessions).toBe(0)
  })

  it('ends all of a user, and refuses their tokens', async () => {
    const [one, other] = [await browserOf('two'), await browserOf('two')]
    const token = { authorization: `Bearer ${userToken('two')}` }
    expect((await ask(running.url, PRODUCTS, token)).text).toContain('data')
    const { body } = await revoke({ what: { user: 'two' } })
    expect(body).toEqual({ sessions: 2, revoked_until: expect.stringMatching(/^\d{4}-.*Z$/) })
    expect([await isServed(one), await isServed(other)]).toEqual([false, false])
    expect((await ask(running.url, PRODUCTS, token)).text).toContain('token-revoked')
    expect(await sessionsOf('two')).toEqual([])
  })

  it('leaves what was issued after an instant', async () => {
    const since = new Date(Date.now() - 60_000).toISOString()
    const browser = await browserOf('three')
    const { body } = await revoke({ what: { user: 'three' }, since })
    expect(body).toEqual({ sessions: 0, revoked_until: since })
    expect(await isServed(browser)).toBe(true)
  })

  it.each([
    [{}],
    [{ what: {} }],
    [{ what: { user: '' } }],
    [{ what: { user: 'a', token: 'b' } }],
    [{ what: { session: 'short' } }],
    [{ what: { everyone: false } }],
    [{ what: { user: 'a' }, since: 'yesterday' }],
    [{ what: { user: 'a' }, since: '2999-01-01T00:00:00Z' }],
    [{ what: { user: 'a' }, when: 'now' }],
  ])('refuses %j', async (order) => {
    expect(await revoke(order)).toMatchObject({
      status: 400,
      body: { code: 'unexpected-payload', path: expect.stringMatching(/^\$/) },
    })
  })

  it('wants the secret', async () => {
    expect((await revoke({ what: { everyone: true } }, {})).status).toBe(401)
  })

  it('writes down who asked, for what and why, in the log as well', async () => {
    await revoke({ what: { token: 'jti 9' }, why: 'it was in a screenshot' })
    const { text } = await send(url, '/audit', { headers: SECRET })
    expect(JSON.parse(text).revocations[0]).toMatchObject({
      who: { via: 'admin', secret: 1, address: '127.0.0.1' },
      what: { token: 'jti 9' },
      why: 'it was in a screenshot',
      report: { revokedUntil: expect.any(String) },
    })
    expect(logged.some((line) => line.includes('it was in a screenshot'))).toBe(true)
  })

  it('says so when the store fails, and writes that down', async () => {
    store.isDown = true
    try {
      const { status, body } = await revoke({ what: { user: 'four' } })
      expect([status, body.code]).toEqual([503, 'store-unavailable'])
    } finally {
      store.isDown = false
    }
    const { text } = await send(url, '/audit', { headers: SECRET })
    expect(JSON.parse(text).revocations[0]).toMatchObject({ what: { user: 'four' } })
    expect(JSON.parse(text).revocations[0]).not.toHaveProperty('report')
  })

  it('is counted, and the memory of each class is told', async () => {
    const { text } = await send(url, '/metrics', { headers: SECRET })
    expect(text).toMatch(/^gerbang_revocations_total\{what="session"\} [1-9]/m)
    expect(text).toMatch(/^gerbang_sessions_active [1-9]/m)
    expect(text).toMatch(/^gerbang_class_keys\{class="sessions"\} [1-9]/m)
    expect(text).toMatch(/^gerbang_class_evictions_total\{class="limits"\} 0$/m)
    const stats = JSON.parse((await send(url, '/stats', { headers: SECRET })).text)
    expect(stats.sessions).toMatchObject({ active: expect.any(Number), events: { created: 6 } })
    expect(stats.classes.sessions).toMatchObject({ evictions: 0, refusals: 0 })
  })

  it('refuses everyone', async () => {
    const browser = await browserOf('five')
    expect((await revoke({ what: { everyone: true } })).body).toMatchObject({ sessions: null })
    expect(await isServed(browser)).toBe(false)
  })
})
