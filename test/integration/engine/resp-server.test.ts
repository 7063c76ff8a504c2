import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { type Random, systemRandom } from '../../../src/shared/random.ts'
import { END_REQUEST, encode, RawRespClient } from '../../support/raw-resp-client.ts'
import { refuseMemoryAfter } from '../../support/refuse-memory.ts'

const MIB = 1_024 ** 2

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Served {
  readonly engine: Engine
  readonly port: number
}

async function serve(
  directives: Readonly<Record<string, string>> = {},
  random: Random = systemRandom,
): Promise<Served> {
  const engine = new Engine({
    clock: systemClock,
    random,
    log: silentLogger,
    directives: { hz: '100', ...directives },
  })
  await engine.start()
  closers.push(() => engine.stop())
  const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
  return { engine, port }
}

async function open(port: number): Promise<RawRespClient> {
  const client = await RawRespClient.connect(port)
  closers.push(() => client.close())
  return client
}

/** A socket that reads nothing until it is told to. */
async function openPaused(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  closers.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket.pause()
}

function info(engine: Engine, field: string): number {
  return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(engine.info())?.[1])
}

/** On a busy machine as well. */
function eventually(read: () => number) {
  return expect.poll(read, { timeout: 10_000 })
}

/** Everything that comes until the server hangs up. */
async function readToEnd(socket: Socket): Promise<string> {
  let received = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  socket.resume()
  await once(socket, 'close')
  return received
}

describe('requests', () => {
  const pipeline = [
    encode(['SET', 'a', 'one\r\ntwo']),
    'GET a\r\n',
    encode(['APPEND', 'a', '!'.repeat(30)]),
    '\r\n*0\r\n',
    encode(['GET', 'a']),
    encode(['NOSUCH']),
    encode(['DEL', 'a']),
  ].join('')

  it('are answered alike wherever the bytes are parted', async () => {
    const { port } = await serve()
    const client = await open(port)
    const expected = await client.sendBytes(pipeline)
    expect(expected).toContain('$38\r\none')
    for (let place = 1; place < pipeline.length; place += 1) {
      client.write(pipeline.slice(0, place))
      // Two segments: a turn of the event loop lies between them.
      await new Promise(setImmediate)
      expect(await client.sendBytes(pipeline.slice(place)), `parted at ${place}`).toBe(expected)
    }
  })

  it('are answered when they come byte by byte', async () => {
    const { port } = await serve()
    const client = await open(port)
    const expected = await client.sendBytes(pipeline)
    for (const byte of pipeline) {
      client.write(byte)
      await new Promise(setImmediate)
    }
    expect(await client.sendBytes('')).toBe(expected)
  })

  it('are answered with an error when there is no memory in their middle, and others as ever', async () => {
    const { engine, port } = await serve()
    const client = await open(port)
    const allowMemory = refuseMemoryAfter(1)
    onTestFinished(allowMemory)
    const replies = client.sendBytes(encode(['SET', 'a', '1']) + encode(['RPUSH', 'b', '2']))
    const refused = `-OOM command not allowed when used memory > 'maxmemory'.\r\n`
    expect(await replies).toBe(`+OK\r\n${refused}`)
    allowMemory()
    // What has been freed may be used at once.
    expect(await client.send('DEL', 'a')).toBe(':1\r\n')
    expect(await client.send('RPUSH', 'b', '2')).toBe(':1\r\n')
    expect(info(engine, 'total_error_replies')).toBe(1)
  })

  it('are answered before the connection ends when the client has ended its half', async () => {
    const { port } = await serve()
    const socket = await openPaused(port)
    socket.end(encode(['SET', 'a', '1']) + encode(['GET', 'a']))
    expect(await readToEnd(socket)).toBe('+OK\r\n$1\r\n1\r\n')
  })

  it('of 100,000 in one pipeline are all answered in order', async () => {
    const { port } = await serve()
    const client = await open(port)
    const incr = encode(['INCR', 'counter'])
    const replies = await client.sendBytes(incr.repeat(100_000))
    expect(replies).toBe(
      Array.from({ length: 100_000 }, (_, index) => `:${index + 1}\r\n`).join(''),
    )
  })

  it('after QUIT are not run', async () => {
    const { engine, port } = await serve()
    const client = await open(port)
    expect(await client.sendBytes(encode(['QUIT']) + encode(['SET', 'a', '1']))).toBe(
      '+OK\r\n<closed>',
    )
    expect(engine.client().call('EXISTS', 'a')).toBe(0)
  })

  it('with a value of 40 MB are kept whole', async () => {
    const { engine, port } = await serve()
    const client = await open(port)
    expect(await client.send('SET', 'large', 'v'.repeat(40 * MIB))).toBe('+OK\r\n')
    expect(engine.client().call('STRLEN', 'large')).toBe(40 * MIB)
    expect(await client.send('GET', 'large')).toHaveLength(40 * MIB + 13)
  })
})

