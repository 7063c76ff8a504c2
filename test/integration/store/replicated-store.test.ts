import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { systemRandom } from '../../../src/shared/random.ts'
import {
  askRole,
  EmbeddedStore,
  EngineGroup,
  findPrimary,
  type RemoteAddress,
  RemotePrimary,
  ReplicatedStore,
  StoreError,
} from '../../../src/store/index.ts'
import { type RedisProcess, startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { eventually, waitUntil } from '../../support/wait-until.ts'

requireToolInCi('redis-server')

const PASSWORD = 'the password of the group'
const KEY = Buffer.from('key')
const LEASE_MS = 500

describe.skipIf(findTool('redis-server') === undefined)(
  'a store on a replica of redis-server',
  () => {
    let redis: RedisProcess
    let there: Redis
    let engine: Engine
    let store: ReplicatedStore

    beforeEach(async () => {
      redis = await startRedis(['--requirepass', PASSWORD, '--repl-diskless-sync-delay', '0'])
      there = new Redis({ port: redis.port, password: PASSWORD }).on('error', () => undefined)
      engine = new Engine({
        directives: { masterauth: PASSWORD, 'repl-diskless-load': 'swapdb' },
      })
      await engine.start()
      await engine.listen({ host: '127.0.0.1', port: 0 })
      store = openStore({ isCache: true })
      engine.client().call('REPLICAOF', '127.0.0.1', redis.port)
      await store.start()
      await waitUntil(() => store.status.isCurrent)
    })

    afterEach(async () => {
      await store.stop()
      there.disconnect()
      await engine.stop()
      await redis.stop()
    })

    function openStore({ isCache }: { readonly isCache: boolean }): ReplicatedStore {
      const client = engine.client()
      return new ReplicatedStore({
        name: 'test',
        local: new EmbeddedStore(client),
        own: new EngineGroup(client, engine.replication),
        replication: engine.replication,
        askRole: ({ port }) => askRole(addressOf(port), 60_000),
        connect: ({ port }) =>
          new RemotePrimary({
            address: addressOf(port),
            connectTimeoutMs: 60_000,
            commandTimeoutMs: 60_000,
            commandsMax: 1_000,
            leaseMs: LEASE_MS,
            log: silentLogger,
          }),
        leaseMs: LEASE_MS,
        isCache,
        clock: systemClock,
        random: systemRandom,
        log: silentLogger,
      })
    }

    it('writes there, and reads here what was confirmed', async () => {
      expect(store.status).toMatchObject({ role: 'replica', primary: `127.0.0.1:${redis.port}` })
      for (let count = 0; count < 50; count += 1) {
        await store.set(KEY, Buffer.from(`${count}`))
        await store.confirm()
        await waitUntil(() => store.status.isCurrent)
        expect(String(await store.get(KEY))).toBe(`${count}`)
      }
      expect(await there.get('key')).toBe('49')
      expect(engine.client().getText('key')).toBe('49')
    })

    it('reads nothing here while the primary is silent, and again when it speaks', async () => {
      const pid = Number(/process_id:(\d+)/.exec(await there.info('server'))?.[1])
      process.kill(pid, 'SIGSTOP')
      await waitUntil(() => !store.status.isCurrent)
      expect(() => store.get(KEY)).toThrow(StoreError)
      expect(store.status.unsureReads).toBe(1)
      process.kill(pid, 'SIGCONT')
      await waitUntil(() => store.status.isCurrent)
      expect(await store.get(KEY)).toBeUndefined()
    })

    it('has nothing to write to while the primary is gone, and tells when it is the primary itself', async () => {
      await store.set(KEY, Buffer.from('before'))
      await store.confirm()
      await redis.stop()
      await waitUntil(() => !store.status.isCurrent)
      await expect(async () => store.set(KEY, Buffer.from('lost'))).rejects.toThrow(StoreError)
      const told = new Promise<void>((resolve) => store.onTakeover(resolve))
      engine.client().call('REPLICAOF', 'NO', 'ONE')
      expect(store.status.isCurrent).toBe(false)
      await told
      expect(store.status).toMatchObject({ role: 'primary', primary: undefined, isCurrent: true })
      expect(String(await store.get(KEY))).toBe('before')
      expect(await store.set(KEY, Buffer.from('after'))).toBe(true)
      await store.confirm()
      expect(store.status.lateSettlements).toBe(0)
    })

    it('reads nothing here between being made the primary and having told of it', async () => {
      let isTold = false
      store.onTakeover(() => {
        isTold = true
      })
      engine.client().call('REPLICAOF', 'NO', 'ONE')
      while (!isTold) {
        expect(() => store.get(KEY)).toThrow(StoreError)
        await Promise.resolve()
      }
      expect(await store.get(KEY)).toBeUndefined()
    })

    it('reads what is no cache at another primary as soon as that can be reached', async () => {
      const sessions = openStore({ isCache: false })
      await sessions.start()
      await there.set('key', 'there')
      engine.client().call('REPLICAOF', '127.0.0.1', redis.port + 1)
      engine.client().call('REPLICAOF', '127.0.0.1', redis.port)
      expect(sessions.status.isCurrent).toBe(false)
      expect(String(await sessions.get(KEY))).toBe('there')
      await sessions.stop()
    })

    it('fails what was under way to a primary that is one no longer, though that one answers later', async () => {
      const pid = Number(/process_id:(\d+)/.exec(await there.info('server'))?.[1])
      process.kill(pid, 'SIGSTOP')
      const writing = store.set(KEY, Buffer.from('lost'))
      engine.client().call('REPLICAOF', 'NO', 'ONE')
      process.kill(pid, 'SIGCONT')
      await expect(writing).rejects.toThrow(StoreError)
    })

    describe('on a primary that redis-server follows', () => {
      let port: number

      beforeEach(async () => {
        port = Number(/tcp_port:(\d+)/.exec(engine.info('server'))?.[1])
        engine.client().call('REPLICAOF', 'NO', 'ONE')
        await there.replicaof('127.0.0.1', port)
        await waitUntil(() => engine.replication.replicas.online === 1)
        await store.set(KEY, Buffer.from('before'))
        await store.confirm()
        await waitUntil(() => store.status.isCurrent)
        await there.replicaof('NO', 'ONE')
        await waitUntil(() => store.status.rival !== undefined)
      })

      it('reads nothing here and writes there once that has taken its place, until it follows it', async () => {
        const rival = `127.0.0.1:${redis.port}`
        expect(store.status).toMatchObject({ role: 'primary', rival, isCurrent: false })
        expect(() => store.get(KEY)).toThrow(StoreError)
        await eventually(async () => store.set(KEY, Buffer.from('after')))
        expect(await there.get('key')).toBe('after')
        expect(String(engine.client().get(KEY))).toBe('before')

        engine.client().call('REPLICAOF', '127.0.0.1', redis.port)
        expect(store.status).toMatchObject({ role: 'replica', primary: rival, rival: undefined })
        await waitUntil(() => store.status.isCurrent)
        expect(String(await store.get(KEY))).toBe('after')
      })

      it('is the only one again when that comes back', async () => {
        await there.replicaof('127.0.0.1', port)
        await waitUntil(() => store.status.isCurrent)
        expect(store.status).toMatchObject({ role: 'primary', rival: undefined })
        expect(await store.set(KEY, Buffer.from('after'))).toBe(true)
        expect(String(engine.client().get(KEY))).toBe('after')
      })
    })

    it('tells one that is silent from one that is not there', async () => {
      const pid = Number(/process_id:(\d+)/.exec(await there.info('server'))?.[1])
      expect(await askRole(addressOf(redis.port), 60_000)).toMatchObject({ follows: undefined })
      process.kill(pid, 'SIGSTOP')
      expect(await askRole(addressOf(redis.port), 100)).toBe('silent')
      process.kill(pid, 'SIGCONT')
      await redis.stop()
      expect(await askRole(addressOf(redis.port), 60_000)).toBe('unreachable')
    })

    it('is no primary to who looks for one: the one that it follows is', async () => {
      const port = Number(/tcp_port:(\d+)/.exec(engine.info('server'))?.[1])
      engine.client().call('CONFIG', 'SET', 'requirepass', PASSWORD)
      const found = await findPrimary(addressOf(port), 60_000)
      expect(found?.port).toBe(redis.port)
      expect((await findPrimary(addressOf(redis.port), 60_000))?.port).toBe(redis.port)
      await redis.stop()
      expect(await findPrimary(addressOf(port), 60_000)).toBeUndefined()
    })
  },
)

function addressOf(port: number): RemoteAddress {
  return {
    kind: 'remote',
    tls: false,
    host: '127.0.0.1',
    port,
    username: undefined,
    password: PASSWORD,
    database: 0,
  }
}
