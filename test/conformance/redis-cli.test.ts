import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BothServers, startBothServers } from '../support/both-servers.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

const TOOLS = ['redis-server', 'redis-cli', 'redis-benchmark'] as const
for (const tool of TOOLS) requireToolInCi(tool)
const hasTools = TOOLS.every((tool) => findTool(tool) !== undefined)

const execute = promisify(execFile)

/** Fields that say what the server was made of. */
const OWN_FIELDS = new Set([
  'os',
  'mem_allocator',
  'config_file',
  'redis_git_sha1',
  'redis_build_id',
  'monotonic_clock',
  'multiplexing_api',
  'atomicvar_api',
  'executable',
])
/** Fields of a later Redis that are told here. */
const TOLD_BESIDES = new Set([
  'client_query_buffer_limit_disconnections',
  'client_output_buffer_limit_disconnections',
  'acl_access_denied_auth',
  'acl_access_denied_cmd',
  'acl_access_denied_key',
  'acl_access_denied_channel',
])

describe.skipIf(!hasTools)('redis-cli on the engine and on redis-server', () => {
  let servers: BothServers

  beforeAll(async () => {
    servers = await startBothServers()
  })
  afterAll(async () => {
    await servers.stop()
  })
  beforeEach(async () => {
    for (const port of servers.ports) {
      await redisCli(port, ['FLUSHALL'])
      await redisCli(port, ['CONFIG', 'SET', 'maxmemory', '0', 'requirepass', ''])
    }
  })

  /** The outputs of both, the server's first. */
  async function both(args: readonly string[], input = ''): Promise<readonly [string, string]> {
    return [
      await redisCli(servers.redis.port, args, input),
      await redisCli(servers.engine.port, args, input),
    ]
  }

  describe.each([['-2'], ['-3']])('with %s', (protocol) => {
    it.each([
      ['a value written and read', ['SET a 1', 'GET a', 'SET b "two words"', 'GET b', 'GET none']],
      ['lives', ['SET a 1 EX 100', 'TTL a', 'TTL none', 'PERSIST a', 'TTL a', 'EXPIRE a -1']],
      ['counters', ['INCR a', 'INCRBY a 41', 'SET a x', 'INCR a', 'INCRBYFLOAT f 3.0e3']],
      [
        'maxmemory',
        [
          'CONFIG SET maxmemory 100mb',
          'CONFIG GET maxmemory',
          'CONFIG SET maxmemory-policy allkeys-lru',
          'CONFIG GET maxmemory-policy',
          'CONFIG SET maxmemory-policy whatever',
          'CONFIG SET maxmemory lots',
          'CONFIG SET nosuch 1',
          'CONFIG GET nosuch',
          'CONFIG SET maxmemory-policy noeviction',
        ],
      ],
      ['want of memory', ['CONFIG SET maxmemory 1', 'SET a 1', 'GET a', 'DEL a', 'MSET a 1 b 2']],
      [
        'a password',
        [
          'CONFIG SET requirepass hunter2',
          'AUTH wrong',
          'AUTH default hunter2',
          'AUTH nobody hunter2',
          'AUTH hunter2',
          'CONFIG GET requirepass',
          'AUTH a b c',
          'CONFIG SET requirepass ""',
        ],
      ],
      [
        'errors',
        [
          'NOSUCH a b',
          'GET',
          'GET a b',
          'SET a',
          'SET a 1 NX XX',
          'SET a 1 EX x',
          'EXPIRE a x',
          'SELECT 99',
          'OBJECT NOSUCH a',
          'CONFIG NOSUCH',
          'HELLO 9',
          'SCAN x',
        ],
      ],
      ['memory of no key', ['MEMORY USAGE none', 'MEMORY USAGE', 'MEMORY USAGE a SAMPLES x']],
      ['kinds of reply', ['PING', 'ECHO "\\x00\\r\\n\\"z"', 'MGET a b', 'EXISTS a', 'TYPE a']],
    ])('prints the same: %s', async (_title, lines) => {
      const [theirs, ours] = await both(['--no-raw', protocol], `${lines.join('\n')}\n`)
      expect(ours).toBe(theirs)
    })
  })

  it('wants the password on the command line', async () => {
    for (const port of servers.ports) {
      await redisCli(port, ['CONFIG', 'SET', 'requirepass', 'hunter2'])
    }
    for (const args of [
      ['GET', 'a'],
      ['-a', 'wrong', '--no-auth-warning', 'GET', 'a'],
      ['-a', 'hunter2', '--no-auth-warning', 'SET', 'a', '1'],
      ['--user', 'default', '--pass', 'hunter2', '--no-auth-warning', '-3', 'GET', 'a'],
    ]) {
      const [theirs, ours] = await both(args)
      expect(ours, args.join(' ')).toBe(theirs)
    }
    for (const port of servers.ports) {
      await redisCli(port, ['-a', 'hunter2', 'CONFIG', 'SET', 'requirepass', ''])
    }
  })

  it('says HELLO alike but for its number', async () => {
    const [theirs, ours] = await both(['-3', '--json', 'HELLO', '3'])
    const plain = (text: string) => ({ ...(JSON.parse(text) as object), id: 0 })
    expect(plain(ours)).toEqual(plain(theirs))
  })

  it.each([
    ['INFO'],
    ['INFO server'],
    ['INFO memory stats'],
    ['INFO nosuch'],
    ['INFO default'],
    ['INFO persistence'],
    ['INFO errorstats'],
    ['INFO clients cpu'],
  ])('tells the sections and fields of %s in the same order', async (command) => {
    for (const port of servers.ports) {
      await redisCli(port, ['CONFIG', 'RESETSTAT'])
      await redisCli(port, ['SET', 'a', '1', 'EX', '100'])
      await redisCli(port, ['NOSUCH'])
    }
    const [theirs, ours] = await both(command.split(' '))
    const fields = (text: string) => text.split(/\r?\n/).map((line) => line.split(':')[0] ?? '')
    expect(fields(ours).filter((field) => !TOLD_BESIDES.has(field))).toEqual(fields(theirs))
  })

  it('tells of the same commands in INFO commandstats and latencystats', async () => {
    for (const port of servers.ports) {
      await redisCli(port, ['CONFIG', 'RESETSTAT'])
      await redisCli(port, [], 'SET a 1\nGET a\nGET\nINCRBY a x\nCONFIG GET hz\nNOSUCH\n')
    }
    const [theirs, ours] = await both(['INFO', 'commandstats', 'latencystats'])
    const counts = (text: string) =>
      text
        .replaceAll(/(usec(?:_per_call)?|p[\d.]+)=[\d.]+/g, '$1=~')
        .split('\r\n')
        .sort()
    expect(counts(ours)).toEqual(counts(theirs))
  })

  it('tells INFO values in the same form', async () => {
    for (const port of servers.ports) {
      await redisCli(port, ['SET', 'a', '1', 'EX', '100'])
    }
    const [theirs, ours] = (await both(['INFO', 'everything'])).map(formsOfInfo)
    for (const [field, form] of ours ?? []) {
      if (theirs?.has(field) === true)
        expect(`${field}:${form}`).toBe(`${field}:${theirs.get(field)}`)
    }
    expect(ours?.get('db0')).toBe('keys=0,expires=0,avg_ttl=0')
  })

  it('tells the same pairs of MEMORY STATS, and the memory of a key', async () => {
    const [theirs, ours] = await both(['--no-raw', '-3'], 'SET a 1 EX 100\nMEMORY STATS\n')
    const plain = (text: string) =>
      text.replaceAll(/(?:\(integer\)|\(double\)) .*/g, (value) => value.split(' ')[0] ?? '')
    expect(plain(ours)).toBe(plain(theirs))
    expect(Number(await redisCli(servers.engine.port, ['MEMORY', 'USAGE', 'a']))).toBeGreaterThan(
      20,
    )
  })

  it('finds every key with --scan', async () => {
    const pairs = Array.from({ length: 500 }, (_, index) => [`key:${index}`, 'v']).flat()
    const lines = [['--scan'], ['--scan', '--pattern', 'key:1?'], ['--scan', '--pattern', 'x*']]
    for (const port of servers.ports) await redisCli(port, ['MSET', ...pairs])
    for (const args of lines) {
      const [theirs, ours] = await both(args)
      expect(ours.split('\n').sort(), args.join(' ')).toEqual(theirs.split('\n').sort())
    }
  })

  it.each([['--bigkeys'], ['--memkeys']])('sums up alike with %s', async (option) => {
    for (const port of servers.ports) {
      await redisCli(port, ['MSET', 'small', '1', 'large', 'x'.repeat(1_000)])
    }
    const [theirs, ours] = await both([option])
    const summary = (text: string) =>
      text.slice(text.indexOf('-------- summary')).replaceAll(/\d+ bytes|avg size [\d.]+/g, '~')
    expect(summary(ours)).toBe(summary(theirs))
  })

  it('takes a mass insertion with --pipe', async () => {
    const set = (key: string) => `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\nv\r\n`
    const input = Array.from({ length: 5_000 }, (_, index) => set(`key:${index}`)).join('')
    const [theirs, ours] = await both(['--pipe'], input)
    expect(ours).toBe(theirs)
    expect(await both(['DBSIZE'])).toEqual(['5000\n', '5000\n'])
  })

  it('repeats a command', async () => {
    const [theirs, ours] = await both(['-r', '3', 'INCR', 'a'])
    expect(ours).toBe(theirs)
  })

  it('lets ioredis become ready, in both protocols’ handshakes', async () => {
    const client = new Redis({
      port: servers.engine.port,
      enableReadyCheck: true,
      connectionName: 'ready',
    })
    await new Promise((resolve) => client.once('ready', resolve))
    expect(await client.set('a', '1', 'EX', 100)).toBe('OK')
    expect(await client.mget('a', 'b')).toEqual(['1', null])
    expect(await client.client('GETNAME')).toBe('ready')
    const results = await client.pipeline().incr('a').get('a').call('NOSUCH').exec()
    expect(results?.map(([error, value]) => error?.message.slice(0, 19) ?? value)).toEqual([
      2,
      '2',
      'ERR unknown command',
    ])
    client.disconnect()
  })

  it.each([
    ['1', '5'],
    ['16', '5'],
    ['16', '20000'],
  ])('serves redis-benchmark with a pipeline of %s and %s bytes', async (depth, bytes) => {
    const options = `-p ${servers.engine.port} -t ping,set,get,incr,mset -n 2000 -c 20 -r 500 -q --csv`
    const args = [...options.split(' '), '-P', depth, '-d', bytes]
    const { stdout, stderr } = await execute('redis-benchmark', args)
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toHaveLength(7)
    expect(stdout).not.toMatch(/error/i)
  })
})

/** What redis-cli prints, on either stream; `input` are the lines typed. */
async function redisCli(port: number, args: readonly string[], input?: string): Promise<string> {
  const child = spawn('redis-cli', ['-p', String(port), ...args], { stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('latin1')
    })
  }
  child.stdin.end(input)
  await new Promise((resolve) => child.once('close', resolve))
  return output
}

/** The fields of INFO with every number in them at 0. */
function formsOfInfo(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':'))
  return new Map(
    lines.map((line): [string, string] => {
      const [field = '', ...value] = line.split(':')
      return [field, formOf(field, value.join(':'))]
    }),
  )
}

function formOf(field: string, value: string): string {
  if (OWN_FIELDS.has(field)) return 'any'
  if (/^[0-9a-f]{40}$/.test(value)) return 'identifier'
  // 1.50K and 512B are two sizes of one form.
  if (field.endsWith('_human')) return value.replace(/^\d+(?:\.\d+[KMGT]|B)$/, 'size')
  return value.replaceAll(/\d+/g, '0').replace(/^-0/, '0')
}
