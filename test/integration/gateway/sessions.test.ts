import { describe, expect, it } from 'vitest'
import { type Asked, ask, type Headers, listOf, send } from '../../support/ask.ts'
import { countingRows, echoIdentity } from '../../support/echo-upstream.ts'
import { failingStore } from '../../support/failing-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ADMIN_SECRET, JWT_KEY } from '../../support/gateway-options.ts'
import { openStore } from '../../support/open-store.ts'
import { startWorld } from '../../support/start-gateway.ts'
import { hmacToken } from '../../support/tokens.ts'

const PRODUCTS = '{ products { id } }'
const ORDERS = '{ orders { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'

interface TokenOptions {
  readonly roles?: readonly string[]
  readonly lifeSeconds?: number
  readonly nowMs?: number
}

function tokenOf(
  userId: string,
  { roles = ['user'], lifeSeconds = 600, nowMs = Date.now() }: TokenOptions = {},
): string {
  const claims = {
    'x-hasura-allowed-roles': roles,
    'x-hasura-default-role': roles[0],
    'x-hasura-user-id': userId,
  }
  const exp = Math.floor(nowMs / 1_000) + lifeSeconds
  return hmacToken(JWT_KEY, { exp, 'https://hasura.io/jwt/claims': claims })
}

async function login(url: string, token: string, headers: Headers = {}): Promise<Asked> {
  const sent = { authorization: `Bearer ${token}`, ...headers }
  return await send(url, '/session', { method: 'POST', headers: sent })
}

/** The Cookie header that a browser would send after this answer. */
function cookieOf({ headers }: Asked): { readonly cookie: string } {
  const [session = ''] = listOf(headers['set-cookie'])
  const [cookie = ''] = session.split(';')
  return { cookie }
}

async function loggedIn(url: string, token: string): Promise<{ readonly cookie: string }> {
  return cookieOf(await login(url, token))
}

function expectError({ status, text }: Asked, code: string, expectedStatus: number): void {
  expect([status, JSON.parse(text)]).toEqual([
    expectedStatus,
    expectedStatus === 200
      ? { errors: [{ message: expect.any(String), extensions: { path: '$', code } }] }
      : { path: '$', error: expect.any(String), code },
  ])
}

