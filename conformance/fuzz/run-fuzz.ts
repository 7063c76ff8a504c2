import { startEngine, startRedisServer } from '../server-process.ts'
import { fuzz } from './fuzz.ts'

export interface RunFuzzOptions {
  readonly seeds: readonly number[]
  readonly commands: number
  readonly groups: readonly string[]
  readonly isResp3: boolean
  readonly hasEncodings: boolean
  readonly print: (line: string) => void
}

/** Fuzzes redis-server and the engine with each seed; true when there was no difference. */
export async function runFuzz({ seeds, print, ...options }: RunFuzzOptions): Promise<boolean> {
  const redis = await startRedisServer()
  const engine = await startEngine()
  let differences = 0
  try {
    const ports = { redisPort: redis.port, enginePort: engine.port }
    for (const seed of seeds) differences += await fuzz({ ...options, ...ports, seed, print })
  } finally {
    await redis.stop()
    await engine.stop()
  }
  print(`${seeds.length} seeds, ${differences} differences`)
  return differences === 0
}
