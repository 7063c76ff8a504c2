import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../../src/engine/index.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { systemRandom } from '../../src/shared/random.ts'
import { END_REQUEST, encode, RawRespClient } from '../support/raw-resp-client.ts'
import { type RedisProcess, startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

requireToolInCi('redis-server')

/** `waits`: commands of a client each, which wait in this order. `acts`: what another one does. */
interface Scene {
  readonly waits: readonly string[]
  readonly acts: readonly string[]
}

const SCENES: Readonly<Record<string, Scene>> = {
  'BLPOP is served by LPUSH': { waits: ['BLPOP a b 0'], acts: ['LPUSH b 1 2 3', 'LRANGE b 0 -1'] },
  'BRPOP is served by LPUSH': { waits: ['BRPOP a b 0'], acts: ['LPUSH b 1 2 3', 'LRANGE b 0 -1'] },
  'two wait, first come, first served': {
    waits: ['BLPOP a 0', 'BLPOP a 0'],
    acts: ['RPUSH a 1', 'RPUSH a 2', 'EXISTS a'],
  },
  'two wait, one push serves both': {
    waits: ['BLPOP a 0', 'BRPOP a 0'],
    acts: ['RPUSH a 1 2 3', 'LRANGE a 0 -1'],
  },
  'BLMPOP takes up to its count': {
    waits: ['BLMPOP 0 2 a b LEFT COUNT 2', 'BLMPOP 0 1 b RIGHT COUNT 10'],
    acts: ['RPUSH b 1 2 3 4', 'EXISTS b'],
  },
  'BLMOVE fills a new list, and serves who waits for it': {
    waits: ['BLMOVE a b LEFT RIGHT 0', 'BRPOPLPUSH b c 0', 'BLPOP c 0'],
    acts: ['RPUSH a x', 'EXISTS a b c'],
  },
  'BLMOVE within one list': {
    waits: ['BLMOVE a a LEFT RIGHT 0'],
    acts: ['RPUSH a 1 2 3', 'LRANGE a 0 -1'],
  },
  'a target that is no list': {
    waits: ['BLMOVE a s LEFT LEFT 0', 'BRPOPLPUSH a s 0'],
    acts: ['SET s x', 'RPUSH a 1', 'LRANGE a 0 -1', 'GET s'],
  },
  'a key that comes with another type is waited for on': {
    waits: ['BLPOP a 0'],
    acts: ['SET a x', 'DEL a', 'RPUSH a y', 'EXISTS a'],
  },
  'RENAME brings a list': {
    waits: ['BLPOP a 0'],
    acts: ['RPUSH b 1 2', 'RENAME b a', 'LRANGE a 0 -1'],
  },
  'in MULTI, what has gone when EXEC ends serves nobody': {
    waits: ['BLPOP a 0'],
    acts: ['MULTI', 'RPUSH a 1', 'DEL a', 'EXEC', 'RPUSH a 2', 'EXISTS a'],
  },
  'in MULTI, both sides of a list': {
    waits: ['BLPOP a 0'],
    acts: ['MULTI', 'RPUSH a 1 2', 'LPUSH a 0', 'EXEC', 'LRANGE a 0 -1'],
  },
  'events of what is served': {
    waits: ['BLMOVE a b LEFT RIGHT 0', 'BLPOP b 0'],
    acts: [
      'CONFIG SET notify-keyspace-events KEA',
      'PSUBSCRIBE __keyevent@*',
      'RPUSH a 1',
      'PUNSUBSCRIBE',
      'CONFIG SET notify-keyspace-events ""',
    ],
  },
}

describe.skipIf(findTool('redis-server') === undefined)('waiting beside redis-server', () => {
  let redis: RedisProcess
  let engine: Engine
  let port: number
  let clients: RawRespClient[] = []

  beforeAll(async () => {
    redis = await startRedis()
    engine = new Engine({ clock: systemClock, random: systemRandom, log: silentLogger })
    await engine.start()
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
  })

  afterEach(() => {
    for (const client of clients) client.close()
    clients = []
  })

  afterAll(async () => {
    await redis.stop()
    await engine.stop()
  })

  it.each(Object.entries(SCENES))('%s', async (_name, scene) => {
    expect(await play(port, scene)).toEqual(await play(redis.port, scene))
  })

  /** All replies: of the one who acts, then of those who waited. */
  async function play(onPort: number, scene: Scene): Promise<readonly string[]> {
    const actor = await connect(onPort)
    await actor.send('FLUSHALL')
    const waiting: RawRespClient[] = []
    for (const line of scene.waits) {
      const client = await connect(onPort)
      client.write(encode(line.split(' ')) + END_REQUEST)
      waiting.push(client)
      while ((await blockedClients(actor)) < waiting.length) continue
    }
    const replies: string[] = []
    for (const line of scene.acts) {
      // In RESP3 a subscriber may send anything.
      replies.push(await actor.send(...line.split(' ').map((word) => word.replace('""', ''))))
    }
    for (const client of waiting) replies.push(await client.answered())
    return replies
  }

  async function connect(onPort: number): Promise<RawRespClient> {
    const client = await RawRespClient.connect(onPort)
    clients.push(client)
    await client.send('HELLO', '3')
    return client
  }
})

async function blockedClients(client: RawRespClient): Promise<number> {
  const text = await client.send('INFO', 'clients')
  return Number(/blocked_clients:(\d+)/.exec(text)?.[1])
}
