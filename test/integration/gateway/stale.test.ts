import { describe, expect, it } from 'vitest'
import { type Asked, ask } from '../../support/ask.ts'
import { countingRows, type Respond, sendJson } from '../../support/echo-upstream.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { bearer, type OptionChanges, startWorld, type World } from '../../support/start-gateway.ts'
import { waitUntil } from '../../support/wait-until.ts'

const PRODUCTS = '{ products { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'
const TTL_MS = 60_000
const WHILE_MS = 10_000
const ERROR_MS = 30_000

const user = { authorization: await bearer('1') }

interface StaleWorld extends World {
  readonly clock: FakeClock
  readonly read: () => Promise<Asked>
}

const LENIENT = { staleWhileRevalidateMs: WHILE_MS, staleIfErrorMs: ERROR_MS }

async function startStaleWorld(
  fastLane: boolean,
  cache: OptionChanges['cache'] = LENIENT,
): Promise<StaleWorld> {
  const clock = new FakeClock()
  const upstream = { headersTimeoutMs: 100 }
  const world = await startWorld({ server: { fastLane }, upstream, cache }, { clock })
  world.upstream.respond = countingRows()
  return { ...world, clock, read: () => ask(world.url, PRODUCTS, user) }
}

const told = ({ status, text, headers }: Asked) => [status, text, headers['cache-status']]
const row = (call: number): string => `{"data":{"call":${call}}}`

/** Ways of an upstream to fail that are no answer of its own. */
const OUTAGES: readonly (readonly [string, Respond, number])[] = [
  ['cuts connections', (_request, response) => void response.destroy(), 502],
  ['does not answer', () => undefined, 504],
  [
    'answers 503 in HTML',
    (_request, response) => void response.writeHead(503, { 'content-type': 'text/html' }).end('no'),
    502,
  ],
  [
    'answers 500 with an error',
    (_request, response) => sendJson(response, { errors: [{ message: 'no' }] }, 500),
    500,
  ],
]

