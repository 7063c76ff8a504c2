import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/shared/random.ts'
import { send } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { FailoverLoad } from '../../support/failover-load.ts'
import { freePort } from '../../support/free-port.ts'
import { JWT_KEY } from '../../support/gateway-options.ts'
import { RowUpstream } from '../../support/row-upstream.ts'
import { Sentinels } from '../../support/sentinels.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { userToken } from '../../support/user-token.ts'
import { eventually } from '../../support/wait-until.ts'

requireToolInCi('redis-sentinel')

/** What a machine that does much else can do. `npm run failover` asks for more. */
const PER_SECOND = Number(process.env['GERBANG_FAILOVER_RATE'] ?? 60)
const SECONDS = Number(process.env['GERBANG_FAILOVER_SECONDS'] ?? 4)
const CLASSES = ['', 'LIMITS_', 'SESSIONS_'] as const
const SECRET = 'the secret of the failover test'
/** How long a request may take that was asked before. */
const LATE_MS = 2_000
/** A gateway that is kept from the processor for so long is taken for dead, and is not: nobody can promise anything then. */
const DOWN_AFTER_MS = Number(process.env['GERBANG_FAILOVER_DOWN_MS'] ?? 5_000)

/** Of what is asked of a machine, some may take its time. */
const TIMEOUT_MS = 600_000

type Ports = Readonly<Record<(typeof CLASSES)[number], number>>

interface Serving {
  readonly cli: CliProcess
  readonly url: string
  readonly admin: string
  readonly ports: Ports
}

describe.skipIf(findTool('redis-sentinel') === undefined)(
  'two gateways and three Sentinels',
  () => {
    const sentinels = new Sentinels({
      count: 3,
      downAfterMs: DOWN_AFTER_MS,
      failoverTimeoutMs: 5_000,
    })
    const upstream = new RowUpstream()
    const folder = mkdtempSync(join(tmpdir(), 'gerbang-failover-'))
    const config = join(folder, 'gerbang.yaml')
    let ports: { readonly first: Ports; readonly second: Ports }
    let first: Serving
    let second: Serving

    beforeAll(async () => {
      writeFileSync(config, 'limits: { event_loop_delay_max: 0 }\n')
      await upstream.start()
      ports = { first: await freePorts(), second: await freePorts() }
      first = await serve(ports.first, ports.second, 'primary-found')
      second = await serve(ports.second, ports.first, 'always')
      for (const name of CLASSES) await eventually(() => isLinked(ports.second[name]))
      await sentinels.start(
        CLASSES.map((name) => ({ name: `gerbang-${name}`, port: ports.first[name] })),
      )
    }, 120_000)

    afterAll(async () => {
      await Promise.all([first, second].map(({ cli }) => cli.stop('SIGKILL')))
      await sentinels.stop()
      await upstream.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    async function serve(own: Ports, other: Ports, when: string): Promise<Serving> {
      const fixed = ['--port', '0', '--admin-port', '0', '--host', '127.0.0.1']
      const replication: Record<string, string> = {}
      for (const name of CLASSES) {
        replication[`GERBANG_${name}REDIS_PORT`] = String(own[name])
        replication[`GERBANG_${name}REPLICA_OF`] = `redis://127.0.0.1:${other[name]}`
      }
      const cli = new CliProcess(['serve', ...fixed], {
        HASURA_GRAPHQL_ENDPOINT: upstream.url,
        HASURA_GRAPHQL_ADMIN_SECRET: SECRET,
        HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: JWT_KEY }),
        GERBANG_SESSION_SECRET: 'the same on both, of more than 32 characters',
        GERBANG_REPLICA_WHEN: when,
        // Answers may come late here, but are not to be refused for it.
        HASURA_GRAPHQL_REDIS_TIMEOUT: '30',
        GERBANG_CONFIG: config,
        ...replication,
      })
      const log = await cli.logged(/"msg":"ready"/)
      const line = log.split('\n').find((candidate) => candidate.includes('"msg":"ready"'))
      const { gateway: url, admin } = JSON.parse(line ?? '')
      return { cli, url, admin, ports: own }
    }

    it(
      'go on when the one with the primaries is killed, and again when it is back',
      async () => {
        const load = new FailoverLoad([first.url, second.url], seededRandom(7))
        // The first script takes its time, on a machine that does much else perhaps too long.
        for (const { url } of [first, second]) await eventually(() => signsIn(url))
        load.begin(PER_SECOND)
        await sleep(SECONDS * 1_000)
        expect(load.errors).toEqual([])

        expect(await roles(second)).toEqual(['cache 1', 'limits 1', 'sessions 1'])

        const killedAtMs = performance.now()
        await first.cli.stop('SIGKILL')
        load.urls = [second.url]
        for (const name of CLASSES) await eventually(() => isPrimary(ports.second[name]))
        const failoverMs = performance.now() - killedAtMs
        expect(await roles(second)).toEqual(['cache 0', 'limits 0', 'sessions 0'])
        await sleep(SECONDS * 1_000)

        first = await serve(ports.first, ports.second, 'primary-found')
        for (const name of CLASSES) await eventually(() => isLinked(ports.first[name]))
        load.urls = [first.url, second.url]
        await sleep(SECONDS * 1_000)
        await load.end()
        await load.checkSessions()

        tell(load, killedAtMs, failoverMs)
        const { errors, hits, sessions } = load
        // The living one was not taken for dead: of two primaries none can promise anything.
        for (const name of CLASSES) {
          expect(await sentinels.primaryPort(`gerbang-${name}`)).toBe(ports.second[name])
        }
        expect([...load.wrong, ...load.lost]).toEqual([])
        expect(errors.every(({ atMs }) => atMs >= killedAtMs)).toBe(true)
        expect(hits).toBeGreaterThan(0)
        expect(sessions).toBeGreaterThan(0)
        // What was asked before it was over may have been answered after it.
        const isLate = ({ atMs }: { readonly atMs: number }): boolean =>
          atMs - killedAtMs > failoverMs + LATE_MS
        expect(errors.filter(isLate)).toEqual([])
      },
      TIMEOUT_MS,
    )

    it(
      'answer nothing old when the one with the primaries stands still until it has none any more',
      async () => {
        const load = new FailoverLoad([first.url, second.url], seededRandom(8))
        load.begin(PER_SECOND)
        await sleep(SECONDS * 1_000)
        expect(load.errors).toEqual([])

        const stoppedAtMs = performance.now()
        second.cli.signal('SIGSTOP')
        load.urls = [first.url]
        for (const name of CLASSES) await eventually(() => isPrimary(ports.first[name]))
        const failoverMs = performance.now() - stoppedAtMs
        second.cli.signal('SIGCONT')
        load.urls = [first.url, second.url]
        for (const name of CLASSES) await eventually(() => isLinked(ports.second[name]))
        await sleep(SECONDS * 1_000)
        await load.end()
        await load.checkSessions()

        tell(load, stoppedAtMs, failoverMs)
        expect(second.cli.errors).toContain('another one has become the primary')
        for (const name of CLASSES) {
          expect(await sentinels.primaryPort(`gerbang-${name}`)).toBe(ports.first[name])
        }
        expect([...load.wrong, ...load.lost]).toEqual([])
        expect(load.errors.every(({ atMs }) => atMs >= stoppedAtMs)).toBe(true)
        expect(load.sessions).toBeGreaterThan(0)
      },
      TIMEOUT_MS,
    )
  },
)

