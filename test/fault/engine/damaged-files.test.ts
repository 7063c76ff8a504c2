import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { type Logger, silentLogger } from '../../../src/shared/logger.ts'

const BITS = 8
const LOG_KEYS = 4
const LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)"
/** Hundreds of engines start, each with a few files to be flushed. */
const TIMEOUT_MS = 300_000
/** What is wrong with a file is told in words that say so, not as a mistake of ours. */
const OUR_MISTAKES = ['TypeError', 'RangeError', 'ReferenceError', 'InvariantError']

let folder: string
/** The whole files, to be damaged in `folder`. */
let whole: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-damaged-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Loaded {
  readonly keys: readonly string[]
  readonly digest: string
}

/** What an engine finds in `folder`; the error when it refuses. */
async function load(directives: Readonly<Record<string, string>>, log: Logger = silentLogger) {
  const engine = new Engine({
    log,
    isPersistent: true,
    directives: { dir: folder, save: '', 'enable-debug-command': 'yes', ...directives },
  })
  try {
    await engine.load()
    const client = engine.client()
    const keys = client.call('KEYS', '*')
    const digest = String(client.call('DEBUG', 'DIGEST'))
    return { keys: Array.isArray(keys) ? keys.map(String).sort() : [], digest }
  } catch (error) {
    return error
  } finally {
    await engine.stop()
  }
}

function isLoaded(result: unknown): result is Loaded {
  return typeof result === 'object' && result !== null && 'digest' in result
}

function expectPlainError(result: unknown, where: string): void {
  expect(result, where).toBeInstanceOf(Error)
  if (!(result instanceof Error)) return
  expect(OUR_MISTAKES, `${where}: ${result.stack}`).not.toContain(result.name)
  expect(result.message, where).not.toBe('')
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const damaged = Buffer.from(bytes)
  damaged[at] = (damaged[at] ?? 0) ^ (1 << bit)
  return damaged
}

async function write(
  directives: Readonly<Record<string, string>>,
  commands: readonly (string | readonly string[])[],
): Promise<void> {
  whole = mkdtempSync(join(tmpdir(), 'gerbang-whole-'))
  const engine = new Engine({
    isPersistent: true,
    directives: { dir: whole, save: '', ...directives },
  })
  await engine.load()
  const client = engine.client()
  for (const line of commands) client.call(...(typeof line === 'string' ? line.split(' ') : line))
  await engine.stop()
}

describe('a damaged RDB file', { timeout: TIMEOUT_MS }, () => {
  let bytes: Buffer

  afterAll(() => rmSync(whole, { recursive: true, force: true }))

  beforeAll(async () => {
    // Values of two elements are packed, larger ones are not.
    const limits = {
      'hash-max-listpack-entries': '2',
      'zset-max-listpack-entries': '2',
      'list-max-listpack-size': '2',
    }
    await write(limits, [
      ['FUNCTION', 'LOAD', LIBRARY],
      'SET string value',
      'SET number 12345 EX 100000',
      `SET long ${'abc'.repeat(30)}`,
      'RPUSH list a 1 300',
      'HSET hash field value other 7',
      'HSET large-hash field value other 7 third 300',
      'SADD integers 1 2 300',
      'SADD members a b',
      'ZADD zset 1.5 a 2 b',
      'ZADD large-zset 1.5 a 2 b inf c',
      'XADD stream 5-1 field value',
      'XGROUP CREATE stream group 0',
      'XREADGROUP GROUP group me STREAMS stream >',
      'SAVE',
    ])
    bytes = readFileSync(join(whole, 'dump.rdb'))
  })

  it('is refused with any bit of it turned', async () => {
    for (let at = 0; at < bytes.length; at += 1) {
      writeFileSync(join(folder, 'dump.rdb'), flipped(bytes, at, at % BITS))
      expectPlainError(await load({}), `byte ${at}`)
    }
  })

  it('is loaded or refused without its sum, and never worse', async () => {
    for (let at = 0; at < bytes.length; at += 1) {
      writeFileSync(join(folder, 'dump.rdb'), flipped(bytes, at, (at + 3) % BITS))
      const result = await load({ rdbchecksum: 'no', 'sanitize-dump-payload': 'yes' })
      if (!isLoaded(result)) expectPlainError(result, `byte ${at}`)
    }
  })

  it('is refused wherever it ends too early', async () => {
    for (let length = 0; length < bytes.length; length += 1) {
      writeFileSync(join(folder, 'dump.rdb'), bytes.subarray(0, length))
      expectPlainError(await load({}), `${length} bytes`)
    }
    writeFileSync(join(folder, 'dump.rdb'), bytes)
    expect(await load({})).toMatchObject({ keys: { length: 11 } })
  })
})

