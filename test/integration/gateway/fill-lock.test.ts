import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Asked, ask, send } from '../../support/ask.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { countingRows, EchoUpstream, type HeldAnswers } from '../../support/echo-upstream.ts'
import { startEngineProcess } from '../../support/start-engine-process.ts'
import { type RedisProcess, startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'

requireToolInCi('redis-server')

const SECRET = 'the secret of the fill lock test'
const ADMIN = { 'x-hasura-admin-secret': SECRET }
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'
const POLL = { timeout: 20_000, interval: 20 }
/** Three processes at once, on a machine that does much else. */
const START_TIMEOUT_MS = 60_000
/**
 * On such a machine a second may pass before a command is answered, and several between two steps of a test:
 * neither must look like a store that failed, or a gateway that died.
 */
const PATIENCE = 'store: { command_timeout: 30s }\ncache: { fill_lock_timeout: 10s }\n'

const STORES = [
  ['gerbang engine', startEngine],
  ...(findTool('redis-server') === undefined ? [] : [['redis-server', startRedis] as const]),
] as const

interface Serving {
  readonly cli: CliProcess
  readonly url: string
  readonly admin: string
}

describe.each(STORES)('gateways on one %s', (_name, startStore) => {
  const folder = mkdtempSync(join(tmpdir(), 'gerbang-fill-lock-'))
  const config = join(folder, 'gerbang.yaml')
  let store: RedisProcess
  let upstream: EchoUpstream
  let gateways: readonly Serving[] = []
  /** Another one for each test: none finds what another has kept. */
  let query = ''
  let testCount = 0

  beforeAll(async () => {
    writeFileSync(config, PATIENCE)
    store = await startStore()
    upstream = new EchoUpstream()
    await upstream.start()
    gateways = await Promise.all([serve(), serve(), serve()])
  }, START_TIMEOUT_MS)
  beforeEach(() => {
    testCount += 1
    query = `query List${testCount} @cached(ttl: 60) { products { id } }`
    upstream.received.length = 0
    upstream.respond = countingRows()
  })
  afterAll(async () => {
    await Promise.all(gateways.map(({ cli }) => cli.stop('SIGKILL')))
    await upstream.stop()
    await store.stop()
    rmSync(folder, { recursive: true })
  })

  async function serve(): Promise<Serving> {
    const ports = ['--port', '0', '--admin-port', '0', '--host', '127.0.0.1']
    const cli = new CliProcess(['serve', '--config', config, ...ports], {
      HASURA_GRAPHQL_ENDPOINT: upstream.url,
      HASURA_GRAPHQL_ADMIN_SECRET: SECRET,
      GERBANG_STORE_URL: `redis://127.0.0.1:${store.port}`,
    })
    const log = await cli.logged(/"msg":"ready"/)
    const line = log.split('\n').find((candidate) => candidate.includes('"msg":"ready"'))
    const { gateway: url, admin } = JSON.parse(line ?? '')
    return { cli, url, admin }
  }

  const urlOf = (index: number): string => gateways[index % gateways.length]?.url ?? ''
  const askAll = (count: number): Promise<Asked>[] =>
    Array.from({ length: count }, (_, index) => ask(urlOf(index), query, ADMIN))

  /** A metric, by gateway. */
  async function metric(line: RegExp): Promise<readonly number[]> {
    const values = gateways.map(async ({ admin }) => {
      const { text } = await send(admin, '/metrics', { headers: ADMIN })
      return Number(line.exec(text)?.[1])
    })
    return await Promise.all(values)
  }

  /** How many fetches of all gateways wait for that of another. */
  async function waiters(): Promise<number> {
    const counts = await metric(/^gerbang_fill_lock_waiters (\d+)$/m)
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** One fetch under way, held by the upstream, while the other gateways wait for it. */
  async function oneFetches(
    count: number,
    held: HeldAnswers = upstream.hold(countingRows()),
  ): Promise<{ readonly held: HeldAnswers; readonly asking: Promise<Asked>[] }> {
    const asking = askAll(count)
    await upstream.receives(1)
    await expect.poll(waiters, POLL).toBe(2)
    return { held, asking }
  }

  it('ask the upstream once for 500 equal requests', async () => {
    const { held, asking } = await oneFetches(500)
    held.release()
    const answers = await Promise.all(asking)
    expect(upstream.received).toHaveLength(1)
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":1}}']))
    const told = answers.map(({ headers }) => String(headers['cache-status']).split('; ttl')[0])
    const stored = told.filter((status) => status === 'gerbang; fwd=miss; stored')
    const collapsed = told.filter((status) => status === 'gerbang; fwd=miss; collapsed; stored')
    expect(stored).toHaveLength(1)
    // On a busy machine the last of them arrive when the answer is there.
    expect(stored.length + collapsed.length + hitCount(told)).toBe(500)
  })

  const hitCount = (told: readonly (string | undefined)[]): number =>
    told.filter((status) => status === 'gerbang; hit').length

  it('ask it once however the requests arrive', async () => {
    await Promise.all(askAll(500))
    expect(upstream.received).toHaveLength(1)
  })

  it('give nobody who asks after a mutation was answered what was fetched before it', async () => {
    const { held, asking } = await oneFetches(3)
    // Call 1 of other rows.
    upstream.respond = countingRows()
    expect((await ask(urlOf(1), TOUCH, ADMIN)).status).toBe(200)
    const after = await Promise.all(askAll(30))
    expect(new Set(after.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":2}}']))
    held.release()
    await Promise.all(asking)
    const later = await Promise.all(askAll(3))
    expect(new Set(later.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":2}}']))
  })

  it('do not queue for what cannot be kept', async () => {
    const held = upstream.hold((_request, response) => {
      response.setHeader('Set-Cookie', 'a=1')
      response.setHeader('Content-Type', 'application/json')
      response.end('{"data":{}}')
    })
    const { asking } = await oneFetches(3, held)
    held.releaseNext()
    await upstream.receives(3)
    held.release()
    expect((await Promise.all(asking)).map(({ status }) => status)).toEqual([200, 200, 200])
  })

  // The last one: two gateways are left.
  it('go on when the one that fetches is killed, and one of them takes its place', async () => {
    upstream.hold(countingRows())
    const led = ask(urlOf(0), query, ADMIN)
    const isLost = expect(led).rejects.toThrow()
    await upstream.receives(1)
    const waiting = [ask(urlOf(1), query, ADMIN), ask(urlOf(2), query, ADMIN)]
    await expect.poll(waiters, POLL).toBe(2)
    upstream.respond = countingRows()
    await gateways[0]?.cli.stop('SIGKILL')
    await isLost
    const texts = (await Promise.all(waiting)).map(({ text }) => text)
    expect(texts).toEqual(['{"data":{"call":1}}', '{"data":{"call":1}}'])
    expect(upstream.received).toHaveLength(2)
  })
})

async function startEngine(): Promise<RedisProcess> {
  const { cli, port } = await startEngineProcess()
  return {
    port,
    stop: async () => {
      await cli.stop('SIGKILL')
    },
  }
}
