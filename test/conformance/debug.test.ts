import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../../src/engine/index.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { systemRandom } from '../../src/shared/random.ts'
import { RawRespClient } from '../support/raw-resp-client.ts'
import { type RedisProcess, startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const LINES: readonly string[] = [
  ...['string', 'integer', 'double', 'bignum', 'null', 'array', 'set', 'map'].map(
    (type) => `DEBUG PROTOCOL ${type}`,
  ),
  ...['attrib', 'push', 'true', 'false', 'verbatim', 'foo'].map((type) => `DEBUG PROTOCOL ${type}`),
  'DEBUG DIGEST',
  'SET a 1 EX 100',
  'SET b hello',
  'HSET h x 1 y 2 z 3',
  'SADD s x y z',
  'SADD i 1 2 3',
  'RPUSH l a b 3',
  'DEBUG DIGEST',
  'SELECT 1',
  'SET a 1',
  'DEBUG DIGEST',
  'DEBUG DIGEST-VALUE a none',
  'SELECT 0',
  'DEBUG DIGEST-VALUE a b h s i l',
  'DEBUG POPULATE 3 p 5',
  'MGET p:0 p:2 p:3',
  'DEBUG POPULATE 3 q',
  'GET q:2',
  'DEBUG POPULATE x',
  'DEBUG POPULATE -1',
  'DEBUG OBJECT none',
  'DEBUG LISTPACK none',
  'DEBUG HTSTATS x',
  'DEBUG HTSTATS 99',
  'DEBUG HTSTATS-KEY a',
  'DEBUG FOO',
  'DEBUG SLEEP',
  'DEBUG PAUSE-CRON 0',
  'DEBUG SET-ACTIVE-EXPIRE 1',
  'DEBUG REPLYBUFFER RESIZING 1',
  'DEBUG REPLYBUFFER FOO 1',
]

describe.skipIf(!hasRedis)('DEBUG beside redis-server 7.0.15', () => {
  let redis: RedisProcess
  let engine: Engine
  let port: number

  beforeAll(async () => {
    redis = await startRedis(['--enable-debug-command', 'yes'])
    engine = new Engine({
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      directives: { 'enable-debug-command': 'yes' },
    })
    await engine.start()
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
  })

  afterAll(async () => {
    await redis.stop()
    await engine.stop()
  })

  it.each([['2'], ['3']])('answers alike in RESP%s', async (protocol) => {
    const theirs = await RawRespClient.connect(redis.port)
    const ours = await RawRespClient.connect(port)
    for (const line of ['FLUSHALL', `HELLO ${protocol}`, ...LINES]) {
      const argv = line.split(' ')
      const expected = await theirs.send(...argv)
      const actual = await ours.send(...argv)
      if (argv[0] !== 'HELLO') expect(`${line} => ${actual}`).toBe(`${line} => ${expected}`)
    }
    theirs.close()
    ours.close()
  })
})