describe('POST /session', () => {
  it('gives a cookie for a token and says what it is worth', async () => {
    const { url } = await startWorld()
    const token = tokenOf('7')
    const answer = await login(url, token)
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[\w-]{22}$/),
        role: 'user',
        userId: '7',
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
        lastSeenAt: expect.stringMatching(/^\d{4}-.*Z$/),
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ])
    const cookies = listOf(answer.headers['set-cookie'])
    expect(cookies).toEqual([
      expect.stringMatching(
        /^gerbang-session=[\w-]{22}\.[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/,
      ),
      expect.stringMatching(
        /^gerbang-session-refresh=[\w-]{22}\.0\.[\w-]{43}; Max-Age=\d+; Path=\/session; HttpOnly; SameSite=Strict$/,
      ),
    ])
    expect(cookies.join()).not.toContain(token)
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  it('gives a cookie that no other host can set or read, once it is served over https', async () => {
    const { url } = await startWorld({ session: { secure: true, sameSite: 'strict' } })
    const answer = await login(url, tokenOf('7'))
    expect(listOf(answer.headers['set-cookie'])).toEqual([
      expect.stringMatching(
        /^__Host-gerbang-session=[\w-]{22}\.[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      ),
      expect.stringMatching(
        /^__Secure-gerbang-session-refresh=[\w.-]+; Max-Age=\d+; Path=\/session; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ])
    const { text } = await ask(url, PRODUCTS, cookieOf(answer))
    expect(JSON.parse(text)).toHaveProperty('data')
  })

  it('lasts no longer than the token', async () => {
    const { url } = await startWorld()
    const answer = await login(url, tokenOf('7', { lifeSeconds: 30 }))
    const [, maxAge] = /Max-Age=(\d+)/.exec(listOf(answer.headers['set-cookie'])[0] ?? '') ?? []
    expect(Number(maxAge)).toBeLessThanOrEqual(30)
    expect(Number(maxAge)).toBeGreaterThanOrEqual(28)
  })

  it('needs a good token', async () => {
    const { url } = await startWorld()
    expectError(await send(url, '/session', { method: 'POST' }), 'invalid-headers', 400)
    expectError(await login(url, 'a.b.c'), 'invalid-jwt', 400)
    expectError(await login(url, tokenOf('7', { lifeSeconds: -1 })), 'invalid-jwt', 400)
    const role = { 'x-hasura-role': 'admin' }
    expectError(await login(url, tokenOf('7'), role), 'access-denied', 400)
  })

  it('ends the session that the cookie named before', async () => {
    const { url, gateway } = await startWorld()
    const former = await loggedIn(url, tokenOf('7'))
    const renewed = cookieOf(await login(url, tokenOf('8'), former))
    expect(renewed).not.toEqual(former)
    expectError(await ask(url, PRODUCTS, former), 'access-denied', 200)
    expect(JSON.parse((await ask(url, PRODUCTS, renewed)).text)).toHaveProperty('data')
    expect(gateway.snapshot().sessions).toMatchObject({ created: 2, deleted: 1 })
  })

  it('takes no id from the client', async () => {
    const { url } = await startWorld()
    const fixed = { cookie: `gerbang-session=${'a'.repeat(22)}.${'a'.repeat(43)}` }
    const given = cookieOf(await login(url, tokenOf('7'), fixed))
    expect(given).not.toEqual(fixed)
    expectError(await ask(url, PRODUCTS, fixed), 'access-denied', 200)
  })
})

describe('a request with the cookie', () => {
  it('is the one of the token, and shares its answers', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = echoIdentity
    const token = tokenOf('7')
    const answer = await ask(url, ORDERS, await loggedIn(url, token))
    expect(JSON.parse(answer.text).data.headers).toEqual({
      authorization: `Bearer ${token}`,
      'x-hasura-role': 'user',
    })
    const shared = await ask(url, ORDERS, { authorization: `Bearer ${token}` })
    expect(shared.headers['cache-status']).toMatch(/hit/)
  })

  it('shows Hasura no cookie of ours, but all others', async () => {
    const { url, upstream } = await startWorld()
    const { cookie } = await loggedIn(url, tokenOf('7'))
    await ask(url, TOUCH, { cookie: `a=1; ${cookie}; b=2` })
    expect(upstream.received[0]?.headers.cookie).toBe('a=1; b=2')
  })

  it('has the role of the login, or another that the token allows', async () => {
    const { url, upstream } = await startWorld()
    const token = tokenOf('7', { roles: ['user', 'manager'] })
    const session = cookieOf(await login(url, token, { 'x-hasura-role': 'manager' }))
    await ask(url, PRODUCTS, session)
    await ask(url, PRODUCTS, { ...session, 'x-hasura-role': 'user' })
    const roles = upstream.received.map(({ headers }) => headers['x-hasura-role'])
    expect(roles).toEqual(['manager', 'user'])
    expectError(
      await ask(url, PRODUCTS, { ...session, 'x-hasura-role': 'admin' }),
      'access-denied',
      200,
    )
  })

  it('is the session’s though it has a token too', async () => {
    const { url, upstream } = await startWorld()
    const session = await loggedIn(url, tokenOf('7'))
    await ask(url, ORDERS, { ...session, authorization: `Bearer ${tokenOf('8')}` })
    const authorization = upstream.received[0]?.headers.authorization ?? ''
    const [, claims = ''] = authorization.split('.')
    expect(Buffer.from(claims, 'base64url').toString()).toContain('"x-hasura-user-id":"7"')
  })

  it('is an admin’s when it has the secret', async () => {
    const { url, upstream } = await startWorld()
    const { cookie } = await loggedIn(url, tokenOf('7'))
    await ask(url, TOUCH, { cookie, 'x-hasura-admin-secret': ADMIN_SECRET })
    expect(upstream.received[0]?.headers).toMatchObject({ 'x-hasura-admin-secret': ADMIN_SECRET })
    expect(upstream.received[0]?.headers).not.toHaveProperty('cookie')
  })
})

describe('GET /session', () => {
  it('tells about the session', async () => {
    const { url } = await startWorld()
    const created = await login(url, tokenOf('7'))
    const told = await send(url, '/session', { headers: cookieOf(created) })
    expect([told.status, JSON.parse(told.text)]).toEqual([200, JSON.parse(created.text)])
    expect(told.headers['cache-control']).toBe('no-store')
  })

  it('says when there is none', async () => {
    const { url } = await startWorld()
    expectError(await send(url, '/session'), 'access-denied', 401)
    const unknown = { cookie: `gerbang-session=${'a'.repeat(22)}.${'a'.repeat(43)}` }
    expectError(await send(url, '/session', { headers: unknown }), 'access-denied', 401)
  })
})

describe('DELETE /session', () => {
  it('ends it at once, for hits as well', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = countingRows()
    const session = await loggedIn(url, tokenOf('7'))
    await ask(url, PRODUCTS, session)
    expect((await ask(url, PRODUCTS, session)).headers['cache-status']).toMatch(/hit/)
    const deleted = await send(url, '/session', { method: 'DELETE', headers: session })
    expect([deleted.status, deleted.text]).toEqual([204, ''])
    expect(deleted.headers['set-cookie']).toEqual([
      'gerbang-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
      'gerbang-session-refresh=; Max-Age=0; Path=/session; HttpOnly; SameSite=Strict',
    ])
    expectError(await ask(url, PRODUCTS, session), 'access-denied', 200)
    expectError(await send(url, '/api/rest/x', { headers: session }), 'access-denied', 401)
    expectError(await send(url, '/session', { headers: session }), 'access-denied', 401)
    expect(upstream.received).toHaveLength(1)
  })

  it('stays ended while a hundred requests race with it', async () => {
    const { url } = await startWorld()
    const session = await loggedIn(url, tokenOf('7'))
    const racing = Array.from({ length: 100 }, () => ask(url, PRODUCTS, session))
    await send(url, '/session', { method: 'DELETE', headers: session })
    await Promise.all(racing)
    expectError(await ask(url, PRODUCTS, session), 'access-denied', 200)
  })

  it('leaves the other sessions of a user', async () => {
    const { url } = await startWorld()
    const [one, other] = [await loggedIn(url, tokenOf('7')), await loggedIn(url, tokenOf('7'))]
    await send(url, '/session', { method: 'DELETE', headers: one })
    expect(JSON.parse((await ask(url, PRODUCTS, other)).text)).toHaveProperty('data')
  })
})