describe('a damaged log', { timeout: TIMEOUT_MS }, () => {
  const ON = { appendonly: 'yes' }
  let log: Buffer
  let logName: string
  /** Where each command ends in the file. */
  let ends: readonly number[]

  afterAll(() => rmSync(whole, { recursive: true, force: true }))

  beforeAll(async () => {
    const keys = Array.from({ length: LOG_KEYS }, (_, index) => `key${index + 10}`)
    await write(ON, [
      ...keys.map((key) => `SET ${key} value-of-${key}`),
      'MULTI',
      'SET first 1',
      'SET second 1',
      'EXEC',
    ])
    const names = readdirSync(join(whole, 'appendonlydir'))
    logName = join('appendonlydir', names.find((name) => name.endsWith('.incr.aof')) ?? '')
    log = readFileSync(join(whole, logName))
    const text = log.toString('latin1')
    ends = keys.map((key) => text.indexOf(`value-of-${key}\r\n`) + `value-of-${key}\r\n`.length)
  })

  beforeEach(() => cpSync(whole, folder, { recursive: true }))

  /** How many keys were written before this place. */
  const before = (at: number): number => ends.filter((end) => end <= at).length

  it('is refused, or keeps all that stands before the place, whatever bit is turned', async () => {
    for (let at = 0; at < log.length; at += 1) {
      writeFileSync(join(folder, logName), flipped(log, at, at % BITS))
      const result = await load(ON)
      if (isLoaded(result)) {
        expect(result.keys.length, `byte ${at}`).toBeGreaterThanOrEqual(before(at))
        // All of the transaction at the end, or nothing.
        const isInTransaction = at >= (ends.at(-1) ?? 0)
        if (isInTransaction) expect([LOG_KEYS, LOG_KEYS + 2]).toContain(result.keys.length)
      } else {
        expectPlainError(result, `byte ${at}`)
        // It is left as it was found, for redis-check-aof.
        expect(readFileSync(join(folder, logName)).length).toBe(log.length)
      }
    }
  })

  it('keeps all whole commands wherever it ends, and says so', async () => {
    for (let length = 0; length < log.length; length += 1) {
      writeFileSync(join(folder, logName), log.subarray(0, length))
      const warnings: string[] = []
      const result = await load(ON, recording(warnings))
      const expected = before(length)
      expect(isLoaded(result) ? result.keys.length : result, `${length} bytes`).toBe(expected)
      const { length: left } = readFileSync(join(folder, logName))
      if (left < length) expect(warnings.join()).toMatch(/Truncating the AOF .* at offset/)
    }
  })

  it('is refused where it ends amid a command, with aof-load-truncated no', async () => {
    const end = ends[1] ?? 0
    writeFileSync(join(folder, logName), log.subarray(0, end + 5))
    expectPlainError(await load({ ...ON, 'aof-load-truncated': 'no' }), 'cut')
    expect(readFileSync(join(folder, logName)).length).toBe(end + 5)
  })

  it('is refused or whole, whatever bit of the manifest is turned', async () => {
    const path = join(folder, 'appendonlydir', 'appendonly.aof.manifest')
    const manifest = readFileSync(path)
    const good = await load(ON)
    if (!isLoaded(good)) throw good
    // Two bits of each byte: the last three make other letters of letters.
    for (let turn = 0; turn < manifest.length * 2; turn += 1) {
      const at = Math.floor(turn / 2)
      const damaged = flipped(manifest, at, turn % 2 === 0 ? at % 3 : at % BITS)
      // One bit makes of an increment one that is not needed any more: the format has no sum.
      if (damaged.toString().includes('incr.aof seq 1 type h')) continue
      cpSync(whole, folder, { recursive: true })
      writeFileSync(path, damaged)
      const result = await load(ON)
      if (isLoaded(result)) expect(result.digest, damaged.toString()).toBe(good.digest)
      else expectPlainError(result, damaged.toString())
      rmSync(join(folder, 'appendonlydir'), { recursive: true })
    }
  })
})

function recording(warnings: string[]): Logger {
  return { ...silentLogger, warn: (_fields, text) => void warnings.push(text) }
}
