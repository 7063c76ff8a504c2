import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encode } from '../../../conformance/fuzz/resp-client.ts'
import { type ServerProcess, startEngine } from '../../../conformance/server-process.ts'
import { RawRespClient } from '../../support/raw-resp-client.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { openFilesMax, rssBytes } from './engine-memory.ts'

const MIB = 1024 * 1024
/** Files that a process needs beside its connections. */
const OTHER_FILES = 500
const CONNECTIONS_WANTED = 10_000
const CONNECTIONS_MIN = 4_000
const CONNECTIONS = Math.min(CONNECTIONS_WANTED, openFilesMax() - OTHER_FILES)
const AT_ONCE = 250

let engine: ServerProcess
let client: RawRespClient

beforeEach(async () => {
  engine = await startEngine(['--maxclients', String(CONNECTIONS), '--busy-reply-threshold', '50'])
  client = await RawRespClient.connect(engine.port)
})
afterEach(async () => {
  client.close()
  await engine.stop()
})

async function open(): Promise<Socket> {
  const socket = connect({ port: engine.port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

async function reply(socket: Socket): Promise<string> {
  const [chunk]: unknown[] = await once(socket, 'data')
  return String(chunk)
}

describe('very many connections', () => {
  it.skipIf(CONNECTIONS < CONNECTIONS_MIN)(`are all answered: ${CONNECTIONS}`, async () => {
    const beforeBytes = rssBytes(engine.pid)
    // One is open already.
    const sockets: Socket[] = []
    while (sockets.length < CONNECTIONS - 1) {
      const count = Math.min(AT_ONCE, CONNECTIONS - 1 - sockets.length)
      sockets.push(...(await Promise.all(Array.from({ length: count }, open))))
    }
    for (let start = 0; start < sockets.length; start += AT_ONCE) {
      const some = sockets.slice(start, start + AT_ONCE)
      for (const socket of some) socket.write('PING\r\n')
      const replies = new Set(await Promise.all(some.map(reply)))
      expect(replies).toEqual(new Set(['+PONG\r\n']))
    }
    expect(await reply(await open())).toBe('-ERR max number of clients reached\r\n')
    expect((rssBytes(engine.pid) - beforeBytes) / CONNECTIONS).toBeLessThan(40 * 1024)
    for (const socket of sockets) socket.destroy()
    await waitUntil(async () =>
      (await client.send('INFO', 'clients')).includes('connected_clients:1\r\n'),
    )
  })
})

describe('a client that never reads', () => {
  it('keeps its unread replies to itself', async () => {
    await client.send('SET', 'large', 'x'.repeat(MIB))
    const beforeBytes = rssBytes(engine.pid)
    const deaf = await open()
    deaf.pause()
    deaf.write(encode(['GET', 'large']).repeat(2_000))
    for (let turn = 0; turn < 200; turn += 1) expect(await client.send('PING')).toBe('+PONG\r\n')
    expect(rssBytes(engine.pid) - beforeBytes).toBeLessThan(100 * MIB)
    deaf.destroy()
  })

  it('is dropped once more is waiting for it than its limit allows', async () => {
    const deaf = await open()
    deaf.write(encode(['SUBSCRIBE', 'channel']))
    await once(deaf, 'readable')
    const beforeBytes = rssBytes(engine.pid)
    const message = 'x'.repeat(MIB)
    let published = 0
    while ((await client.send('PUBLISH', 'channel', message)) === ':1\r\n') published += 1
    // The kernel takes some of it; the limit of pubsub is 32 MiB.
    expect(published).toBeGreaterThan(30)
    expect(published).toBeLessThan(100)
    expect(rssBytes(engine.pid) - beforeBytes).toBeLessThan(200 * MIB)
    expect(await client.send('PUBSUB', 'NUMSUB', 'channel')).toMatch(/:0\r\n$/)
    deaf.destroy()
  })

  it('cannot make the engine hold an argument it never sends', async () => {
    const beforeBytes = rssBytes(engine.pid)
    const sockets = await Promise.all(Array.from({ length: 50 }, open))
    for (const socket of sockets) socket.write('*2\r\n$3\r\nGET\r\n$536870912\r\nabc')
    for (let turn = 0; turn < 20; turn += 1) expect(await client.send('PING')).toBe('+PONG\r\n')
    expect(rssBytes(engine.pid) - beforeBytes).toBeLessThan(100 * MIB)
    for (const socket of sockets) socket.destroy()
  })
})

describe('a script that loops', () => {
  it('keeps others busy until it is killed', async () => {
    const looping = await open()
    looping.write(encode(['EVAL', 'while true do end', '0']))
    const other = await open()
    const ask = (...words: string[]): Promise<string> => {
      other.write(encode(words))
      return reply(other)
    }
    await waitUntil(async () => (await ask('PING')).startsWith('-BUSY'))
    const answer = reply(looping)
    expect(await ask('GET', 'a')).toMatch(/^-BUSY/)
    expect(await ask('SCRIPT', 'KILL')).toBe('+OK\r\n')
    expect(await answer).toMatch(/^-ERR Script killed by user with SCRIPT KILL/)
    expect(await ask('PING')).toBe('+PONG\r\n')
    looping.destroy()
    other.destroy()
  })
})
