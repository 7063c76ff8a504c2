import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask, send } from '../../support/ask.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { freePort } from '../../support/free-port.ts'
import { startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const SECRET = 'the secret of the serve test'
const QUERY = 'query List @cached(ttl: 60) { products { id } }'
const ADMIN = { 'x-hasura-admin-secret': SECRET }

/** On a busy machine everything takes a while; the first tries to read the metadata are seconds apart as well. */
const POLL = { timeout: 20_000, interval: 100 }

const upstream = new EchoUpstream()
const started: CliProcess[] = []
let folder: string

beforeAll(async () => {
  await upstream.start()
  folder = mkdtempSync(join(tmpdir(), 'gerbang-serve-'))
})
beforeEach(() => {
  upstream.respond = countingRows()
})
afterEach(async () => {
  await Promise.all(started.splice(0).map((cli) => cli.stop('SIGTERM')))
})
afterAll(async () => {
  await upstream.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('gerbang serve', () => {
  it('serves what the upstream answers, tells where, and keeps what it may', async () => {
    const { url, admin } = await serve()
    const first = await ask(url, QUERY, ADMIN)
    expect(first).toMatchObject({ status: 200, text: '{"data":{"call":1}}' })
    const second = await ask(url, QUERY, ADMIN)
    expect(second.text).toBe(first.text)
    expect(second.headers['cache-status']).toMatch(/^gerbang; hit/)
    expect(await send(admin, '/healthz')).toMatchObject({ status: 200, text: 'OK' })
  })

  it('shows its store to Redis clients, and forgets all entries when their epoch is deleted', async () => {
    const { url, redis: address } = await serve({ GERBANG_REDIS_PORT: '0' })
    const redis = new Redis(address ?? '', { maxRetriesPerRequest: 0 })
    try {
      await ask(url, QUERY, ADMIN)
      expect(await redis.keys('gerbang:entry:*')).toHaveLength(1)
      expect(await redis.del('gerbang:epoch:everything')).toBe(1)
      const answer = await ask(url, QUERY, ADMIN)
      expect(answer.headers['cache-status']).toMatch(/^gerbang; fwd=miss; stored/)
    } finally {
      redis.disconnect()
    }
  })

  it('shows limits and sessions on ports of their own, with the memory of each', async () => {
    const { cli } = await serve({
      GERBANG_LIMITS_REDIS_PORT: '0',
      GERBANG_SESSIONS_REDIS_PORT: '0',
      GERBANG_CONFIG: writeConfig('engine: { limits_maxmemory: 8mb, sessions_maxmemory: 9mb }\n'),
    })
    const { limitsRedis, sessionsRedis } = await addresses(cli)
    expect(await memoryOf(limitsRedis)).toEqual(['8388608', 'noeviction'])
    expect(await memoryOf(sessionsRedis)).toEqual(['9437184', 'noeviction'])
  })

  it('warns when there is no secret: every request is an admin’s then', async () => {
    const { cli } = await serve({}, {})
    expect(cli.errors).toContain('no admin secret: every request is an admin’s')
  })

  it('takes its file from GERBANG_CONFIG, and Hasura’s own variables', async () => {
    const file = writeConfig('admin:\n  port: 0\nserver:\n  host: 127.0.0.1\n  port: 0\n')
    const cli = start([], {
      GERBANG_CONFIG: file,
      HASURA_GRAPHQL_ENDPOINT: upstream.url,
      HASURA_GRAPHQL_ADMIN_SECRET: SECRET,
      HASURA_GRAPHQL_UNAUTHORIZED_ROLE: 'anonymous',
    })
    const { url } = await addresses(cli)
    expect((await ask(url, '{ products { id } }')).status).toBe(200)
    expect(upstream.received.at(-1)?.headers['x-hasura-admin-secret']).toBeUndefined()
  })

  it('refuses a bad configuration with 1, and names every mistake and its place', async () => {
    const file = writeConfig(
      [
        'server:',
        '  prot: 1',
        'cache:',
        '  rules:',
        '    - root_fields: [products]',
        '      ttl: soon',
        'rate_limit:',
        '  rules:',
        '    - name: a',
        '      per: nobody',
        '      limit: 0',
        '      window: 1m',
        '',
      ].join('\n'),
    )
    const cli = start(['--config', file, '--admin-port', '99999'], {
      HASURA_GRAPHQL_JWT_SECRET: '{"type":"HS256","key":"short"}',
    })
    expect(await cli.ended()).toBe(1)
    const lines = cli.errors.trim().split('\n')
    expect(lines[0]).toBe('gerbang: the configuration has mistakes:')
    expect(lines.slice(1).map((line) => line.trim().replace(`${file}:`, ''))).toEqual([
      '2:3: server.prot: no such option; did you mean "port"?',
      '--admin-port: admin.port: expected an integer from 0 to 65535, got 99999',
      expect.stringMatching(/^HASURA_GRAPHQL_JWT_SECRET: auth\.jwt_secrets\[0\]: key: /),
      expect.stringMatching(/^6:12: cache\.rules\[0\]\.ttl: expected a duration .*, got "soon"$/),
      '10:12: rate_limit.rules[0].per: expected user, role, ip, operation, root_field, x-hasura-<name>, header:<name>, or a list of them, got "nobody"',
      '11:14: rate_limit.rules[0].limit: expected an integer from 1 to 1000000000, got 0',
    ])
    expect(cli.errors).not.toContain('short')
  })

  it('says which file cannot be read', async () => {
    const cli = start(['--config', join(folder, 'none.yaml')])
    expect(await cli.ended()).toBe(1)
    expect(cli.errors).toContain('none.yaml: cannot be read')
  })

  it.each([
    ['--port', 'server.port', '--port or GERBANG_PORT'],
    ['--admin-port', 'admin.port', '--admin-port or GERBANG_ADMIN_PORT'],
    ['--redis-port', 'engine.redis_port', '--redis-port or GERBANG_REDIS_PORT'],
  ])('explains that the port of %s is in use', async (flag, option, ways) => {
    const { port } = new URL(upstream.url)
    const { [flag]: _ours, ...others } = FREE_PORTS
    const cli = start([...Object.entries(others).flat(), flag, port, '--host', '127.0.0.1'])
    expect(await cli.ended()).toBe(1)
    expect(cli.errors).toContain(`${option}: port ${port} is in use; choose another with ${ways}`)
  })

  it('starts while the upstream is down, says what is missing, and serves once it is there', async () => {
    const port = await freePort()
    const { url, admin } = await serve({ HASURA_GRAPHQL_ENDPOINT: `http://127.0.0.1:${port}` })
    expect((await send(admin, '/healthz')).status).toBe(200)
    const ready = await send(admin, '/readyz')
    expect(ready.status).toBe(503)
    expect(JSON.parse(ready.text)).toEqual({
      ready: false,
      missing: ['Hasura’s metadata could not be read yet: the upstream cannot be reached'],
      degraded: [],
    })
    const refused = await ask(url, QUERY, ADMIN)
    expect(refused.status).toBe(502)
    expect(JSON.parse(refused.text).errors[0].extensions.code).toBe('upstream-unreachable')

    const late = new EchoUpstream()
    late.server.listen(port, '127.0.0.1')
    try {
      await expect.poll(async () => (await send(admin, '/readyz')).status, POLL).toBe(200)
      expect((await ask(url, QUERY, ADMIN)).status).toBe(200)
    } finally {
      await late.stop()
    }
  })

  describe('when told to stop', () => {
    it('finishes what is under way, takes nothing new, and ends with 0', async () => {
      const held = upstream.hold(countingRows())
      const before = upstream.received.length
      const { cli, url, admin } = await serve()
      const slow = ask(url, QUERY, ADMIN)
      await upstream.receives(before + 1)
      const ended = cli.stop('SIGTERM')
      await cli.logged(/"msg":"stopping"/)
      await expect.poll(async () => await isRefused(url), POLL).toBe(true)
      const ready = await send(admin, '/readyz')
      expect(JSON.parse(ready.text).missing).toContain('the gateway is not listening')
      held.release()
      expect(await slow).toMatchObject({ status: 200, text: '{"data":{"call":1}}' })
      expect(await ended).toBe(0)
    })

    it('cuts off after server.shutdown_grace what would not end', async () => {
      upstream.hold()
      const before = upstream.received.length
      const file = writeConfig('server:\n  shutdown_grace: 100ms\n')
      const { cli, url } = await serve({ GERBANG_CONFIG: file })
      const endless = ask(url, QUERY, ADMIN).catch((error: unknown) => error)
      await upstream.receives(before + 1)
      expect(await cli.stop('SIGTERM')).toBe(0)
      expect(await endless).toBeInstanceOf(Error)
    })
  })

  it('ends at once, with 1, at the second signal', async () => {
    upstream.hold()
    const before = upstream.received.length
    const { cli, url } = await serve()
    const endless = ask(url, QUERY, ADMIN).catch((error: unknown) => error)
    await upstream.receives(before + 1)
    cli.signal('SIGTERM')
    await cli.logged(/"msg":"stopping"/)
    cli.signal('SIGTERM')
    expect(await cli.ended()).toBe(1)
    expect(await endless).toBeInstanceOf(Error)
  })

  describe.skipIf(!hasRedis)('with GERBANG_STORE_URL (redis-server)', () => {
    it('shares entries between two gateways, and says which store', async () => {
      const redis = await startRedis()
      try {
        const environment = { GERBANG_STORE_URL: `redis://127.0.0.1:${redis.port}` }
        const [one, other] = [await serve(environment), await serve(environment)]
        const miss = await ask(one.url, QUERY, ADMIN)
        const hit = await ask(other.url, QUERY, ADMIN)
        expect(hit.headers['cache-status']).toMatch(/^gerbang; hit/)
        expect(hit.text).toBe(miss.text)
        const stats = await send(other.admin, '/stats', { headers: ADMIN })
        expect(JSON.parse(stats.text).store).toMatchObject({
          name: `redis://127.0.0.1:${redis.port}/0`,
          info: { server: { redis_mode: 'standalone' } },
        })
      } finally {
        await redis.stop()
      }
    })

    it('goes on without the cache when the store goes away, and is not ready', async () => {
      const redis = await startRedis()
      const { url, admin } = await serve({
        GERBANG_STORE_URL: `redis://127.0.0.1:${redis.port}`,
      })
      await ask(url, QUERY, ADMIN)
      await redis.stop()
      const answer = await ask(url, QUERY, ADMIN)
      expect(answer).toMatchObject({ status: 200, text: '{"data":{"call":2}}' })
      const ready = await send(admin, '/readyz')
      expect(JSON.parse(ready.text).missing).toContain('the store does not answer')
      expect((await send(admin, '/healthz')).status).toBe(200)
    })
  })

  it('does not start without its remote store, and says which', async () => {
    const port = await freePort()
    const cli = start(FREE_PORT_FLAGS, {
      GERBANG_STORE_URL: `redis://user:hunter2@127.0.0.1:${port}`,
    })
    expect(await cli.ended()).toBe(1)
    expect(cli.errors).toContain(`redis://127.0.0.1:${port}`)
    expect(cli.errors).not.toContain('hunter2')
    expect(cli.errors).not.toMatch(/^ {4}at /m)
  })
})

const FREE_PORTS: Readonly<Record<string, string>> = {
  '--port': '0',
  '--admin-port': '0',
  '--redis-port': '0',
}
const FREE_PORT_FLAGS = ['--port', '0', '--admin-port', '0']

interface Serving {
  readonly cli: CliProcess
  readonly url: string
  readonly admin: string
  readonly redis: string | undefined
  readonly limitsRedis: string | undefined
  readonly sessionsRedis: string | undefined
}

/** maxmemory and its policy. */
async function memoryOf(address: string | undefined): Promise<readonly unknown[]> {
  const redis = new Redis(address ?? '', { maxRetriesPerRequest: 0 })
  try {
    return [
      /^maxmemory:(\d+)/m.exec(await redis.info('memory'))?.[1],
      /^maxmemory_policy:(\w+)/m.exec(await redis.info('memory'))?.[1],
    ]
  } finally {
    redis.disconnect()
  }
}

/** On loopback and free ports, in front of the test's upstream. */
async function serve(
  environment: Readonly<Record<string, string>> = {},
  secret: Readonly<Record<string, string>> = { HASURA_GRAPHQL_ADMIN_SECRET: SECRET },
): Promise<Serving> {
  const cli = start([...FREE_PORT_FLAGS, '--host', '127.0.0.1'], {
    HASURA_GRAPHQL_ENDPOINT: upstream.url,
    ...secret,
    ...environment,
  })
  return { cli, ...(await addresses(cli)) }
}

function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): CliProcess {
  const cli = new CliProcess(['serve', ...args], environment)
  started.push(cli)
  return cli
}

/** From the line of the log that says that everything runs. */
async function addresses(cli: CliProcess): Promise<Omit<Serving, 'cli'>> {
  const log = await cli.logged(/"msg":"ready"/)
  const line = log.split('\n').find((candidate) => candidate.includes('"msg":"ready"'))
  const { gateway: url, ...others } = JSON.parse(line ?? '')
  return { url, ...others }
}

async function isRefused(url: string): Promise<boolean> {
  try {
    await send(url, '/healthz')
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
  }
}

let fileCount = 0

function writeConfig(yaml: string): string {
  fileCount += 1
  const path = join(folder, `gerbang-${fileCount}.yaml`)
  writeFileSync(path, yaml)
  return path
}
