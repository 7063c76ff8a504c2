import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import type { Logger } from '../../../src/shared/logger.ts'
import { encode, RawRespClient } from '../../support/raw-resp-client.ts'
import { waitUntil } from '../../support/wait-until.ts'

const ERROR = '-ERR Errors trying to SHUTDOWN. Check logs.\r\n'

describe('the end of an engine', () => {
  let folder: string
  let engine: Engine
  let port: number
  let hasEnded: boolean
  let lines: string[]
  const clients: RawRespClient[] = []

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-shutdown-'))
    hasEnded = false
    lines = []
    const keep = (_fields: unknown, message: string): void => void lines.push(message)
    const log: Logger = { debug: () => undefined, info: keep, warn: keep, error: keep }
    engine = new Engine({
      log,
      isPersistent: true,
      onShutdown: () => {
        hasEnded = true
      },
      directives: {
        dir: folder,
        save: '3600 1',
        hz: '500',
        'enable-debug-command': 'yes',
        'repl-diskless-sync-delay': '0',
      },
    })
    await engine.start()
    await engine.load()
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
  })

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function connect(): Promise<RawRespClient> {
    const client = await RawRespClient.connect(port)
    clients.push(client)
    return client
  }

  /** A replica that has its copy, and says nothing by itself. */
  async function follow(): Promise<RawRespClient> {
    const replica = await connect()
    replica.write(encode(['REPLCONF', 'capa', 'eof', 'capa', 'psync2']))
    replica.write(encode(['PSYNC', '?', '-1']))
    await waitUntil(() => engine.info('replication').includes('state=online'))
    return replica
  }

  const offset = (): string =>
    /master_repl_offset:(\d+)/.exec(engine.info('replication'))?.[1] ?? ''
  const isWaiting = (): boolean => engine.info('server').includes('shutdown_in_milliseconds:')
  const blocked = (): string => /blocked_clients:(\d+)/.exec(engine.info('clients'))?.[1] ?? ''

  it('waits until replicas have everything, and writes wait meanwhile', async () => {
    const replica = await follow()
    const [asker, writer] = [await connect(), await connect()]
    await writer.send('SET', 'key', 'value')
    asker.write(encode(['SHUTDOWN']))
    await waitUntil(isWaiting)
    writer.write(encode(['SET', 'key', 'late']))
    await waitUntil(() => blocked() === '2')
    expect(hasEnded).toBe(false)
    replica.write(encode(['REPLCONF', 'ACK', offset()]))
    await waitUntil(() => hasEnded)
    expect(engine.client().call('GET', 'key')).toEqual(Buffer.from('value'))
    expect(existsSync(join(folder, 'dump.rdb'))).toBe(true)
    expect(lines).toContain('1 of 1 replicas are in sync when shutting down.')
    expect(lines).not.toContainEqual(expect.stringMatching(/^Lagging replica/))
  })

  it('is told to nobody while nobody asked for it, and replicas are no clients', async () => {
    const before = /connected_clients:(\d+)/.exec(engine.info('clients'))?.[1]
    await follow()
    expect(/connected_clients:(\d+)/.exec(engine.info('clients'))?.[1]).toBe(before)
    engine.client().call('SET', 'key', 'value')
    expect(engine.info('memory')).toMatch(/mem_total_replication_buffers:[1-9]/)
    expect(isWaiting()).toBe(false)
  })

  it('waits no longer than shutdown-timeout', async () => {
    await follow()
    const asker = await connect()
    await asker.send('CONFIG', 'SET', 'shutdown-timeout', '1')
    await asker.send('SET', 'key', 'value')
    asker.write(encode(['SHUTDOWN', 'NOSAVE']))
    await waitUntil(() => hasEnded)
    expect(existsSync(join(folder, 'dump.rdb'))).toBe(false)
    expect(lines).toContain('0 of 1 replicas are in sync when shutting down.')
    expect(lines).toContainEqual(
      expect.stringMatching(/^Lagging replica 127\.0\.0\.1:0 reported offset \d+ behind master, /),
    )
  })

  it.each([
    ['NOW', '10'],
    ['SAVE', '0'],
  ])('does not wait with %s and shutdown-timeout %s', async (option, timeout) => {
    await follow()
    const asker = await connect()
    await asker.send('CONFIG', 'SET', 'shutdown-timeout', timeout)
    await asker.send('SET', 'key', 'value')
    asker.write(encode(['SHUTDOWN', option]))
    await waitUntil(() => hasEnded)
    expect(lines).not.toContain('Waiting for replicas before shutting down.')
  })

  it('is called off by ABORT: who asked gets an error, and writes go on', async () => {
    await follow()
    const [first, second, other] = [await connect(), await connect(), await connect()]
    await other.send('SET', 'key', 'value')
    for (const asker of [first, second]) asker.write(encode(['SHUTDOWN']))
    await waitUntil(() => blocked() === '2')
    expect(await other.send('SHUTDOWN', 'ABORT')).toBe('+OK\r\n')
    expect(await first.sendBytes('')).toBe(ERROR)
    expect(await second.sendBytes('')).toBe(ERROR)
    expect(await other.send('SET', 'key', 'value')).toBe('+OK\r\n')
    expect(isWaiting()).toBe(false)
    expect(await other.send('SHUTDOWN', 'ABORT')).toBe('-ERR No shutdown in progress.\r\n')
    expect(hasEnded).toBe(false)
  })

  it('is called off before it begins, when a signal asked for it', async () => {
    const client = await connect()
    await client.send('DEBUG', 'PAUSE-CRON', '1')
    engine.requestShutdown('SIGTERM')
    expect(engine.isShutdownRequested).toBe(true)
    expect(await client.send('SHUTDOWN', 'ABORT')).toBe('+OK\r\n')
    expect(engine.isShutdownRequested).toBe(false)
    await client.send('DEBUG', 'PAUSE-CRON', '0')
    expect(lines).toContain('Shutdown manually aborted.')
    expect(lines).not.toContain('User requested shutdown...')
  })

  it('does not come when the data cannot be saved, unless it is forced', async () => {
    mkdirSync(join(folder, 'dump.rdb'))
    const client = await connect()
    expect(await client.send('SHUTDOWN')).toBe(ERROR)
    expect(await client.send('SET', 'key', 'value')).toBe('+OK\r\n')
    expect(lines).toContain("Error trying to save the DB, can't exit.")
    expect(hasEnded).toBe(false)
    client.write(encode(['SHUTDOWN', 'FORCE']))
    await waitUntil(() => hasEnded)
    expect(lines).toContain('Error trying to save the DB. Exit anyway.')
  })

  it('does not come while the first base of the log is being written', async () => {
    const client = await connect()
    await client.send('SET', 'key', 'value')
    await client.send('CONFIG', 'SET', 'rdb-key-save-delay', '10000000')
    await client.send('CONFIG', 'SET', 'appendonly', 'yes')
    expect(await client.send('SHUTDOWN')).toBe(ERROR)
    expect(lines).toContain("Writing initial AOF, can't exit.")
    await client.send('CONFIG', 'SET', 'appendonly', 'no')
    expect(lines).toContain('Killing running AOF rewrite child')
    await client.send('CONFIG', 'SET', 'appendonly', 'yes')
    client.write(encode(['SHUTDOWN', 'NOSAVE', 'FORCE']))
    await waitUntil(() => hasEnded)
  })

  it('takes away the file of a save that is not whole for who insists', async () => {
    const client = await connect()
    await client.send('MSET', 'a', '1', 'b', '2')
    await client.send('CONFIG', 'SET', 'rdb-key-save-delay', '10000000')
    const aside = join(folder, `temp-${process.pid}.rdb`)
    engine.requestShutdown('SIGINT')
    await waitUntil(() => existsSync(aside))
    expect(engine.isShutdownRequested).toBe(true)
    engine.abandon()
    expect(existsSync(aside)).toBe(false)
    await client.send('CONFIG', 'SET', 'rdb-key-save-delay', '0')
  })
})
