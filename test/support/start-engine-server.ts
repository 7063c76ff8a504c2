import { Engine } from '../../src/engine/index.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { systemRandom } from '../../src/shared/random.ts'
import type { RedisProcess } from './start-redis.ts'

export type RedisServer = RedisProcess

/** Our engine in this process, on a free port of loopback. */
export async function startEngineServer(): Promise<RedisServer> {
  const engine = new Engine({ clock: systemClock, random: systemRandom, log: silentLogger })
  await engine.start()
  const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
  return { port, stop: () => engine.stop() }
}
