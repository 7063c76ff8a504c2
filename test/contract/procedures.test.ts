import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../src/engine/index.ts'
import { SlidingWindow, windowArguments } from '../../src/gateway/ratelimit/sliding-window.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { type Random, seededRandom } from '../../src/shared/random.ts'
import { EmbeddedStore, type Procedure, type ProcedureArgument } from '../../src/store/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type RedisProcess, startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

/** One call of a procedure, some time after the one before. */
interface Call {
  readonly afterMs: number
  readonly keys: readonly Buffer[]
  readonly args: readonly ProcedureArgument[]
}

interface Subject {
  readonly procedure: Procedure<unknown>
  readonly nextCall: (random: Random) => Call
}

/** Every procedure of the product, with calls that lead it into all its corners. */
const SUBJECTS: readonly Subject[] = [
  {
    procedure: new SlidingWindow(),
    nextCall(random) {
      const limits = [
        { limit: 5, windowMs: 10_000, slots: 32 },
        { limit: 9, windowMs: 60_000, slots: 64 },
        { limit: 70_000, windowMs: 10_000, slots: 100 },
      ].filter(() => random.next() < 0.7)
      const cost = pick(random, [1, 1, 1, 1, 2, -1, 20_000])
      return {
        afterMs: pick(random, [0, 0, 1, 40, 313, 1_500, 9_999, 10_001, 61_000, 200_000]),
        keys: limits.map(({ limit }) => Buffer.from(`{subject ${random.uint32() % 2}}:${limit}`)),
        args: windowArguments(cost, limits),
      }
    },
  },
]

const CALL_COUNT = 600
/** How much real time may pass between the two looks at a key's life. */
const TTL_TOLERANCE_MS = 2_000

requireToolInCi('redis-server')

describe.skipIf(findTool('redis-server') === undefined)('procedures on redis-server', () => {
  let redisProcess: RedisProcess
  let redis: Redis
  beforeAll(async () => {
    redisProcess = await startRedis()
    redis = new Redis({ host: '127.0.0.1', port: redisProcess.port })
  })
  beforeEach(() => redis.flushall())
  afterAll(async () => {
    redis.disconnect()
    await redisProcess.stop()
  })

  it.each(SUBJECTS.map((subject) => [subject.procedure.name, subject] as const))(
    '%s replies and writes the same in Lua as in TypeScript',
    async (_name, { procedure, nextCall }) => {
      const clock = new FakeClock()
      const random = seededRandom(7)
      const engine = new Engine({ clock, random, log: silentLogger })
      const client = engine.client()
      const store = new EmbeddedStore(client)

      for (let index = 0; index < CALL_COUNT; index += 1) {
        const { afterMs, keys, args } = nextCall(random)
        clock.advance(afterMs)
        await alignLives(redis, keys, (key) => Number(client.call('PTTL', key)))

        const native = store.run({ ...bodies(procedure), decode: (reply) => reply }, keys, args)
        const lua = withTime(procedure.lua, clock.nowMs())
        const remote = await redis.callBuffer('EVAL', [lua, keys.length, ...keys, ...args])

        const context = `call ${index}: ${keys.join(' ')} ${args.join(' ')}`
        expect(remote, context).toEqual(native)
        for (const key of keys) {
          expect(await redis.getBuffer(key), context).toEqual(client.get(key) ?? null)
          const difference = Number(client.call('PTTL', key)) - (await redis.pttl(key))
          expect(Math.abs(difference), context).toBeLessThan(TTL_TOLERANCE_MS)
        }
      }
    },
  )
})

/** The body as it is, in a world whose TIME stands where the fake clock does. */
function withTime(lua: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000)
  const microseconds = (nowMs % 1_000) * 1_000
  return `
    local server = redis
    local redis = {
      call = function(name, ...)
        if name == 'TIME' then return { '${seconds}', '${microseconds}' } end
        return server.call(name, ...)
      end
    }
    ${lua}
  `
}

/** Time has passed for the engine only: the server's keys are given the lives that the engine's have left. */
async function alignLives(
  redis: Redis,
  keys: readonly Buffer[],
  ttlMsOf: (key: Buffer) => number,
): Promise<void> {
  for (const key of keys) {
    const ttlMs = ttlMsOf(key)
    if (ttlMs === -2) await redis.del(key)
    else if (ttlMs >= 0) await redis.pexpire(key, ttlMs)
  }
}

function bodies(procedure: Procedure<unknown>): Omit<Procedure<unknown>, 'decode'> {
  const { name, lua } = procedure
  return { name, lua, run: (database, keys, args) => procedure.run(database, keys, args) }
}

function pick<T>(random: Random, values: readonly [T, ...T[]]): T {
  return values[random.uint32() % values.length] ?? values[0]
}
