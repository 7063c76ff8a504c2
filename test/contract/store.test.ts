import { Redis, type RedisOptions } from 'ioredis'
import RedisMock from 'ioredis-mock'
import { expect } from 'vitest'
import { Engine } from '../../src/engine/index.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { systemRandom } from '../../src/shared/random.ts'
import { EmbeddedStore } from '../../src/store/index.ts'
import { openRemoteStore } from '../support/open-remote-store.ts'
import { startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'
import { describeStoreContract, type StoreUnderTest } from './store.contract.ts'

describeStoreContract('EmbeddedStore on an engine', {
  open: async () => {
    const engine = createEngine()
    await engine.start()
    const client = engine.client()
    return {
      store: new EmbeddedStore(client),
      raw: async (...argv) => client.call(...argv),
      close: () => engine.stop(),
    }
  },
})

describeStoreContract('RemoteStore on an engine behind a socket', {
  open: async () => {
    const engine = createEngine()
    await engine.start()
    const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
    const remote = openRemote(port)
    return {
      ...remote,
      close: async () => {
        await remote.close()
        await engine.stop()
      },
    }
  },
})

requireToolInCi('redis-server')
describeStoreContract('RemoteStore on redis-server', {
  skipAll: findTool('redis-server') === undefined ? 'redis-server is not installed' : undefined,
  open: async () => {
    const redis = await startRedis()
    const remote = openRemote(redis.port)
    return {
      ...remote,
      close: async () => {
        await remote.close()
        await redis.stop()
      },
    }
  },
})

describeStoreContract('RemoteStore on ioredis-mock', {
  skip: new Map([
    ['runs a procedure in one step', 'ioredis-mock has no call()'],
    ['gives a procedure bytes as they are', 'ioredis-mock has no call()'],
    ['says so when the memory is full', 'ioredis-mock has no maxmemory'],
    ['says so when the memory is full for a procedure', 'ioredis-mock has no maxmemory'],
    ['tells about itself as Redis does', 'ioredis-mock answers INFO with another text'],
  ]),
  open: async () => openRemote(1, (options) => new RedisMock(options)),
})

function createEngine(): Engine {
  return new Engine({
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  })
}

function openRemote(
  port: number,
  createClient: (options: RedisOptions) => Redis = (options) => new Redis(options),
): StoreUnderTest {
  const store = openRemoteStore(port, createClient)
  const beside = createClient({ host: '127.0.0.1', port })
  return {
    store,
    raw: async (command, ...args) => {
      expect(typeof command).toBe('string')
      if (command === 'FLUSHALL') return beside.flushall()
      if (command === 'PTTL') return beside.pttl(String(args[0]))
      return beside.call(String(command), ...args)
    },
    close: async () => beside.disconnect(),
  }
}
