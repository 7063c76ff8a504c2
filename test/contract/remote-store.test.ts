import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/shared/logger.ts'
import { parseStoreUrl, RemoteStore } from '../../src/store/index.ts'
import { freePort } from '../support/free-port.ts'
import { startEngineServer } from '../support/start-engine-server.ts'
import { startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

describe('RemoteStore', () => {
  it('does not start when nobody listens', async () => {
    const store = open(`redis://127.0.0.1:${await freePort()}`)
    await expect(store.start()).rejects.toMatchObject({
      name: 'StoreError',
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('is named without its credentials', () => {
    const store = open('rediss://someone:hunter2@cache.example:6380/3')
    expect(store.name).toBe('rediss://cache.example:6380/3')
  })

  it('fails a command that is not answered in time', async () => {
    const port = await listen(createServer((socket) => answerHandshakeOnly(socket)))
    const store = open(`redis://127.0.0.1:${port}`, { connectTimeoutMs: 100, commandTimeoutMs: 60 })
    await expect(store.start()).rejects.toMatchObject({ code: 'timeout' })
  })

  it.skipIf(!hasRedis)('refuses commands beyond its bound', async () => {
    const store = await openOnRedis([], '', { commandsMax: 2 })
    const answers = await Promise.allSettled([store.ping(), store.ping(), store.ping()])
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(answers[2]).toMatchObject({ reason: { code: 'refused' } })
    await store.ping()
  })

  it.skipIf(!hasRedis)('presents its credentials and picks its database', async () => {
    const store = await openOnRedis(['--requirepass', 'hunter2'], ':hunter2@', {}, '/5')
    await store.set(Buffer.from('a'), Buffer.from('1'))
    expect(await store.info()).toContain('db5:keys=1')
  })

  it.skipIf(!hasRedis)('does not start with a wrong password, and does not tell it', async () => {
    const redis = await startRedis(['--requirepass', 'right'])
    closers.push(() => redis.stop())
    const store = open(`redis://:hunter2@127.0.0.1:${redis.port}`)
    const error: unknown = await store.start().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreError', code: 'refused' })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2')
  })

  it.skipIf(!hasRedis)('fails at once while disconnected, and works again afterwards', async () => {
    const redis = await startRedis()
    const store = open(`redis://127.0.0.1:${redis.port}`)
    await store.start()
    await redis.stop()
    await expect(store.get(Buffer.from('a'))).rejects.toMatchObject({ code: 'unreachable' })
    const again = await startRedis(['--port', `${redis.port}`])
    closers.push(() => again.stop())
    await expect
      .poll(() => store.ping().then(() => 'pong', String), { timeout: 5_000 })
      .toBe('pong')
  })

  it.each([
    ['the engine', startEngineServer],
    ...(hasRedis ? [['redis-server', startRedis] as const] : []),
  ] as const)('teaches a procedure to %s when it has forgotten it', async (_name, start) => {
    const server = await start()
    closers.push(() => server.stop())
    const store = open(`redis://127.0.0.1:${server.port}`)
    await store.start()
    const other = { ...echo, name: 'other', lua: `redis.call('SET', 'a', '1') return 1` }
    expect(await store.run(echo, [], [])).toBe(7)
    expect(await store.run(other, [], [])).toBe(1)
    expect(await store.run(echo, [], [])).toBe(7)
    expect(await store.info()).toContain('number_of_cached_scripts:2')
    const beside = new Redis({ host: '127.0.0.1', port: server.port })
    closers.push(() => beside.disconnect())
    await beside.script('FLUSH')
    expect(await store.info()).toContain('number_of_cached_scripts:0')
    expect(await store.run(echo, [], [])).toBe(7)
    expect(await store.info()).toContain('number_of_cached_scripts:1')
  })
})

const echo = {
  name: 'echo',
  lua: 'return 7',
  run: () => 7,
  decode: (reply: unknown) => Number(reply),
}

interface StoreLimits {
  readonly connectTimeoutMs?: number
  readonly commandTimeoutMs?: number
  readonly commandsMax?: number
}

function open(url: string, options: StoreLimits = {}): RemoteStore {
  const address = parseStoreUrl(url)
  if (address?.kind !== 'remote') throw new Error(`${url} is not remote`)
  const store = new RemoteStore({
    address,
    connectTimeoutMs: 2_000,
    commandTimeoutMs: 2_000,
    commandsMax: 1_000,
    log: silentLogger,
    ...options,
  })
  closers.push(() => store.stop())
  return store
}

async function openOnRedis(
  args: readonly string[],
  credentials: string,
  options: StoreLimits = {},
  path = '',
): Promise<RemoteStore> {
  const redis = await startRedis(args)
  closers.push(() => redis.stop())
  const store = open(`redis://${credentials}127.0.0.1:${redis.port}${path}`, options)
  await store.start()
  return store
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

/** Connects, and then never answers. */
function answerHandshakeOnly(socket: { on(event: 'error', listener: () => void): unknown }): void {
  socket.on('error', () => undefined)
}
