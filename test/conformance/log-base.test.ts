import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../src/engine/index.ts'
import { RawRespClient } from '../support/raw-resp-client.ts'
import { startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'
import { eventually } from '../support/wait-until.ts'

const TOOLS = ['redis-server', 'redis-check-aof'] as const
for (const tool of TOOLS) requireToolInCi(tool)
const hasTools = TOOLS.every((tool) => findTool(tool) !== undefined)

const LOG = { appendonly: 'yes', 'aof-use-rdb-preamble': 'no', 'enable-debug-command': 'yes' }
const LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)"
const FAR_MS = 4_000_000_000_000
const REWRITING = /aof_rewrite_(?:in_progress|scheduled):1/
/** Both sides of how many elements one command has, and of where collections become tables. */
const SIZES = [1, 63, 64, 65, 128, 129, 1_000]

type Words = readonly (string | number)[]

/** Each of `count`, from 0 on. */
function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function collections(size: number): readonly Words[] {
  return [
    ['RPUSH', `list:${size}`, ...times(size, (index) => (index % 2 === 0 ? index : `e${index}`))],
    ['SADD', `integers:${size}`, ...times(size, (index) => index * 1_000_003)],
    ['SADD', `set:${size}`, ...times(size, (index) => `member ${index}`)],
    ['ZADD', `zset:${size}`, ...times(size, (index) => [index / 7, `m${index}`]).flat()],
    ['HSET', `hash:${size}`, ...times(size, (index) => [`f${index}`, index * 3]).flat()],
    ...times(size, (index): Words => ['XADD', `stream:${size}`, `${index + 1}-1`, 'a', index]),
  ]
}

const STRINGS: readonly Words[] = [
  ['SET', 'text', 'with \r\n and \u0000 in it'],
  ['SET', 'empty', ''],
  ['SET', '', 'of an empty name'],
  ['SET', 'integer', '-9223372036854775808'],
  ['SET', 'large', 'x'.repeat(100_000)],
  ['SET', 'due', 1, 'PXAT', FAR_MS],
  ['INCRBYFLOAT', 'printed', '1.5'],
  ['SETBIT', 'bits', 100, 1],
  ['PFADD', 'estimate', 'a', 'b'],
  ['ZADD', 'scores', 'inf', 'a', '-inf', 'b', '-0', 'c', '1e100', 'd', '0.1', 'e', '1e17', 'f'],
  ['ZADD', 'scores', '4611686018427387904', 'g', '9223372036854775808', 'h', '1.5e-7', 'i'],
  ['HSET', 'hash:large', 'f', 'x'.repeat(5_000), 'g', '9223372036854775807'],
  ['PEXPIREAT', 'hash:65', FAR_MS + 1],
  ['RPUSH', 'list:long', ...times(200, (index) => 'x'.repeat(index * 10))],
]

const STREAMS: readonly Words[] = [
  ['XADD', 'fields', '1-1', 'a', 1, 'b', 2],
  ['XADD', 'fields', '1-2', 'a', 3, 'b', 4],
  ['XADD', 'fields', '2-0', 'c', -5],
  ['XADD', 'fields', '18446744073709551615-1', 'last', 'one'],
  ['XDEL', 'fields', '1-2'],
  ['XGROUP', 'CREATE', 'made', 'g', '0', 'MKSTREAM'],
  ['XADD', 'emptied', '5-5', 'a', 1],
  ['XDEL', 'emptied', '5-5'],
  ['XGROUP', 'CREATE', 'stream:65', 'g', '0'],
  ['XREADGROUP', 'GROUP', 'g', 'al', 'COUNT', 7, 'STREAMS', 'stream:65', '>'],
  ['XREADGROUP', 'GROUP', 'g', 'bo', 'COUNT', 3, 'STREAMS', 'stream:65', '>'],
  ['XACK', 'stream:65', 'g', '2-1'],
  ['XGROUP', 'CREATECONSUMER', 'stream:65', 'g', 'idle'],
  ['XCLAIM', 'stream:65', 'g', 'bo', 0, '1-1', 'RETRYCOUNT', 9, 'TIME', FAR_MS],
  ['XGROUP', 'CREATE', 'stream:65', 'unknown', '3-1'],
]

const DATA: readonly Words[] = [
  ['FUNCTION', 'LOAD', LIBRARY],
  ...SIZES.flatMap(collections),
  ...STRINGS,
  ...STREAMS,
  ['SELECT', 3],
  ['SET', 'elsewhere', 1],
  ['CONFIG', 'SET', 'list-compress-depth', 1, 'list-max-listpack-size', 8],
  ['RPUSH', 'list:compressed', ...times(300, (index) => `element ${index}`.repeat(5))],
  ['SELECT', 0],
]