describe('limits', () => {
  it('refuses a bulk beyond proto-max-bulk-len and hangs up', async () => {
    const { port } = await serve({ 'proto-max-bulk-len': '1mb' })
    const fits = await open(port)
    expect(await fits.send('SET', 'a', 'x'.repeat(MIB))).toBe('+OK\r\n')
    const client = await open(port)
    expect(await client.sendBytes(`*2\r\n$3\r\nGET\r\n$${MIB + 1}\r\n`)).toBe(
      '-ERR Protocol error: invalid bulk length\r\n<closed>',
    )
  })

  it('hangs up on a request beyond client-query-buffer-limit', async () => {
    const { engine, port } = await serve({ 'client-query-buffer-limit': '1mb' })
    const client = await open(port)
    client.write(`*2\r\n$3\r\nGET\r\n$${8 * MIB}\r\n${'x'.repeat(2 * MIB)}`)
    expect(await client.answered()).toBe('<closed>')
    expect(info(engine, 'client_query_buffer_limit_disconnections')).toBe(1)
  })

  it.each([
    ['*11\r\n', 'unauthenticated multibulk length'],
    ['*2\r\n$4\r\nAUTH\r\n$16385\r\n', 'unauthenticated bulk length'],
  ])('lets a stranger send no more than a password: %j', async (bytes, error) => {
    const { port } = await serve({ requirepass: 'hunter2' })
    const client = await open(port)
    expect(await client.sendBytes(bytes)).toBe(`-ERR Protocol error: ${error}\r\n<closed>`)
    const known = await open(port)
    await known.send('AUTH', 'hunter2')
    expect(await known.send('SET', 'a', 'x'.repeat(20_000))).toBe('+OK\r\n')
  })

  it('refuses clients beyond maxclients until one leaves', async () => {
    const { engine, port } = await serve({ maxclients: '2' })
    const first = await open(port)
    const second = await open(port)
    expect(await first.send('PING')).toBe('+PONG\r\n')
    expect(await second.send('PING')).toBe('+PONG\r\n')
    const third = await openPaused(port)
    expect(await readToEnd(third)).toBe('-ERR max number of clients reached\r\n')
    expect(info(engine, 'rejected_connections')).toBe(1)
    first.close()
    await eventually(() => info(engine, 'connected_clients')).toBe(1)
    expect(await (await open(port)).send('PING')).toBe('+PONG\r\n')
  })

  it('hangs up on clients idle longer than timeout, however often it is set', async () => {
    const { engine, port } = await serve()
    const idle = await open(port)
    await idle.send('PING')
    for (let times = 0; times < 20; times += 1) engine.client().call('CONFIG', 'SET', 'timeout', 1)
    expect(await idle.answered()).toBe('<closed>')
    await eventually(() => info(engine, 'connected_clients')).toBe(0)
  })
})

