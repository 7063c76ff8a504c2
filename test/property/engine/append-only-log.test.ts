import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DirectiveError, type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { seededRandom } from '../../../src/shared/random.ts'

let folder: string
const engines: Engine[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-log-'))
})

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function startEngine(others: Readonly<Record<string, string>> = {}): Promise<Engine> {
  const engine = new Engine({
    directives: {
      dir: folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      'enable-debug-command': 'yes',
      ...others,
    },
    isPersistent: true,
  })
  engines.push(engine)
  await engine.start()
  await engine.load()
  return engine
}

function digest(client: EmbeddedClient): string {
  return String(client.call('DEBUG', 'DIGEST'))
}

async function written(): Promise<void> {
  // What a call in the process has done is written in the same turn of the event loop.
  await setImmediate()
  await setImmediate()
}

async function rewritten(client: EmbeddedClient): Promise<void> {
  while (
    /aof_rewrite_(?:in_progress|scheduled):1/.test(String(client.call('INFO', 'persistence')))
  ) {
    await setTimeout(5)
  }
}

function lastIncrement(): string {
  const names = readdirSync(join(folder, 'appendonlydir')).filter((name) =>
    name.endsWith('.incr.aof'),
  )
  return join(folder, 'appendonlydir', names.sort().at(-1) ?? '')
}

