import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import type { Logger } from '../../../../src/shared/logger.ts'
import { type Certificate, TestAuthority } from '../../../support/certificates.ts'
import { freePort } from '../../../support/free-port.ts'
import { startRedis } from '../../../support/start-redis.ts'
import { findTool, requireToolInCi } from '../../../support/tools.ts'
import { eventually, waitUntil } from '../../../support/wait-until.ts'

requireToolInCi('openssl')
requireToolInCi('redis-server')
const canRun = findTool('openssl') !== undefined && findTool('redis-server') !== undefined

const LARGE = 'x'.repeat(300_000)
const folder = mkdtempSync(join(tmpdir(), 'gerbang-encrypted-'))
const closers: (() => unknown)[] = []

let ours: TestAuthority
let theirs: TestAuthority
let certificate: Certificate

interface Server {
  readonly port: number
  readonly redis: Redis
}

type Start = (more?: Readonly<Record<string, string>>) => Promise<Server>

/** What both servers are told in the same words. */
function directives(port: number): Readonly<Record<string, string>> {
  return {
    port: '0',
    'tls-port': String(port),
    'tls-replication': 'yes',
    'tls-cert-file': certificate.cert,
    'tls-key-file': certificate.key,
    'tls-ca-cert-file': ours.cert,
    'repl-diskless-sync-delay': '0',
  }
}

function connectTo(port: number): Redis {
  const tls = {
    ca: readFileSync(ours.cert),
    cert: readFileSync(certificate.cert),
    key: readFileSync(certificate.key),
  }
  const redis = new Redis({ port, host: '127.0.0.1', tls, maxRetriesPerRequest: 0 })
  redis.on('error', () => undefined)
  closers.push(() => redis.disconnect())
  return redis
}

let messages: string[] = []
const note = (_fields: unknown, text: string): void => void messages.push(text)
const log: Logger = { debug: note, info: note, warn: note, error: note }

const startEngine: Start = async (more = {}) => {
  const port = await freePort()
  const engine = new Engine({
    log,
    directives: { bind: '127.0.0.1', save: '', dir: folder, ...directives(port), ...more },
  })
  await engine.start()
  closers.push(() => engine.stop())
  await engine.listen()
  return { port, redis: connectTo(port) }
}

const startRedisServer: Start = async (more = {}) => {
  const port = await freePort()
  const all = Object.entries({ ...directives(port), ...more })
  const server = await startRedis(all.flatMap(([name, value]) => [`--${name}`, value]))
  closers.push(() => server.stop())
  return { port, redis: connectTo(port) }
}

const follow = async (replica: Server, primary: Server): Promise<unknown> =>
  await replica.redis.call('REPLICAOF', '127.0.0.1', primary.port)

const isLinked = async ({ redis }: Server): Promise<boolean> =>
  (await redis.info('replication')).includes('master_link_status:up')

describe.skipIf(!canRun)('replication over TLS', () => {
  beforeAll(() => {
    ours = new TestAuthority(folder, 'our-authority')
    theirs = new TestAuthority(folder, 'their-authority')
    certificate = ours.sign('server')
  })

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
    messages = []
  })

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it.each<[string, Start, Start]>([
    ['an engine follows an engine', startEngine, startEngine],
    ['an engine follows redis-server', startRedisServer, startEngine],
    ['redis-server follows an engine', startEngine, startRedisServer],
  ])('%s, with its data, its stream and after a cut', async (_what, startPrimary, startReplica) => {
    const primary = await startPrimary()
    await primary.redis.set('before', LARGE)
    const replica = await startReplica()
    await follow(replica, primary)
    await eventually(() => isLinked(replica))
    expect(await replica.redis.get('before')).toBe(LARGE)
    await primary.redis.set('after', LARGE)
    expect(await primary.redis.wait(1, 10_000)).toBe(1)
    expect(await replica.redis.get('after')).toBe(LARGE)
    expect(await primary.redis.info('replication')).toContain(`port=${replica.port},state=online`)
    await primary.redis.call('CLIENT', 'KILL', 'TYPE', 'replica')
    await primary.redis.set('later', '1')
    await eventually(async () => (await replica.redis.get('later')) === '1')
    expect(await primary.redis.info('stats')).toContain('sync_partial_ok:1')
  })

  it('gets nothing from a primary whose authority it does not know, and says so', async () => {
    const primary = await startRedisServer()
    await primary.redis.set('key', 'value')
    const replica = await startEngine({ 'tls-auth-clients': 'no' })
    await replica.redis.call('CONFIG', 'SET', 'tls-ca-cert-file', theirs.cert)
    await follow(replica, primary)
    const told = 'Error condition on socket for SYNC: self-signed certificate in certificate chain'
    await waitUntil(() => messages.includes(told))
    expect(await isLinked(replica)).toBe(false)
    expect(await replica.redis.dbsize()).toBe(0)
  })

  it('gets nothing from a primary that does not know its authority, and says so', async () => {
    const primary = await startEngine()
    await primary.redis.set('key', 'value')
    const { cert, key } = theirs.sign('stranger')
    const replica = await startEngine({
      'tls-client-cert-file': cert,
      'tls-client-key-file': key,
    })
    await follow(replica, primary)
    await waitUntil(() => messages.some((text) => /connection lost|unknown ca/.test(text)))
    expect(await isLinked(replica)).toBe(false)
    expect(await replica.redis.dbsize()).toBe(0)
  })

  it('tries again when a file of its own cannot be read', async () => {
    const primary = await startEngine()
    await primary.redis.set('key', 'value')
    const replica = await startEngine({
      'tls-client-cert-file': '/nowhere',
      'tls-client-key-file': '/nowhere',
    })
    await follow(replica, primary)
    await waitUntil(() => messages.some((text) => text.startsWith('Unable to connect to MASTER')))
    await replica.redis.call('CONFIG', 'SET', 'tls-client-cert-file', '', 'tls-client-key-file', '')
    await eventually(() => isLinked(replica))
    expect(await replica.redis.get('key')).toBe('value')
  })
})
