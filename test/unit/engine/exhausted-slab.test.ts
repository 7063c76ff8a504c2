import { afterEach, describe, expect, it, vi } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { DumpPayloads } from '../../../src/engine/persistence/dump-payload.ts'
import { replyErrors } from '../../../src/engine/protocol/reply-errors.ts'
import { EngineReplyError } from '../../../src/engine/protocol/value-writer.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { CommandDriver } from '../../support/command-driver.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { withBlocks } from '../../support/refuse-memory.ts'

/** More blocks than any of the commands below asks for. */
const BLOCKS_MAX = 500

const LONG = 'x'.repeat(80)
const LIST = `RPUSH key ${LONG} ${LONG}a ${LONG} ${LONG} ${LONG} b ${LONG}`
const STREAM = ['XADD key 1-1 f v', 'XADD key 1-2 f v', 'XADD key 1-3 f v']
const LONG_STREAM = Array.from({ length: 64 }, (_, index) => `XADD key 1-${index + 1} f v`)
const GROUP = ['XGROUP CREATE key g 0', 'XREADGROUP GROUP g c COUNT 2 STREAMS key >']
const SETS = ['SADD key a b c 1', 'SADD other a b 1 x']
const SCORED = ['ZADD key 1 a 2 b 3 c 4 d', 'ZADD other 1 a 2 x 9 y']
const PLACES = 'GEOADD key 13.361389 38.115556 Palermo 15.087269 37.502669 Catania'
const LENGTHS: Readonly<Record<string, string>> = {
  list: 'LLEN',
  set: 'SCARD',
  hash: 'HLEN',
  zset: 'ZCARD',
}

type Case = readonly [line: string, ...setUp: readonly string[]]

/** One key and one element: they are there or they are not. */
const OF_ONE_ELEMENT: readonly Case[] = [
  ['SET key value'],
  [`SET key ${LONG}`, 'SET key value'],
  [`SET key ${LONG}`, 'RPUSH key a b c'],
  [`SET key ${LONG} EX 100`, 'SADD key a b c'],
  [`APPEND key ${LONG}`, 'SET key value EX 100'],
  [`GETSET key ${LONG}`, 'SET key value'],
  ['SETRANGE key 100 x'],
  ['SETBIT key 4000 1'],
  ['BITFIELD key SET u8 400 1'],
  ['INCR key'],
  ['EXPIRE key 100', 'SET key value'],
  ['GETEX key EX 10', 'SET key value'],
  ['PERSIST key', 'SET key value EX 100'],
  ['RENAME key other', 'SET key value EX 100', 'SADD other a'],
  ['MOVE key 1', 'SADD key a b c'],
  ['COPY key other DB 2', 'SADD key a b c'],
  ['SADD key a'],
  ['SADD key 1'],
  ['SADD key a', 'SADD key 1 2 3 4'],
  ['SREM key 1 2', 'SADD key 1 2 3 4'],
  ['SMOVE key other a', 'SADD key a b'],
  ['SMOVE key other a', 'SADD key a'],
  ['SMOVE key other 1', 'SADD key 1', 'SADD other 2'],
  ['SUNIONSTORE target key other', ...SETS],
  ['SINTERSTORE target key other', ...SETS],
  ['HSET key a 1'],
  [`HSETNX key f ${LONG}`],
  ['HINCRBY key f 1'],
  ['HINCRBYFLOAT key f 1.5'],
  [`HSET key 1 ${LONG}`, 'HSET key 1 a 2 b 3 c 4 d 5 e'],
  ['HDEL key a', 'HSET key a 1 b 2'],
  ['ZADD key 1 a'],
  [`ZADD key 1 ${LONG}`],
  ['ZADD key 5 e', SCORED[0] ?? ''],
  ['ZINCRBY key 1.5 a', 'ZADD key 1 a 2 b'],
  ['ZUNIONSTORE target 2 key other', ...SCORED],
  ['ZRANGESTORE target key 0 -1', SCORED[0] ?? ''],
  ['GEOSEARCHSTORE target key FROMLONLAT 15 37 BYRADIUS 200 km', PLACES],
  ['GEORADIUS key 15 37 200 km STORE target', PLACES],
  ['RPUSH key a'],
  [`RPUSH key ${LONG}`, LIST],
  ['LINSERT key BEFORE c x', 'RPUSH key a b c d e'],
  ['LINSERT key AFTER b z', LIST],
  [`LSET key 2 ${LONG}${LONG}`, LIST],
  ['LMOVE key other LEFT RIGHT', 'RPUSH key a b c'],
  ['LMOVE key other LEFT RIGHT', 'RPUSH key a b c', 'RPUSH other x'],
  ['RPOPLPUSH key other', 'RPUSH key a'],
  ['RPOPLPUSH key key', 'RPUSH key a b c'],
  ['RPOPLPUSH key key', 'RPUSH key a b'],
  ['RPOPLPUSH key key', `RPUSH key ${LONG}`],
  ['LMOVE key key LEFT RIGHT', LIST],
  ['LTRIM key 1 -2', LIST],
  ['SORT key STORE target', 'RPUSH key 3 1 2 5 4'],
  ['XADD key 1-1 f v'],
  ['XADD key MAXLEN 0 1-1 f v'],
  ['XADD key 1-90 f v', ...LONG_STREAM],
  [`XADD key 1-4 f ${LONG}`, ...STREAM],
  ['XTRIM key MAXLEN 2', ...LONG_STREAM],
  ['XDEL key 1-2', ...STREAM],
  ['XGROUP CREATE key g 0', ...STREAM],
  ['XGROUP CREATE key g 0 MKSTREAM'],
  ['XGROUP CREATECONSUMER key g d', ...STREAM, ...GROUP],
  ['XACK key g 1-1', ...STREAM, ...GROUP],
  ['XGROUP DELCONSUMER key g c', ...STREAM, ...GROUP],
  ['PFADD key a b c'],
  ['PFMERGE target key other', 'PFADD key a b c', 'PFADD other x y'],
  ['BITOP AND target key other', 'SET key foobar', 'SET other abcdef'],
]

