import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { EmbeddedStore } from '../../../src/store/index.ts'
import { type Asked, ask, type Headers } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { limitRule } from '../../support/limit-rules.ts'
import { type OptionChanges, startWorld, type World } from '../../support/start-gateway.ts'
import { userToken } from '../../support/user-token.ts'

const MEGABYTE = 1_048_576
const CACHE_BYTES = 8 * MEGABYTE
const ANSWER_BYTES = 20_000
const USERS = 50
const WHO = { via: 'admin', secret: 1, address: '127.0.0.1' } as const
const LIMIT = 1_000_000

interface Classes extends World {
  readonly cache: EmbeddedClient
  readonly limits: EmbeddedClient
  readonly sessions: EmbeddedClient
}

/** A gateway with memory of its own for each class, as the product has it. */
async function startClasses(changes: OptionChanges = {}): Promise<Classes> {
  const open = (maxmemory: number, policy: string): EmbeddedClient => {
    const directives = { maxmemory: `${maxmemory}`, 'maxmemory-policy': policy }
    const engine = new Engine({ clock: systemClock, random: seededRandom(1), directives })
    onTestFinished(() => engine.stop())
    return engine.client()
  }
  const cache = open(CACHE_BYTES, 'volatile-lru')
  const limits = open(16 * MEGABYTE, 'noeviction')
  const sessions = open(16 * MEGABYTE, 'noeviction')
  const rules = [
    limitRule({ name: 'user', limit: LIMIT, windowMs: 3_600_000, onStoreFailure: 'closed' }),
  ]
  const world = await startWorld(
    {
      cache: { admission: false, compression: false },
      rateLimit: { rules },
      ...changes,
    },
    {
      store: new EmbeddedStore(cache),
      protectedStores: {
        limits: new EmbeddedStore(limits),
        sessions: new EmbeddedStore(sessions),
      },
    },
  )
  return { ...world, cache, limits, sessions }
}

const isServed = ({ text }: Asked): boolean => 'data' in JSON.parse(text)
const keysOf = (client: EmbeddedClient): unknown => client.call('DBSIZE')
const bearer = (user: string) => ({ authorization: `Bearer ${userToken(user)}` })

function infoOf(client: EmbeddedClient, field: string): number {
  const info = client.call('INFO')
  const text = Buffer.isBuffer(info) ? info.toString() : String(info)
  return Number(new RegExp(`^${field}:?(\\d+)`, 'm').exec(text)?.[1])
}

describe('a cache that is filled to three times its memory', () => {
  it('displaces no session, no limit and no revocation', async () => {
    const world = await startClasses()
    const { url, upstream, gateway, cache, limits, sessions } = world
    const body = JSON.stringify({ data: { products: 'x'.repeat(ANSWER_BYTES) } })
    upstream.respond = (_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(body)
    }
    const browsers: Browser[] = []
    const revoked: Headers[] = []
    for (let index = 0; index < USERS; index += 1) {
      const browser = new Browser(url)
      await browser.login(userToken(`user ${index}`))
      await browser.ask('{ products { id } }')
      revoked.push(bearer(`revoked ${index}`))
      await gateway.revoke({ what: { user: `revoked ${index}` } }, WHO)
      browsers.push(browser)
    }
    const before = [keysOf(limits), keysOf(sessions)]
    let filled = 0
    for (let index = 0; filled < 3 * CACHE_BYTES; index += 1) {
      const asked = await ask(url, `query Fill${index} { products { id } }`, bearer('filler'))
      expect(asked.headers['cache-status']).toMatch(/stored/)
      filled += ANSWER_BYTES
    }
    expect(infoOf(cache, 'evicted_keys')).toBeGreaterThan(0)
    expect(infoOf(cache, 'used_memory')).toBeLessThanOrEqual(CACHE_BYTES)
    // One more: the limit of who has filled it.
    expect([Number(keysOf(limits)) - 1, keysOf(sessions)]).toEqual(before)
    for (const client of [limits, sessions]) expect(infoOf(client, 'evicted_keys')).toBe(0)
    for (const browser of browsers) {
      const answer = await browser.ask('{ products { id } }')
      expect(isServed(answer)).toBe(true)
      expect(answer.headers['ratelimit']).toContain(`${LIMIT - 2}`)
    }
    for (const token of revoked) {
      expect(isServed(await ask(url, '{ products { id } }', token))).toBe(false)
    }
  }, 120_000)
})

describe('limits whose memory is full', () => {
  it('refuse who is new, where the rule says so, lose none, and are counted', async () => {
    const { url, limits } = await startClasses()
    const known = bearer('known')
    expect(isServed(await ask(url, '{ products { id } }', known))).toBe(true)
    limits.call('CONFIG', 'SET', 'maxmemory', infoOf(limits, 'used_memory') - 1)
    const refused = await ask(url, '{ products { id } }', bearer('new'))
    expect([refused.status, JSON.parse(refused.text).errors[0].extensions.code]).toEqual([
      503,
      'store-unavailable',
    ])
    expect(infoOf(limits, 'errorstat_OOM:count=')).toBeGreaterThan(0)
    expect(infoOf(limits, 'evicted_keys')).toBe(0)
    limits.call('CONFIG', 'SET', 'maxmemory', 16 * MEGABYTE)
    expect(isServed(await ask(url, '{ products { id } }', bearer('new')))).toBe(true)
    expect(isServed(await ask(url, '{ products { id } }', known))).toBe(true)
  })
})

describe('sessions whose memory is full', () => {
  it('are refused with a reason, and counted; those there are go on, and end', async () => {
    const { url, gateway, sessions } = await startClasses()
    const browser = new Browser(url)
    await browser.login(userToken('7'))
    sessions.call('SET', 'what others have', Buffer.alloc(8 * MEGABYTE))
    sessions.call('CONFIG', 'SET', 'maxmemory', Math.ceil(infoOf(sessions, 'used_memory') / 0.96))
    // The memory is looked at from time to time, behind whoever signs in.
    let refused: Asked
    let count = 0
    do {
      refused = await new Browser(url).login(userToken(`another ${count}`))
      count += 1
      await setTimeout(50)
    } while (refused.status === 201)
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([503, 'store-full'])
    expect(refused.headers['retry-after']).toBe('60')
    expect(gateway.snapshot().sessions.events['full']).toBeGreaterThan(0)
    expect(isServed(await browser.ask('{ products { id } }'))).toBe(true)
    expect((await browser.send('POST', '/session/refresh')).status).toBe(200)
    await gateway.revoke({ what: { user: 'somebody' } }, WHO)
    expect((await browser.send('DELETE', '/session')).status).toBe(204)
    expect(isServed(await browser.ask('{ products { id } }'))).toBe(false)
  })
})
