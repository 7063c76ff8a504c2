import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Asked, ask, send } from '../../support/ask.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { countingRows, EchoUpstream, type HeldAnswers } from '../../support/echo-upstream.ts'
import { type RedisProcess, startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'

requireToolInCi('redis-server')

const SECRET = 'the secret of the fill lock test'
const ADMIN = { 'x-hasura-admin-secret': SECRET }
const QUERY = 'query List @cached(ttl: 60) { products { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'
const POLL = { timeout: 20_000, interval: 20 }

interface Serving {
  readonly cli: CliProcess
  readonly url: string
  readonly admin: string
}

describe.skipIf(findTool('redis-server') === undefined)(
  'three gateways on one redis-server',
  () => {
    let redis: RedisProcess
    let upstream: EchoUpstream
    let gateways: readonly [Serving, Serving, Serving]

    beforeAll(async () => {
      redis = await startRedis()
    })
    beforeEach(async () => {
      upstream = new EchoUpstream()
      await upstream.start()
      upstream.respond = countingRows()
      gateways = await Promise.all([serve(), serve(), serve()])
    })
    afterEach(async () => {
      await Promise.all(gateways.map(({ cli }) => cli.stop('SIGKILL')))
      await upstream.stop()
    })
    afterAll(() => redis.stop())

    async function serve(): Promise<Serving> {
      const cli = new CliProcess(
        ['serve', '--port', '0', '--admin-port', '0', '--host', '127.0.0.1'],
        {
          HASURA_GRAPHQL_ENDPOINT: upstream.url,
          HASURA_GRAPHQL_ADMIN_SECRET: SECRET,
          GERBANG_STORE_URL: `redis://127.0.0.1:${redis.port}/${databaseCount}`,
        },
      )
      const log = await cli.logged(/"msg":"ready"/)
      const line = log.split('\n').find((candidate) => candidate.includes('"msg":"ready"'))
      const { gateway: url, admin } = JSON.parse(line ?? '')
      return { cli, url, admin }
    }

    // A database each, so that no test finds what another has kept.
    let databaseCount = 0
    afterEach(() => {
      databaseCount += 1
    })

    const askAll = (count: number): Promise<Asked>[] =>
      Array.from({ length: count }, (_, index) => ask(urlOf(index), QUERY, ADMIN))
    const urlOf = (index: number): string => gateways[index % 3]?.url ?? ''

    /** How many fetches of all gateways wait for that of another. */
    async function waiters(): Promise<number> {
      const counts = gateways.map(async ({ admin }) => {
        const { text } = await send(admin, '/metrics', { headers: ADMIN })
        return Number(/^gerbang_fill_lock_waiters (\d+)$/m.exec(text)?.[1])
      })
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
    }

    /** One fetch under way, held by the upstream, and so many gateways that wait for it. */
    async function oneFetches(): Promise<{ held: HeldAnswers; asking: Promise<Asked>[] }> {
      const held = upstream.hold(countingRows())
      const asking = askAll(3)
      await upstream.receives(1)
      await expect.poll(waiters, POLL).toBe(2)
      return { held, asking }
    }

    it('ask the upstream once for 500 equal requests', async () => {
      const held = upstream.hold(countingRows())
      const asking = askAll(500)
      await upstream.receives(1)
      await expect.poll(waiters, POLL).toBe(2)
      held.release()
      const answers = await Promise.all(asking)
      expect(upstream.received).toHaveLength(1)
      expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":1}}']))
      const told = answers.map(({ headers }) => String(headers['cache-status']).split('; ttl')[0])
      const stored = told.filter((status) => status === 'gerbang; fwd=miss; stored')
      const collapsed = told.filter((status) => status === 'gerbang; fwd=miss; collapsed; stored')
      expect([stored.length, collapsed.length]).toEqual([1, 499])
    })

    it('ask it once however the requests arrive', async () => {
      await Promise.all(askAll(500))
      expect(upstream.received).toHaveLength(1)
    })

    it('give nobody who asks after a mutation was answered what was fetched before it', async () => {
      const { held, asking } = await oneFetches()
      upstream.respond = countingRows()
      // Call 1 of the rows that are new.
      expect((await ask(urlOf(1), TOUCH, ADMIN)).status).toBe(200)
      const after = await Promise.all(askAll(30))
      expect(new Set(after.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":2}}']))
      expect(upstream.received).toHaveLength(3)
      held.release()
      await Promise.all(asking)
      const later = await Promise.all(askAll(3))
      expect(new Set(later.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":2}}']))
    })

    it('go on when the one that fetches is killed', async () => {
      const { asking } = await oneFetches()
      const settling = Promise.allSettled(asking)
      upstream.respond = countingRows()
      const leaders = await Promise.all(
        gateways.map(async ({ admin }) => {
          const { text } = await send(admin, '/metrics', { headers: ADMIN })
          return /^gerbang_fill_locks_total\{result="led"\} 1$/m.test(text)
        }),
      )
      const leader = leaders.indexOf(true)
      await gateways[leader]?.cli.stop('SIGKILL')
      const settled = await settling
      expect(settled.map(({ status }) => status)).toEqual(
        leaders.map((led) => (led ? 'rejected' : 'fulfilled')),
      )
      const texts = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value.text] : []))
      expect(texts).toEqual(['{"data":{"call":1}}', '{"data":{"call":1}}'])
      expect(upstream.received).toHaveLength(2)
    }, 30_000)

    it('do not queue for what cannot be kept', async () => {
      const held = upstream.hold((_request, response) => {
        response.setHeader('Set-Cookie', 'a=1')
        response.setHeader('Content-Type', 'application/json')
        response.end('{"data":{}}')
      })
      const asking = askAll(3)
      await upstream.receives(1)
      await expect.poll(waiters, POLL).toBe(2)
      held.releaseNext()
      await upstream.receives(3)
      held.release()
      expect((await Promise.all(asking)).map(({ status }) => status)).toEqual([200, 200, 200])
    })
  },
)
