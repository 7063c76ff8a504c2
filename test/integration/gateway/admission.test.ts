import { describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { EmbeddedStore, type Store } from '../../../src/store/index.ts'
import { type Asked, ask } from '../../support/ask.ts'
import { sendJson } from '../../support/echo-upstream.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { bearer, startWorld } from '../../support/start-gateway.ts'

const user = { authorization: await bearer('1') }
const BODY = 'x'.repeat(20_000)

/** Room for some dozens of the answers below. By the clock of the gateway, it knows which were used last. */
function smallStore(clock: FakeClock): Store {
  const directives = { maxmemory: '2mb', 'maxmemory-policy': 'volatile-lru' }
  const engine = new Engine({ random: seededRandom(1), clock, directives })
  return new EmbeddedStore(engine.client())
}

const query = (id: number | string): string => `{ products(where: {id: {_eq: ${id}}}) { id } }`
const statusOf = ({ headers }: Asked) => String(headers['cache-status']).split('; ttl')[0]

async function startShort(cache: object = {}) {
  const clock = new FakeClock(Date.now())
  const world = await startWorld(
    { cache: { compression: false, rules: [{ ttlMs: 3_600_000 }], ...cache } },
    { store: smallStore(clock), clock },
  )
  world.upstream.respond = (_request, response) => sendJson(response, { data: { rows: BODY } })
  let next = 0
  const askOnce = async (count: number): Promise<readonly (string | undefined)[]> => {
    const told: (string | undefined)[] = []
    for (let asked = 0; asked < count; asked += 1) {
      next += 1
      told.push(statusOf(await ask(world.url, query(next), user)))
      // The gateway looks at the memory of the store once a second.
      clock.advance(1_000)
    }
    return told
  }
  return { ...world, askOnce }
}

describe('while the memory of the store is short', () => {
  it('what is asked for once is not kept, and says so; twice it is', async () => {
    const { url, askOnce, gateway } = await startShort()
    const told = await askOnce(150)
    expect(told[0]).toBe('gerbang; fwd=miss; stored')
    expect(told.at(-1)).toBe('gerbang; fwd=miss; detail=admission')
    const twice = [await ask(url, query('a'), user), await ask(url, query('a'), user)]
    const [first] = twice
    expect(first?.headers['warning']).toBe('199 - cache-store-capacity-exceeded')
    expect(first?.headers['cache-control']).toBe('no-store')
    expect(statusOf(await ask(url, query('a'), user))).toBe('gerbang; hit')
    expect(twice.map(statusOf)).toEqual([
      'gerbang; fwd=miss; detail=admission',
      'gerbang; fwd=miss; stored',
    ])
    expect(gateway.snapshot().cache.discards['admission']).toBeGreaterThan(30)
    expect(await gateway.metrics.metrics()).toMatch(/^gerbang_cache_memory_short 1$/m)
  })

  it('what is in use stays, though a flood of others is asked for once', async () => {
    const { url, askOnce, upstream } = await startShort()
    await askOnce(120)
    const popular = Array.from({ length: 20 }, (_, index) => query(1_000_000 + index))
    for (let round = 0; round < 2; round += 1) {
      for (const one of popular) await ask(url, one, user)
    }
    await askOnce(300)
    const before = upstream.received.length
    for (const one of popular) await ask(url, one, user)
    expect(upstream.received.length - before).toBe(0)
  })

  it('a flood displaces it where all is kept', async () => {
    const { url, askOnce, upstream } = await startShort({ admission: false })
    await askOnce(120)
    const popular = Array.from({ length: 20 }, (_, index) => query(1_000_000 + index))
    for (let round = 0; round < 2; round += 1) {
      for (const one of popular) await ask(url, one, user)
    }
    await askOnce(300)
    const before = upstream.received.length
    for (const one of popular) await ask(url, one, user)
    expect(upstream.received.length - before).toBeGreaterThan(10)
  })

  it('one who has an answer renewed that is not admitted leaves no older one behind', async () => {
    const { url, askOnce, upstream } = await startShort({ admissionBytes: 30_000 })
    const fresh = 'query A @cached(refresh: true) { products { id } }'
    const cached = 'query A @cached { products { id } }'
    await ask(url, cached, user)
    await askOnce(150)
    const large = 'y'.repeat(90_000)
    upstream.respond = (_request, response) => sendJson(response, { data: { rows: large } })
    expect(statusOf(await ask(url, fresh, user))).toBe('gerbang; fwd=request; detail=admission')
    expect((await ask(url, cached, user)).text).toContain(large)
  })
})
