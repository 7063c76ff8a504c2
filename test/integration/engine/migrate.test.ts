import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { encode } from '../../support/raw-resp-client.ts'
import { type RedisServer, startEngineServer } from '../../support/start-engine-server.ts'
import { startRedis } from '../../support/start-redis.ts'
import { findTool } from '../../support/tools.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Side {
  readonly port: number
  readonly client: Redis
}

async function open(server: RedisServer): Promise<Side> {
  closers.push(() => server.stop())
  const client = new Redis({ port: server.port, maxRetriesPerRequest: 0 })
  closers.push(() => client.disconnect())
  return { port: server.port, client }
}

function migrate({ client }: Side, port: number, ...rest: readonly (string | number)[]) {
  return client
    .call('MIGRATE', '127.0.0.1', port, ...rest)
    .then(String, ({ message }: Error) => message)
}

/** On a busy machine as well. */
function eventually(read: () => unknown) {
  return expect.poll(read, { timeout: 30_000 })
}

const hasRedis = findTool('redis-server') !== undefined

describe.skipIf(!hasRedis)('MIGRATE', () => {
  it.each([
    ['to redis-server', startEngineServer, startRedis],
    ['from redis-server', startRedis, startEngineServer],
    ['to another engine', startEngineServer, startEngineServer],
  ])('%s moves values of all types, with their expiry', async (_name, startSource, startTarget) => {
    const source = await open(await startSource())
    const target = await open(await startTarget())
    const fill = source.client.multi().set('s', 'x'.repeat(1_000)).set('i', '12')
    fill.rpush('l', ...Array.from({ length: 2_000 }, (_, index) => `element ${index}`))
    fill.hset('h', { a: 1, b: 2 }).sadd('set', 1, 2, 3).sadd('set2', 'a', 'b')
    await fill.zadd('z', 1, 'a', 2, 'b').xadd('x', '1-1', 'f', 'v').pexpire('s', 600_000).exec()
    const keys = ['s', 'i', 'l', 'h', 'set', 'set2', 'z', 'x']
    const before = await source.client.debug('DIGEST').catch(() => '')
    expect(await migrate(source, target.port, '', 0, 5_000, 'KEYS', ...keys)).toBe('OK')
    expect(await source.client.dbsize()).toBe(0)
    expect(await target.client.dbsize()).toBe(keys.length)
    expect(await target.client.debug('DIGEST').catch(() => '')).toBe(before)
    expect(await target.client.lindex('l', -1)).toBe('element 1999')
    const ttlMs = await target.client.pttl('s')
    expect(ttlMs > 0 && ttlMs <= 600_000).toBe(true)
  })
})

