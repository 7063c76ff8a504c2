import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const KEYS = 300
const LOADING = { message: 'LOADING Redis is loading the dataset in memory' }
const library = (answer: string): string =>
  `#!lua name=lib\nredis.register_function('which', function() return '${answer}' end)`

let folder: string
let primary: Engine
let replica: Engine
let port: number

async function start(directives: Record<string, string>): Promise<Engine> {
  const dir = mkdtempSync(join(folder, 'engine-'))
  const engine = new Engine({
    isPersistent: true,
    directives: { dir, save: '', 'enable-debug-command': 'yes', ...directives },
  })
  await engine.start()
  await engine.load()
  return engine
}

const call = (engine: Engine, ...argv: readonly (string | number)[]): unknown => {
  const [name = '', ...rest] = argv.map(String)
  return engine.client().call(name, ...rest)
}
const text = (engine: Engine, ...argv: readonly (string | number)[]): string =>
  String(call(engine, ...argv))
const tells = (engine: Engine, field: string): boolean => engine.info().includes(`\n${field}\r\n`)

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-diskless-'))
  primary = await start({ 'repl-diskless-sync-delay': '0' })
  port = (await primary.listen({ host: '127.0.0.1', port: 0 })).port
  replica = await start({ 'repl-diskless-load': 'swapdb', 'replica-read-only': 'no' })
  for (let index = 0; index < KEYS; index += 1) call(primary, 'SET', `key${index}`, index)
  call(primary, 'FUNCTION', 'LOAD', library('new'))
})

afterEach(async () => {
  await replica.stop()
  await primary.stop()
  rmSync(folder, { recursive: true, force: true })
})

function follow(): void {
  call(replica, 'REPLICAOF', '127.0.0.1', port)
}

/** From now on a copy takes long, or not. */
function slowDown(usec: number): void {
  call(primary, 'CONFIG', 'SET', 'rdb-key-save-delay', usec)
}

/** The replica has a copy already, data of its own beside it, and needs another one. */
async function makeOld(): Promise<void> {
  follow()
  await waitUntil(() => tells(replica, 'master_link_status:up'))
  call(replica, 'SET', 'own', 'old')
  call(replica, 'FUNCTION', 'LOAD', 'REPLACE', library('old'))
  call(primary, 'CONFIG', 'SET', 'repl-backlog-size', '16384')
  slowDown(2_000)
  call(primary, 'CLIENT', 'KILL', 'TYPE', 'replica')
  for (let index = 0; index < 10; index += 1) {
    call(primary, 'SET', `large${index}`, 'x'.repeat(16_384))
  }
}

describe('repl-diskless-load swapdb', () => {
  it('serves the old data of the same history until the new is there', async () => {
    await makeOld()
    await waitUntil(() => tells(replica, 'async_loading:1'))
    expect(tells(replica, 'loading:0')).toBe(true)
    expect(text(replica, 'GET', 'own')).toBe('old')
    expect(text(replica, 'FCALL', 'which', 0)).toBe('old')
    expect(call(replica, 'REPLICAOF', 'NO', 'ONE')).toMatchObject(LOADING)
    expect(text(replica, 'CONFIG', 'SET', 'appendonly', 'no')).toMatch(/LOADING/)
    expect(tells(replica, 'async_loading:1')).toBe(true)
    slowDown(0)
    await waitUntil(() => tells(replica, 'async_loading:0'))
    await waitUntil(() => tells(replica, 'master_link_status:up'))
    expect(call(replica, 'GET', 'own')).toBeNull()
    expect(text(replica, 'FCALL', 'which', 0)).toBe('new')
    expect(call(replica, 'DBSIZE')).toBe(KEYS + 10)
    expect(text(replica, 'DEBUG', 'DIGEST')).toBe(text(primary, 'DEBUG', 'DIGEST'))
  })

  it('tells who watches a key that it has changed', async () => {
    await makeOld()
    await waitUntil(() => tells(replica, 'async_loading:1'))
    const client = replica.client()
    client.call('WATCH', 'own')
    slowDown(0)
    await waitUntil(() => tells(replica, 'master_link_status:up'))
    client.call('MULTI')
    client.call('GET', 'own')
    expect(client.call('EXEC')).toBeNull()
  })

  it('hides old data of another history, and shows it again when the copy does not come', async () => {
    call(replica, 'SET', 'own', 'old')
    slowDown(2_000)
    follow()
    await waitUntil(() => tells(replica, 'loading:1'))
    expect(tells(replica, 'async_loading:0')).toBe(true)
    expect(call(replica, 'GET', 'own')).toMatchObject(LOADING)
    expect(replica.info()).toMatch(/loading_loaded_bytes:\d/)
    call(primary, 'CONFIG', 'SET', 'repl-diskless-sync-delay', '100')
    call(primary, 'CLIENT', 'KILL', 'TYPE', 'replica')
    await waitUntil(() => tells(replica, 'loading:0'))
    expect(text(replica, 'GET', 'own')).toBe('old')
    expect(call(replica, 'DBSIZE')).toBe(1)
  })

  it('takes key-load-delay for each key, and the primary waits for it', async () => {
    call(replica, 'CONFIG', 'SET', 'key-load-delay', 1_000_000)
    follow()
    await waitUntil(() => tells(replica, 'loading:1'))
    call(replica, 'CONFIG', 'SET', 'key-load-delay', 0)
    await waitUntil(() => tells(replica, 'master_link_status:up'))
    expect(call(replica, 'DBSIZE')).toBe(KEYS)
  })
})