/** Some of their elements may be there; who copies this engine has the same ones. */
const OF_MANY_ELEMENTS: readonly Case[] = [
  [`MSET a 1 b ${LONG} c 3`],
  [`MSETNX a 1 b ${LONG} c 3`],
  ['BITFIELD key SET u8 400 1 INCRBY u8 800 1'],
  ['SADD key a b c'],
  ['SADD key 1 2 3 4 5 6'],
  [`SADD key ${numbered(20, 'm').join(' ')}`],
  ['SADD key 5', 'SADD key 1 2 3 4'],
  ['SPOP key 4', 'SADD key 1 2 3 4 5 6'],
  ['HSET key a 1 b 2 c 3 d 4 e 5 f 6'],
  ['HSET key 5 e', 'HSET key 1 a 2 b 3 c 4 d'],
  [`HSET key a ${LONG} b 2`, 'HSET key a 1', 'PEXPIRE key 100000'],
  [`ZADD key ${numbered(70, '1 m').join(' ')}`],
  ['ZPOPMIN key 38', `ZADD key ${numbered(40, '1 m').join(' ')}`],
  ['ZREMRANGEBYRANK key 3 30', `ZADD key ${numbered(40, '1 m').join(' ')}`],
  [PLACES],
  ['RPUSH key a b c d e f'],
  [`LPUSH key ${LONG} ${LONG} ${LONG} ${LONG} ${LONG}`],
  [`LREM key 0 ${LONG}`, LIST],
  ['LPOP key 3', LIST],
  ['XADD key MAXLEN 1 1-4 f v', ...STREAM],
  ['XREADGROUP GROUP g c STREAMS key >', ...LONG_STREAM, 'XGROUP CREATE key g 0'],
  ['XREADGROUP GROUP g d STREAMS key >', ...STREAM, ...GROUP],
  ['XCLAIM key g d 0 1-1 1-2', ...STREAM, ...GROUP],
  ['XCLAIM key g d 0 1-3 FORCE', ...STREAM, ...GROUP],
  ['XAUTOCLAIM key g d 0 0', ...STREAM, ...GROUP],
]

/** They need a block for each element. */
const COPIES: readonly Case[] = [
  ['COPY key target', 'HSET key 1 a 2 b 3 c 4 d 5 e'],
  ['COPY key target', 'SADD key a b c'],
  ['COPY key target', 'ZADD key 1 a 2 b 3 c 4 d 5 e'],
  ['COPY key target', LIST],
  ['COPY key target', ...STREAM, ...GROUP],
]