describe.each([
  ['in the fast lane', true],
  ['on Node.js’ HTTP server', false],
])('an answer whose time has passed, %s', (_front, fastLane) => {
  it('is served once more while a newer one is fetched', async () => {
    const { read, clock, upstream, gateway } = await startStaleWorld(fastLane)
    await read()
    clock.advance(TTL_MS + 3_000)
    const stale = await read()
    const status = 'gerbang; hit; ttl=-3; detail=stale-while-revalidate'
    expect(told(stale)).toEqual([200, row(1), status])
    expect(stale.headers).toMatchObject({ age: '63', 'cache-control': 'private, max-age=0' })
    await waitUntil(() => gateway.snapshot().cache.refreshes['kept'] === 1)
    expect(told(await read())).toEqual([200, row(2), 'gerbang; hit; ttl=60'])
    expect(upstream.received).toHaveLength(2)
    expect(gateway.snapshot().requests.byOutcome['stale']?.count).toBe(1)
  })

  it('is refreshed once, however many ask meanwhile', async () => {
    const { read, clock, upstream, gateway } = await startStaleWorld(fastLane)
    await read()
    clock.advance(TTL_MS)
    const held = upstream.hold()
    const answers = await Promise.all(Array.from({ length: 20 }, read))
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set([row(1)]))
    held.release()
    await waitUntil(() => gateway.snapshot().cache.refreshes['kept'] === 1)
    expect(upstream.received).toHaveLength(2)
  })

  it('is not served beyond the cap', async () => {
    const { read, clock } = await startStaleWorld(fastLane)
    await read()
    clock.advance(TTL_MS + WHILE_MS)
    expect(told(await read())).toEqual([200, row(2), 'gerbang; fwd=miss; stored; ttl=60'])
  })

  it('is not served at all unless an option says so', async () => {
    const { read, clock, upstream } = await startStaleWorld(fastLane, {})
    await read()
    clock.advance(TTL_MS)
    expect((await read()).text).toBe(row(2))
    clock.advance(TTL_MS)
    upstream.respond = (_request, response) => void response.destroy()
    expect((await read()).status).toBe(502)
  })

  it('is not served once its table was written', async () => {
    const { read, clock, url, upstream } = await startStaleWorld(fastLane)
    await read()
    clock.advance(TTL_MS + 1_000)
    await ask(url, TOUCH, user)
    expect((await read()).text).toBe(row(3))
    await ask(url, TOUCH, user)
    upstream.respond = (_request, response) => void response.destroy()
    expect((await read()).status).toBe(502)
  })

  it('is not served once its table was written while the upstream was asked', async () => {
    const { read, clock, url, upstream } = await startStaleWorld(fastLane)
    await read()
    clock.advance(TTL_MS + WHILE_MS)
    const held = upstream.hold((_request, response) => void response.writeHead(503).end())
    const reading = read()
    await upstream.receives(2)
    upstream.respond = countingRows()
    await ask(url, TOUCH, user)
    held.release()
    expect((await reading).status).toBe(502)
  })

  it.each(OUTAGES)(
    'is served up to its cap when the upstream %s',
    async (_how, respond, failure) => {
      const { read, clock, upstream } = await startStaleWorld(fastLane)
      await read()
      upstream.respond = respond
      clock.advance(TTL_MS + WHILE_MS)
      const status = 'gerbang; hit; ttl=-10; detail=stale-if-error'
      expect(told(await read())).toEqual([200, row(1), status])
      clock.advance(ERROR_MS - WHILE_MS - 1)
      expect((await read()).text).toBe(row(1))
      clock.advance(1)
      const refused = await read()
      expect(refused.status).toBe(failure)
      expect(JSON.parse(refused.text)).toHaveProperty('errors')
    },
  )

  it('is not served instead of an error of the query itself', async () => {
    const { read, clock, upstream } = await startStaleWorld(fastLane)
    await read()
    clock.advance(TTL_MS + WHILE_MS)
    upstream.respond = (_request, response) => sendJson(response, { errors: [{ message: 'no' }] })
    expect((await read()).text).toBe('{"errors":[{"message":"no"}]}')
  })

  it('goes on being served within its cap when the refresh fails, which is told once', async () => {
    const { read, clock, upstream, gateway } = await startStaleWorld(fastLane)
    await read()
    upstream.respond = (_request, response) => void response.destroy()
    clock.advance(TTL_MS)
    await read()
    await waitUntil(() => gateway.snapshot().cache.refreshes['failed'] === 1)
    expect((await read()).text).toBe(row(1))
    // Asked twice by the one refresh, since its connection may just have been an idle one.
    expect(upstream.received).toHaveLength(3)
  })

  it('is served as long as its own rule says', async () => {
    const rules = [{ ttlMs: TTL_MS, staleWhileRevalidateMs: 2_000, staleIfErrorMs: 0 }]
    const { read, clock } = await startStaleWorld(fastLane, { ...LENIENT, rules })
    await read()
    clock.advance(TTL_MS + 2_000)
    expect((await read()).text).toBe(row(2))
  })

  it('has its ETag still', async () => {
    const { read, clock, url } = await startStaleWorld(fastLane)
    const { etag } = (await read()).headers
    clock.advance(TTL_MS)
    const again = await ask(url, PRODUCTS, { ...user, 'if-none-match': String(etag) })
    expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag])
  })
})

describe('an answer that is fresh', () => {
  it('is refreshed shortly before it expires, unseen by those who ask', async () => {
    const { read, clock, upstream, gateway } = await startStaleWorld(true, { earlyRefresh: true })
    const counted = upstream.respond
    upstream.respond = (request, response) => {
      if (upstream.received.length === 1) clock.advance(1_000)
      return counted(request, response)
    }
    await read()
    clock.advance(TTL_MS - 1)
    for (let asked = 0; gateway.snapshot().cache.refreshes['kept'] !== 1; asked += 1) {
      expect(asked).toBeLessThan(1_000)
      expect((await read()).headers['cache-status']).toMatch(/^gerbang; hit; ttl=(1|60)$/)
    }
    expect(told(await read())).toEqual([200, row(2), 'gerbang; hit; ttl=60'])
    expect(upstream.received).toHaveLength(2)
  })

  it('expires a little earlier than its rule says, and later never', async () => {
    const { read } = await startStaleWorld(true, { ttlJitter: 0.1 })
    const { headers } = await read()
    const [, ttl] = /max-age=(\d+)/.exec(String(headers['cache-control'])) ?? []
    expect(Number(ttl)).toBeGreaterThanOrEqual(54)
    expect(Number(ttl)).toBeLessThanOrEqual(60)
  })

  it('lives exactly as long as @cached asks', async () => {
    const { url } = await startStaleWorld(true, { ttlJitter: 0.5 })
    const { headers } = await ask(url, 'query @cached(ttl: 40) { products { id } }', user)
    expect(headers['cache-control']).toBe('private, max-age=40')
  })
})