describe('a client that does not read', () => {
  it('is not read from either, and gets every reply once it reads again', async () => {
    const { engine, port } = await serve()
    const value = 'v'.repeat(100_000)
    engine.client().call('SET', 'large', value)
    const socket = await openPaused(port)
    const requests = 2_000
    socket.write(encode(['GET', 'large']).repeat(requests))
    await eventually(() => info(engine, 'client_recent_max_output_buffer')).toBeGreaterThan(
      64 * MIB,
    )
    const other = await open(port)
    expect(await other.send('PING')).toBe('+PONG\r\n')
    // 200 MB were asked for; held are 64 MiB and the replies written in one go, no more.
    expect(info(engine, 'mem_clients_normal')).toBeLessThan(68 * MIB)
    let received = 0
    const wanted = requests * (value.length + '$100000\r\n\r\n'.length)
    const isWhole = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received >= wanted) resolve()
      })
    })
    socket.resume()
    await isWhole
    expect(received).toBe(wanted)
    await eventually(() => info(engine, 'mem_clients_normal')).toBeLessThan(8_192)
  })

  it('may write a pipeline as a whole before it reads', async () => {
    const { port } = await serve()
    const socket = await openPaused(port)
    const requests = 3_000_000
    // More replies than the kernel holds.
    await new Promise((resolve) => socket.write('PING\r\n'.repeat(requests), resolve))
    const isWhole = new Promise<void>((resolve) => {
      let left = requests * '+PONG\r\n'.length
      socket.on('data', (chunk: Buffer) => {
        left -= chunk.length
        if (left === 0) resolve()
      })
    })
    socket.resume()
    await isWhole
  })

  it('is hung up on beyond the hard limit of client-output-buffer-limit', async () => {
    const { engine, port } = await serve({ 'client-output-buffer-limit': 'normal 8mb 0 0' })
    engine.client().call('SET', 'large', 'v'.repeat(20 * MIB))
    const socket = await openPaused(port)
    socket.write(encode(['GET', 'large']))
    await eventually(() => info(engine, 'client_output_buffer_limit_disconnections')).toBe(1)
    await eventually(() => info(engine, 'connected_clients')).toBe(0)
  })

  it.each([
    ['one command', [['LRANGE', 'list', '0', '-1']]],
    ['a pipeline', Array.from({ length: 15 }, () => ['LRANGE', 'list', '0', '9'])],
    [
      'a transaction, which is done to its end',
      [['MULTI'], ['LRANGE', 'list', '0', '-1'], ['SET', 'done', '1'], ['EXEC']],
    ],
  ])(
    'gets no reply beyond the hard limit, though it would take it: %s',
    async (_name, commands) => {
      const { engine, port } = await serve({ 'client-output-buffer-limit': 'normal 100kb 0 0' })
      const caller = engine.client()
      for (let count = 0; count < 150; count += 1) caller.call('RPUSH', 'list', 'x'.repeat(1_000))
      const client = await open(port)
      expect(await client.send('LRANGE', 'list', '0', '95')).toMatch(/^\*96\r\n/)
      const isQueued = commands.length === 4
      const said = await client.sendBytes(commands.map(encode).join(''))
      expect(said).toBe('<closed>')
      expect(info(engine, 'client_output_buffer_limit_disconnections')).toBe(1)
      await eventually(() => info(engine, 'connected_clients')).toBe(0)
      expect(caller.call('EXISTS', 'done')).toBe(isQueued ? 1 : 0)
    },
  )

  it('is not hung up on for what lies in a buffer that Redis does not count, nor for replies that it wants none of', async () => {
    const { engine, port } = await serve({ 'client-output-buffer-limit': 'normal 1 0 0' })
    engine.client().call('SET', 'small', 'x'.repeat(16_000))
    engine.client().call('SET', 'large', 'x'.repeat(17_000))
    engine.client().call('HSET', 'hash', 'field', 'x'.repeat(1_000))
    const client = await open(port)
    expect(await client.send('GET', 'small')).toMatch(/^\$16000\r\n/)
    client.write(encode(['CLIENT', 'REPLY', 'OFF']))
    client.write(encode(['GET', 'large']))
    client.write(encode(['HRANDFIELD', 'hash', '-1000', 'WITHVALUES']))
    expect(await client.send('CLIENT', 'REPLY', 'ON')).toBe('+OK\r\n')
    expect(await client.send('GET', 'large')).toBe('<closed>')
  })

  it.each([
    ['HRANDFIELD', 'HSET', ['hash', 'f', 'v']],
    ['SRANDMEMBER', 'SADD', ['set', 'member']],
    ['ZRANDMEMBER', 'ZADD', ['zset', '1', 'member']],
  ])('ends %s amid its draws', async (name, add, args) => {
    let draws = 0
    const uint32 = (): number => {
      draws += 1
      return systemRandom.uint32()
    }
    const limits = { 'client-output-buffer-limit': 'normal 1mb 0 0' }
    const { engine, port } = await serve(limits, { ...systemRandom, uint32 })
    engine.client().call(add, ...args)
    const client = await open(port)
    draws = 0
    const most = 2 ** 24
    expect(await client.send(name, args[0] ?? '', String(-most))).toBe('<closed>')
    expect(draws).toBeGreaterThan(10_000)
    expect(draws).toBeLessThan(most / 4)
  })

  it('is hung up on after the seconds of the soft limit', async () => {
    const { engine, port } = await serve({ 'client-output-buffer-limit': 'normal 0 1mb 1' })
    engine.client().call('SET', 'large', 'v'.repeat(20 * MIB))
    const socket = await openPaused(port)
    const sentMs = performance.now()
    socket.write(encode(['GET', 'large']))
    await eventually(() => info(engine, 'connected_clients')).toBe(0)
    expect(performance.now() - sentMs).toBeGreaterThan(900)
    expect(info(engine, 'client_output_buffer_limit_disconnections')).toBe(1)
  })
})