/** `sinceMs`: when the primary was lost. */
function tell(load: FailoverLoad, sinceMs: number, failoverMs: number): void {
  const { errors, hits, logins, refreshes, ends, requests, sessions } = load
  const lastMs = Math.max(0, ...errors.map(({ atMs }) => atMs - sinceMs))
  console.info(
    `${requests} requests at ${PER_SECOND}/s, ${hits} hits, ${logins} logins, ${refreshes} refreshes, ${ends} ends; ` +
      `failover after ${Math.round(failoverMs)} ms, ${errors.length} errors, the last after ${Math.round(lastMs)} ms; ` +
      `${sessions} sessions checked, ${load.lost.length} lost, ${load.wrong.length} wrong answers`,
  )
}

/** Of each class 1 for a replica. */
async function roles({ admin }: Serving): Promise<readonly string[]> {
  const { text } = await send(admin, '/metrics', { headers: { 'x-hasura-admin-secret': SECRET } })
  return [...text.matchAll(/^gerbang_replica\{class="(\w+)"\} (\d)$/gm)].map(
    ([, name, value]) => `${name} ${value}`,
  )
}

async function signsIn(url: string): Promise<boolean> {
  const { status } = await new Browser(url).login(userToken('first'))
  return status === 201
}

async function freePorts(): Promise<Ports> {
  return { '': await freePort(), LIMITS_: await freePort(), SESSIONS_: await freePort() }
}

async function isLinked(port: number): Promise<boolean> {
  return (await replication(port)).includes('master_link_status:up')
}

async function isPrimary(port: number): Promise<boolean> {
  return (await replication(port)).includes('role:master')
}

async function replication(port: number): Promise<string> {
  const redis = new Redis({ port, retryStrategy: () => null, lazyConnect: true })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await redis.info('replication')
  } catch {
    return ''
  } finally {
    redis.disconnect()
  }
}
