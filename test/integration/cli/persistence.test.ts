import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../../support/ask.ts'
import { Browser } from '../../support/browser.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { KeptGateway } from '../../support/kept-gateway.ts'
import { startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { userToken } from '../../support/user-token.ts'
import { eventually } from '../../support/wait-until.ts'

requireToolInCi('prlimit')
requireToolInCi('redis-server')

const PRODUCTS = 'query @cached(ttl: 600) { products { id } }'
const WRITE = 'mutation { insert_products_one(object: {}) { id } }'
const RESTARTS = /^gerbang_invalidations_total\{source="restart"\} (\d+)/m

describe('gerbang serve with engine.persistence', () => {
  const upstream = new EchoUpstream()
  let gateway: KeptGateway

  beforeEach(async () => {
    await upstream.start()
    upstream.respond = countingRows()
    gateway = new KeptGateway(upstream.url)
  })
  afterEach(async () => {
    await gateway.dispose()
    await upstream.stop()
  })

  async function signedIn(user: string): Promise<Browser> {
    const browser = new Browser(gateway.url)
    expect((await browser.login(userToken(user))).status).toBe(201)
    return browser
  }

  it.each([
    ['rdb', '3600 1'],
    ['rdb', ''],
    ['aof+rdb', '3600 1'],
    ['aof+rdb', ''],
  ])('goes on where it was stopped (%s, save "%s")', async (persistence, save) => {
    writeConfig(`engine: { save: "${save}" }`)
    await gateway.start('--persistence', persistence)
    const { text } = await gateway.ask(PRODUCTS)
    const browser = await signedIn('ada')
    expect(await gateway.stop()).toBe(0)
    await gateway.start('--persistence', persistence)
    const hit = await gateway.ask(PRODUCTS)
    expect(hit.text).toBe(text)
    expect(hit.headers['cache-status']).toMatch(/^gerbang; hit/)
    const session = await browser.copy(gateway.url).send('GET', '/session')
    expect(session.status).toBe(200)
    const loaded = loadedLines(gateway.log)
    expect(loaded.map(({ engine }) => engine)).toEqual(['cache', 'limits', 'sessions'])
    expect(loaded[0]).toMatchObject({ keys: expect.any(Number), bytes: expect.any(Number) })
    expect(loaded[0]?.['keys']).toBeGreaterThan(0)
    expect(await gateway.metric(RESTARTS)).toBe(0)
  })

  it.each(['rdb', 'aof+rdb'])(
    'serves no entry after a crash: a write may have been lost (%s)',
    async (persistence) => {
      await gateway.start('--persistence', persistence)
      await gateway.ask(PRODUCTS)
      await gateway.stop()
      await gateway.start('--persistence', persistence)
      await gateway.ask(WRITE)
      await gateway.kill()
      await gateway.start('--persistence', persistence)
      const answer = await gateway.ask(PRODUCTS)
      expect(answer.headers['cache-status']).toMatch(/^gerbang; fwd=miss/)
      expect(answer.text).toBe('{"data":{"call":3}}')
      expect(gateway.log).toContain('forgot what was kept')
      expect(await gateway.metric(RESTARTS)).toBe(1)
    },
  )

  it('keeps entries over a crash with a log that is flushed before each answer, but none that a write made stale', async () => {
    const flags = ['--persistence', 'aof+rdb']
    writeConfig('engine: { appendfsync: always }')
    await gateway.start(...flags)
    const kept = await gateway.ask('query @cached(ttl: 600) { reports { id } }')
    await gateway.ask(PRODUCTS)
    await gateway.ask(WRITE)
    await gateway.kill()
    await gateway.start(...flags)
    const hit = await gateway.ask('query @cached(ttl: 600) { reports { id } }')
    expect(hit.headers['cache-status']).toMatch(/^gerbang; hit/)
    expect(hit.text).toBe(kept.text)
    const miss = await gateway.ask(PRODUCTS)
    expect(miss.headers['cache-status']).toMatch(/^gerbang; fwd=miss/)
  })

  it.skipIf(findTool('prlimit') === undefined)(
    'serves none of them when the disk refused before the crash, and a write was answered all the same',
    async () => {
      const flags = ['--persistence', 'aof+rdb']
      writeConfig('engine: { appendfsync: always }')
      await gateway.start(...flags)
      await gateway.ask(PRODUCTS)
      gateway.limitFiles(1)
      expect((await gateway.ask(WRITE)).status).toBe(200)
      await gateway.kill()
      await gateway.start(...flags)
      const miss = await gateway.ask(PRODUCTS)
      expect(miss.headers['cache-status']).toMatch(/^gerbang; fwd=miss/)
      expect(miss.text).toBe('{"data":{"call":3}}')
    },
  )

  it.skipIf(findTool('redis-server') === undefined)(
    'serves none of them after a stop when somebody has a copy, and may have gone on with it',
    async () => {
      const flags = ['--persistence', 'rdb', '--redis-port', '0']
      await gateway.start(...flags)
      await gateway.ask(PRODUCTS)
      await gateway.stop()
      await gateway.start(...flags)
      expect((await gateway.ask(PRODUCTS)).headers['cache-status']).toMatch(/^gerbang; hit/)
      const copy = await startRedis(['--replicaof', `127.0.0.1 ${gateway.cachePort}`])
      const redis = new Redis(copy.port)
      await eventually(async () => (await redis.keys('gerbang:entry:*')).length === 1)
      redis.disconnect()
      await copy.stop()
      await gateway.stop()
      await gateway.start(...flags)
      const miss = await gateway.ask(PRODUCTS)
      expect(miss.headers['cache-status']).toMatch(/^gerbang; fwd=miss/)
      expect(gateway.log).toContain('here or by another primary')
    },
  )

  it('loses nothing when it is to be kept in another way, there and back', async () => {
    await gateway.start('--persistence', 'aof+rdb')
    const early = await signedIn('early')
    await gateway.stop()
    await gateway.start('--persistence', 'rdb')
    const late = await signedIn('late')
    expect((await early.copy(gateway.url).send('DELETE', '/session')).status).toBe(204)
    await gateway.stop()
    await gateway.start('--persistence', 'aof+rdb')
    expect((await late.copy(gateway.url).send('GET', '/session')).status).toBe(200)
    expect((await early.copy(gateway.url).send('GET', '/session')).status).toBe(401)
  })

  it('serves no entry from before a run that kept nothing', async () => {
    await gateway.start('--persistence', 'rdb')
    await gateway.ask(PRODUCTS)
    await gateway.stop()
    await gateway.start('--persistence', 'none')
    await gateway.ask(WRITE)
    await gateway.stop()
    await gateway.start('--persistence', 'rdb')
    const miss = await gateway.ask(PRODUCTS)
    expect(miss.headers['cache-status']).toMatch(/^gerbang; fwd=miss/)
  })

  it('makes the directory for its owner alone, and leaves none when nothing is kept', async () => {
    await gateway.start()
    expect(existsSync(gateway.dataDirectory)).toBe(false)
    await gateway.stop()
    await gateway.start('--persistence', 'rdb')
    expect(statSync(gateway.dataDirectory).mode & 0o777).toBe(0o700)
    expect(readdirSync(gateway.dataDirectory).sort()).toEqual([
      'cache',
      'limits',
      'lock-1',
      'sessions',
    ])
  })

  it('refuses a directory that another gateway uses, and takes that of one that was killed', async () => {
    await gateway.start('--persistence', 'rdb')
    const other = gateway.sibling()
    expect(await other.launch('--persistence', 'rdb')).toBe(1)
    expect(other.log).toContain('data is in use by another gateway; each needs its own')
    await gateway.kill()
    await other.start('--persistence', 'rdb')
    await other.stop()
  })

  it('names the file that is damaged, and what to do', async () => {
    await gateway.start('--persistence', 'rdb')
    await signedIn('ada')
    await gateway.stop()
    const file = join(gateway.dataDirectory, 'sessions', 'dump.rdb')
    writeFileSync(file, 'REDIS0010 and nothing that makes sense')
    expect(await gateway.launch('--persistence', 'rdb')).toBe(1)
    expect(gateway.log).toContain(`${file}`)
    expect(gateway.log).toMatch(/put back a copy of .*, or move it away/)
  })

  describe.skipIf(findTool('prlimit') === undefined)('whose disk is full', () => {
    it('answers without keeping anything, lets nobody in, and says so, until there is room', async () => {
      await gateway.start('--persistence', 'aof+rdb')
      await gateway.ask(PRODUCTS)
      gateway.limitFiles(1)
      await eventually(async () => (await login()).status === 503)
      expect(JSON.parse((await login()).text).code).toBe('store-unavailable')
      await eventually(async () => (await gateway.ask(WRITE)).status === 200)
      await eventually(async () => {
        await gateway.ask(WRITE)
        const { status, text } = await send(gateway.admin, '/readyz')
        return status === 200 && JSON.parse(text).degraded.some(isMisconf)
      })
      const answer = await gateway.ask(PRODUCTS)
      expect(answer.status).toBe(200)
      expect(answer.headers['cache-status']).not.toMatch(/hit|stored/)
      expect(await gateway.metric(/^gerbang_store_files_ok (\d)/m)).toBe(0)
      expect(await gateway.metric(/^gerbang_class_files_ok\{class="sessions"\} (\d)/m)).toBe(0)
      expect(gateway.log).toContain('files cannot be written')
      gateway.limitFiles()
      await eventually(async () => (await login()).status === 201)
      await eventually(async () => !(await send(gateway.admin, '/readyz')).text.includes('MISCONF'))
      expect(await gateway.metric(/^gerbang_store_files_ok (\d)/m)).toBe(1)
    })
  })

  async function login() {
    return await new Browser(gateway.url).login(userToken('ada'))
  }

  function writeConfig(yaml: string): void {
    writeFileSync(gateway.configFile, `${yaml}\n`)
  }
})

function isMisconf(trouble: string): boolean {
  return trouble.includes('MISCONF')
}

/** What was loaded, by the log. */
function loadedLines(log: string): readonly Readonly<Record<string, unknown>>[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"loaded what was kept"'))
    .map((line) => JSON.parse(line))
}