describe('MIGRATE', () => {
  let source: Side
  let target: Side

  beforeEach(async () => {
    source = await open(await startEngineServer())
    target = await open(await startEngineServer())
  })

  it('leaves the key with COPY, and replaces only with REPLACE', async () => {
    await source.client.set('k', 'new')
    await target.client.set('k', 'old')
    const busy = 'ERR Target instance replied with error: BUSYKEY Target key name already exists.'
    expect(await migrate(source, target.port, 'k', 0, 1_000)).toBe(busy)
    expect(await source.client.exists('k')).toBe(1)
    expect(await migrate(source, target.port, 'k', 0, 1_000, 'COPY', 'REPLACE')).toBe('OK')
    expect(await target.client.get('k')).toBe('new')
    expect(await source.client.get('k')).toBe('new')
    expect(await migrate(source, target.port, 'k', 0, 1_000, 'REPLACE')).toBe('OK')
    expect(await source.client.exists('k')).toBe(0)
  })

  it('moves what it can of several keys, and tells the first error', async () => {
    await source.client.mset('a', 1, 'b', 2, 'c', 3)
    await target.client.set('b', 'old')
    expect(await migrate(source, target.port, '', 0, 1_000, 'KEYS', 'a', 'b', 'c')).toContain(
      'BUSYKEY',
    )
    expect(await source.client.keys('*')).toEqual(['b'])
    expect(await target.client.mget('a', 'b', 'c')).toEqual(['1', 'old', '3'])
  })

  it('chooses the database of the target, and keeps the connection for the next', async () => {
    const connections = async (): Promise<string> => {
      const text = await source.client.info('stats')
      return /migrate_cached_sockets:(\d+)/.exec(text)?.[1] ?? ''
    }
    await source.client.mset('a', 1, 'b', 2)
    expect(await migrate(source, target.port, 'a', 3, 1_000)).toBe('OK')
    expect(await connections()).toBe('1')
    expect(await migrate(source, target.port, 'b', 4, 1_000)).toBe('OK')
    expect(await connections()).toBe('1')
    await target.client.select(3)
    expect(await target.client.keys('*')).toEqual(['a'])
    await target.client.select(4)
    expect(await target.client.keys('*')).toEqual(['b'])
    expect(await target.client.info('clients')).toContain('connected_clients:2')
    const unknown = await source.client
      .set('c', 3)
      .then(() => migrate(source, target.port, 'c', 99, 1_000))
    expect(unknown).toBe('ERR Target instance replied with error: ERR DB index is out of range')
  })

  it('tells others that the keys were deleted', async () => {
    const monitor = source.client.duplicate({ enableReadyCheck: false })
    closers.push(() => monitor.disconnect())
    await source.client.config('SET', 'notify-keyspace-events', 'KEA')
    await monitor.psubscribe('__key*@0__:*')
    const told: string[] = []
    monitor.on('pmessage', (_pattern, channel: string, message: string) => {
      told.push(`${channel.slice(0, 8)} ${message}`)
    })
    await source.client.set('k', 1)
    expect(await migrate(source, target.port, 'k', 0, 1_000)).toBe('OK')
    await eventually(() => told.length).toBe(4)
    expect(told.slice(2)).toEqual(['__keyspa del', '__keyeve k'])
  })

  it('logs in at the target', async () => {
    await target.client.config('SET', 'requirepass', 'secret')
    await target.client.call('ACL', 'SETUSER', 'mover', 'on', '>pass', '+@all', '~*')
    await source.client.mset('a', 1, 'b', 2)
    expect(await migrate(source, target.port, 'a', 0, 1_000)).toContain('NOAUTH')
    expect(await migrate(source, target.port, 'a', 0, 1_000, 'AUTH', 'wrong')).toContain(
      'WRONGPASS',
    )
    expect(await migrate(source, target.port, 'a', 0, 1_000, 'AUTH', 'secret')).toBe('OK')
    expect(await migrate(source, target.port, 'b', 0, 1_000, 'AUTH2', 'mover', 'pass')).toBe('OK')
    expect(await source.client.dbsize()).toBe(0)
  })

  it('says so when there is no target', async () => {
    await source.client.set('k', 1)
    const failed = 'IOERR error or timeout connecting to the client'
    const refused = 'IOERR error or timeout writing to target instance'
    expect(await migrate(source, 1, 'k', 0, 1_000)).toBe(refused)
    expect(await migrate(source, 70_000, 'k', 0, 1_000)).toBe(failed)
    const nowhere = source.client.call('MIGRATE', '', target.port, 'k', 0, 1_000)
    await expect(nowhere).rejects.toThrow(failed)
    expect(await source.client.get('k')).toBe('1')
  })
})

