import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { encode, RawRespClient } from '../../support/raw-resp-client.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** Enough for a value that is written in pieces. */
const MEMBERS = 5_000
const SMALL_KEYS = 200
/** A snapshot stands still behind its first key, longer than anybody waits. */
const KEY_DELAY_USEC = 1e9

describe('a command that changes a large value while a snapshot has still to write it down', () => {
  let folder: string
  let clock: FakeClock
  let port: number
  let engine: Engine
  let admin: EmbeddedClient
  const clients: RawRespClient[] = []
  const engines: Engine[] = []

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-large-'))
    clock = new FakeClock()
    engine = await startEngine()
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
    admin = engine.client()
    for (let key = 0; key < SMALL_KEYS; key += 1) admin.call('SET', `small${key}`, key)
    for (let index = 0; index < MEMBERS; index += 1) {
      admin.call('ZADD', 'large', index, `member${index}`)
    }
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    for (const one of engines.splice(0)) await one.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function startEngine(directives: Readonly<Record<string, string>> = {}): Promise<Engine> {
    const started = new Engine({
      isPersistent: true,
      clock,
      // The walk does not come to the large value first.
      random: seededRandom(1),
      directives: {
        dir: folder,
        save: '',
        'enable-debug-command': 'yes',
        'repl-diskless-sync-delay': '0',
        ...directives,
      },
    })
    engines.push(started)
    await started.start()
    await started.load()
    return started
  }

  async function connect(): Promise<RawRespClient> {
    const client = await RawRespClient.connect(port)
    clients.push(client)
    return client
  }

  /** It stands still behind its first key. */
  async function beginSave(client = admin): Promise<void> {
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', KEY_DELAY_USEC)
    client.call('BGSAVE')
    await waitUntil(() => infoOf(client, 'current_save_keys_processed') > 0)
  }

  async function endSave(client = admin): Promise<void> {
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', 0)
    await waitUntil(() => infoOf(client, 'rdb_bgsave_in_progress') === 0)
  }

  const isWaiting = (): boolean => infoOf(admin, 'blocked_clients') === 1

  it('waits for that, and nobody else does', async () => {
    const before = digest(admin)
    const [writer, other] = [await connect(), await connect()]
    await beginSave()
    const written = writer.sendBytes('ZADD large 7 new\r\nZCARD large\r\n')
    await waitUntil(isWaiting)
    expect(await other.sendBytes('SET small1 x\r\nZSCORE large member3\r\nZCARD large\r\n')).toBe(
      `+OK\r\n$1\r\n3\r\n:${MEMBERS}\r\n`,
    )
    // What is only read may be large.
    expect(await other.send('ZUNIONSTORE', 'copy', '1', 'large')).toBe(`:${MEMBERS}\r\n`)
    expect(isWaiting()).toBe(true)
    await endSave()
    expect(await written).toBe(`:1\r\n:${MEMBERS + 1}\r\n`)
    expect(digest((await startEngine()).client())).toBe(before)
  })

  it.each([
    [
      'the end of a transaction',
      [['MULTI'], ['INCR', 'n'], ['ZREM', 'large', 'member1'], ['EXEC']],
    ],
    [
      'a script that declares it',
      [['EVAL', "return redis.call('ZPOPMIN', KEYS[1])[1]", '1', 'large']],
    ],
    ['its removal', [['DEL', 'small1', 'large']]],
    ['what takes its place', [['SET', 'large', 'x']]],
  ])('waits when it is %s', async (_what, commands) => {
    const before = digest(admin)
    const client = await connect()
    await beginSave()
    const answered = client.sendBytes(commands.map(encode).join(''))
    await waitUntil(isWaiting)
    expect(digest(admin)).toBe(before)
    await endSave()
    expect(await answered).not.toContain('-')
    expect(digest(admin)).not.toBe(before)
    expect(digest((await startEngine()).client())).toBe(before)
  })

  it('waits no longer than five seconds', async () => {
    const before = digest(admin)
    const client = await connect()
    await beginSave()
    const answered = client.send('ZREM', 'large', 'member1')
    await waitUntil(isWaiting)
    clock.advance(4_999)
    // A few cycles.
    await setTimeout(300)
    expect(isWaiting()).toBe(true)
    clock.advance(1)
    expect(await answered).toBe(':1\r\n')
    expect(infoOf(admin, 'rdb_bgsave_in_progress')).toBe(1)
    await endSave()
    expect(digest((await startEngine()).client())).toBe(before)
  })

  it('goes on at once when it is called in this process, or by a script that did not say so', async () => {
    const before = digest(admin)
    const client = await connect()
    await beginSave()
    expect(admin.call('ZADD', 'large', 1, 'new')).toBe(1)
    expect(await client.send('EVAL', "return redis.call('ZCARD', 'large')", '0')).toBe(
      `:${MEMBERS + 1}\r\n`,
    )
    await endSave()
    expect(digest((await startEngine()).client())).toBe(before)
  })

  it('lets go of who hangs up meanwhile', async () => {
    const client = await connect()
    await beginSave()
    client.write('ZADD large 7 new\r\n')
    await waitUntil(isWaiting)
    client.close()
    await waitUntil(() => infoOf(admin, 'blocked_clients') === 0)
    await endSave()
    expect(admin.call('ZSCORE', 'large', 'new')).toBeNull()
  })

  it('waits at a replica, with all that its primary sends behind it', async () => {
    const replica = await startEngine({ replicaof: `127.0.0.1 ${port}`, dbfilename: 'copy.rdb' })
    const there = replica.client()
    await waitUntil(
      () => infoOf(there, 'slave_repl_offset') === infoOf(admin, 'master_repl_offset'),
    )
    await waitUntil(() => digest(there) === digest(admin))
    const before = digest(there)
    await beginSave(there)
    admin.call('ZADD', 'large', 7, 'new')
    admin.call('SET', 'behind', 'it')
    const isSent = (): boolean =>
      infoOf(there, 'slave_read_repl_offset') === infoOf(admin, 'master_repl_offset')
    await waitUntil(isSent)
    expect(digest(there)).toBe(before)
    await endSave(there)
    await waitUntil(() => digest(there) === digest(admin))
    expect(String(there.call('GET', 'behind'))).toBe('it')
    expect(digest((await startEngine({ dbfilename: 'copy.rdb' })).client())).toBe(before)
  })
})

function digest(client: EmbeddedClient): string {
  return String(client.call('DEBUG', 'DIGEST'))
}

function infoOf(client: EmbeddedClient, field: string): number {
  return Number(new RegExp(`^${field}:(.*)\\r$`, 'm').exec(String(client.call('INFO')))?.[1])
}