describe('the append-only log', () => {
  it.each(Array.from({ length: 10 }, (_, seed) => seed))(
    'gives everything back, with rewrites in between (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const any = (below: number): number => random.uint32() % below
      const client = (await startEngine()).client()
      for (let count = 0; count < 600; count += 1) {
        const commands = [
          ['SET', `s${any(30)}`, any(1_000), 'EX', 1_000],
          ['INCRBYFLOAT', `n${any(5)}`, '0.1'],
          ['LPUSH', `l${any(5)}`, any(1_000), 'x'.repeat(any(80))],
          ['SPOP', `m${any(5)}`],
          ['SADD', `m${any(5)}`, any(50), any(50)],
          ['ZADD', `z${any(5)}`, any(50), any(50)],
          ['XADD', `x${any(5)}`, '*', 'a', any(50)],
          ['HSET', `h${any(5)}`, any(50), any(50)],
          ['DEL', `s${any(30)}`],
          ['SELECT', any(3)],
          ['EVAL', "redis.call('INCR','a') redis.call('INCR','b')", 0],
        ]
        client.call(...(commands[any(commands.length)] ?? []))
        if (any(150) === 0) client.call('BGREWRITEAOF')
        if (any(20) === 0) await setImmediate()
      }
      await written()
      await rewritten(client)
      const before = digest(client)
      expect(digest((await startEngine()).client())).toBe(before)
      client.call('DEBUG', 'LOADAOF')
      expect(digest(client)).toBe(before)
    },
  )

  it('begins with what there is when it is switched on, and ends when it is switched off', async () => {
    const client = (await startEngine({ appendonly: 'no' })).client()
    client.call('SET', 'before', 1)
    client.call('CONFIG', 'SET', 'appendonly', 'yes')
    client.call('SET', 'meanwhile', 1)
    await rewritten(client)
    client.call('SET', 'after', 1)
    await written()
    client.call('CONFIG', 'SET', 'appendonly', 'no')
    client.call('SET', 'off', 1)
    const second = (await startEngine()).client()
    expect(second.call('MGET', 'before', 'meanwhile', 'after', 'off')).toMatchObject([
      Buffer.from('1'),
      Buffer.from('1'),
      Buffer.from('1'),
      null,
    ])
  })

  it.each([
    ['a command that was cut off', '*3\r\n$3\r\nSET\r\n$4\r\ntorn\r\n$100\r\nabc'],
    [
      'a transaction without its end',
      '*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$4\r\ntorn\r\n$1\r\n1\r\n',
    ],
  ])('drops %s, once', async (_name, tail) => {
    const client = (await startEngine()).client()
    client.call('SET', 'key', 1)
    await written()
    const { size } = statSync(lastIncrement())
    appendFileSync(lastIncrement(), tail)
    const second = (await startEngine()).client()
    expect(second.call('KEYS', '*')).toEqual([Buffer.from('key')])
    expect(statSync(lastIncrement()).size).toBe(size)
    appendFileSync(lastIncrement(), tail)
    await expect(startEngine({ 'aof-load-truncated': 'no' })).rejects.toThrow(
      /Unexpected end of file/,
    )
  })

  it.each([
    ['what is no command', 'nonsense\r\n', /Bad file format/],
    ['an unknown command', '*1\r\n$7\r\nUNKNOWN\r\n', /Unknown command 'UNKNOWN'/],
  ])('refuses %s', async (_name, tail, message) => {
    await startEngine()
    appendFileSync(lastIncrement(), tail)
    await expect(startEngine()).rejects.toThrow(message)
  })

  it('refuses a base that is cut off', async () => {
    const client = (await startEngine()).client()
    client.call('SET', 'key', 'x'.repeat(100))
    client.call('BGREWRITEAOF')
    await rewritten(client)
    const [base = ''] = readdirSync(join(folder, 'appendonlydir')).filter((name) =>
      name.endsWith('.rdb'),
    )
    const path = join(folder, 'appendonlydir', base)
    truncateSync(path, statSync(path).size - 9)
    await expect(startEngine()).rejects.toThrow(/AOF loading aborted/)
  })

  it('takes in the one file that Redis 6 had', async () => {
    writeFileSync(
      join(folder, 'appendonly.aof'),
      'SET'.replace('SET', '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n'),
    )
    const client = (await startEngine()).client()
    expect(client.getText('k')).toBe('v')
    client.call('SET', 'other', 1)
    await written()
    expect((await startEngine()).client().call('DBSIZE')).toBe(2)
    expect(readFileSync(lastIncrement(), 'latin1')).toContain('other')
  })

  it('has nothing twice when it is switched on amid a transaction', async () => {
    const client = (await startEngine({ appendonly: 'no' })).client()
    client.call('MULTI')
    client.call('INCR', 'count')
    client.call('CONFIG', 'SET', 'appendonly', 'yes')
    client.call('INCR', 'count')
    client.call('EXEC')
    expect(client.call('INFO', 'persistence')).toMatch(/aof_rewrite_scheduled:1/)
    expect(client.call('INFO', 'stats')).toMatch(/total_forks:0/)
    await rewritten(client)
    expect(client.call('INFO', 'stats')).toMatch(/total_forks:1/)
    client.call('CONFIG', 'RESETSTAT')
    expect(client.call('INFO', 'stats')).toMatch(/total_forks:0/)
    await engines.pop()?.stop()
    expect((await startEngine()).client().getText('count')).toBe('2')
  })

  it('goes on with taking it in where it was interrupted', async () => {
    writeFileSync(join(folder, 'appendonly.aof'), '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n')
    mkdirSync(join(folder, 'appendonlydir'))
    const manifest = 'file appendonly.aof seq 1 type b\n'
    writeFileSync(join(folder, 'appendonlydir', 'appendonly.aof.manifest'), manifest)
    expect((await startEngine()).client().getText('k')).toBe('v')
    expect(existsSync(join(folder, 'appendonly.aof'))).toBe(false)
    // Of another one that lies there later nothing is believed.
    writeFileSync(join(folder, 'appendonly.aof'), '*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n')
    expect((await startEngine()).client().getText('k')).toBe('v')
    expect(existsSync(join(folder, 'appendonly.aof'))).toBe(true)
  })

  it('keeps what is of no use any more with aof-disable-auto-gc, and lists it as Redis does', async () => {
    const client = (await startEngine({ 'aof-disable-auto-gc': 'yes' })).client()
    for (const preamble of ['no', 'yes']) {
      client.call('CONFIG', 'SET', 'aof-use-rdb-preamble', preamble)
      client.call('BGREWRITEAOF')
      await rewritten(client)
    }
    const manifest = () =>
      readFileSync(join(folder, 'appendonlydir', 'appendonly.aof.manifest'), 'utf8').split('\n')
    expect(manifest()).toEqual([
      'file appendonly.aof.3.base.rdb seq 3 type b',
      'file appendonly.aof.2.incr.aof seq 2 type h',
      'file appendonly.aof.2.base.aof seq 2 type h',
      'file appendonly.aof.1.incr.aof seq 1 type h',
      'file appendonly.aof.1.base.rdb seq 1 type h',
      'file appendonly.aof.3.incr.aof seq 3 type i',
      '',
    ])
    client.call('CONFIG', 'SET', 'aof-disable-auto-gc', 'no')
    while (manifest().length > 3) await setTimeout(5)
    expect(readdirSync(join(folder, 'appendonlydir'))).toHaveLength(3)
  })

  it('loses nothing to DEBUG LOADAOF while its first base is being written', async () => {
    const client = (await startEngine({ appendonly: 'no' })).client()
    client.call('SET', 'before', 1)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '10000')
    client.call('CONFIG', 'SET', 'appendonly', 'yes')
    client.call('SET', 'meanwhile', 1)
    expect(client.call('DEBUG', 'LOADAOF')).toBe('OK')
    client.call('SET', 'after', 1)
    expect(client.call('EXISTS', 'before', 'meanwhile', 'after')).toBe(3)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
    await written()
    // The files at once, and once the rewrite that was overtaken has ended.
    expect((await startEngine()).client().call('DBSIZE')).toBe(3)
    await rewritten(client)
    expect(client.call('DEBUG', 'LOADAOF')).toBe('OK')
    expect(client.call('DBSIZE')).toBe(3)
  })

  it('loses nothing to DEBUG LOADAOF amid a rewrite', async () => {
    const client = (await startEngine({ appendfsync: 'everysec' })).client()
    for (let index = 0; index < 100; index += 1) client.call('SET', `before${index}`, 1)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '1000')
    client.call('BGREWRITEAOF')
    await setImmediate()
    client.call('SET', 'meanwhile', 1)
    expect(client.call('DEBUG', 'LOADAOF')).toBe('OK')
    expect(client.call('DBSIZE')).toBe(101)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
    await rewritten(client)
    client.call('DEBUG', 'LOADAOF')
    expect(client.call('DBSIZE')).toBe(101)
  })

  it('counts, times and logs no command that it runs again', async () => {
    const client = (await startEngine()).client()
    client.call('SET', 'key', 'value')
    client.call('HSET', 'hash', 'field', 'value')
    const counted = (): unknown =>
      String(client.call('INFO', 'commandstats')).match(/cmdstat_h?set:.*/g)
    const before = counted()
    expect(before).toHaveLength(2)
    client.call('DEBUG', 'LOADAOF')
    expect(counted()).toEqual(before)
    const fresh = (await startEngine({ 'slowlog-log-slower-than': '0' })).client()
    expect(fresh.call('SLOWLOG', 'LEN')).toBe(0)
    expect(String(fresh.call('INFO', 'commandstats'))).not.toMatch(/cmdstat_h?set/)
    expect(fresh.getText('key')).toBe('value')
  })

  it('is written when a promise of a call resolves, and later for a call at once', async () => {
    const client = (await startEngine()).client()
    client.call('SET', 'at-once', 1)
    expect(readFileSync(lastIncrement(), 'latin1')).not.toContain('at-once')
    expect(await client.callAsync('SET', 'promised', 1)).toBe('OK')
    expect(readFileSync(lastIncrement(), 'latin1')).toMatch(/at-once[^]*promised/)
    // One that waits is answered by another's write, which has to be there first.
    const popped = client.callAsync('BLPOP', 'list', 0)
    client.call('RPUSH', 'list', 'element')
    await popped
    expect(readFileSync(lastIncrement(), 'latin1')).toContain('LPOP')
  })

  it('keeps keys that were due until it says that they go', async () => {
    const client = (await startEngine()).client()
    client.call('SET', 'key', 1, 'PX', 500)
    client.call('SET', 'gone', 1, 'PX', 500)
    client.call('PERSIST', 'key')
    await written()
    await setTimeout(600)
    const second = (await startEngine()).client()
    expect(second.call('EXISTS', 'key', 'gone')).toBe(1)
  })
})

describe('an engine that keeps nothing', () => {
  it.each([[{ appendonly: 'yes' }], [{ save: '900 1' }]])('refuses %j', (directives) => {
    expect(() => new Engine({ directives })).toThrow(DirectiveError)
    const client = new Engine().client()
    const [[name, value] = ['', '']] = Object.entries(directives)
    expect(String(client.call('CONFIG', 'SET', name, value))).toMatch(/keeps nothing on disk/)
    expect(String(client.call('SAVE'))).toMatch(/keeps nothing on disk/)
  })
})
