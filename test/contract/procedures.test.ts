import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../src/engine/index.ts'
import { appendPurge } from '../../src/gateway/cache/append-purge.ts'
import { encodeCacheEntry, entryHead } from '../../src/gateway/cache/cache-entry.ts'
import { endFillLock, endMark, takeFillLock } from '../../src/gateway/cache/fill-lock.ts'
import { keepEntry, keepVariant } from '../../src/gateway/cache/keep-entry.ts'
import {
  type LimitCharge,
  limitArguments,
  METER_KINDS,
  TakeLimits,
  windowArguments,
} from '../../src/gateway/ratelimit/take-limits.ts'
import { denyTokens } from '../../src/gateway/revocation/deny.ts'
import {
  createSession,
  endSession,
  replaceSession,
} from '../../src/gateway/session/session-procedures.ts'
import { instantText } from '../../src/gateway/session/user-sessions.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { type Random, seededRandom } from '../../src/shared/random.ts'
import { EmbeddedStore, type Procedure, type ProcedureArgument } from '../../src/store/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type RedisServer, startEngineServer } from '../support/start-engine-server.ts'
import { startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

/** One call of a procedure, some time after the one before. */
interface Call {
  readonly procedure: Procedure<unknown>
  readonly afterMs: number
  readonly keys: readonly Buffer[]
  /** From the instant at which it is called. */
  readonly args: (nowMs: number) => readonly ProcedureArgument[]
}

interface Subject {
  readonly name: string
  readonly nextCall: (random: Random) => Call
}

const limitsProcedure = new TakeLimits()

/** Every procedure of the product, with calls that lead it into all its corners. */
const SUBJECTS: readonly Subject[] = [
  {
    name: 'sliding window',
    nextCall(random) {
      const limits = [
        { limit: 5, windowMs: 10_000, slots: 32 },
        { limit: 9, windowMs: 60_000, slots: 64 },
        { limit: 70_000, windowMs: 10_000, slots: 100 },
      ].filter(() => random.next() < 0.7)
      const cost = pick(random, [1, 1, 1, 1, 2, -1, 20_000])
      return {
        procedure: limitsProcedure,
        afterMs: pick(random, [0, 0, 1, 40, 313, 1_500, 9_999, 10_001, 61_000, 200_000]),
        keys: limits.map(({ limit }) => Buffer.from(`{subject ${random.uint32() % 2}}:${limit}`)),
        args: () => windowArguments(cost, limits),
      }
    },
  },
  {
    name: 'limits of all algorithms',
    nextCall(random) {
      const charges = METER_KINDS.filter(() => random.next() < 0.6).map((kind) =>
        randomCharge(random, kind),
      )
      const agoMs = pick(random, [undefined, 0, 1, 313, 1_500, 5_000, 9_999, 20_000])
      const token = pick(random, ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'])
      return {
        procedure: limitsProcedure,
        afterMs: pick(random, [0, 0, 1, 7, 313, 1_500, 9_999, 10_001, 61_000]),
        keys: charges.map(({ kind }) => Buffer.from(`{subject ${random.uint32() % 2}}:${kind}`)),
        args: (nowMs) =>
          limitArguments(charges, { atMs: agoMs === undefined ? 0 : nowMs - agoMs, token }),
      }
    },
  },
  {
    name: 'history of purges',
    nextCall(random) {
      const text = pick(random, [
        'hrole:user',
        'stag:table:default:public.orders',
        `h${'é'.repeat(200)}`,
      ])
      const ttlMs = pick(random, [1_000, 60_000])
      const bytesMax = pick(random, [32, 300, 1_000])
      const word = random.uint32() % 2
      return {
        procedure: appendPurge,
        afterMs: pick(random, [0, 1, 40, 999, 1_000, 59_999, 60_000]),
        keys: [Buffer.from(`{epoch ${word}}`), Buffer.from(`{epoch ${word}}:purges`)],
        args: constant([random.bytes(16).toString('hex'), text, ttlMs, bytesMax]),
      }
    },
  },
  {
    name: 'fill lock',
    nextCall(random) {
      const token = pick(random, ['a1', 'b2'])
      const lifeMs = pick(random, [100, 1_000])
      const isTake = random.next() < 0.5
      return {
        procedure: isTake ? takeFillLock : endFillLock,
        afterMs: pick(random, [0, 0, 1, 40, 99, 100, 999]),
        keys: [Buffer.from(`lock ${random.uint32() % 3}`)],
        args: constant(isTake ? [token, lifeMs] : [token, endMark(random.next() < 0.5), lifeMs]),
      }
    },
  },
  {
    name: 'denying tokens',
    nextCall(random) {
      const bytesMax = pick(random, [0, 60, 300])
      const args = [
        pick(random, ['', '0', '1699999999999', '1800000000000']),
        pick(random, [1_000, 60_000]),
        pick(random, ['e', `u${'d'.repeat(43)}`]),
        ...logArguments(random, bytesMax),
      ]
      return {
        procedure: denyTokens,
        afterMs: pick(random, [0, 1, 999, 1_000, 59_999, 60_000]),
        keys: [Buffer.from(`{s}:denial ${random.uint32() % 2}`), LOG],
        args: () => args,
      }
    },
  },
  { name: 'sessions', nextCall: nextSessionCall },
  {
    name: 'keeping an entry',
    nextCall(random) {
      const digest = random.uint32() % 2
      const entry = Buffer.from(`{entry ${digest}}`)
      const gzip = Buffer.from(`{entry ${digest}}:gzip`)
      const br = Buffer.from(`{entry ${digest}}:br`)
      const lifeMs = pick(random, [100, 1_000])
      const bytes = entryBytes(digest, pick(random, [0, 1]), {
        storedAtMs: pick(random, [1_000, 1_040, 1_040.5]),
        fetchMs: pick(random, [1, 0.1, 41.3]),
      })
      const isEntry = random.next() < 0.4
      return {
        procedure: isEntry ? keepEntry : keepVariant,
        afterMs: pick(random, [0, 0, 1, 99, 100, 999]),
        keys: isEntry ? [entry, gzip, br] : [entry, gzip],
        args: constant(
          isEntry ? [bytes, lifeMs] : [headOf(bytes), Buffer.from([0, 255, 10]), lifeMs],
        ),
      }
    },
  },
]

function randomCharge(random: Random, kind: LimitCharge['kind']): LimitCharge {
  return {
    kind,
    cost: kind === 'lease' ? pick(random, [1, 1, -1]) : pick(random, [1, 1, 1, 2, 3, -1, -2, 50]),
    limit: pick(random, [3, 9]),
    windowMs: 10_000,
    extra: { window: 32, log: 0, gcra: 4, lease: 0 }[kind],
    isShadow: random.next() < 0.3,
  }
}

const LOG = Buffer.from('{s}:log')

function logArguments(random: Random, bytesMax: number): readonly ProcedureArgument[] {
  return [random.bytes(8).toString('hex'), bytesMax, pick(random, [1_000, 60_000])]
}

/** Four sessions of two users, created, written, ended and revoked in any order. */
function nextSessionCall(random: Random): Call {
  const index = random.uint32() % 4
  const id = `session-${index}`.padEnd(22, '-')
  const session = Buffer.from(`{s}:session:${id}`)
  const list = Buffer.from(`{s}:list ${index % 2}`)
  const everyone = Buffer.from('{s}:denial everyone')
  const user = Buffer.from(`{s}:denial user ${index % 2}`)
  const token = Buffer.from(`{s}:denial token ${index}`)
  const afterMs = pick(random, [0, 0, 1, 40, 999, 1_000, 20_000])
  const log = logArguments(random, pick(random, [100, 1_000]))
  const bytes = Buffer.concat([version(random), random.bytes(20)])
  const lifeMs = pick(random, [1_000, 60_000])
  switch (random.uint32() % 8) {
    case 0:
      return {
        procedure: endSession,
        afterMs,
        keys: [session, LOG, list],
        args: () => [id, 60_000, ...log],
      }
    case 1: {
      const args = ['', 1_000, 'e', ...log]
      return {
        procedure: denyTokens,
        afterMs,
        keys: [pick(random, [everyone, user, token]), LOG],
        args: () => args,
      }
    }
    case 2:
    case 3: {
      const args = [version(random), bytes, lifeMs, pick(random, ['', id]), ...log]
      return { procedure: replaceSession, afterMs, keys: [session, LOG], args: () => args }
    }
    default: {
      const end = instantText(1_700_000_000_000 + (random.uint32() % 3_000_000))
      const most = 1 + (random.uint32() % 2)
      const issued = pick(random, [0, 1_700_000_500_000, 1_800_000_000_000])
      return {
        procedure: createSession,
        afterMs,
        keys: [session, LOG, list, everyone, user, pick(random, [token, everyone])],
        args: () => [bytes, lifeMs, id, end, most, 60_000, issued, '{s}:session:', ...log],
      }
    }
  }
}

function version(random: Random): Buffer {
  return Buffer.from([0, 0, 0, 0, 0, 0, 0, random.uint32() % 2])
}

/** One of two answers to one of two requests. */
function entryBytes(
  digest: number,
  answer: number,
  times: { readonly storedAtMs: number; readonly fetchMs: number },
): Buffer {
  return encodeCacheEntry({
    ...times,
    digest: Buffer.alloc(32, digest),
    expiresAtMs: 2_000,
    hash: Buffer.alloc(16, answer),
    stamps: [Buffer.alloc(16, 7)],
    body: Buffer.from(`answer ${answer}`),
  })
}

const headOf = (bytes: Buffer): Buffer => entryHead(bytes) ?? Buffer.alloc(0)

function constant(args: readonly ProcedureArgument[]): Call['args'] {
  return () => args
}

const CALL_COUNT = 600
/**
 * The server's keys live by real time, which the fake clock knows nothing of: every instant it is given is
 * put off by a century, so that none of its keys expires by itself during the test.
 */
const PUT_OFF_MS = 100 * 365 * 86_400_000

requireToolInCi('redis-server')

const SERVERS = [
  ['the engine', startEngineServer],
  ...(findTool('redis-server') === undefined ? [] : [['redis-server', startRedis] as const]),
] as const

describe.each(SERVERS)('procedures on %s behind a socket', (_server, start) => {
  let server: RedisServer
  let redis: Redis
  beforeAll(async () => {
    server = await start()
    redis = new Redis({ host: '127.0.0.1', port: server.port })
  })
  beforeEach(() => redis.flushall())
  afterAll(async () => {
    redis.disconnect()
    await server.stop()
  })

  it.each(SUBJECTS.map((subject) => [subject.name, subject] as const))(
    '%s replies and writes the same in Lua as in TypeScript',
    async (_name, { nextCall }) => {
      const clock = new FakeClock()
      const random = seededRandom(7)
      const engine = new Engine({ clock, random, log: silentLogger })
      const client = engine.client()
      const store = new EmbeddedStore(client)

      for (let index = 0; index < CALL_COUNT; index += 1) {
        const { procedure, afterMs, keys, args: argsAt } = nextCall(random)
        clock.advance(afterMs)
        const args = argsAt(clock.nowMs())
        await expire(redis, keys, (key) => client.call('EXISTS', key) === 0)

        const native = store.run({ ...bodies(procedure), decode: (reply) => reply }, keys, args)
        const lua = withTime(procedure.lua, clock.nowMs())
        const remote = await redis.callBuffer('EVAL', [lua, keys.length, ...keys, ...args])

        const context = `call ${index}: ${procedure.name} ${keys.join(' ')} ${args.join(' ')}`
        expect(remote, context).toEqual(native)
        for (const key of keys) {
          expect(await redis.getBuffer(key), context).toEqual(client.get(key) ?? null)
          const instant = Number(await redis.call('PEXPIRETIME', key))
          const expiresAtMs = instant > 0 ? instant - PUT_OFF_MS : instant
          expect(expiresAtMs, context).toBe(client.call('PEXPIRETIME', key))
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
    local function instant(ttl) return string.format('%.0f', ${nowMs + PUT_OFF_MS} + ttl) end
    local redis = {
      call = function(name, ...)
        local args = { ... }
        if name == 'TIME' then return { '${seconds}', '${microseconds}' } end
        if name == 'PEXPIRE' then return server.call('PEXPIREAT', args[1], instant(args[2])) end
        if name == 'SET' and args[3] == 'PX' then
          return server.call('SET', args[1], args[2], 'PXAT', instant(args[4]))
        end
        return server.call(name, ...)
      end
    }
    ${lua}
  `
}

/** What has expired by the fake clock is taken from the server by hand. */
async function expire(
  redis: Redis,
  keys: readonly Buffer[],
  isGone: (key: Buffer) => boolean,
): Promise<void> {
  for (const key of keys) if (isGone(key)) await redis.del(key)
}

function bodies(procedure: Procedure<unknown>): Omit<Procedure<unknown>, 'decode'> {
  const { name, lua } = procedure
  return { name, lua, run: (database, keys, args) => procedure.run(database, keys, args) }
}

function pick<T>(random: Random, values: readonly [T, ...T[]]): T {
  return values[random.uint32() % values.length] ?? values[0]
}
