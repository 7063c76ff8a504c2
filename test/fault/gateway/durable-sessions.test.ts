import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Asked, send } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { HangingRedis } from '../../support/hanging-redis.ts'
import { KEPT_ADMIN, KeptGateway } from '../../support/kept-gateway.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { userToken } from '../../support/user-token.ts'
import { eventually } from '../../support/wait-until.ts'

requireToolInCi('prlimit')
requireToolInCi('redis-server')

const ROUNDS = 12
const ROUNDS_TIMEOUT_MS = 300_000
const KEPT = ['--persistence', 'aof+rdb']

describe('session.durability fsync', () => {
  const upstream = new EchoUpstream()
  let gateway: KeptGateway

  beforeEach(async () => {
    await upstream.start()
    upstream.respond = countingRows()
    gateway = new KeptGateway(upstream.url)
    writeFileSync(gateway.configFile, 'session: { durability: fsync }\n')
  })
  afterEach(async () => {
    await gateway.dispose()
    await upstream.stop()
  })

  async function statusOf(browser: Browser): Promise<number> {
    return (await browser.copy(gateway.url).send('GET', '/session')).status
  }

  it(
    `loses no login, refresh, logout or revocation, killed right after each of ${ROUNDS}`,
    async () => {
      const expected = new Map<Browser, number>()
      for (let round = 0; round < ROUNDS; round += 1) {
        await gateway.start(...KEPT)
        for (const [browser, status] of expected) expect(await statusOf(browser)).toBe(status)
        await act(round, expected)
        await gateway.kill()
      }
    },
    ROUNDS_TIMEOUT_MS,
  )

  /** The last thing it does is answered. */
  async function act(round: number, expected: Map<Browser, number>): Promise<void> {
    const user = `user-${round}`
    let browser = new Browser(gateway.url)
    expect((await browser.login(userToken(user))).status).toBe(201)
    expected.set(browser, 200)
    switch (round % 4) {
      case 0:
        return
      case 1:
        expected.delete(browser)
        browser = browser.copy()
        expect((await browser.send('POST', '/session/refresh')).status).toBe(200)
        expected.set(browser, 200)
        return
      case 2: {
        const copy = browser.copy()
        expect((await copy.send('DELETE', '/session')).status).toBe(204)
        expected.set(browser, 401)
        return
      }
      default: {
        const revoked = await send(gateway.admin, '/revoke', {
          method: 'POST',
          headers: { ...KEPT_ADMIN, 'content-type': 'application/json' },
          body: JSON.stringify({ what: { user } }),
        })
        expect(revoked.status).toBe(200)
        expected.set(browser, 401)
      }
    }
  }

  it.skipIf(findTool('prlimit') === undefined)(
    'lets nobody in while the disk refuses, and everybody once it does not',
    async () => {
      await gateway.start(...KEPT)
      gateway.limitFiles(1)
      const browser = new Browser(gateway.url)
      const refused = await browser.login(userToken('ada'))
      expect(refusalOf(refused)).toEqual([503, 'not-confirmed'])
      gateway.limitFiles()
      await eventually(async () => (await browser.login(userToken('ada'))).status === 201)
      await gateway.kill()
      await gateway.start(...KEPT)
      expect(await statusOf(browser)).toBe(200)
    },
  )
})

describe.skipIf(findTool('redis-server') === undefined)('session.durability replicated', () => {
  const upstream = new EchoUpstream()
  let gateway: KeptGateway
  let replica: HangingRedis | undefined

  beforeEach(async () => {
    await upstream.start()
    upstream.respond = countingRows()
    gateway = new KeptGateway(upstream.url)
    const durability = 'durability: replicated, durability_timeout: 500ms'
    writeFileSync(gateway.configFile, `session: { ${durability} }\n`)
    await gateway.start()
  })
  afterEach(async () => {
    await replica?.stop()
    await gateway.dispose()
    await upstream.stop()
  })

  it('answers nobody who signs in, out or refreshes before a redis-server has it', async () => {
    const browser = new Browser(gateway.url)
    const login = async () => await browser.login(userToken('ada'))
    expect(refusalOf(await login())).toEqual([503, 'not-confirmed'])

    replica = await HangingRedis.start(['--replicaof', `127.0.0.1 ${gateway.sessionsPort}`])
    await eventually(async () => (await login()).status === 201)

    replica.hang()
    const other = new Browser(gateway.url)
    expect(refusalOf(await other.login(userToken('bob')))).toEqual([503, 'not-confirmed'])
    const refresh = await browser.send('POST', '/session/refresh')
    expect(refusalOf(refresh)).toEqual([503, 'not-confirmed'])
    expect((await browser.send('GET', '/session')).status).toBe(200)
    const logout = await browser.send('DELETE', '/session')
    expect(refusalOf(logout)).toEqual([503, 'not-confirmed'])
    expect(logout.text).toContain('it is done, and may be lost')
    expect((await browser.send('GET', '/session')).status).toBe(401)

    replica.goOn()
    await eventually(async () => (await browser.send('DELETE', '/session')).status === 204)
    await eventually(async () => (await login()).status === 201)
  })
})

function refusalOf({ status, text }: Asked): readonly unknown[] {
  return [status, JSON.parse(text).code]
}
