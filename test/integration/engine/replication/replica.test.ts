import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { type RedisProcess, startRedis } from '../../../support/start-redis.ts'
import { findTool } from '../../../support/tools.ts'
import { eventually, waitUntil } from '../../../support/wait-until.ts'

describe.skipIf(findTool('redis-server') === undefined)('a replica of redis-server', () => {
  let folder: string
  let engine: Engine
  let primary: RedisProcess
  let there: Redis

  async function begin(args: readonly string[], directives: Record<string, string>): Promise<void> {
    primary = await startRedis(['--repl-diskless-sync-delay', '0', ...args])
    there = new Redis({ port: primary.port, password: directives['masterauth'] ?? '' })
    await there.mset('before', '1', 'other', '2')
    engine = new Engine({
      directives: { dir: folder, replicaof: `127.0.0.1 ${primary.port}`, ...directives },
    })
    await engine.start()
    await engine.listen({ host: '127.0.0.1', port: 0 })
  }

  const isUp = (): boolean => engine.info('replication').includes('master_link_status:up')
  const caughtUp = async (): Promise<void> => {
    expect(await there.wait(1, 5_000)).toBe(1)
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-replica-'))
  })

  afterEach(async () => {
    there.disconnect()
    await engine.stop()
    await primary.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    ['yes', 'disabled'],
    ['no', 'disabled'],
    ['yes', 'on-empty-db'],
    ['no', 'swapdb'],
  ])('copies and follows (diskless there: %s, here: %s)', async (sync, load) => {
    await begin(['--repl-diskless-sync', sync], { 'repl-diskless-load': load })
    await waitUntil(isUp)
    await there.multi().select(2).hset('hash', 'field', 'value').exec()
    await caughtUp()
    const here = engine.client()
    expect(here.getText('before')).toBe('1')
    here.call('SELECT', '2')
    expect(String(here.call('HGET', 'hash', 'field'))).toBe('value')
    expect(readdirSync(folder)).toEqual(load === 'disabled' ? ['dump.rdb'] : [])
  })

  it('trims a stream as the primary has, though no client may say so', async () => {
    await begin(['--stream-node-max-entries', '3'], {})
    await waitUntil(isUp)
    for (let ms = 1; ms <= 10; ms += 1) await there.xadd('s', `${ms}-0`, 'a', '1')
    await there.call('XADD', 's', 'MAXLEN', '~', '4', 'LIMIT', '3', '50-0', 'a', '1')
    await caughtUp()
    expect(engine.client().call('XLEN', 's')).toBe(8)
    expect(await there.xlen('s')).toBe(8)
  })

  it('lets nobody write, unless it is told to', async () => {
    await begin([], {})
    await waitUntil(isUp)
    const here = engine.client()
    const refused = { message: "READONLY You can't write against a read only replica." }
    expect(here.call('SET', 'key', '1')).toMatchObject(refused)
    expect(here.call('EVAL', "return redis.call('SET', 'key', '1')", '0')).toMatchObject({
      message: expect.stringContaining('READONLY'),
    })
    here.call('CONFIG', 'SET', 'replica-read-only', 'no')
    expect(here.call('SET', 'key', '1')).toBe('OK')
  })

  it('ends what clients have given an expiry here, and nothing of the primary', async () => {
    await begin([], { 'replica-read-only': 'no' })
    await waitUntil(isUp)
    await there.set('theirs', 'x', 'PX', 40)
    await caughtUp()
    const here = engine.client()
    here.call('SET', 'own', '1', 'PX', '20')
    here.call('SET', 'kept', '1')
    here.call('EXPIRE', 'other', '-1')
    expect(engine.info('stats')).toContain('slave_expires_tracked_keys:2')
    await waitUntil(() => engine.info('stats').includes('slave_expires_tracked_keys:0'))
    expect(here.call('EXISTS', 'own', 'other', 'kept')).toBe(1)
    expect(engine.info('stats')).toContain('expired_keys:2')
  })

  it('counts what it receives', async () => {
    await begin([], {})
    await waitUntil(isUp)
    const received = (): number =>
      Number(/total_net_repl_input_bytes:(\d+)/.exec(engine.info('stats'))?.[1])
    const before = received()
    expect(before).toBeGreaterThan(100)
    await there.set('key', 'x'.repeat(1_000))
    await caughtUp()
    expect(received()).toBeGreaterThan(before + 1_000)
    engine.client().call('CONFIG', 'RESETSTAT')
    expect(received()).toBe(0)
  })

  it('keeps what is due until the primary says so, and shows it to nobody', async () => {
    await begin([], {})
    await waitUntil(isUp)
    await there.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0').catch(() => undefined)
    await there.set('short', 'x', 'PX', 20)
    await caughtUp()
    const here = engine.client()
    await waitUntil(() => here.call('GET', 'short') === null)
    await there.get('short')
    await waitUntil(() => here.call('DBSIZE') === 2)
    expect(engine.info('stats')).toContain('expired_keys:0')
  })

  it('authenticates', async () => {
    await begin(['--requirepass', 'secret'], { masterauth: 'secret' })
    await waitUntil(isUp)
    expect(engine.client().getText('before')).toBe('1')
  })

  it('hides old data from those who do not want it', async () => {
    await begin([], { 'replica-serve-stale-data': 'no' })
    await waitUntil(isUp)
    await primary.stop()
    await waitUntil(() => !isUp())
    expect(engine.client().call('GET', 'before')).toMatchObject({
      message: "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    })
    expect(engine.client().call('INFO', 'server')).toContain('redis_version')
  })

  it('runs no transaction with old data that was queued before', async () => {
    await begin([], { 'replica-serve-stale-data': 'no' })
    await waitUntil(isUp)
    const client = engine.client()
    client.call('MULTI')
    client.call('GET', 'before')
    await primary.stop()
    await waitUntil(() => !isUp())
    expect(client.call('EXEC')).toMatchObject({ message: expect.stringMatching(/MASTERDOWN/) })
    client.call('MULTI')
    client.call('PING')
    expect(client.call('EXEC')).toMatchObject({ message: expect.stringMatching(/EXECABORT/) })
  })

  it('becomes a primary whose history goes on', async () => {
    await begin([], {})
    await waitUntil(isUp)
    await there.set('last', '1')
    await caughtUp()
    const here = engine.client()
    const id = /master_replid:(\w+)/.exec(engine.info('replication'))?.[1]
    expect(here.call('REPLICAOF', 'NO', 'ONE')).toBe('OK')
    expect(here.call('SET', 'key', 'mine')).toBe('OK')
    expect(engine.info('replication')).toContain(`role:master`)
    expect(engine.info('replication')).toContain(`master_replid2:${id}`)
  })

  it('passes the stream on as it comes', async () => {
    await begin([], {})
    await waitUntil(isUp)
    const port = Number(/tcp_port:(\d+)/.exec(engine.info('server'))?.[1])
    const below = await startRedis(['--replicaof', '127.0.0.1', `${port}`])
    const client = new Redis(below.port)
    try {
      await eventually(async () => (await client.info('replication')).includes('status:up'))
      await there.multi().select(1).set('far', 'away').exec()
      await client.select(1)
      await eventually(async () => (await client.get('far')) === 'away')
      const offset = /master_repl_offset:(\d+)/
      await eventually(
        async () =>
          offset.exec(await client.info('replication'))?.[1] ===
          offset.exec(await there.info('replication'))?.[1],
      )
    } finally {
      client.disconnect()
      await below.stop()
    }
  })

  it('tries again when the copy is damaged or the primary is another program', async () => {
    await begin([], {})
    await waitUntil(isUp)
    const here = engine.client()
    expect(here.call('REPLICAOF', '127.0.0.1', '1')).toBe('OK')
    await waitUntil(() => engine.info('replication').includes('master_link_status:down'))
    expect(here.getText('before')).toBe('1')
    here.call('REPLICAOF', '127.0.0.1', `${primary.port}`)
    await waitUntil(isUp)
    expect((await there.info('stats')).includes('sync_partial_ok:1')).toBe(true)
  })
})
