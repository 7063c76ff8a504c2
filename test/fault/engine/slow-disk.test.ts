import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encode, type RawRespClient } from '../../support/raw-resp-client.ts'
import { eventually, waitUntil } from '../../support/wait-until.ts'
import { DurableEngine } from './durable-engine.ts'
import { rssBytes } from './engine-memory.ts'

const PRELOAD = fileURLToPath(new URL('./slow-sync.mjs', import.meta.url))
/** Long enough for an answer that must not come; who waits longer than that has not been caught, no more. */
const SILENCE_MS = 300
const FLOOD_BYTES = 30 * 1_024 ** 2
const GROWTH_BYTES_MAX = 10 * 1_024 ** 2

describe('an engine whose disk takes seconds to be flushed', () => {
  let folder: string
  let slow: string
  let engine: DurableEngine

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-slow-'))
    slow = join(folder, 'slow')
  })
  afterEach(async () => {
    rmSync(slow, { force: true })
    await engine.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(policy: string): Promise<RawRespClient> {
    engine = new DurableEngine(folder, ['--appendfsync', policy], {
      NODE_OPTIONS: `--import=${PRELOAD}`,
      GERBANG_SLOW_SYNC: slow,
    })
    await engine.start()
    return engine.connect()
  }

  /** The next flush takes until `rmSync(slow)`. */
  async function slowDown(write: () => unknown): Promise<void> {
    writeFileSync(slow, '')
    write()
    await waitUntil(() => existsSync(`${slow}.entered`))
  }

  function log(): string {
    const files = join(folder, 'appendonlydir')
    const [name = ''] = readdirSync(files).filter((each) => each.endsWith('.incr.aof'))
    return readFileSync(join(files, name), 'latin1')
  }

  it('goes on with everysec, hands the log to the system after a while all the same, and says so', async () => {
    const client = await start('everysec')
    await slowDown(() => client.send('SET', 'flushed', '1'))
    const told = async (): Promise<string> => client.send('INFO', 'persistence')
    expect(await told()).toContain('aof_pending_bio_fsync:1')
    expect(await client.send('SET', 'postponed', '1')).toBe('+OK\r\n')
    // Whatever its pace, the machine lets the engine write meanwhile.
    await eventually(async () => {
      expect(await client.send('INCR', 'counter')).toMatch(/^:\d+\r\n$/)
      return !(await told()).includes('aof_delayed_fsync:0')
    })
    expect(log()).toContain('postponed')
    expect(engine.log).toContain('Asynchronous AOF fsync is taking too long (disk is busy?)')
    rmSync(slow)
    await eventually(async () => (await told()).includes('aof_pending_bio_fsync:0'))
    const counter = await client.send('GET', 'counter')
    await engine.kill()
    await engine.start()
    expect(await (await engine.connect()).send('GET', 'counter')).toBe(counter)
  })

  it('answers nobody with always until it is over, and takes in no more than sockets hold', async () => {
    const writer = await start('always')
    const [reader, flood] = await Promise.all([engine.connect(), engine.connect()])
    for (const client of [reader, flood]) await client.send('PING')
    const before = rssBytes(engine.pid)
    let answered = 0
    const answers: Promise<string>[] = []
    const ask = (client: RawRespClient, bytes: string): void => {
      const answer = client.sendBytes(bytes)
      answers.push(answer)
      answer.then(
        () => (answered += 1),
        () => undefined,
      )
    }
    await slowDown(() => ask(writer, encode(['SET', 'key', 'value'])))
    ask(reader, encode(['GET', 'key']))
    const value = 'v'.repeat(10_000)
    const count = FLOOD_BYTES / value.length
    ask(flood, encode(['SET', 'flood', value]).repeat(count))
    await setTimeout(SILENCE_MS)
    expect(answered).toBe(0)
    expect(rssBytes(engine.pid) - before).toBeLessThan(GROWTH_BYTES_MAX)
    rmSync(slow)
    const [written, read, flooded] = await Promise.all(answers)
    expect([written, read]).toEqual(['+OK\r\n', '$5\r\nvalue\r\n'])
    expect(flooded === '+OK\r\n'.repeat(count)).toBe(true)
    await engine.kill()
    await engine.start()
    expect(await (await engine.connect()).send('GET', 'key')).toBe('$5\r\nvalue\r\n')
  })
})
