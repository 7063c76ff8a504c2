import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { KEPT_ADMIN, KeptGateway } from '../../support/kept-gateway.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { userToken } from '../../support/user-token.ts'
import { eventually } from '../../support/wait-until.ts'

requireToolInCi('prlimit')

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
      expect([refused.status, JSON.parse(refused.text).code]).toEqual([503, 'not-confirmed'])
      gateway.limitFiles()
      await eventually(async () => (await browser.login(userToken('ada'))).status === 201)
      await gateway.kill()
      await gateway.start(...KEPT)
      expect(await statusOf(browser)).toBe(200)
    },
  )
})