describe('repl-diskless-load on-empty-db', () => {
  it('loads in place while the copy comes, and leaves nothing when it does not', async () => {
    call(replica, 'CONFIG', 'SET', 'repl-diskless-load', 'on-empty-db')
    slowDown(2_000)
    follow()
    await waitUntil(() => tells(replica, 'loading:1'))
    call(primary, 'CONFIG', 'SET', 'repl-diskless-sync-delay', '100')
    call(primary, 'CLIENT', 'KILL', 'TYPE', 'replica')
    await waitUntil(() => tells(replica, 'loading:0'))
    expect(call(replica, 'DBSIZE')).toBe(0)
  })
})

describe('a copy with its length before it', () => {
  it('waits in a file without a name, of which nothing is left', async () => {
    call(primary, 'CONFIG', 'SET', 'repl-diskless-sync', 'no')
    slowDown(2_000)
    follow()
    await waitUntil(() => tells(primary, 'rdb_bgsave_in_progress:1'))
    const dir = text(primary, 'CONFIG', 'GET', 'dir').split(',')[1] ?? ''
    await waitUntil(() => readdirSync(dir).length === 0)
    expect(tells(primary, 'rdb_bgsave_in_progress:1')).toBe(true)
    slowDown(0)
    await waitUntil(() => tells(replica, 'master_link_status:up'))
    expect(text(replica, 'DEBUG', 'DIGEST')).toBe(text(primary, 'DEBUG', 'DIGEST'))
  })

  it('that cannot be kept costs replicas their connection, and is tried again', async () => {
    call(primary, 'CONFIG', 'SET', 'repl-diskless-sync', 'no')
    const dir = text(primary, 'CONFIG', 'GET', 'dir').split(',')[1] ?? ''
    rmSync(dir, { recursive: true })
    follow()
    await waitUntil(() => /sync_full:[2-9]/.test(primary.info()))
    expect(tells(replica, 'master_link_status:up')).toBe(false)
    expect(text(primary, 'PING')).toBe('PONG')
    call(primary, 'CONFIG', 'SET', 'repl-diskless-sync', 'yes')
    await waitUntil(() => tells(replica, 'master_link_status:up'))
  })
})

describe('DEBUG REPLICATE', () => {
  it('tells replicas, and does nothing here', async () => {
    follow()
    await waitUntil(() => tells(replica, 'master_link_status:up'))
    call(primary, 'DEBUG', 'REPLICATE', 'SET', 'told', 'yes')
    await waitUntil(() => text(replica, 'GET', 'told') === 'yes')
    expect(call(primary, 'EXISTS', 'told')).toBe(0)
  })
})
