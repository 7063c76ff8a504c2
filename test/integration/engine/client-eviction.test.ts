import { afterEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { encode, RawRespClient } from '../../support/raw-resp-client.ts'

const KIB = 1_024

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

let port: number

async function serve(directives: Readonly<Record<string, string>>): Promise<Engine> {
  const engine = new Engine({ directives })
  await engine.start()
  closers.push(() => engine.stop())
  port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
  return engine
}

async function open(): Promise<RawRespClient> {
  const client = await RawRespClient.connect(port)
  closers.push(() => client.close())
  return client
}

/** Sends so much of a request that never comes whole. */
function occupy(client: RawRespClient, bytes: number): void {
  client.write(`*1\r\n$${bytes * 2}\r\n${'x'.repeat(bytes)}`)
}

function field(engine: Engine, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(engine.info())?.[1])
}

/** On a busy machine as well. */
function eventually(read: () => number) {
  return expect.poll(read, { timeout: 30_000 })
}

function heldBytes(engine: Engine): number {
  const lines = String(engine.client().call('CLIENT', 'LIST')).matchAll(/tot-mem=(\d+)/g)
  return [...lines].reduce((sum, [, bytes]) => sum + Number(bytes), 0)
}

describe('maxmemory-clients', () => {
  it('ends the largest client when all together hold too much', async () => {
    const engine = await serve({ 'maxmemory-clients': '400kb' })
    const [small, large] = [await open(), await open()]
    occupy(small, 100 * KIB)
    occupy(large, 350 * KIB)
    expect(await large.answered()).toBe('<closed>')
    expect(field(engine, 'evicted_clients')).toBe(1)
    await eventually(() => field(engine, 'connected_clients')).toBe(1)
    engine.client().call('CONFIG', 'RESETSTAT')
    expect(field(engine, 'evicted_clients')).toBe(0)
  })

  it('spares who asked to be spared with CLIENT NO-EVICT', async () => {
    const engine = await serve({ 'maxmemory-clients': '400kb' })
    const [kept, other] = [await open(), await open()]
    expect(await kept.send('CLIENT', 'NO-EVICT', 'ON')).toBe('+OK\r\n')
    occupy(kept, 500 * KIB)
    expect(await other.answered()).toBe('<closed>')
    await eventually(() => heldBytes(engine)).toBeGreaterThan(500 * KIB)
    await eventually(() => field(engine, 'connected_clients')).toBe(1)
  })

  it('is a share of maxmemory when it is a percentage', async () => {
    const engine = await serve({ 'maxmemory-clients': '50%', maxmemory: '1mb' })
    const client = await open()
    occupy(client, 150 * KIB)
    await eventually(() => heldBytes(engine)).toBeGreaterThan(150 * KIB)
    engine.client().call('CONFIG', 'SET', 'maxmemory', 280 * KIB)
    expect(await client.answered()).toBe('<closed>')
  })

  it('is 128 KiB at least, and nothing when it is 0', async () => {
    const engine = await serve({ 'maxmemory-clients': '1' })
    const client = await open()
    expect(await client.send('PING')).toBe('+PONG\r\n')
    engine.client().call('CONFIG', 'SET', 'maxmemory-clients', '0')
    occupy(client, 1_000 * KIB)
    await eventually(() => heldBytes(engine)).toBeGreaterThan(1_000 * KIB)
    engine.client().call('CONFIG', 'SET', 'maxmemory-clients', '1')
    expect(await client.answered()).toBe('<closed>')
  })

  it.each([
    ['queued commands', ['MULTI'], (index: number) => ['SET', 'k', `${index}`]],
    ['watched keys', [], (index: number) => ['WATCH', `key ${index}`]],
    ['patterns', ['HELLO', '3'], (index: number) => ['PSUBSCRIBE', `pattern ${index}`]],
    ['channels', ['HELLO', '3'], (index: number) => ['SUBSCRIBE', `channel ${index}`]],
    ['shard channels', ['HELLO', '3'], (index: number) => ['SSUBSCRIBE', `channel ${index}`]],
    [
      'tracked prefixes',
      ['HELLO', '3'],
      (index: number) => [
        'CLIENT',
        'TRACKING',
        'ON',
        'BCAST',
        'PREFIX',
        `prefix ${1_000_000 + index}`,
      ],
    ],
  ])('counts %s', async (_name, first, command) => {
    await serve({ 'maxmemory-clients': '200kb' })
    const client = await open()
    if (first.length > 0) client.write(encode(first))
    const commands = Array.from({ length: 4_000 }, (_, index) => encode(command(index)))
    client.write(commands.join(''))
    expect((await client.answered()).endsWith('<closed>')).toBe(true)
  })
})
