import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limitKey } from '../../src/gateway/keys.ts'
import { digestOf } from '../../src/gateway/ratelimit/subject.ts'
import {
  type LimitCharge,
  limitArguments,
  TakeLimits,
} from '../../src/gateway/ratelimit/take-limits.ts'
import { type RedisServer, startEngineServer } from '../support/start-engine-server.ts'
import { startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

const BYTES_MAX = 400

requireToolInCi('redis-server')

const SERVERS = [
  ['the engine', startEngineServer],
  ...(findTool('redis-server') === undefined ? [] : [['redis-server', startRedis] as const]),
] as const

describe.each(SERVERS)('a limit of one subject in %s', (_server, start) => {
  let server: RedisServer
  let redis: Redis
  beforeAll(async () => {
    server = await start()
    redis = new Redis({ host: '127.0.0.1', port: server.port })
  })
  afterAll(async () => {
    redis.disconnect()
    await server.stop()
  })

  it.each([
    ['a window of 120 slots', { kind: 'window', extra: 120, limit: 65_535 }],
    ['a GCRA', { kind: 'gcra', extra: 10, limit: 100 }],
    ['three at once', { kind: 'lease', extra: 0, limit: 3 }],
    ['a log of ten', { kind: 'log', extra: 0, limit: 10 }],
  ] as const)(`takes at most ${BYTES_MAX} bytes as %s`, async (_name, shape) => {
    const charge: LimitCharge = { ...shape, cost: 1, windowMs: 60_000, isShadow: false }
    const key = limitKey('per-user-and-minute', digestOf(shape.kind))
    const { lua } = new TakeLimits()
    for (const token of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) {
      await redis.call('EVAL', [lua, 1, key, ...limitArguments([charge], { token })])
    }
    const bytes = await redis.call('MEMORY', 'USAGE', key)
    expect(Number(bytes)).toBeGreaterThan(0)
    expect(Number(bytes)).toBeLessThanOrEqual(BYTES_MAX)
  })
})
