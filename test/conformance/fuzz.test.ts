import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fuzz } from '../../conformance/fuzz/fuzz.ts'
import {
  type ServerProcess,
  startEngine,
  startRedisServer,
} from '../../conformance/server-process.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const COMMANDS = 3_000

describe.skipIf(!hasRedis)('random commands to redis-server and to the engine', () => {
  let redis: ServerProcess
  let engine: ServerProcess

  beforeAll(async () => {
    redis = await startRedisServer()
    engine = await startEngine()
  })
  afterAll(async () => {
    await engine?.stop()
    await redis?.stop()
  })

  it.each([
    { seed: 1, isResp3: false, hasEncodings: true },
    { seed: 2, isResp3: true, hasEncodings: false },
  ])('make no difference: $seed', { timeout: 120_000 }, async (options) => {
    const told: string[] = []
    const ports = { redisPort: redis.port, enginePort: engine.port }
    const print = (line: string): void => {
      told.push(line)
    }
    const differences = await fuzz({ ...options, ...ports, commands: COMMANDS, groups: [], print })
    expect(differences, told.join('\n')).toBe(0)
  })
})
