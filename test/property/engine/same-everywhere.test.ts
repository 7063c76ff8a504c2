import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Choice } from '../../../conformance/fuzz/choice.ts'
import { CommandStream } from '../../../conformance/fuzz/command-stream.ts'
import { type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** GERBANG_SEQUENCES=1000 for a long run. */
const SEQUENCES = Number(process.env['GERBANG_SEQUENCES'] ?? 25)
const COMMANDS_MAX = 250
const GROUPS = [
  'string',
  'hash',
  'list',
  'set',
  'sorted-set',
  'stream',
  'bitmap',
  'hyperloglog',
  'geo',
  'key',
  'expiry',
  'script',
]

describe('any sequence of commands', () => {
  let folder: string
  let engine: Engine
  let client: EmbeddedClient
  let replica: Engine
  let port: number
  let sequence = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-same-'))
    engine = await startEngine(folder, {
      appendonly: 'yes',
      appendfsync: 'always',
      'repl-diskless-sync-delay': '0',
    })
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
    client = engine.client()
    replica = await startEngine(mkdtempSync(join(folder, 'replica-')), {})
    replica.client().call('REPLICAOF', '127.0.0.1', port)
    await isInStep(engine, replica)
  })

  afterAll(async () => {
    await replica.stop()
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(Array.from({ length: SEQUENCES }, (_, seed) => seed))(
    'leaves the same in memory, in a file, in the log, in commands and with a replica (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const choice = new Choice(random)
      const stream = new CommandStream({ choice, groups: GROUPS, hasEncodings: false })
      client.call('SELECT', 0)
      client.call('FLUSHALL')
      for (let left = 1 + choice.int(COMMANDS_MAX); left > 0; left -= 1) {
        client.call(...stream.next().map((word) => Buffer.from(word, 'latin1')))
        if (choice.chance(0.01)) client.call('BGREWRITEAOF')
        if (choice.chance(0.05)) await setImmediate()
      }
      const here = contentOf(client)
      // As it came: effect by effect.
      await isInStep(engine, replica)
      expect(contentOf(replica.client())).toEqual(here)
      // As a full copy.
      client.call('DEBUG', 'CHANGE-REPL-ID')
      client.call('CLIENT', 'KILL', 'TYPE', 'replica')
      await isInStep(engine, replica, numberIn(engine, 'sync_full') + 1)
      expect(contentOf(replica.client())).toEqual(here)
      expect(client.call('SAVE')).toBe('OK')
      expect(await contentIn(copyOfFolder(), { appendonly: 'no' })).toEqual(here)
      await isRewritten()
      expect(await contentIn(copyOfFolder(), { appendonly: 'yes' })).toEqual(here)
      // In commands, which cannot tell of pending entries that are deleted.
      client.call('CONFIG', 'SET', 'aof-use-rdb-preamble', 'no')
      client.call('BGREWRITEAOF')
      await isRewritten()
      client.call('CONFIG', 'SET', 'aof-use-rdb-preamble', 'yes')
      const told = await contentIn(copyOfFolder(), { appendonly: 'yes' })
      expect(withoutPending(told)).toEqual(withoutPending(here))
    },
  )

  async function isRewritten(): Promise<void> {
    await waitUntil(() => !/aof_rewrite_(?:in_progress|scheduled):1/.test(engine.info()))
  }

  function copyOfFolder(): string {
    sequence += 1
    const copy = join(tmpdir(), `${folder.split('/').at(-1) ?? ''}-copy-${sequence}`)
    cpSync(folder, copy, { recursive: true })
    return copy
  }
})

async function startEngine(
  dir: string,
  directives: Readonly<Record<string, string>>,
): Promise<Engine> {
  const started = new Engine({
    isPersistent: true,
    directives: { dir, save: '', 'enable-debug-command': 'yes', ...directives },
  })
  await started.start()
  await started.load()
  return started
}

interface Content {
  readonly digest: unknown
  readonly expiries: readonly unknown[]
  readonly groups: readonly (readonly [groups: unknown, length: unknown])[]
}

/** What an engine has that starts in this folder, which goes with it. */
async function contentIn(
  dir: string,
  directives: Readonly<Record<string, string>>,
): Promise<Content> {
  const started = await startEngine(dir, directives)
  const content = contentOf(started.client())
  await started.stop()
  rmSync(dir, { recursive: true })
  return content
}

/** The digest tells of keys and values; instants and groups of streams it leaves out. */
function contentOf(client: EmbeddedClient): Content {
  const names = client.call('KEYS', '*')
  const keys = Array.isArray(names) ? names.map(String).sort() : []
  const bytes = keys.map((key) => Buffer.from(key))
  return {
    digest: client.call('DEBUG', 'DIGEST'),
    expiries: bytes.map((key) => [String(key), client.call('PEXPIRETIME', key)]),
    groups: bytes
      .filter((key) => client.call('TYPE', key) === 'stream')
      .map((key) => [groupsOf(client, key), client.call('XLEN', key)] as const),
  }
}

/** But for how many consumers there are: Redis tells nobody of one that has come for nothing. */
function groupsOf(client: EmbeddedClient, key: Buffer): unknown {
  return withoutField(client.call('XINFO', 'GROUPS', key), 'consumers')
}

function withoutPending(content: Content): unknown {
  const groups = content.groups.map(([each, length]) => [withoutField(each, 'pending'), length])
  return { ...content, groups }
}

/** What XINFO GROUPS tells, but for the value of one field. */
function withoutField(groups: unknown, name: string): unknown {
  if (!Array.isArray(groups)) return groups
  return groups.map((group: unknown) =>
    Array.isArray(group) ? group.filter((_, at) => String(group[at - 1]) !== name) : group,
  )
}

function numberIn(engine: Engine, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(engine.info())?.[1] ?? Number.NaN)
}

/** The replica has all of it, and has been given at least so many copies. */
async function isInStep(engine: Engine, replica: Engine, copies = 1): Promise<void> {
  await waitUntil(
    () =>
      numberIn(engine, 'sync_full') >= copies &&
      /^master_link_status:up/m.test(replica.info()) &&
      numberIn(replica, 'slave_repl_offset') === numberIn(engine, 'master_repl_offset'),
  )
}
