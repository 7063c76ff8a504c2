import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/shared/clock.ts'
import type { Asked } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { type FailingStore, failingStore } from '../../support/failing-store.ts'
import { openStore } from '../../support/open-store.ts'
import { startWorld, type World } from '../../support/start-gateway.ts'
import { userToken } from '../../support/user-token.ts'

const WRITTEN_ONLY = /lasts: it is done, and may be lost\. Do it again$/
const TAKEN_BACK = /lasts: nothing has changed\. Do it again$/
const ROOT = { via: 'admin', secret: 1, address: '127.0.0.1' } as const

describe('sessions whose store cannot confirm what it wrote', () => {
  let store: FailingStore
  let world: World
  let browser: Browser

  beforeEach(async () => {
    store = failingStore(openStore(systemClock))
    world = await startWorld({}, { store })
    browser = new Browser(world.url)
    expect((await browser.login(userToken('ada'))).status).toBe(201)
    store.isUnconfirmed = true
  })

  it('lets nobody in, and keeps no session for them', async () => {
    const other = new Browser(world.url)
    expectNotConfirmed(await other.login(userToken('ada')), TAKEN_BACK)
    expect(other.cookieHeader('/session')).toEqual({})
    expect(await world.gateway.sessionsOf('ada')).toHaveLength(1)
    store.isUnconfirmed = false
    expect((await other.login(userToken('ada'))).status).toBe(201)
  })

  it('leaves the refresh token good that it gave no successor for, however often', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expectNotConfirmed(await browser.send('POST', '/session/refresh'), TAKEN_BACK)
    }
    expect((await browser.send('GET', '/session')).status).toBe(200)
    store.isUnconfirmed = false
    expect((await browser.send('POST', '/session/refresh')).status).toBe(200)
    expect((await browser.send('GET', '/session')).status).toBe(200)
  })

  it('gives no successor to a second tab either', async () => {
    const tab = browser.copy()
    store.isUnconfirmed = false
    expect((await browser.send('POST', '/session/refresh')).status).toBe(200)
    store.isUnconfirmed = true
    expectNotConfirmed(await tab.send('POST', '/session/refresh'), WRITTEN_ONLY)
  })

  it('ends a session, says that this may be lost, and says so until it is not', async () => {
    const former = browser.copy()
    expectNotConfirmed(await browser.send('DELETE', '/session'), WRITTEN_ONLY)
    expect((await former.send('GET', '/session')).status).toBe(401)
    expectNotConfirmed(await browser.send('DELETE', '/session'), WRITTEN_ONLY)
    store.isUnconfirmed = false
    expect((await browser.send('DELETE', '/session')).status).toBe(204)
    expect(browser.cookieHeader('/session')).toEqual({})
  })

  it('says the same of a session that is ended by its id, or with all others', async () => {
    const [session] = await world.gateway.sessionsOf('ada')
    const other = new Browser(world.url)
    store.isUnconfirmed = false
    await other.login(userToken('ada'))
    store.isUnconfirmed = true
    expectNotConfirmed(await other.send('DELETE', `/sessions/${session?.id}`), WRITTEN_ONLY)
    expectNotConfirmed(await other.send('DELETE', `/sessions/${session?.id}`), WRITTEN_ONLY)
    expectNotConfirmed(await other.send('DELETE', '/sessions'), WRITTEN_ONLY)
    expect(await world.gateway.sessionsOf('ada')).toEqual([])
  })

  it('revokes, in this gateway, and says that it may be lost', async () => {
    const revocation = world.gateway.revoke({ what: { user: 'ada' } }, ROOT)
    await expect(revocation).rejects.toMatchObject({ code: 'not-confirmed', status: 503 })
    expect((await browser.send('GET', '/session')).status).toBe(401)
    expect((await browser.ask('{ products { id } }')).text).toContain('access-denied')
    expect(world.gateway.revocations()[0]?.report).toMatchObject({ sessions: 1 })
  })
})

function expectNotConfirmed({ status, headers, text }: Asked, message: RegExp): void {
  expect([status, JSON.parse(text)]).toEqual([
    503,
    { path: '$', code: 'not-confirmed', error: expect.stringMatching(message) },
  ])
  expect(headers['retry-after']).toBe('1')
}
