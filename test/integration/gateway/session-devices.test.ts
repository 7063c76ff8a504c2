import { describe, expect, it } from 'vitest'
import type { Asked } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startWorld } from '../../support/start-gateway.ts'
import { userToken } from '../../support/user-token.ts'

const PRODUCTS = '{ products { id } }'

const codeOf = ({ text }: Asked): unknown => JSON.parse(text).code ?? JSON.parse(text).errors?.[0]
const isServed = ({ text }: Asked): boolean => 'data' in JSON.parse(text)

async function browserOf(url: string, token = userToken('7'), agent = 'tests'): Promise<Browser> {
  const browser = new Browser(url)
  const answer = await browser.login(token, { 'user-agent': agent })
  expect(answer.status).toBe(201)
  return browser
}

describe('POST /session/refresh', () => {
  it('renews both cookies, and serves with the new one', async () => {
    const { url } = await startWorld()
    const browser = await browserOf(url)
    const before = browser.cookieHeader('/session/refresh')
    const answer = await browser.send('POST', '/session/refresh')
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { role: 'user' }])
    const after = browser.cookieHeader('/session/refresh')
    const [one, other] = [before.cookie?.split('; '), after.cookie?.split('; ')]
    expect(one?.[0]).not.toBe(other?.[0])
    expect(one?.[1]).not.toBe(other?.[1])
    expect(isServed(await browser.ask(PRODUCTS))).toBe(true)
  })

  it('takes another role that the token allows, and no other', async () => {
    const { url, upstream } = await startWorld()
    const browser = await browserOf(url, userToken('7', { roles: ['user', 'manager'] }))
    const former = browser.copy()
    const refused = await browser.send('POST', '/session/refresh', { 'x-hasura-role': 'admin' })
    expect([refused.status, codeOf(refused)]).toEqual([400, 'access-denied'])
    const taken = await browser.send('POST', '/session/refresh', { 'x-hasura-role': 'manager' })
    expect(JSON.parse(taken.text)).toMatchObject({ role: 'manager' })
    await browser.ask(PRODUCTS)
    expect(upstream.received.at(-1)?.headers['x-hasura-role']).toBe('manager')
    expect(isServed(await former.ask(PRODUCTS))).toBe(false)
  })

  it('goes on with a newer token of the same user, until its latest end', async () => {
    const clock = new FakeClock(Date.now())
    const { url } = await startWorld({ session: { ttlMs: 900_000 } }, { clock })
    const token = userToken('7', { nowMs: clock.nowMs(), lifeSeconds: 300 })
    const browser = await browserOf(url, token)
    const others = { authorization: `Bearer ${userToken('8', { nowMs: clock.nowMs() })}` }
    const refused = await browser.send('POST', '/session/refresh', others)
    expect([refused.status, codeOf(refused)]).toEqual([400, 'access-denied'])
    clock.advance(299_000)
    const newer = userToken('7', { nowMs: clock.nowMs(), lifeSeconds: 3_600 })
    const authorization = `Bearer ${newer}`
    const answer = await browser.send('POST', '/session/refresh', { authorization })
    expect(answer.status).toBe(200)
    clock.advance(600_000)
    expect(isServed(await browser.ask(PRODUCTS))).toBe(true)
    clock.advance(1_001)
    expect(isServed(await browser.ask(PRODUCTS))).toBe(false)
  })

  it('ends the session when a token is used again, and takes the cookies away', async () => {
    const clock = new FakeClock(Date.now())
    const { url, gateway } = await startWorld({}, { clock })
    const browser = await browserOf(url, userToken('7', { nowMs: clock.nowMs() }))
    const thief = browser.copy()
    await browser.send('POST', '/session/refresh')
    expect((await thief.copy().send('POST', '/session/refresh')).status).toBe(200)
    clock.advance(10_000)
    const refused = await thief.send('POST', '/session/refresh')
    expect([refused.status, codeOf(refused)]).toEqual([401, 'access-denied'])
    expect(thief.cookieHeader('/session')).toEqual({})
    expect(isServed(await browser.ask(PRODUCTS))).toBe(false)
    expect(gateway.snapshot().sessions.events).toMatchObject({ replayed: 1, reused: 1 })
  })

  it('wants its cookie, and JSON if anything', async () => {
    const { url } = await startWorld()
    const none = await new Browser(url).send('POST', '/session/refresh')
    expect([none.status, codeOf(none)]).toEqual([401, 'access-denied'])
    const browser = await browserOf(url)
    const form = await browser.send('POST', '/session/refresh', { 'content-type': 'text/plain' })
    expect(form.status).toBe(403)
    const foreign = await browser.send('POST', '/session/refresh', {
      origin: 'https://evil.example',
    })
    expect(foreign.status).toBe(403)
    expect((await browser.send('POST', '/session/refresh')).status).toBe(200)
  })

  it('shows Hasura no refresh token, whatever is asked for under its path', async () => {
    const { url, upstream } = await startWorld()
    const browser = await browserOf(url)
    for (const path of ['/session/refresh', '/session/x', '/session/refresh/x']) {
      expect((await browser.send('GET', path)).status, path).toBe(404)
    }
    expect(upstream.received).toEqual([])
  })
})

