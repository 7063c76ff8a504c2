import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { encode } from '../../../support/raw-resp-client.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const MIB = 1_024 ** 2

describe('a replica that takes nothing', () => {
  let engine: Engine
  let replica: Socket

  beforeEach(async () => {
    engine = new Engine({
      directives: {
        'repl-diskless-sync-delay': '0',
        'maxmemory-policy': 'allkeys-random',
        'client-output-buffer-limit': 'replica 0 0 0',
        hz: '500',
      },
    })
    await engine.start()
    const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
    replica = connect(port, '127.0.0.1')
    replica.on('error', () => undefined)
    await once(replica, 'connect')
    replica.write(
      encode(['REPLCONF', 'capa', 'eof', 'capa', 'psync2']) + encode(['PSYNC', '?', '-1']),
    )
    await waitUntil(() => engine.info('replication').includes('state=online'))
    replica.pause()
  })
  afterEach(async () => {
    replica.destroy()
    await engine.stop()
  })

  const memory = (name: string): number =>
    Number(new RegExp(`${name}:(\\d+)`).exec(engine.info('memory'))?.[1])

  it('is counted as memory in use, and makes no key go', async () => {
    const client = engine.client()
    for (let index = 0; index < 100; index += 1) {
      client.call('SET', `key:${index}`, 'x'.repeat(10_000))
    }
    // The backlog counts, a MiB and a bit.
    client.call('CONFIG', 'SET', 'maxmemory', String(memory('used_memory') + 3 * MIB))
    const before = memory('used_memory')
    while (memory('mem_not_counted_for_evict') < 20 * MIB) {
      client.call('SETRANGE', 'key:0', '0', 'y'.repeat(10_000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(memory('used_memory') - before).toBeGreaterThan(15 * MIB)
    expect(client.call('DBSIZE')).toBe(100)
    expect(client.call('SET', 'key:0', 'small')).toBe('OK')
    replica.destroy()
    await waitUntil(() => memory('mem_not_counted_for_evict') === 0)
    expect(memory('used_memory')).toBeLessThan(before + 2 * MIB)
  })
})
