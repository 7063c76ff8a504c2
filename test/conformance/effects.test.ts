import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../../src/engine/index.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { systemRandom } from '../../src/shared/random.ts'
import { Listener } from '../support/listener.ts'
import { ReplicationStream } from '../support/replication-stream.ts'
import { type RedisProcess, startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'
import { STREAM_EFFECTS } from './stream-effects.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const END = 'SET effects:end 1'

/** Instants differ: of deliveries, and ids made up from them. */
const withoutTime = (effect: string): string =>
  effect.replace(/ TIME \d{13} /, ' TIME now ').replace(/ \d{13}-0 /, ' now-0 ')

describe.skipIf(!hasRedis)(
  'what a replica of redis-server 7.0.15 is told, and one of the engine',
  () => {
    let redis: RedisProcess
    let stream: ReplicationStream
    let engine: Engine
    let port: number
    let told: string[] = []

    beforeAll(async () => {
      redis = await startRedis(['--repl-diskless-sync', 'no'])
      stream = await ReplicationStream.open(redis.port)
      engine = new Engine({ clock: systemClock, random: systemRandom, log: silentLogger })
      await engine.start()
      engine.onEffect((_index, effect) => {
        told.push(effect.map((part) => part.toString('latin1')).join(' '))
      })
      port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
    })

    afterAll(async () => {
      stream.close()
      await redis.stop()
      await engine.stop()
    })

    it.each(Object.entries(STREAM_EFFECTS))('%s', async (_title, script) => {
      const sides = await Promise.all(
        [redis.port, port].map((side) => Listener.connectAll(side, ['a'])),
      )
      told = []
      for (const line of ['FLUSHALL', ...script, END]) {
        for (const side of sides) side.get('a')?.send(line.split(' '))
      }
      const theirs = await stream.until(END)
      await expect.poll(() => told.at(-1)).toBe(END)
      expect(told.slice(0, -1).map(withoutTime)).toEqual(theirs.map(withoutTime))
      for (const side of sides) side.get('a')?.close()
    })
  },
)