describe('GET /sessions', () => {
  it('lists the sessions of the user, and says which one asks', async () => {
    const { url } = await startWorld()
    await browserOf(url, userToken('7'), 'a phone')
    const browser = await browserOf(url, userToken('7'), 'a desk')
    await browserOf(url, userToken('8'), 'of somebody else')
    const { status, text } = await browser.send('GET', '/sessions')
    const { sessions } = JSON.parse(text)
    expect(status).toBe(200)
    expect(sessions).toMatchObject([
      { device: 'a phone', isCurrent: false, role: 'user', userId: '7' },
      { device: 'a desk', isCurrent: true },
    ])
    expect(sessions).toHaveLength(2)
    const cookie = browser.cookieHeader('/session').cookie ?? ''
    for (const part of cookie.split(/[;=.]/)) if (part.length > 40) expect(text).not.toContain(part)
  })

  it('is for those who have a session', async () => {
    const { url } = await startWorld()
    for (const method of ['GET', 'DELETE']) {
      expect((await new Browser(url).send(method, '/sessions')).status).toBe(401)
    }
  })
})

describe('DELETE /sessions', () => {
  it('ends all sessions of the user, and nobody else’s', async () => {
    const { url } = await startWorld()
    const [one, other] = [await browserOf(url), await browserOf(url)]
    const somebody = await browserOf(url, userToken('8'))
    const browser = one.copy()
    expect((await one.send('DELETE', '/sessions')).status).toBe(204)
    expect(one.cookieHeader('/session')).toEqual({})
    expect(isServed(await browser.ask(PRODUCTS))).toBe(false)
    expect(isServed(await other.ask(PRODUCTS))).toBe(false)
    expect(isServed(await somebody.ask(PRODUCTS))).toBe(true)
    // The token itself is still good.
    expect(isServed(await (await browserOf(url)).ask(PRODUCTS))).toBe(true)
  })

  it('ends one of them by its id, and none of others', async () => {
    const { url } = await startWorld()
    const [one, other] = [await browserOf(url), await browserOf(url)]
    const somebody = await browserOf(url, userToken('8'))
    const idOf = async (browser: Browser): Promise<string> =>
      JSON.parse((await browser.send('GET', '/session')).text).id
    const theirs = await somebody.send('DELETE', `/sessions/${await idOf(one)}`)
    expect(theirs.status).toBe(404)
    expect((await one.send('DELETE', `/sessions/${await idOf(other)}`)).status).toBe(204)
    expect(isServed(await other.ask(PRODUCTS))).toBe(false)
    expect(isServed(await one.ask(PRODUCTS))).toBe(true)
  })
})
