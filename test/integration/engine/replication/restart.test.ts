import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { freePort } from '../../../support/free-port.ts'
import { startRedis } from '../../../support/start-redis.ts'
import { findTool } from '../../../support/tools.ts'
import { eventually, waitUntil } from '../../../support/wait-until.ts'

const field = (text: string, name: string): string =>
  new RegExp(`^${name}:(.*)\\r$`, 'm').exec(text)?.[1] ?? ''

describe.skipIf(findTool('redis-server') === undefined)('an engine that starts again', () => {
  let folder: string
  const ends: (() => Promise<void>)[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-restart-'))
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    rmSync(folder, { recursive: true, force: true })
  })

  async function startEngine(directives: Readonly<Record<string, string>>): Promise<Engine> {
    const engine = new Engine({
      isPersistent: true,
      directives: { dir: folder, save: '', 'repl-diskless-sync-delay': '0', ...directives },
    })
    ends.push(() => engine.stop())
    await engine.start()
    await engine.load()
    return engine
  }

  async function startServer(args: readonly string[]): Promise<Redis> {
    const server = await startRedis(args)
    const client = new Redis(server.port)
    ends.push(async () => {
      client.disconnect()
      await server.stop()
    })
    return client
  }

  it('as a primary gives its replica what it misses, and the end of keys meanwhile', async () => {
    const port = await freePort()
    const first = await startEngine({})
    await first.listen({ host: '127.0.0.1', port })
    const there = await startServer(['--replicaof', '127.0.0.1', `${port}`])
    const isUp = async (): Promise<boolean> =>
      field(await there.info('replication'), 'master_link_status') === 'up'
    await eventually(isUp)
    const here = first.client()
    here.call('SELECT', 2)
    here.call('SET', 'key', 'value')
    here.call('SET', 'short', 'x', 'PX', 100)
    const id = field(first.info('replication'), 'master_replid')
    await eventually(
      async () =>
        field(await there.info('replication'), 'slave_repl_offset') ===
        field(first.info('replication'), 'master_repl_offset'),
    )
    expect(here.call('SAVE')).toBe('OK')
    await first.stop()
    await eventually(async () => !(await isUp()))
    await sleep(150)
    const second = await startEngine({})
    expect(field(second.info('replication'), 'master_replid2')).toBe(id)
    await second.listen({ host: '127.0.0.1', port })
    await eventually(isUp)
    expect(second.info('stats')).toContain('sync_full:0\r\nsync_partial_ok:1')
    second.client().call('SET', 'after', '1')
    await eventually(async () => (await there.get('after')) === '1')
    await there.select(2)
    expect(await there.keys('*')).toEqual(['key'])
    expect(await there.dbsize()).toBe(1)
  })

  it('as a replica asks for what it misses', async () => {
    const there = await startServer([])
    const { port } = there.options
    const directives = { replicaof: `127.0.0.1 ${port ?? 0}` }
    const first = await startEngine(directives)
    const isUp = (engine: Engine): boolean =>
      field(engine.info('replication'), 'master_link_status') === 'up'
    await waitUntil(() => isUp(first))
    await there.select(3)
    await there.set('key', 'value')
    expect(await there.wait(1, 5_000)).toBe(1)
    expect(first.client().call('SAVE')).toBe('OK')
    await first.stop()
    await there.set('meanwhile', '1')
    const second = await startEngine(directives)
    await waitUntil(() => isUp(second))
    expect(await there.info('stats')).toMatch(/sync_full:1\r\nsync_partial_ok:1/)
    await there.set('after', '1')
    expect(await there.wait(1, 5_000)).toBe(1)
    const here = second.client()
    here.call('SELECT', 3)
    expect(here.call('EXISTS', 'key', 'meanwhile', 'after')).toBe(3)
  })

  it('as a primary whose file is older than what its replica has gives it a copy', async () => {
    const port = await freePort()
    const first = await startEngine({})
    await first.listen({ host: '127.0.0.1', port })
    const there = await startServer(['--replicaof', '127.0.0.1', `${port}`])
    await eventually(
      async () => field(await there.info('replication'), 'master_link_status') === 'up',
    )
    const here = first.client()
    here.call('SAVE')
    here.call('SET', 'unsaved', '1')
    await eventually(async () => (await there.get('unsaved')) === '1')
    await first.stop()
    const second = await startEngine({})
    await second.listen({ host: '127.0.0.1', port })
    await eventually(async () => (await there.get('unsaved')) === null)
    expect(second.info('stats')).toContain('sync_full:1\r\nsync_partial_ok:0')
  })
})
