import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { systemRandom } from '../../../src/shared/random.ts'
import { RawRespClient } from '../../support/raw-resp-client.ts'
import { type RedisProcess, startRedis } from '../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { LUA_SNIPPETS } from './lua-snippets.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

/** Where a value lies is nobody's business. */
const shown = (reply: string) => reply.replace(/0x[0-9a-f]+/g, '0x…')

describe.skipIf(!hasRedis)('scripts beside redis-server 7.0.15', () => {
  let redis: RedisProcess
  let engine: Engine
  let port: number

  beforeAll(async () => {
    redis = await startRedis()
    engine = new Engine({ clock: systemClock, random: systemRandom, log: silentLogger })
    await engine.start()
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
  })

  afterAll(async () => {
    await redis.stop()
    await engine.stop()
  })

  describe.each([['2'], ['3']])('RESP%s', (protocol) => {
    it.each(Object.entries(LUA_SNIPPETS))('answer alike: %s', async (_name, snippets) => {
      const theirs = await RawRespClient.connect(redis.port)
      const ours = await RawRespClient.connect(port)
      for (const client of [theirs, ours]) {
        await client.send('FLUSHALL')
        await client.send('HELLO', protocol)
      }
      const differing: string[] = []
      for (const snippet of snippets) {
        const argv = ['EVAL', snippet, '2', 'a', 'b', 'x', '10']
        const expected = shown(await theirs.send(...argv))
        const actual = shown(await ours.send(...argv))
        if (actual !== expected) differing.push(`${snippet}\n  ${actual}\n  ${expected}`)
      }
      theirs.close()
      ours.close()
      expect(differing).toEqual([])
    })
  })
})
