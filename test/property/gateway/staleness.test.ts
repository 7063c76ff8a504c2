import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { ask } from '../../support/ask.ts'
import { type Respond, sendJson } from '../../support/echo-upstream.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { bearer, startWorld, type World } from '../../support/start-gateway.ts'

const RUNS = 200
const TTL_MS = 10_000
const WHILE_MS = 5_000
const ERROR_MS = 20_000
/** Nobody may be served what was read from the database longer ago. */
const OLDEST_MS = TTL_MS + ERROR_MS

const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'
const authorization = await bearer('1')

type Step =
  /** Ask and wait for the answer. */
  | { readonly kind: 'read'; readonly encoding: string }
  /** Ask, and have the upstream keep back what it answers. */
  | { readonly kind: 'held-read' }
  | { readonly kind: 'release' }
  /** Through the gateway. */
  | { readonly kind: 'write' }
  /** Around the gateway, which cannot know: only time ends what it has. */
  | { readonly kind: 'foreign-write' }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'upstream'; readonly mode: Mode }

type Mode = 'answers' | 'cuts' | 'fails'

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      encoding: fc.constantFrom('identity', 'br', 'gzip'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('held-read' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('foreign-write' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 500, 3_000, TTL_MS - 1, TTL_MS, TTL_MS + 1_000, ERROR_MS, OLDEST_MS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('upstream' as const),
      mode: fc.constantFrom<Mode>('answers', 'answers', 'cuts', 'fails'),
    }),
  },
)

/** A table of one number, and who has been told of it. */
class Shop {
  readonly clock: FakeClock
  readonly #letGo: (() => void)[] = []
  mode: Mode = 'answers'
  holdsNext = false
  version = 0
  /** What clients were told is written. */
  acknowledged = 0
  /** Since when each version is the newest. */
  readonly #sinceMs: number[] = [0]

  constructor(clock: FakeClock) {
    this.clock = clock
  }

  write(): void {
    this.version += 1
    this.#sinceMs.push(this.clock.nowMs())
  }

  /** The newest version at that time. */
  versionAt(nowMs: number): number {
    return this.#sinceMs.findLastIndex((sinceMs) => sinceMs <= nowMs)
  }

  readonly respond: Respond = async ({ body }, response) => {
    const isWrite = body.includes('mutation')
    const { mode } = this
    if (isWrite && mode === 'answers') this.write()
    const { version } = this
    if (this.holdsNext && !isWrite) {
      this.holdsNext = false
      await new Promise<void>((go) => this.#letGo.push(go))
    }
    if (mode === 'cuts') response.destroy()
    else if (mode === 'fails') response.writeHead(503).end()
    else sendJson(response, { data: { version, padding: 'x'.repeat(2_000) } })
  }

  get isHolding(): boolean {
    return this.holdsNext || this.#letGo.length > 0
  }

  release(): void {
    this.holdsNext = false
    for (const go of this.#letGo.splice(0)) go()
  }
}

async function read(world: World, shop: Shop, query: string, encoding: string): Promise<void> {
  const { acknowledged } = shop
  const oldest = shop.versionAt(shop.clock.nowMs() - OLDEST_MS)
  const { statusCode, headers, body } = await request(`${world.url}/v1/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, 'accept-encoding': encoding },
    body: JSON.stringify({ query }),
  })
  const bytes = Buffer.from(await body.arrayBuffer())
  const text = decoded(bytes, headers['content-encoding']).toString()
  if (statusCode === 200) {
    expect(JSON.parse(text).data.version).toBeGreaterThanOrEqual(Math.max(acknowledged, oldest))
  } else {
    expect(text).toMatch(/^\{"errors":/)
  }
}

function decoded(bytes: Buffer, encoding: unknown): Buffer {
  if (encoding === undefined) return bytes
  return encoding === 'br' ? brotliDecompressSync(bytes) : gunzipSync(bytes)
}

/** Reads that go on beside what follows are left in `reading`. */
async function runStep(scene: Scene, one: Step): Promise<void> {
  const { world, shop, query, reading } = scene
  switch (one.kind) {
    case 'held-read':
      shop.holdsNext = true
      reading.push(read(world, shop, query, 'identity'))
      break
    case 'read': {
      const answer = read(world, shop, query, one.encoding)
      // It may wait for the one that is held back.
      if (shop.isHolding) reading.push(answer)
      else await answer
      break
    }
    case 'release':
      shop.release()
      break
    case 'write': {
      const { status } = await ask(world.url, TOUCH, { authorization })
      if (status === 200) shop.acknowledged = shop.version
      break
    }
    case 'foreign-write':
      shop.write()
      break
    case 'advance':
      shop.clock.advance(one.ms)
      break
    case 'upstream':
      shop.mode = one.mode
  }
}

interface Scene {
  readonly world: World
  readonly shop: Shop
  readonly query: string
  readonly reading: Promise<void>[]
}

describe('an answer that may be served after its time', () => {
  it('is never older than a write that was answered, nor than its caps', async () => {
    const clock = new FakeClock()
    const cache = {
      ttlMs: TTL_MS,
      rules: [{ ttlMs: TTL_MS }],
      ttlJitter: 0.1,
      earlyRefresh: true,
      staleWhileRevalidateMs: WHILE_MS,
      staleIfErrorMs: ERROR_MS,
    }
    const world = await startWorld({ cache }, { clock })
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        run += 1
        const shop = new Shop(clock)
        world.upstream.respond = shop.respond
        const query = `{ products(where: { id: { _eq: ${run} } }) { id } }`
        const reading: Promise<void>[] = []
        for (const one of steps) {
          await runStep({ world, shop, query, reading }, one)
        }
        shop.release()
        await Promise.all(reading)
      }),
      { numRuns: RUNS },
    )
    // It was put to the test.
    const { requests, cache: counted } = world.gateway.snapshot()
    expect(requests.byOutcome['stale']?.count).toBeGreaterThan(5)
    expect(counted.variants['made']).toBeGreaterThan(5)
    expect(counted.refreshes['kept']).toBeGreaterThan(5)
  })
})