describe('the end of a session', () => {
  it('comes with its time', async () => {
    const clock = new FakeClock(Date.now())
    const { url } = await startWorld({ session: { ttlMs: 60_000 } }, { clock })
    const session = await loggedIn(url, tokenOf('7', { nowMs: clock.nowMs() }))
    clock.advance(59_000)
    expect(JSON.parse((await ask(url, PRODUCTS, session)).text)).toHaveProperty('data')
    clock.advance(1_001)
    expectError(await ask(url, PRODUCTS, session), 'access-denied', 200)
  })

  it('comes with that of its token', async () => {
    const clock = new FakeClock(Date.now())
    const { url } = await startWorld({}, { clock })
    const token = tokenOf('7', { lifeSeconds: 60, nowMs: clock.nowMs() })
    const session = await loggedIn(url, token)
    clock.advance(59_000)
    expect(JSON.parse((await ask(url, PRODUCTS, session)).text)).toHaveProperty('data')
    clock.advance(1_001)
    const ended = await ask(url, PRODUCTS, session)
    expect(JSON.parse(ended.text)).toHaveProperty('errors')
  })
})

describe('what another site makes a browser send', () => {
  const FOREIGN: readonly Headers[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ]

  it.each(FOREIGN)('is refused with the cookie: %j', async (headers) => {
    const { url, upstream } = await startWorld()
    const session = await loggedIn(url, tokenOf('7'))
    expectError(await ask(url, TOUCH, { ...session, ...headers }), 'access-denied', 200)
    for (const method of ['GET', 'DELETE', 'POST']) {
      const sent = { ...session, ...headers, authorization: `Bearer ${tokenOf('8')}` }
      expectError(await send(url, '/session', { method, headers: sent }), 'access-denied', 403)
    }
    expectError(
      await send(url, '/api/rest/x', { headers: { ...session, ...headers } }),
      'access-denied',
      403,
    )
    expect(upstream.received).toEqual([])
    expect(JSON.parse((await ask(url, TOUCH, session)).text)).toHaveProperty('data')
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'is refused as a form could send it: %s',
    async (type) => {
      const { url, upstream } = await startWorld()
      const session = await loggedIn(url, tokenOf('7'))
      const refused = await ask(url, TOUCH, { ...session, 'content-type': type })
      expectError(refused, 'access-denied', 200)
      expect(upstream.received).toEqual([])
    },
  )

  it('is served when it is the same origin', async () => {
    const { url } = await startWorld()
    const session = await loggedIn(url, tokenOf('7'))
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: url }]) {
      const { text } = await ask(url, TOUCH, { ...session, ...headers })
      expect(JSON.parse(text)).toHaveProperty('data')
    }
  })
})

describe('a session when the store fails', () => {
  it('is refused, not taken for nobody, and good again with the store', async () => {
    const store = failingStore(openStore({ nowMs: Date.now, monotonicMs: () => performance.now() }))
    const { url } = await startWorld({ auth: { unauthorizedRole: 'anonymous' } }, { store })
    const session = await loggedIn(url, tokenOf('7'))
    store.isDown = true
    const refused = await ask(url, PRODUCTS, session)
    expect([refused.status, JSON.parse(refused.text).errors[0].extensions.code]).toEqual([
      503,
      'store-unavailable',
    ])
    expect(refused.headers['retry-after']).toBe('1')
    const login503 = await login(url, tokenOf('7'))
    expectError(login503, 'store-unavailable', 503)
    store.isDown = false
    expect(JSON.parse((await ask(url, PRODUCTS, session)).text)).toHaveProperty('data')
  })
})

describe('without sessions', () => {
  it('the path is Hasura’s and the cookie nothing', async () => {
    const { url, upstream } = await startWorld({ session: { enabled: false } })
    await send(url, '/session', { method: 'POST' })
    expect(upstream.received).toMatchObject([{ method: 'POST', path: '/session' }])
  })
})