describe('a client that vanishes', () => {
  it.each([
    ['in the middle of a reply', 20 * MIB, encode(['GET', 'large'])],
    ['in the middle of a request', 10, '*2\r\n$3\r\nGET\r\n$100\r\nabc'],
    ['with replies of a pipeline on their way', 1_000, encode(['GET', 'large']).repeat(2_000)],
  ])('%s leaves nothing behind', async (_title, bytes, request) => {
    const { engine, port } = await serve()
    engine.client().call('SET', 'large', 'v'.repeat(bytes))
    for (let times = 0; times < 5; times += 1) {
      const socket = await openPaused(port)
      socket.write(request)
      await new Promise((resolve) => setTimeout(resolve, 10))
      socket.resetAndDestroy()
    }
    await eventually(() => info(engine, 'connected_clients')).toBe(0)
    await eventually(() => info(engine, 'mem_clients_normal')).toBe(0)
    expect(await (await open(port)).send('PING')).toBe('+PONG\r\n')
  })
})

describe('DEBUG', () => {
  it.each([
    ['no', /^-ERR DEBUG command not allowed/],
    ['local', /^\+OK/],
    ['yes', /^\+OK/],
  ])('over a socket of this machine, with enable-debug-command %s', async (allowed, reply) => {
    const { engine, port } = await serve({ 'enable-debug-command': allowed })
    expect(await (await open(port)).send('DEBUG', 'SLEEP', '0')).toMatch(reply)
    expect(engine.client().call('DEBUG', 'SLEEP', '0')).toBe('OK')
  })
})

describe('INFO', () => {
  it('tells the port it listens on, and what went through it', async () => {
    const { engine, port } = await serve({ port: '0' })
    const client = await open(port)
    await client.send('SET', 'a', '1')
    expect(info(engine, 'tcp_port')).toBe(port)
    expect(info(engine, 'total_net_input_bytes')).toBe(
      encode(['SET', 'a', '1']).length + END_REQUEST.length,
    )
    expect(info(engine, 'total_net_output_bytes')).toBeGreaterThan('+OK\r\n'.length)
    await eventually(() => info(engine, 'instantaneous_ops_per_sec')).toBeGreaterThan(0)
    await client.send('CONFIG', 'RESETSTAT')
    // The reply to CONFIG and what came behind it.
    expect(info(engine, 'total_commands_processed')).toBeLessThanOrEqual(2)
  })
})

describe('FLUSHDB', () => {
  it('gives memory back by and by while another database has keys', async () => {
    const { engine, port } = await serve()
    const client = await open(port)
    await client.send('SET', 'stays', '1')
    const before = info(engine, 'used_memory')
    await client.send('SELECT', '1')
    const set = (index: number) => encode(['SET', `key:${index}`, 'v'.repeat(100)])
    await client.sendBytes(Array.from({ length: 50_000 }, (_, index) => set(index)).join(''))
    expect(info(engine, 'used_memory')).toBeGreaterThan(50_000 * 100)
    expect(await client.send('FLUSHDB')).toBe('+OK\r\n')
    expect(await client.send('DBSIZE')).toBe(':0\r\n')
    await eventually(() => info(engine, 'lazyfreed_objects')).toBe(50_000)
    expect(info(engine, 'lazyfree_pending_objects')).toBe(0)
    expect(info(engine, 'used_memory') - before).toBeLessThan(1_000)
    expect(engine.client().call('GET', 'stays')).toEqual(Buffer.from('1'))
  })
})

describe('stop', () => {
  it('hangs up on clients, frees the port and may be called again', async () => {
    const { engine, port } = await serve()
    const client = await open(port)
    client.write(END_REQUEST)
    await client.answered()
    await engine.stop()
    await engine.stop()
    expect(await client.answered()).toBe('<closed>')
    const again = await serve({ hz: '10' })
    expect(again.port).not.toBe(0)
    await expect(RawRespClient.connect(port)).rejects.toThrow(/ECONNREFUSED/)
  })
})
