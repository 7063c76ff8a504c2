import { describe, expect, it } from 'vitest'
import { ask } from '../../support/ask.ts'
import { countingRows } from '../../support/echo-upstream.ts'
import { bearer, startWorld, type World } from '../../support/start-gateway.ts'
import { waitUntil } from '../../support/wait-until.ts'

const PRODUCTS = '{ products { id } }'
const OTHERS = '{ products { name } }'
const MUTATION = 'mutation { delete_products(where: {}) { affected_rows } }'
const UNCACHED = 'query @cached(ttl: 0) { products { id } }'

const user = { authorization: await bearer('1') }

/** A gateway whose event loop is as late as the test says. */
async function startLate(
  cache = {},
): Promise<World & { readonly late: (ms: number) => Promise<void> }> {
  let delayMs = 0
  const eventLoopDelay = { start: () => undefined, stop: () => undefined, takeMs: () => delayMs }
  const changes = { loadShedding: { eventLoopDelayMaxMs: 100 }, cache }
  const world = await startWorld(changes, { eventLoopDelay })
  world.upstream.respond = countingRows()
  const late = async (ms: number): Promise<void> => {
    delayMs = ms
    await waitUntil(() => world.gateway.snapshot().loadShedding.isShedding === ms > 100)
  }
  return { ...world, late }
}

describe('a gateway that has too much to do', () => {
  it('serves hits, refuses with 503 what needs the upstream, and goes on when there is less', async () => {
    const { url, upstream, gateway, late } = await startLate()
    await ask(url, PRODUCTS, user)
    await late(200)
    for (const query of [OTHERS, MUTATION, UNCACHED]) {
      const refused = await ask(url, query, user)
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
      expect(JSON.parse(refused.text).errors[0]).toEqual({
        message: 'the gateway has too much to do just now',
        extensions: { path: '$', code: 'overloaded' },
      })
    }
    const hit = await ask(url, PRODUCTS, user)
    expect([hit.text, hit.headers['cache-status']]).toEqual([
      '{"data":{"call":1}}',
      expect.stringContaining('hit'),
    ])
    expect(upstream.received).toHaveLength(1)
    expect(gateway.snapshot().loadShedding).toEqual({
      isShedding: true,
      eventLoopDelayMs: 200,
      shed: 3,
    })
    expect(await gateway.metrics.metrics()).toMatch(/^gerbang_load_shed_total 3$/m)
    await late(0)
    expect((await ask(url, OTHERS, user)).text).toBe('{"data":{"call":2}}')
  })

  it('leaves what is kept as it is when a mutation was refused', async () => {
    const { url, late } = await startLate()
    await ask(url, PRODUCTS, user)
    await late(200)
    await ask(url, MUTATION, user)
    expect((await ask(url, PRODUCTS, user)).headers['cache-status']).toMatch(/hit/)
  })

  it('serves what is stale instead of nothing', async () => {
    const { url, upstream, late } = await startLate({ staleIfErrorMs: 60_000 })
    const query = 'query @cached(ttl: 1) { products { id } }'
    const { text } = await ask(url, query, user)
    await late(200)
    await waitUntil(async () => {
      const stale = await ask(url, query, user)
      expect(stale.text).toBe(text)
      return String(stale.headers['cache-status']).includes('stale-if-error')
    })
    expect(upstream.received).toHaveLength(1)
  })

  it('refuses each of a batch alone', async () => {
    const { url, late } = await startLate()
    await ask(url, PRODUCTS, user)
    await late(200)
    const { status, text } = await ask(url, [{ query: PRODUCTS }, { query: OTHERS }], user)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject([
      { data: {} },
      { errors: [{ extensions: { code: 'overloaded' } }] },
    ])
  })
})