describe('MIGRATE to a target that is none', () => {
  let source: Side
  let port: number
  let answer: (socket: Socket, bytes: Buffer) => void
  let connections: number

  beforeEach(async () => {
    source = await open(await startEngineServer())
    await source.client.mset('k', 1, 'other', 2)
    connections = 0
    const server = createServer((socket) => {
      connections += 1
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => answer(socket, bytes))
    }).listen(0, '127.0.0.1')
    closers.push(() => server.close())
    await once(server, 'listening')
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  })

  const unread = 'IOERR error or timeout reading to target instance'

  it('gives up when it is silent, once, while others go on', async () => {
    const seen = new Promise<void>((resolve) => {
      answer = () => resolve()
    })
    const moved = migrate(source, port, 'k', 0, 300)
    await seen
    const other = source.client.duplicate()
    closers.push(() => other.disconnect())
    expect(await other.get('other')).toBe('2')
    expect(await moved).toBe(unread)
    expect(connections).toBe(1)
    expect(await source.client.get('k')).toBe('1')
  })

  it('tries once more when it hangs up', async () => {
    answer = (socket) => socket.destroy()
    expect(await migrate(source, port, 'k', 0, 5_000)).toBe(unread)
    expect(connections).toBe(2)
    expect(await source.client.get('k')).toBe('1')
  })

  it('entrusts no key to what speaks another language', async () => {
    answer = (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    expect(await migrate(source, port, 'k', 0, 5_000)).toBe(unread)
    expect(await source.client.get('k')).toBe('1')
  })

  it('deletes what was confirmed before it hung up', async () => {
    answer = (socket) => socket.end('+OK\r\n+OK\r\n')
    expect(await migrate(source, port, '', 0, 5_000, 'KEYS', 'k', 'other')).toBe(unread)
    expect(await source.client.keys('*')).toEqual(['other'])
  })

  it('sends again what is written to meanwhile, and deletes there what is deleted here', async () => {
    const requests: string[] = []
    const writer = source.client.duplicate()
    closers.push(() => writer.disconnect())
    answer = (socket, bytes) => {
      requests.push(bytes.toString('latin1'))
      if (requests.length > 1) return socket.write('+OK\r\n:1\r\n')
      return void writer
        .pipeline()
        .append('k', '2')
        .del('other')
        .exec()
        .then(() => socket.write('+OK\r\n+OK\r\n+OK\r\n'))
    }
    expect(await migrate(source, port, '', 0, 5_000, 'KEYS', 'k', 'other')).toBe('OK')
    expect(requests).toHaveLength(2)
    expect(requests[1]).toContain('REPLACE')
    expect(requests[1]).toContain(encode(['DEL', 'other']))
    expect(await source.client.dbsize()).toBe(0)
  })

  it('gives up on a key that is written to faster than it moves', async () => {
    const writer = source.client.duplicate()
    closers.push(() => writer.disconnect())
    answer = (socket, bytes) => {
      const isFirst = bytes.includes('SELECT')
      void writer.append('k', 'x').then(() => socket.write(isFirst ? '+OK\r\n+OK\r\n' : '+OK\r\n'))
    }
    expect(await migrate(source, port, 'k', 0, 5_000)).toContain('written to faster')
    expect(await source.client.strlen('k')).toBe(17)
  })

  it('deletes the keys even when nobody waits for the answer any more', async () => {
    const caller = source.client.duplicate()
    let confirm: () => void = () => undefined
    const seen = new Promise<void>((resolve) => {
      answer = (socket) => {
        confirm = () => socket.write('+OK\r\n+OK\r\n')
        resolve()
      }
    })
    caller.call('MIGRATE', '127.0.0.1', port, 'k', 0, 60_000).catch(() => undefined)
    await seen
    caller.disconnect()
    await eventually(async () => await source.client.info('clients')).toContain(
      'connected_clients:1',
    )
    confirm()
    await eventually(async () => await source.client.exists('k')).toBe(0)
  })

  it('waits for the end of a pause before it deletes', async () => {
    let confirm: () => void = () => undefined
    const seen = new Promise<void>((resolve) => {
      answer = (socket) => {
        confirm = () => socket.write('+OK\r\n+OK\r\n')
        resolve()
      }
    })
    const other = source.client.duplicate()
    closers.push(() => other.disconnect())
    const moved = migrate(source, port, 'k', 0, 60_000)
    await seen
    await other.call('CLIENT', 'PAUSE', '100000', 'WRITE')
    confirm()
    for (let turn = 0; turn < 5; turn += 1) expect(await other.exists('k')).toBe(1)
    await other.call('CLIENT', 'UNPAUSE')
    expect(await moved).toBe('OK')
    expect(await other.exists('k')).toBe(0)
  })

  it('propagates one DEL', async () => {
    const engine = new Engine()
    await engine.start()
    closers.push(() => engine.stop())
    const effects: string[] = []
    engine.onEffect((_index, effect) => effects.push(effect.map(String).join(' ')))
    const client = engine.client()
    client.call('MSET', 'a', '1', 'b', '2')
    answer = (socket) => socket.write('+OK\r\n+OK\r\n+OK\r\n')
    const moved = client.callAsync('MIGRATE', '127.0.0.1', port, '', 0, 5_000, 'KEYS', 'a', 'b')
    expect(await moved).toBe('OK')
    expect(effects).toEqual(['MSET a 1 b 2', 'DEL a b'])
  })
})