function numbered(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

/** An engine, and another that is told its effects. */
class FollowedEngine {
  readonly clock = new FakeClock()
  readonly engine = this.#newEngine(1)
  readonly client = this.engine.client()
  readonly follower = this.#newEngine(2).client()
  readonly #effects: Buffer[][] = []

  constructor() {
    for (const client of [this.client, this.follower]) {
      client.call('CONFIG', 'SET', 'hash-max-listpack-entries', 4, 'list-compress-depth', 1)
      client.call('CONFIG', 'SET', 'zset-max-listpack-entries', 4, 'set-max-intset-entries', 4)
      client.call('CONFIG', 'SET', 'list-max-listpack-size', 2, 'stream-node-max-entries', 2)
    }
    this.engine.onEffect((_index, effect) => this.#effects.push([...effect]))
  }

  /** Lets the other one follow. */
  settle(): void {
    for (const effect of this.#effects.splice(0)) {
      expect(this.follower.call(...effect)).not.toBeInstanceOf(Error)
    }
  }

  run(line: string): void {
    expect(this.client.call(...line.split(' '))).not.toBeInstanceOf(Error)
  }

  /** Whether the command came to its end with so many blocks. */
  tryWith(blocks: number, line: string): boolean {
    const reply = withBlocks(blocks, () => this.client.call(...line.split(' ')))
    if (!(reply instanceof EngineReplyError)) return true
    expect(reply.message).toBe(replyErrors.outOfMemory)
    return false
  }

  get digest(): string {
    return digestOf(this.client)
  }

  /** Collections without elements. */
  get empty(): string[] {
    return keysOf(this.client).filter((key) => {
      const command = LENGTHS[String(this.client.call('TYPE', key))]
      return command !== undefined && this.client.call(command, key) === 0
    })
  }

  #newEngine(seed: number): Engine {
    return new Engine({ clock: this.clock, random: seededRandom(seed), log: silentLogger })
  }
}

type Client = FollowedEngine['client']

function keysOf(client: Client): string[] {
  const keys = client.call('KEYS', '*')
  return Array.isArray(keys) ? keys.map(String).sort() : []
}

/** DEBUG DIGEST leaves groups out. Those that are told as XCLAIM do not know how many entries were read. */
function digestOf(client: Client): string {
  let digest = String(client.call('DEBUG', 'DIGEST'))
  for (const key of keysOf(client)) {
    if (client.call('TYPE', key) !== 'stream') continue
    const [groups] = [client.call('XINFO', 'STREAM', key, 'FULL')]
    digest += JSON.stringify(groups, asText).replaceAll(/"entries-read",(\d+|null),"lag",\d+/g, '')
  }
  return digest.replaceAll(/"radix-tree-nodes",\d+/g, '')
}

function asText(_name: string, value: unknown): unknown {
  const isBuffer = typeof value === 'object' && value !== null && 'data' in value
  return isBuffer && Array.isArray(value.data) ? Buffer.from(value.data).toString() : value
}

function allocatedBytes(engine: Engine): number {
  return Number(/allocator_allocated:(\d+)/.exec(engine.info('memory'))?.[1])
}

/** Fails the command at its first block, at its second, and so on, each time in engines of its own. */
function failEverywhere(
  [line, ...setUp]: Case,
  look: (followed: FollowedEngine, before: string) => void,
): void {
  for (let blocks = 0; blocks < BLOCKS_MAX; blocks += 1) {
    const followed = new FollowedEngine()
    for (const each of setUp) followed.run(each)
    const before = followed.digest
    const isDone = followed.tryWith(blocks, line)
    if (isDone) return expect(blocks).toBeLessThan(BLOCKS_MAX - 1)
    look(followed, before)
    followed.settle()
    expect(followed.empty, `after ${blocks} blocks`).toEqual([])
    expect(followed.client.call('DBSIZE')).toBe(keysOf(followed.client).length)
    expect(digestOf(followed.follower), `after ${blocks} blocks`).toBe(followed.digest)
    followed.client.call('FLUSHALL')
    expect(allocatedBytes(followed.engine), `after ${blocks} blocks`).toBe(0)
  }
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('a command that gets no memory in the middle', () => {
  it.each([...OF_ONE_ELEMENT, ...COPIES])('%s changes nothing (%s)', (line, ...setUp) => {
    failEverywhere([line, ...setUp], (followed, before) => expect(followed.digest).toBe(before))
  })

  it.each(OF_MANY_ELEMENTS)(
    '%s leaves whole elements, and logs and replicas know which',
    (line, ...setUp) => {
      failEverywhere([line, ...setUp], (followed) => {
        // And may go on where it was.
        followed.clock.advance(1_000)
        const reply = followed.client.call(...line.split(' '))
        expect(reply).not.toBeInstanceOf(Error)
      })
    },
  )

  it.each([...OF_ONE_ELEMENT, ...COPIES])('%s leaves no block behind', (line, ...setUp) => {
    for (let blocks = 0; blocks < BLOCKS_MAX; blocks += 1) {
      const followed = new FollowedEngine()
      for (const each of setUp) followed.run(each)
      const isDone = followed.tryWith(blocks, line)
      // FLUSHALL would let go of all arenas.
      const keys = ['key', 'other', 'target', 'a', 'b', 'c']
      for (const database of [1, 2, 0]) {
        followed.client.call('SELECT', database)
        followed.client.call('DEL', ...keys)
      }
      expect(allocatedBytes(followed.engine), `after ${blocks} blocks`).toBe(0)
      if (isDone) return
    }
  })

  it('is told with what ran before it in its transaction', () => {
    const driver = new CommandDriver()
    for (const line of ['MULTI', 'SET a 1', 'RPUSH list x y', 'SET b 2']) driver.run(line)
    expect(withBlocks(2, () => driver.run('EXEC'))).toBe(replyErrors.outOfMemory)
    expect(driver.effects).toEqual(['MULTI', 'SET a 1', 'DEL list', 'EXEC'])
    expect(driver.run('KEYS *')).toEqual(['a'])
  })

  it('has those that need memory refused before they begin, for a second or until some is freed', () => {
    const driver = new CommandDriver()
    driver.run('SET key value')
    const fail = (): void => {
      expect(withBlocks(1, () => driver.run('RPUSH list x'))).toBe(replyErrors.outOfMemory)
      driver.effects.length = 0
    }
    fail()
    driver.clock.advance(999)
    expect(driver.run('RPUSH list x')).toBe(replyErrors.outOfMemory)
    expect(driver.effects).toEqual([])
    expect(driver.run('GET key')).toBe('value')
    driver.clock.advance(1)
    expect(driver.run('RPUSH list x')).toBe(1)
    driver.run('DEL list')
    fail()
    driver.run('DEL key')
    expect(driver.run('RPUSH list x')).toBe(1)
  })

  it('is an error that a script may catch', () => {
    const driver = new CommandDriver()
    const script = `return redis.pcall('SADD', 'key', 'a')`
    driver.call('EVAL', 'return 1', '0')
    expect(withBlocks(3, () => driver.call('EVAL', script, '0'))).toBe(replyErrors.outOfMemory)
    expect(driver.run('EXISTS key')).toBe(0)
    expect(driver.call('EVAL', script, '0')).toBe(1)
  })

  it('ends the call that waited, and not the one that served it', async () => {
    const driver = new CommandDriver()
    const waiting = driver.engine
      .client()
      .callAsync('BLMOVE', 'source', 'target', 'LEFT', 'LEFT', 0)
    driver.run('CONFIG SET list-max-listpack-size 1')
    // Enough for the pushed list, and not for the one it is moved to.
    expect(withBlocks(4, () => driver.run('RPUSH source a'))).toBe(1)
    expect(await waiting).toBeInstanceOf(EngineReplyError)
    expect(driver.run('LRANGE source 0 -1')).toEqual(['a'])
    expect(driver.run('EXISTS target')).toBe(0)
  })

  it('makes replicas copy everything when a key cannot be told either', () => {
    const driver = new CommandDriver()
    const history = (): string | undefined =>
      /master_replid:(\w+)/.exec(driver.engine.info('replication'))?.[1]
    const before = history()
    withBlocks(4, () => driver.run('SADD key a b'))
    expect(history()).toBe(before)
    driver.clock.advance(1_000)
    vi.spyOn(DumpPayloads.prototype, 'dump').mockImplementation(refuseBuffer)
    withBlocks(4, () => driver.run('SADD other a b'))
    expect(history()).not.toBe(before)
  })

  it('tells those who watch its keys', () => {
    const driver = new CommandDriver()
    const watcher = driver.engine.client()
    watcher.call('WATCH', 'key')
    withBlocks(3, () => driver.run('SADD key a'))
    watcher.call('MULTI')
    expect(watcher.call('EXEC')).toBeNull()
  })
})

describe('a table that cannot grow for want of memory', () => {
  it('takes keys in all the same', () => {
    const driver = new CommandDriver()
    vi.stubGlobal('SharedArrayBuffer', refuseBuffer)
    for (let index = 0; index < 100; index += 1) driver.run(`SET key:${index} ${index}`)
    expect(driver.run('DBSIZE')).toBe(100)
    expect(driver.run('GET key:99')).toBe('99')
  })

  it('leaves the key without an expiry, when it is that of expiries', () => {
    const driver = new CommandDriver()
    driver.run('SET key value')
    // Its places, and all that the commands themselves need.
    for (let index = 0; index < 16; index += 1) driver.run(`SET key:${index} value EX 100`)
    driver.run('EXPIRE missing 100')
    vi.stubGlobal('Float64Array', refuseBuffer)
    expect(driver.run('EXPIRE key 100')).toBe(replyErrors.outOfMemory)
    expect(driver.run('SET other value EX 100')).toBe(replyErrors.outOfMemory)
    vi.unstubAllGlobals()
    expect(driver.run('TTL key')).toBe(-1)
    expect(driver.run('DBSIZE')).toBe(17)
  })
})

function refuseBuffer(): never {
  throw new RangeError('Array buffer allocation failed')
}
