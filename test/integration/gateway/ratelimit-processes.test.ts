import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nth } from '../../../src/shared/assert.ts'
import { type Asked, ask } from '../../support/ask.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { EchoUpstream, sendJson } from '../../support/echo-upstream.ts'
import { ADMIN_SECRET, JWT_KEY } from '../../support/gateway-options.ts'
import { type RedisServer, startEngineServer } from '../../support/start-engine-server.ts'
import { bearer } from '../../support/start-gateway.ts'

const CLIENTS = 200
const LIMIT = 100
/** A window longer than the test takes on any machine: nothing comes back while it runs. */
const IN_AN_HOUR = `limit: ${LIMIT}, window: 1h`

const upstream = new EchoUpstream()
let folder: string
let engine: RedisServer
let processes: CliProcess[] = []

beforeAll(async () => {
  await upstream.start()
  folder = mkdtempSync(join(tmpdir(), 'gerbang-limits-'))
})
beforeEach(async () => {
  engine = await startEngineServer()
})
afterEach(async () => {
  await Promise.all(processes.map((one) => one.stop('SIGTERM')))
  processes = []
  await engine.stop().catch(() => undefined)
})
afterAll(async () => {
  await upstream.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Three gateways in processes of their own on one engine, their clocks so far from the right time. */
async function startGateways(
  rule: string,
  clocksMs: readonly [number, number, number] = [0, 0, 0],
): Promise<readonly string[]> {
  const config = join(folder, 'gerbang.yaml')
  writeFileSync(
    config,
    [
      'server: { host: 127.0.0.1, port: 0 }',
      'admin: { port: 0 }',
      `store: { url: "redis://127.0.0.1:${engine.port}", command_timeout: 1m }`,
      `rate_limit: { store_timeout: 1m, nodes: 3, on_store_failure: closed, rules: [{ name: a, per: user, ${rule} }] }`,
      '',
    ].join('\n'),
  )
  processes = clocksMs.map((clockMs) => {
    const clock = `const now = Date.now; Date.now = () => now() + ${clockMs}`
    return new CliProcess(['serve', '--config', config], {
      HASURA_GRAPHQL_ENDPOINT: upstream.url,
      HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
      HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: JWT_KEY }),
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}`,
    })
  })
  return await Promise.all(
    processes.map(async (one) => {
      const log = await one.logged(/"msg":"ready"/)
      const line = log.split('\n').find((candidate) => candidate.includes('"msg":"ready"'))
      const { gateway } = JSON.parse(line ?? '')
      return String(gateway)
    }),
  )
}

/** What all clients get, each of which asks one of the gateways at the same time as the others. */
async function askAtOnce(
  urls: readonly string[],
  bodyOf: (client: number) => object,
): Promise<readonly Asked[]> {
  const headers = { authorization: await bearer('1') }
  return await Promise.all(
    Array.from({ length: CLIENTS }, (_, client) =>
      ask(nth(urls, client % urls.length), bodyOf(client), headers),
    ),
  )
}

const admitted = (answers: readonly Asked[]): number =>
  answers.filter(({ status }) => status === 200).length

const PRODUCTS = { query: '{ products { id } }' }

describe(`${CLIENTS} clients of one user at three gateways with one engine`, () => {
  it.each([
    ['a window', IN_AN_HOUR],
    ['a log', `${IN_AN_HOUR}, exact: true`],
    ['a GCRA', `limit: 1, window: 1d, algorithm: gcra, burst: ${LIMIT}`],
  ])(`are let in exactly ${LIMIT} times by %s`, async (_name, rule) => {
    const urls = await startGateways(rule)
    const answers = await askAtOnce(urls, () => PRODUCTS)
    const refused = answers.filter(({ status }) => status === 429)
    expect([admitted(answers), refused.length]).toEqual([LIMIT, CLIENTS - LIMIT])
  })

  it('are counted by the engine’s clock, whatever their gateways’ say', async () => {
    const urls = await startGateways(IN_AN_HOUR, [-2_000, 0, 2_000])
    expect(admitted(await askAtOnce(urls, () => PRODUCTS))).toBe(LIMIT)
  })

  it('are counted by root fields, under whatever alias', async () => {
    const urls = await startGateways(IN_AN_HOUR)
    const query = '{ a: products { id } b: products { id } c: products { id } d: __typename }'
    expect(admitted(await askAtOnce(urls, () => ({ query })))).toBe(LIMIT / 4)
  })

  it('are counted by the members of batches', async () => {
    const urls = await startGateways(IN_AN_HOUR)
    const answers = await askAtOnce(urls, () => [PRODUCTS, PRODUCTS, PRODUCTS])
    const members = answers.flatMap(({ text }): { data?: unknown }[] => JSON.parse(text))
    expect(members).toHaveLength(3 * CLIENTS)
    expect(members.filter(({ data }) => data !== undefined)).toHaveLength(LIMIT)
  })

  it('are counted by points, which those who are let in use up to the last', async () => {
    upstream.respond = (_request, response) => {
      const products = Array.from({ length: 3 }, (_, id) => ({ id }))
      sendJson(response, { data: { products } })
    }
    const urls = await startGateways(`${IN_AN_HOUR}, unit: cost, hit_weight: 100`)
    // A root field and three objects each.
    const answers = await askAtOnce(urls, (client) => ({
      query: 'query ($id: Int) { products(limit: 3, where: { id: { _gt: $id } }) { id } }',
      variables: { id: client },
    }))
    expect(admitted(answers)).toBe(LIMIT / 4)
  })

  it('are let in by each gateway for its share when the engine is gone', async () => {
    const rule = `limit: ${LIMIT - 1}, window: 1h, on_store_failure: local`
    const urls = await startGateways(rule)
    await engine.stop()
    expect(admitted(await askAtOnce(urls, () => PRODUCTS))).toBe(LIMIT - 1)
  })
})