describe.skipIf(!hasTools)('a base of commands', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-base-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  async function inEngine<T>(use: (client: EmbeddedClient) => T | Promise<T>): Promise<T> {
    const directives = { ...LOG, dir: folder, save: '' }
    const engine = new Engine({ directives, isPersistent: true })
    await engine.start()
    await engine.load()
    try {
      return await use(engine.client())
    } finally {
      await engine.stop()
    }
  }

  async function inRedis<T>(use: (client: RawRespClient) => Promise<T>): Promise<T> {
    const directives = Object.entries({ ...LOG, dir: folder })
    const words = directives.flatMap(([name, value]) => [`--${name}`, value])
    const redis = await startRedis(words)
    const client = await RawRespClient.connect(redis.port)
    try {
      return await use(client)
    } finally {
      client.close()
      await redis.stop()
    }
  }

  function rewriteHere(client: EmbeddedClient): Promise<void> {
    client.call('BGREWRITEAOF')
    return eventually(async () => !REWRITING.test(String(client.call('INFO', 'persistence'))))
  }

  async function rewriteThere(client: RawRespClient): Promise<void> {
    await client.send('BGREWRITEAOF')
    await eventually(async () => !REWRITING.test(await client.send('INFO', 'persistence')))
  }

  function base(): readonly (readonly string[])[] {
    const directory = join(folder, 'appendonlydir')
    const [name = ''] = readdirSync(directory).filter((file) => file.endsWith('.base.aof'))
    return commandsIn(readFileSync(join(directory, name), 'latin1'))
  }

  it('is loaded by redis-server, worded as it words it, and loaded from it', async () => {
    const here = await inEngine(async (client) => {
      for (const words of DATA) expect(client.call(...words)).not.toBeInstanceOf(Error)
      await rewriteHere(client)
      return client.call('DEBUG', 'DIGEST')
    })
    const ours = base()
    const manifest = join(folder, 'appendonlydir', 'appendonly.aof.manifest')
    expect(execFileSync('redis-check-aof', [manifest], { encoding: 'utf8' })).toContain(
      'All AOF files and manifest are valid',
    )
    const there = await inRedis(async (client) => {
      const digest = await client.send('DEBUG', 'DIGEST')
      expect(await client.send('FCALL', 'f', '0')).toBe(':1\r\n')
      await rewriteThere(client)
      return digest
    })
    expect(there).toBe(`+${String(here)}\r\n`)
    expect(byKey(base())).toEqual(byKey(ours))
    await inEngine((client) => {
      expect(client.call('DEBUG', 'DIGEST')).toEqual(here)
      expect(client.call('FCALL', 'f', 0)).toBe(1)
    })
  })

  it.each([['yes'], ['no']])('begins with the instant it is of, or not (%s)', async (isStamped) => {
    await inEngine(async (client) => {
      client.call('CONFIG', 'SET', 'aof-timestamp-enabled', isStamped)
      client.call('SET', 'key', 1)
      await rewriteHere(client)
    })
    const directory = join(folder, 'appendonlydir')
    const [name = ''] = readdirSync(directory).filter((file) => file.endsWith('.base.aof'))
    const first = readFileSync(join(directory, name), 'latin1').split('\r\n')[0] ?? ''
    expect(/^#TS:\d{10}$/.test(first)).toBe(isStamped === 'yes')
    expect(await inRedis((client) => client.send('GET', 'key'))).toBe('$1\r\n1\r\n')
  })
})

function commandsIn(text: string): readonly (readonly string[])[] {
  const commands: string[][] = []
  let at = 0
  const number = (sign: string): number => {
    expect(text[at]).toBe(sign)
    const end = text.indexOf('\r\n', at)
    const value = Number(text.slice(at + 1, end))
    at = end + 2
    return value
  }
  while (at < text.length) {
    const words = times(number('*'), () => {
      const length = number('$')
      const word = text.slice(at, at + length)
      at += length + 2
      return word
    })
    commands.push(words)
  }
  return commands
}

/** Elements of collections come in no order: of each key what it is, how many each command has, and what all of them have. */
function byKey(commands: readonly (readonly string[])[]): ReadonlyMap<string, unknown> {
  const keys = new Map<string, { shapes: string[]; elements: string[] }>()
  let database = '0'
  for (const [name = '', ...words] of commands) {
    if (name === 'SELECT') {
      database = words[0] ?? ''
      continue
    }
    const subcommand = /^(?:XGROUP|FUNCTION)$/.test(name) ? words.splice(0, 1) : []
    const [key = '', ...elements] = words
    const of = keys.get(`${database} ${key}`) ?? { shapes: [], elements: [] }
    of.shapes.push([name, ...subcommand, elements.length].join(' '))
    const width = /^(?:ZADD|HMSET)$/.test(name) ? 2 : 1
    for (let index = 0; index < elements.length; index += width) {
      of.elements.push(elements.slice(index, index + width).join(' '))
    }
    keys.set(`${database} ${key}`, of)
  }
  for (const [, of] of keys) {
    if (/^(?:SADD|ZADD|HMSET)/.test(of.shapes[0] ?? '')) of.elements.sort()
  }
  return keys
}
