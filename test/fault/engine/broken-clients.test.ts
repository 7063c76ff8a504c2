import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Choice } from '../../../conformance/fuzz/choice.ts'
import { CommandStream } from '../../../conformance/fuzz/command-stream.ts'
import type { Words } from '../../../conformance/fuzz/grammar/production.ts'
import { isOpen } from '../../../conformance/fuzz/trial.ts'
import {
  pings,
  type ServerProcess,
  startEngine,
  startRedisServer,
} from '../../../conformance/server-process.ts'
import { seededRandom, systemRandom } from '../../../src/shared/random.ts'
import { RawRespClient } from '../../support/raw-resp-client.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { BrokenBytes } from './broken-bytes.ts'
import { rssBytes } from './engine-memory.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const FUZZ_MS = process.env['CI'] === undefined ? 5_000 : 30_000
const CLIENTS = 8
const PIECES_MAX = 12
/** How long a client listens before it goes. */
const PATIENCE_MS = 20
/** Of a busy machine, behind commands of 100,000 arguments from all of the others. */
const PING_MS_MAX = 10_000
const RSS_MAX = 700 * 1024 * 1024
const COMPARED = 1_500

/** Its result does not depend on chance, the clock, or the order of a hash table. */
const COMPARED_GROUPS = ['string', 'list', 'bitmap', 'sorted-set', 'stream']
const WAITS = /^(B[LRZ]|XREAD)/

/** GERBANG_FUZZ_SEED repeats a run, or compares other commands. */
const givenSeed = process.env['GERBANG_FUZZ_SEED']
const seed = Number(givenSeed ?? systemRandom.uint32())
const comparedSeed = Number(givenSeed ?? 1)

function brokenBytes(ofSeed: number, groups: readonly string[]): BrokenBytes {
  const choice = new Choice(seededRandom(ofSeed))
  const stream = new CommandStream({ choice, groups, hasEncodings: false })
  const next = (): Words => {
    const words = stream.next()
    return WAITS.test(words[0] ?? '') || isOpen(words[0] ?? '') ? next() : words
  }
  return new BrokenBytes(choice, next)
}

describe(`clients that send anything, seed ${seed}`, () => {
  let engine: ServerProcess

  beforeAll(async () => {
    engine = await startEngine()
  })
  afterAll(() => engine.stop())

  it('never end the engine, hold it up or fill its memory', async () => {
    const deadline = performance.now() + FUZZ_MS
    let visits = 0
    const client = async (_: unknown, index: number): Promise<void> => {
      const bytes = brokenBytes(seed + index, [])
      for (; performance.now() < deadline; visits += 1) await visit(engine.port, bytes)
    }
    const watch = async (): Promise<void> => {
      while (performance.now() < deadline) {
        expect(await pings(engine.port, PING_MS_MAX), engine.log()).toBe(true)
        expect(rssBytes(engine.pid)).toBeLessThan(RSS_MAX)
        await setTimeout(100)
      }
    }
    await Promise.all([watch(), ...Array.from({ length: CLIENTS }, client)])
    expect(visits).toBeGreaterThan(CLIENTS)
    const after = await RawRespClient.connect(engine.port)
    expect(await after.send('FLUSHALL')).toBe('+OK\r\n')
    expect(await after.send('SET', 'a', '1')).toBe('+OK\r\n')
    expect(await after.send('GET', 'a')).toBe('$1\r\n1\r\n')
    after.close()
  }, 90_000)
})

describe.skipIf(!hasRedis)(
  `broken commands beside redis-server 7.0.15, seed ${comparedSeed}`,
  () => {
    let engine: ServerProcess
    let redis: ServerProcess

    beforeAll(async () => {
      engine = await startEngine()
      redis = await startRedisServer()
    })
    afterAll(async () => {
      await engine.stop()
      await redis.stop()
    })

    it('are answered, or end the connection, alike', async () => {
      const bytes = brokenBytes(comparedSeed, COMPARED_GROUPS)
      for (let index = 0; index < COMPARED; index += 1) {
        const sent = bytes.mutated()
        // redis-server looks for the end of a line up to a NUL only, and waits for the rest of it for ever.
        if (sent.includes('\0')) continue
        const [theirs, ours] = await Promise.all([ask(redis.port, sent), ask(engine.port, sent)])
        expect(`${JSON.stringify(sent)} => ${ours}`).toBe(`${JSON.stringify(sent)} => ${theirs}`)
      }
    }, 90_000)
  },
)

/** One client's short life: some pieces of bytes in several writes, and an end in one of several ways. */
async function visit(port: number, bytes: BrokenBytes): Promise<void> {
  const socket = await open(port)
  const pieces = Array.from({ length: 1 + (bytes.noise(PIECES_MAX).length % PIECES_MAX) }, () =>
    bytes.next(),
  )
  for (const piece of pieces) {
    const half = piece.length >> 1
    socket.write(piece.slice(0, half), 'latin1')
    socket.write(piece.slice(half), 'latin1')
  }
  const ended = closed(socket)
  await Promise.race([ended, setTimeout(PATIENCE_MS)])
  if (pieces.length % 2 === 0) socket.end()
  else socket.resetAndDestroy()
  await Promise.race([ended, setTimeout(PATIENCE_MS)])
  socket.destroy()
}

/** All that comes back for bytes with nothing behind them. */
async function ask(port: number, bytes: string): Promise<string> {
  const socket = await open(port)
  const chunks: string[] = []
  socket.on('data', (chunk) => chunks.push(chunk.toString('latin1')))
  const ended = closed(socket)
  socket.end(bytes, 'latin1')
  await ended
  return JSON.stringify(chunks.join(''))
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  // A server that hangs up on bytes still on their way resets the connection.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.resume()
  return socket
}
