import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../../src/engine/index.ts'
import { type Logger, silentLogger } from '../../../../src/shared/logger.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const KEYS = 2_000
const DELAYED =
  'No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed'
const GIVEN_UP = 'Diskless rdb transfer, last replica dropped, killing fork child.'
const BEGINS = 'Starting BGSAVE for SYNC with target:'

describe('a copy for replicas', () => {
  let folder: string
  let engine: Engine
  let client: EmbeddedClient
  let port: number
  let messages: string[]
  let replicas: Engine[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-copy-'))
    messages = []
    replicas = []
    const note = (_fields: unknown, text: string): void => void messages.push(text)
    const log: Logger = { ...silentLogger, info: note, warn: note }
    const directives = { dir: folder, save: '', 'enable-debug-command': 'yes' }
    engine = new Engine({ log, isPersistent: true, directives })
    await engine.start()
    await engine.load()
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
    client = engine.client()
    for (let index = 0; index < KEYS; index += 1) client.call('SET', `key${index}`, index)
    client.call('RPUSH', 'list', 'a')
    // So that it takes long enough to be written to meanwhile.
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '500')
  })

  afterEach(async () => {
    for (const replica of replicas) await replica.stop()
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function addReplica(): Promise<Engine> {
    const dir = mkdtempSync(join(folder, 'replica-'))
    const directives = { dir, 'enable-debug-command': 'yes' }
    const replica = new Engine({ directives })
    replicas.push(replica)
    await replica.start()
    replica.client().call('REPLICAOF', '127.0.0.1', port)
    return replica
  }

  const isCopying = (): boolean => engine.info('persistence').includes('rdb_bgsave_in_progress:1')
  const begun = (): number => messages.filter((message) => message.startsWith(BEGINS)).length
  const goOn = (): void => {
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
  }
  const areSame = (): boolean =>
    replicas.every(
      (replica) =>
        replica.info('replication').includes('master_link_status:up') &&
        String(replica.client().call('DEBUG', 'DIGEST')) === String(client.call('DEBUG', 'DIGEST')),
    )

  async function writeMeanwhile(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) {
      client.call('SET', `key${turn}`, 'changed')
      client.call('DEL', `key${KEYS - 1 - turn}`)
      client.call('RPUSH', 'list', turn)
      client.call('SET', `new${turn}`, turn)
      await setImmediate()
    }
  }

  it.each(['yes', 'no'])(
    'is taken in slices while writes go on, once for all (repl-diskless-sync %s)',
    async (diskless) => {
      client.call('CONFIG', 'SET', 'repl-diskless-sync', diskless)
      client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', diskless === 'yes' ? '1' : '0')
      await addReplica()
      await addReplica()
      await waitUntil(isCopying)
      await writeMeanwhile(50)
      // The second one of a copy with its length before it may come while it is made.
      await waitUntil(() => engine.info('replication').includes('connected_slaves:2'))
      expect(isCopying()).toBe(true)
      goOn()
      await waitUntil(areSame)
      expect(client.call('LLEN', 'list')).toBe(51)
      expect(begun()).toBe(1)
      expect(engine.info('stats')).toContain('sync_full:2')
    },
  )

  it.each(['yes', 'no'])(
    'ends with FLUSHALL, and another begins (repl-diskless-sync %s)',
    async (diskless) => {
      client.call('CONFIG', 'SET', 'repl-diskless-sync', diskless)
      client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
      await addReplica()
      await waitUntil(isCopying)
      await writeMeanwhile(5)
      client.call('FLUSHALL')
      client.call('SET', 'after', '1')
      await waitUntil(areSame)
      expect(replicas[0]?.client().call('DBSIZE')).toBe(1)
      expect(begun()).toBe(2)
    },
  )

  it('is one snapshot of several: others wait for its end, and it for theirs', async () => {
    client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
    await addReplica()
    await waitUntil(isCopying)
    const refusal = { message: 'ERR Background save already in progress' }
    expect(client.call('BGSAVE')).toMatchObject(refusal)
    expect(client.call('SAVE')).toMatchObject(refusal)
    expect(client.call('BGREWRITEAOF')).toBe('Background append only file rewriting scheduled')
    goOn()
    await waitUntil(areSame)
    await waitUntil(() => /aof_rewrite_(?:scheduled|in_progress):1/.test(engine.info()) === false)
    client.call('CONFIG', 'SET', 'rdb-key-save-delay', '500')
    expect(client.call('BGSAVE')).toBe('Background saving started')
    await addReplica()
    await waitUntil(() => messages.includes(DELAYED))
    expect(begun()).toBe(1)
    goOn()
    await waitUntil(areSame)
    expect(begun()).toBe(2)
  })

  it('is given up when nobody waits for it any more, and the next one is whole', async () => {
    client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
    const replica = await addReplica()
    await waitUntil(isCopying)
    replica.client().call('REPLICAOF', 'NO', 'ONE')
    await waitUntil(() => messages.includes(GIVEN_UP))
    await waitUntil(() => !isCopying())
    goOn()
    replica.client().call('REPLICAOF', '127.0.0.1', port)
    await waitUntil(areSame)
    expect(replica.client().call('DBSIZE')).toBe(KEYS + 1)
  })

  // redis-cli --replica looks for the mark at the end of what it has read: behind it there may be nothing.
  it('that ends with a mark is followed by the stream once it is acknowledged, also for who came by SYNC', async () => {
    client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    socket.write('REPLCONF capa eof\r\nSYNC\r\n')
    await waitUntil(isCopying)
    client.call('SET', 'amid', 'the copy')
    goOn()
    await waitUntil(() => messages.some((message) => message.startsWith('Streamed RDB transfer')))
    client.call('SET', 'behind', 'the copy')
    await waitUntil(() => received.split(endMarkIn(received)).length === 3)
    await writeMeanwhile(10)
    expect(received.endsWith(endMarkIn(received))).toBe(true)
    socket.write('REPLCONF ACK 0\r\n')
    await waitUntil(() => received.includes('behind'))
    expect(received).toContain('amid')
    socket.destroy()
  })

  it('costs a replica its connection when too much comes meanwhile', async () => {
    client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
    client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'replica 100kb 0 0')
    client.call('CONFIG', 'SET', 'repl-backlog-size', '16kb')
    await addReplica()
    await waitUntil(isCopying)
    client.call('SET', 'large', 'x'.repeat(200_000))
    await waitUntil(() => engine.info().includes('client_output_buffer_limit_disconnections:1'))
    goOn()
    client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'replica 0 0 0')
    await waitUntil(areSame)
    expect(begun()).toBeGreaterThan(1)
  })
})

/** As it is announced before the copy; what stands there before it has come matches nothing. */
function endMarkIn(received: string): string {
  return /\$EOF:(\w{40})/.exec(received)?.[1] ?? 'none'
}
