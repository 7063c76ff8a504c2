import { beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../../src/engine/index.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

describe('transactions', () => {
  let clock: FakeClock
  let engine: Engine
  let mine: EmbeddedClient
  let other: EmbeddedClient

  beforeEach(() => {
    clock = new FakeClock()
    engine = new Engine({ clock, random: seededRandom(1), log: silentLogger })
    mine = engine.client()
    other = engine.client()
  })

  function exec(): unknown {
    mine.call('MULTI')
    mine.call('PING')
    return mine.call('EXEC')
  }

  describe('WATCH of a key that expires', () => {
    it('fails once its instant has passed, though nobody has looked', () => {
      mine.call('SET', 'k', 'v', 'PX', 10)
      mine.call('WATCH', 'k')
      clock.advance(11)
      expect(exec()).toBeNull()
    })

    it('succeeds at the instant itself', () => {
      mine.call('SET', 'k', 'v', 'PX', 10)
      mine.call('WATCH', 'k')
      clock.advance(10)
      expect(exec()).toEqual(['PONG'])
    })

    it('fails when somebody has looked and it was taken away', () => {
      mine.call('SET', 'k', 'v', 'PX', 10)
      mine.call('WATCH', 'k')
      clock.advance(11)
      other.call('GET', 'k')
      expect(exec()).toBeNull()
    })

    it('succeeds when it was past its instant before, taken away since or not', () => {
      mine.call('SET', 'k', 'v', 'PX', 10)
      clock.advance(11)
      mine.call('WATCH', 'k')
      expect(exec()).toEqual(['PONG'])
      mine.call('SET', 'k', 'v', 'PX', 10)
      clock.advance(11)
      mine.call('WATCH', 'k')
      other.call('DEL', 'k')
      expect(exec()).toEqual(['PONG'])
    })

    it('fails when it was past its instant before and has been set anew', () => {
      mine.call('SET', 'k', 'v', 'PX', 10)
      clock.advance(11)
      mine.call('WATCH', 'k')
      other.call('SET', 'k', 'w')
      expect(exec()).toBeNull()
    })

    it('succeeds when another one past its instant takes its place', () => {
      mine.call('SELECT', 1)
      mine.call('SET', 'k', 'v', 'PX', 10)
      mine.call('SELECT', 0)
      clock.advance(11)
      mine.call('WATCH', 'k')
      other.call('SWAPDB', 0, 1)
      expect(exec()).toEqual(['PONG'])
    })
  })

  it('fails when a watched key is evicted', () => {
    mine.call('SET', 'k', 'x'.repeat(100_000))
    mine.call('WATCH', 'k')
    other.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random')
    other.call('CONFIG', 'SET', 'maxmemory', 1)
    other.call('PING')
    other.call('CONFIG', 'SET', 'maxmemory', 0)
    expect(exec()).toBeNull()
  })

  it('hears of writes that take the short way within the process', () => {
    mine.call('SET', 'k', 'x'.repeat(100))
    mine.call('WATCH', 'k')
    other.setRange(Buffer.from('k'), 0, Buffer.from('y'))
    expect(exec()).toBeNull()
  })

  describe('without memory', () => {
    beforeEach(() => {
      mine.call('SET', 'k', 'x'.repeat(10_000))
    })

    it('queues nothing, and EXEC tells why', () => {
      mine.call('MULTI')
      other.call('CONFIG', 'SET', 'maxmemory', 1)
      expect(mine.call('GET', 'k')).toMatchObject({ message: /^OOM / })
      expect(mine.call('EXEC')).toMatchObject({ message: /^EXECABORT .* previous errors\.$/ })
    })

    it('refuses EXEC of what needs memory', () => {
      mine.call('MULTI')
      mine.call('SET', 'a', 'b')
      other.call('CONFIG', 'SET', 'maxmemory', 1)
      expect(mine.call('EXEC')).toMatchObject({
        message:
          "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
      })
      expect(mine.call('EXEC')).toMatchObject({ message: 'ERR EXEC without MULTI' })
    })

    it('runs EXEC of what reads, and DISCARD', () => {
      mine.call('MULTI')
      mine.call('STRLEN', 'k')
      other.call('CONFIG', 'SET', 'maxmemory', 1)
      expect(mine.call('EXEC')).toEqual([10_000])
      mine.call('MULTI')
      expect(mine.call('DISCARD')).toBe('OK')
    })
  })

  it('counts what is queued and watched, and nothing afterwards', () => {
    const used = (): number => Number(/used_memory:(\d+)/.exec(engine.info('memory'))?.[1])
    const before = used()
    mine.call('WATCH', 'k')
    mine.call('MULTI')
    mine.call('SET', 'k', 'x'.repeat(100_000))
    expect(used() - before).toBeGreaterThan(100_000)
    mine.call('DISCARD')
    expect(used()).toBe(before)
  })

  it('counts EXEC and its commands once each, and only those that failed as failed', () => {
    mine.call('SET', 'k', 'text')
    mine.call('MULTI')
    mine.call('INCR', 'k')
    mine.call('GET', 'k')
    mine.call('EXEC')
    const stats = engine.info('commandstats')
    expect(stats).toMatch(/cmdstat_incr:calls=1,.*failed_calls=1/)
    expect(stats).toMatch(/cmdstat_exec:calls=1,.*failed_calls=0/)
    expect(engine.info('errorstats')).toContain('errorstat_ERR:count=1')
  })
})

describe('callAsync', () => {
  let engine: Engine
  let client: EmbeddedClient

  beforeEach(() => {
    engine = new Engine({ clock: new FakeClock(), random: seededRandom(1), log: silentLogger })
    client = engine.client()
  })

  it('answers at once what needs not wait', async () => {
    expect(await client.callAsync('SET', 'k', 'v')).toBe('OK')
    expect(await client.callAsync('NOSUCH')).toMatchObject({ message: /^ERR unknown command/ })
  })

  it('waits for a key in the database of its caller', async () => {
    client.call('SELECT', 3)
    const reply = client.callAsync('BLPOP', 'k', 0)
    expect(client.call('RPUSH', 'k', 'v')).toBe(1)
    expect(await reply).toEqual([Buffer.from('k'), Buffer.from('v')])
    expect(client.call('LLEN', 'k')).toBe(0)
  })

  it('leaves no client behind', async () => {
    const reply = client.callAsync('BLPOP', 'k', 0)
    expect(engine.info('clients')).toContain('blocked_clients:1')
    client.call('RPUSH', 'k', 'v')
    await reply
    expect(engine.info('clients')).toContain('blocked_clients:0')
  })

  it('ends with an error when the engine stops', async () => {
    const reply = client.callAsync('BLPOP', 'k', 0)
    await engine.stop()
    expect(await reply).toMatchObject({ message: /^UNBLOCKED / })
  })

  it('is refused beyond maxclients', async () => {
    client.call('CONFIG', 'SET', 'maxclients', 1)
    expect(await client.callAsync('PING')).toMatchObject({ message: /max number of clients/ })
  })

  it('takes no part in waiting when it is a plain call', () => {
    expect(client.call('BLPOP', 'k', 0)).toBeNull()
    expect(client.call('SUBSCRIBE', 'x')).toMatchObject({
      message: "ERR SUBSCRIBE isn't allowed for a DENY BLOCKING client",
    })
  })
})
