import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { type Random, seededRandom } from '../../../src/shared/random.ts'

/** Large enough to be worded in pieces. */
const ELEMENTS = 3_000
const KEYS_PER_TYPE = 3
/** Commands that surely run between pieces; how many turns of the event loop all pieces take is no certain number. */
const MEANWHILE = 120
const REWRITING = /aof_rewrite_(?:in_progress|scheduled):1/

type Words = readonly (string | number)[]

describe('a base of commands', () => {
  let folder: string
  const engines: Engine[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-base-'))
  })
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function startEngine(): Promise<EmbeddedClient> {
    const engine = new Engine({
      isPersistent: true,
      directives: {
        dir: folder,
        save: '',
        appendonly: 'yes',
        'aof-use-rdb-preamble': 'no',
        'enable-debug-command': 'yes',
        databases: '2',
      },
    })
    engines.push(engine)
    await engine.start()
    await engine.load()
    return engine.client()
  }

  function isRewriting(client: EmbeddedClient): boolean {
    return REWRITING.test(String(client.call('INFO', 'persistence')))
  }

  /** As if nothing had happened since the base. */
  function forgetIncrements(): void {
    const manifest = join(folder, 'appendonlydir', 'appendonly.aof.manifest')
    const lines = readFileSync(manifest, 'latin1').split('\n')
    writeFileSync(manifest, lines.filter((line) => !line.endsWith('type i')).join('\n'))
  }

  it.each(Array.from({ length: 4 }, (_, seed) => seed))(
    'is of the instant it was begun at, whatever is written and read meanwhile (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const client = await startEngine()
      fill(client)
      const before = contentOf(client)
      client.call('CONFIG', 'SET', 'rdb-key-save-delay', '1')
      client.call('BGREWRITEAOF')
      let pieces = 0
      for (; isRewriting(client); pieces += 1) {
        // The first ones are read only: tables move to their new sizes while they are written.
        client.call(...(pieces % 3 === 0 && pieces > 30 ? write(random) : read(random)))
        if (pieces === MEANWHILE) client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
        await setImmediate()
      }
      expect(pieces).toBeGreaterThan(MEANWHILE)
      await engines.pop()?.stop()
      forgetIncrements()
      expect(contentOf(await startEngine())).toEqual(before)
    },
  )
})

/** Hashes and sets that have just begun to grow are moving to a new table. */
function fill(client: EmbeddedClient): void {
  for (let key = 0; key < KEYS_PER_TYPE; key += 1) {
    for (let index = 0; index < ELEMENTS + key * 500; index += 1) {
      client.call('HSET', `h${key}`, `field${index}`, index)
      client.call('SADD', `m${key}`, `member${index}`)
      client.call('ZADD', `z${key}`, index / 3, `member${index}`)
      client.call('RPUSH', `l${key}`, `element${index}`)
      client.call('XADD', `x${key}`, `${index + 1}-0`, 'field', index)
    }
    client.call('XGROUP', 'CREATE', `x${key}`, 'g', '0')
    client.call('XREADGROUP', 'GROUP', 'g', 'al', 'COUNT', 500, 'STREAMS', `x${key}`, '>')
    client.call('EXPIRE', `h${key}`, 1_000 + key)
  }
  for (let key = 0; key < 100; key += 1) client.call('SET', `s${key}`, key)
}

function read(random: Random): Words {
  const any = (below: number): number => random.uint32() % below
  const key = any(KEYS_PER_TYPE)
  const commands: readonly Words[] = [
    ['HRANDFIELD', `h${key}`, 5],
    ['SRANDMEMBER', `m${key}`, 5],
    ['ZRANDMEMBER', `z${key}`, 5],
    ['XRANGE', `x${key}`, '-', '+', 'COUNT', 3],
    ['LINDEX', `l${key}`, any(ELEMENTS)],
    ['HGET', `h${key}`, `field${any(ELEMENTS)}`],
  ]
  return commands[any(commands.length)] ?? []
}

function write(random: Random): Words {
  const any = (below: number): number => random.uint32() % below
  const key = any(KEYS_PER_TYPE)
  const commands: readonly Words[] = [
    ['HSET', `h${key}`, `new${any(ELEMENTS)}`, 1],
    ['SREM', `m${key}`, `member${any(ELEMENTS)}`],
    ['ZINCRBY', `z${key}`, 5, `member${any(ELEMENTS)}`],
    ['LPOP', `l${key}`],
    ['XACK', `x${key}`, 'g', `${any(500)}-0`],
    ['XTRIM', `x${key}`, 'MAXLEN', any(ELEMENTS)],
    ['PERSIST', `h${key}`],
    ['RENAME', `s${any(100)}`, `s${any(100)}`],
    ['MOVE', `s${any(100)}`, 1],
    ['SWAPDB', 0, 1],
    ['DEL', `m${key}`],
    ['COPY', `z${key}`, `z${any(KEYS_PER_TYPE)}`, 'REPLACE'],
    ['FLUSHDB'],
  ]
  // The last ones seldom: something must be left.
  return commands[any(any(20) === 0 ? commands.length : commands.length - 4)] ?? []
}

function contentOf(client: EmbeddedClient): unknown {
  const keys = Array.from({ length: KEYS_PER_TYPE }, (_, key) => key)
  return [
    client.call('DEBUG', 'DIGEST'),
    keys.map((key) => client.call('PEXPIRETIME', `h${key}`)),
    keys.map((key) => client.call('XPENDING', `x${key}`, 'g')),
  ]
}
