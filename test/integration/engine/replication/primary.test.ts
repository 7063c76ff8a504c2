import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { type RedisProcess, startRedis } from '../../../support/start-redis.ts'
import { findTool } from '../../../support/tools.ts'
import { eventually, waitUntil } from '../../../support/wait-until.ts'

const field = (text: string, name: string): string =>
  new RegExp(`^${name}:(.*)\\r$`, 'm').exec(text)?.[1] ?? ''

describe.skipIf(findTool('redis-server') === undefined)('redis-server as a replica', () => {
  let engine: Engine
  let replica: RedisProcess
  let there: Redis

  beforeEach(async () => {
    engine = new Engine({ directives: { 'repl-diskless-sync-delay': '0' } })
    await engine.start()
    const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
    engine.client().call('MSET', 'before', '1', 'other', '2')
    replica = await startRedis(['--replicaof', '127.0.0.1', `${port}`])
    there = new Redis(replica.port)
    await eventually(
      async () => field(await there.info('replication'), 'master_link_status') === 'up',
    )
  })

  afterEach(async () => {
    there.disconnect()
    await replica.stop()
    await engine.stop()
  })

  const offsetHere = (): string => field(engine.info('replication'), 'master_repl_offset')
  const meet = (): Promise<void> =>
    eventually(
      async () => field(await there.info('replication'), 'slave_repl_offset') === offsetHere(),
    )

  it('has what was there before, and what came after', async () => {
    const client = engine.client()
    client.call('SELECT', '3')
    client.call('RPUSH', 'list', 'a', 'b')
    client.call('SET', 'short', 'x', 'EX', '100')
    await meet()
    expect(await there.get('before')).toBe('1')
    await there.select(3)
    expect(await there.lrange('list', 0, -1)).toEqual(['a', 'b'])
    expect(await there.ttl('short')).toBeGreaterThan(0)
  })

  it('is counted, copy and stream', async () => {
    const sent = (): number =>
      Number(/total_net_repl_output_bytes:(\d+)/.exec(engine.info('stats'))?.[1])
    const before = sent()
    expect(before).toBeGreaterThan(100)
    engine.client().call('SET', 'key', 'x'.repeat(1_000))
    await meet()
    expect(sent()).toBeGreaterThan(before + 1_000)
  })

  it('is listed with its port, and acknowledges for WAIT', async () => {
    const here = engine.client()
    here.call('SET', 'key', 'value')
    const written = offsetHere()
    expect(await here.callAsync('WAIT', '1', '5000')).toBe(1)
    expect(engine.info('replication')).toContain(`port=${replica.port},state=online`)
    const role = JSON.stringify(here.call('ROLE'), (_name, value: unknown) => textOf(value))
    expect(role).toBe(`["master",${offsetHere()},[["127.0.0.1","${replica.port}","${written}"]]]`)
  })

  it('goes on from the backlog after its connection was cut', async () => {
    engine.client().call('CLIENT', 'KILL', 'TYPE', 'replica')
    engine.client().call('SET', 'meanwhile', 'yes')
    await eventually(async () => (await there.get('meanwhile')) === 'yes')
    expect(engine.info('stats')).toContain('sync_full:1\r\nsync_partial_ok:1')
  })

  it('hears of keys that expire, by DEL', async () => {
    engine.client().call('SET', 'short', 'x', 'PX', '30')
    await meet()
    await sleep(60)
    await waitUntil(() => engine.client().call('DBSIZE') === 2)
    await meet()
    expect(await there.dbsize()).toBe(2)
  })

  it('is missed when writes need it', async () => {
    const here = engine.client()
    here.call('CONFIG', 'SET', 'min-replicas-to-write', '1')
    expect(here.call('SET', 'key', '1')).toBe('OK')
    await replica.stop()
    await waitUntil(() => engine.info('replication').includes('connected_slaves:0'))
    expect(here.call('SET', 'key', '2')).toMatchObject({
      message: 'NOREPLICAS Not enough good replicas to write.',
    })
    expect(here.getText('key')).toBe('1')
  })

  it('takes over when asked to by FAILOVER', async () => {
    const here = engine.client()
    expect(here.call('FAILOVER')).toBe('OK')
    await eventually(async () => field(await there.info('replication'), 'role') === 'master')
    await waitUntil(() => engine.info('replication').includes('master_link_status:up'))
    await there.set('now', 'here')
    await waitUntil(() => here.getText('now') === 'here')
    expect(engine.info('replication')).toContain('master_failover_state:no-failover')
    expect(field(await there.info('stats'), 'sync_full')).toBe('0')
  })
})

/** Bytes as JSON.stringify hands them over. */
function textOf(value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && 'data' in value
  return isBytes && Array.isArray(value.data) ? Buffer.from(value.data).toString() : value
}
