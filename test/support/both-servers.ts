import { startEngineServer } from './start-engine-server.ts'
import { type RedisProcess, startRedis } from './start-redis.ts'

/** redis-server and our engine, for what is asked of both. */
export interface BothServers {
  readonly redis: RedisProcess
  readonly engine: RedisProcess
  /** Of redis-server and of the engine, in this order. */
  readonly ports: readonly [redis: number, engine: number]
  stop(): Promise<void>
}

export async function startBothServers(): Promise<BothServers> {
  const redis = await startRedis()
  const engine = await startEngineServer()
  return {
    redis,
    engine,
    ports: [redis.port, engine.port],
    stop: async () => {
      await redis.stop()
      await engine.stop()
    },
  }
}
