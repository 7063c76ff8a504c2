import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { EmbeddedStore, type Procedure, RemoteStore } from '../../../src/store/index.ts'
import { HangingRedis } from '../../support/hanging-redis.ts'
import { type RedisProcess, startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { eventually } from '../../support/wait-until.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const KEY = Buffer.from('{sessions}:key')
const VALUE = Buffer.from('a value of this procedure')

const write: Procedure<number> = {
  name: 'write',
  lua: `redis.call('SET', KEYS[1], ARGV[1]) return 1`,
  run(database, [key = KEY], [value]) {
    database.set(key, Buffer.from(String(value)))
    return 1
  },
  decode: Number,
}

describe('confirm, of an engine in the process', () => {
  let folder: string
  let engine: Engine

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-confirm-'))
  })
  afterEach(async () => {
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(directives: Readonly<Record<string, string>>): Promise<EmbeddedStore> {
    engine = new Engine({
      isPersistent: true,
      directives: { dir: folder, save: '', ...directives },
    })
    await engine.start()
    await engine.load()
    return new EmbeddedStore(engine.client())
  }

  function isInLog(): boolean {
    const log = join(folder, 'appendonlydir')
    const files = readdirSync(log).filter((name) => name.endsWith('.incr.aof'))
    return files.some((name) => readFileSync(join(log, name)).includes(VALUE))
  }

  it.each(['always', 'everysec', 'no'])(
    'waits until what a procedure wrote is in the log, with appendfsync %s',
    async (appendfsync) => {
      const store = await open({ appendonly: 'yes', appendfsync })
      store.run(write, [KEY], [VALUE])
      expect(isInLog()).toBe(false)
      const confirmed = store.confirm()
      expect(confirmed).toBeInstanceOf(Promise)
      await confirmed
      expect(isInLog()).toBe(true)
      expect(store.confirm()).toBeUndefined()
    },
  )

  it('waits for nothing without a log', async () => {
    const store = await open({})
    store.run(write, [KEY], [VALUE])
    expect(store.confirm()).toBeUndefined()
  })
})

describe.skipIf(!hasRedis)('confirm, by replicas', () => {
  let replica: HangingRedis

  afterEach(async () => {
    await replica.stop()
  })

  it('of an engine in the process', async () => {
    const engine = new Engine({ log: silentLogger })
    await engine.start()
    const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
    const client = engine.client()
    const store = new EmbeddedStore(client, { replicas: 1, timeoutMs: 300 })
    const alone = new EmbeddedStore(client)
    try {
      replica = await HangingRedis.start(['--replicaof', `127.0.0.1 ${port}`])
      await eventually(async () => {
        store.run(write, [KEY], [VALUE])
        await store.confirm()
        return true
      })
      replica.hang()
      store.run(write, [KEY], [VALUE])
      await expect(store.confirm()).rejects.toMatchObject({
        code: 'unconfirmed',
        message: expect.stringContaining('0 of 1 replicas confirmed in time'),
      })
      expect(alone.confirm()).toBeUndefined()
      replica.goOn()
      await eventually(async () => {
        await store.confirm()
        return true
      })
      const two = new EmbeddedStore(client, { replicas: 2, timeoutMs: 50 })
      await expect(two.confirm()).rejects.toMatchObject({ code: 'unconfirmed' })
    } finally {
      await engine.stop()
    }
  })

  describe('of a redis-server', () => {
    let primary: RedisProcess
    let store: RemoteStore

    beforeEach(async () => {
      primary = await startRedis()
      replica = await HangingRedis.start(['--replicaof', `127.0.0.1 ${primary.port}`])
      store = new RemoteStore({
        address: {
          kind: 'remote',
          tls: false,
          host: '127.0.0.1',
          port: primary.port,
          username: undefined,
          password: undefined,
          database: 0,
        },
        connectTimeoutMs: 5_000,
        commandTimeoutMs: 10_000,
        commandsMax: 100,
        replication: { replicas: 1, timeoutMs: 1_000 },
        log: silentLogger,
      })
      await store.start()
      await eventually(async () => {
        await store.run(write, [KEY], [VALUE])
        await store.confirm()
        return true
      })
    })
    afterEach(async () => {
      await store.stop()
      await primary.stop()
    })

    it('is refused while the replica hangs, and holds no reader up', async () => {
      replica.hang()
      await store.run(write, [KEY], [VALUE])
      let isSettled = false
      const confirmations = Promise.allSettled([store.confirm(), store.confirm()]).finally(() => {
        isSettled = true
      })
      expect(await store.get(KEY)).toEqual(VALUE)
      expect(isSettled).toBe(false)
      const unconfirmed = { status: 'rejected', reason: { code: 'unconfirmed' } }
      expect(await confirmations).toMatchObject([unconfirmed, unconfirmed])
      replica.goOn()
      await eventually(async () => {
        await store.confirm()
        return true
      })
    })

    it('is refused when the connection was lost since it was written', async () => {
      await store.run(write, [KEY], [VALUE])
      const redis = new Redis(primary.port)
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      redis.disconnect()
      await expect(lostThen()).resolves.toMatchObject({ code: 'unconfirmed' })
    })

    /** A confirmation that comes behind the loss, whether or not the connection is back. */
    async function lostThen(): Promise<unknown> {
      await eventually(async () => {
        await store.run(write, [KEY], [VALUE])
        return true
      })
      return await Promise.resolve(store.confirm()).catch((error: unknown) => error)
    }
  })
})
