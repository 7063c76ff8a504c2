import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { type Random, seededRandom } from '../../../src/shared/random.ts'

let folder: string
const engines: Engine[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-snapshot-'))
})

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function startEngine(): Promise<EmbeddedClient> {
  const directives = { dir: folder, save: '', 'enable-debug-command': 'yes', databases: '4' }
  const engine = new Engine({ directives, isPersistent: true })
  engines.push(engine)
  await engine.load()
  return engine.client()
}

/** One command that changes something, of any type, at one of few keys. */
function write(client: EmbeddedClient, random: Random): void {
  const any = (below: number): number => random.uint32() % below
  const key = (type: string): string => `${type}${any(40)}`
  const text = 'x'.repeat(any(100))
  const commands: (() => readonly (string | number)[])[] = [
    () => ['SET', key('s'), `${any(1e6)}${text}`],
    () => ['APPEND', key('s'), text],
    () => ['DEL', key('s'), key('h'), key('l')],
    () => ['HSET', key('h'), `f${any(200)}`, text, `g${any(200)}`, any(1e6)],
    () => ['HDEL', key('h'), `f${any(200)}`],
    () => ['RPUSH', key('l'), any(1e6), text],
    () => ['LPOP', key('l')],
    () => ['SADD', key('i'), any(1e6)],
    () => ['SADD', key('m'), text, any(100)],
    () => ['SPOP', key('m')],
    () => ['ZADD', key('z'), any(1e6) / 7, `${text}${any(300)}`],
    () => ['ZPOPMIN', key('z')],
    () => ['XADD', key('x'), '*', 'field', text],
    () => ['XTRIM', key('x'), 'MAXLEN', any(20)],
    () => ['EXPIRE', key('s'), 1_000],
    () => ['PERSIST', key('s')],
    () => ['RENAME', key('h'), key('h')],
    () => ['COPY', key('z'), key('z'), 'REPLACE'],
    () => ['MOVE', key('s'), any(4)],
    () => ['SELECT', any(4)],
    () => ['SWAPDB', any(4), any(4)],
    () => ['FLUSHDB'],
  ]
  // FLUSHDB seldom: something must be left to be saved.
  const last = any(60) === 0 ? commands.length : commands.length - 1
  client.call(...(commands[any(last)]?.() ?? []))
}

function digest(client: EmbeddedClient): string {
  return String(client.call('DEBUG', 'DIGEST'))
}

function isSaving(client: EmbeddedClient): boolean {
  return String(client.call('INFO', 'persistence')).includes('rdb_bgsave_in_progress:1')
}

describe('BGSAVE', () => {
  it.each(Array.from({ length: 25 }, (_, seed) => seed))(
    'keeps what there was when it began, whatever is written meanwhile (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const client = await startEngine()
      for (let count = 0; count < 2_000; count += 1) write(client, random)
      // A second one shows that the first has left its marks whole.
      for (let round = 0; round < 2; round += 1) {
        client.call('CONFIG', 'SET', 'rdb-key-save-delay', '1')
        const before = digest(client)
        expect(client.call('BGSAVE')).toBe('Background saving started')
        for (let turn = 0; isSaving(client); turn += 1) {
          for (let count = 0; count < 5; count += 1) write(client, random)
          if (turn === 30) client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
          await setImmediate()
        }
        expect(digest(await startEngine())).toBe(before)
      }
    },
  )

  it('keeps the groups of a stream as they were, whatever they are delivered meanwhile', async () => {
    const client = await startEngine()
    const streams = Array.from({ length: 50 }, (_, index) => `stream${index}`)
    for (const stream of streams) {
      for (let ms = 1; ms <= 4; ms += 1) client.call('XADD', stream, `${ms}-0`, 'a', 1)
      client.call('XGROUP', 'CREATE', stream, 'g', 0)
      client.call('XREADGROUP', 'GROUP', 'g', 'al', 'COUNT', 2, 'STREAMS', stream, '>')
    }
    client.call('PFADD', 'estimate', 'a', 'b')
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '1000')
    // As XPENDING tells it, but for how long ago that was.
    const pending = (here: EmbeddedClient): unknown =>
      streams.map((stream) => [
        here.call('XPENDING', stream, 'g'),
        here.call('XINFO', 'GROUPS', stream),
      ])
    const before = pending(client)
    expect(client.call('BGSAVE')).toBe('Background saving started')
    for (const stream of streams) {
      client.call('XREADGROUP', 'GROUP', 'g', 'bo', 'COUNT', 1, 'STREAMS', stream, '>')
      client.call('XACK', stream, 'g', '1-0')
      client.call('XCLAIM', stream, 'g', 'cy', 0, '2-0')
    }
    expect(pending(client)).not.toEqual(before)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
    while (isSaving(client)) await setImmediate()
    expect(pending(await startEngine())).toEqual(before)
  })

  it.each([
    ['XREADGROUP', ['GROUP', 'g', 'bo', 'STREAMS', 's', '>']],
    ['XACK', ['s', 'g', '1-0']],
    ['XCLAIM', ['s', 'g', 'bo', '0', '1-0']],
    ['XAUTOCLAIM', ['s', 'g', 'bo', '0', '0']],
  ])('keeps what a group was before %s', async (name, args) => {
    const client = await startEngine()
    for (const ms of [1, 2]) client.call('XADD', 's', `${ms}-0`, 'a', 1)
    client.call('XGROUP', 'CREATE', 's', 'g', 0)
    client.call('XREADGROUP', 'GROUP', 'g', 'al', 'COUNT', 1, 'STREAMS', 's', '>')
    for (let index = 0; index < 200; index += 1) client.call('SET', `k${index}`, 1)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '200')
    const before = client.call('XPENDING', 's', 'g')
    client.call('BGSAVE')
    client.call(name, ...args)
    expect(client.call('XPENDING', 's', 'g')).not.toEqual(before)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
    while (isSaving(client)) await setImmediate()
    expect((await startEngine()).call('XPENDING', 's', 'g')).toEqual(before)
  })

  it('leaves no trace in a file that is saved while it is given up', async () => {
    const client = await startEngine()
    client.call('CONFIG', 'SET', 'save', '3600 1')
    for (let index = 0; index < 2_000; index += 1) client.call('SET', `k${index}`, 'x'.repeat(500))
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '1')
    client.call('BGSAVE')
    await setImmediate()
    // It is cancelled, and the empty data set is saved at once.
    client.call('FLUSHALL')
    client.call('SET', 'after', 1)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
    while (isSaving(client)) await setImmediate()
    expect((await startEngine()).call('DBSIZE')).toBe(0)
  })

  it('gives up when everything is flushed, and the next one succeeds', async () => {
    const client = await startEngine()
    for (let index = 0; index < 1_000; index += 1) client.call('SET', `k${index}`, index)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '100')
    client.call('BGSAVE')
    client.call('FLUSHALL')
    client.call('SET', 'after', 1)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
    while (isSaving(client)) await setImmediate()
    client.call('BGSAVE')
    while (isSaving(client)) await setImmediate()
    expect(digest(await startEngine())).toBe(digest(client))
  })
})
