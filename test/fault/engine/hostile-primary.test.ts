import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import type { Logger } from '../../../src/shared/logger.ts'
import { refuseMemoryAfter } from '../../support/refuse-memory.ts'
import { type PrimaryScript, ScriptedPrimary } from '../../support/scripted-primary.ts'
import { waitUntil } from '../../support/wait-until.ts'

const ID = 'a1'.repeat(20)
const MARK = 'm'.repeat(40)
const FULL = `+FULLRESYNC ${ID} 100\r\n`
/** What is wrong is told in words that say so, not as a mistake of ours. */
const OUR_MISTAKES = /TypeError|RangeError|ReferenceError|InvariantError/

let folder: string
let replica: Engine
let primary: ScriptedPrimary
let messages: string[]
/** How often an engine wanted to end the process. */
let ends = 0
/** A whole copy of one key, `theirs`. */
let copy: Buffer

async function newEngine(directives: Record<string, string> = {}): Promise<Engine> {
  const note = (fields: Readonly<Record<string, unknown>>, text: string): void => {
    const { err } = fields
    messages.push(err instanceof Error ? `${text} (${err.stack})` : text)
  }
  const log: Logger = { debug: () => undefined, info: note, warn: note, error: note }
  const engine = new Engine({
    log,
    onFatal: () => {
      ends += 1
    },
    isPersistent: true,
    directives: { dir: folder, save: '', 'enable-debug-command': 'yes', ...directives },
  })
  await engine.start()
  await engine.load()
  return engine
}

/** A replica with a key of its own, and the primary it is to follow. */
async function follow(script: PrimaryScript, directives: Record<string, string> = {}) {
  replica = await newEngine(directives)
  replica.client().call('SET', 'ours', 'kept')
  primary = await ScriptedPrimary.start(script)
  replica.client().call('REPLICAOF', '127.0.0.1', primary.port)
}

const told = (text: string | RegExp): boolean =>
  messages.some((message) =>
    typeof text === 'string' ? message.includes(text) : text.test(message),
  )
const ours = (): string | undefined => replica.client().getText('ours')
const theirs = (): string | undefined => replica.client().getText('theirs')
const isUp = (): boolean => replica.info('replication').includes('master_link_status:up')

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-hostile-'))
  messages = []
  ends = 0
  const source = await newEngine()
  source.client().call('SET', 'theirs', 'x'.repeat(2_000))
  source.client().call('CONFIG', 'SET', 'rdbcompression', 'no')
  source.client().call('SAVE')
  await source.stop()
  copy = readFileSync(join(folder, 'dump.rdb'))
  rmSync(join(folder, 'dump.rdb'))
})

afterEach(async () => {
  await primary.stop()
  await replica.stop()
  rmSync(folder, { recursive: true, force: true })
  expect(messages.filter((message) => OUR_MISTAKES.test(message))).toEqual([])
})

function flipped(bytes: Buffer, at: number): Buffer {
  const damaged = Buffer.from(bytes)
  damaged[at] = (damaged[at] ?? 0) ^ 1
  return damaged
}

const withLength = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${FULL}$${bytes.length}\r\n`), bytes])
const withMark = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${FULL}$EOF:${MARK}\r\n`), bytes, Buffer.from(MARK)])

describe('a primary that sends garbage', () => {
  it.each<[string, PrimaryScript, string]>([
    ['to PING', { PING: 'garbage\r\n' }, "Error reply to PING from master: 'garbage'"],
    ['without an end', { PING: 'x'.repeat(2_000) }, 'Bad protocol from MASTER, its line has no'],
    [
      'to PSYNC',
      { PSYNC: '\u0000\u001b[2J\r\n', SYNC: '-ERR no\r\n' },
      'Unexpected reply to PSYNC from master: ??[2J',
    ],
    [
      'to SYNC, too',
      { PSYNC: '-ERR what?\r\n', SYNC: '*1\r\n' },
      "Bad protocol from MASTER, the first byte is not '$' (we received '*1')",
    ],
    [
      'an error to SYNC',
      { PSYNC: '-ERR what?\r\n', SYNC: '-ERR no\r\n' },
      'MASTER aborted replication with an error: ERR no',
    ],
    [
      'a wrong FULLRESYNC',
      { PSYNC: '+FULLRESYNC here 1\r\n' },
      'Master replied with wrong +FULLRESYNC syntax.',
    ],
    [
      'CONTINUE of another history',
      { PSYNC: '+CONTINUE here\r\n', SYNC: '-ERR no\r\n' },
      'Unexpected reply to PSYNC from master: +CONTINUE here',
    ],
    ['no copy', { PSYNC: `${FULL}*3\r\n` }, "the first byte is not '$' (we received '*3')"],
    [
      'an error for a copy',
      { PSYNC: `${FULL}-ERR disk\r\n` },
      'MASTER aborted replication with an error: ERR disk',
    ],
    [
      'for a copy',
      { PSYNC: withLength(Buffer.from('no copy at all')) },
      'Wrong RDB checksum in the copy of MASTER: it is not loaded',
    ],
    [
      'for a copy with a mark',
      { PSYNC: withMark(Buffer.from('no copy at all')) },
      'Wrong RDB checksum in the copy of MASTER: it is not loaded',
    ],
  ])('%s', async (_what, script, message) => {
    await follow(script)
    await waitUntil(() => told(message))
    // It tries again, and has what it had.
    await waitUntil(() => primary.connections > 1)
    expect(ours()).toBe('kept')
    expect(isUp()).toBe(false)
  })

  it.each(['disabled', 'swapdb'])(
    'in the middle of a copy costs nothing of what was there (repl-diskless-load %s)',
    async (load) => {
      const damaged = flipped(copy, copy.length - 1_000)
      await follow({ PSYNC: withMark(damaged) }, { 'repl-diskless-load': load })
      await waitUntil(() => told('Wrong RDB checksum'))
      await waitUntil(() => primary.connections > 1)
      expect(ours()).toBe('kept')
      expect(theirs()).toBeUndefined()
    },
  )

  it('in the stream: what came before is kept', async () => {
    await follow({ PSYNC: withLength(copy) })
    await waitUntil(isUp)
    primary.send('*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1\r\n1\r\n*1\r\n!oops\r\n')
    await waitUntil(() => told('Connection with master lost: ERR Protocol error'))
    expect(replica.client().getText('key')).toBe('1')
    expect(theirs()).toHaveLength(2_000)
    // The next byte it wants is the one behind what it has run.
    await waitUntil(() => primary.received.includes('\r\n130\r\n'))
  })

  it('in the stream, for which there is no memory: nothing but a copy helps', async () => {
    await follow({ PSYNC: withLength(copy) })
    await waitUntil(isUp)
    const copies = (): number => primary.received.split('\r\n?\r\n$2\r\n-1\r\n').length - 1
    // It asked for what comes behind its own data.
    expect(copies()).toBe(0)
    const allowMemory = refuseMemoryAfter(4)
    onTestFinished(allowMemory)
    primary.send(`*4\r\n$4\r\nSADD\r\n$3\r\nkey\r\n$3\r\none\r\n$3\r\ntwo\r\n`)
    await waitUntil(() => told('What MASTER sent could not be taken: no more'))
    allowMemory()
    await waitUntil(() => copies() === 1)
    await waitUntil(isUp)
    expect(replica.client().call('EXISTS', 'key')).toBe(0)
  })

  it('behind the copy, while that is loaded', async () => {
    const stream = '*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1\r\n1\r\n*1\r\n!oops\r\n'
    await follow({ PSYNC: Buffer.concat([withLength(copy), Buffer.from(stream)]) })
    await waitUntil(() => told('Connection with master lost: ERR Protocol error'))
    expect(replica.client().getText('key')).toBe('1')
    expect(theirs()).toHaveLength(2_000)
    await waitUntil(() => primary.received.includes('\r\n130\r\n'))
  })

  it('in a transaction: none of it is kept that has not come whole', async () => {
    await follow({ PSYNC: withLength(copy) })
    await waitUntil(isUp)
    primary.send('*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1\r\n1\r\n*1\r\n!oops\r\n')
    await waitUntil(() => told('Connection with master lost'))
    expect(replica.client().getText('key')).toBeUndefined()
  })

  it('as a command: the log tells of data that may differ', async () => {
    await follow({ PSYNC: withLength(copy) })
    await waitUntil(isUp)
    primary.send('*1\r\n$4\r\nOOPS\r\n')
    await waitUntil(() =>
      told("== CRITICAL == This replica is sending an error to its master: 'ERR unknown command"),
    )
    expect(isUp()).toBe(true)
    expect(replica.info('stats')).toContain('unexpected_error_replies:1')
  })
})

describe('propagation-error-behavior', () => {
  it.each([
    ['panic-on-replicas', 'yes', 1],
    ['panic', 'yes', 1],
    ['panic', 'no', 0],
    ['ignore', 'yes', 0],
  ])('%s, with replica-read-only %s: ends the process %d times', async (what, readOnly, times) => {
    await follow(
      { PSYNC: withLength(copy) },
      { 'propagation-error-behavior': what, 'replica-read-only': readOnly },
    )
    await waitUntil(isUp)
    primary.send('*1\r\n$4\r\nOOPS\r\n')
    await waitUntil(() => told('== CRITICAL =='))
    expect(ends).toBe(times)
  })
})

describe('rdb-del-sync-files', () => {
  it.each<[string, Record<string, string>, readonly string[]]>([
    ['leaves no file behind where nothing is kept', {}, []],
    ['leaves it where something is', { save: '900 1' }, ['dump.rdb']],
    ['leaves it when it is off', { 'rdb-del-sync-files': 'no' }, ['dump.rdb']],
  ])('%s', async (_what, directives, files) => {
    await follow({ PSYNC: withLength(copy) }, { 'rdb-del-sync-files': 'yes', ...directives })
    await waitUntil(isUp)
    expect(theirs()).toHaveLength(2_000)
    expect(readdirSync(folder)).toEqual(files)
  })
})

describe('a primary that hangs up', () => {
  it.each(['disabled', 'swapdb'])(
    'in the middle of a copy costs nothing of what was there (repl-diskless-load %s)',
    async (load) => {
      const part = withMark(copy).subarray(0, 1_000)
      await follow({ PSYNC: part }, { 'repl-diskless-load': load })
      await waitUntil(() => told('MASTER <-> REPLICA sync: receiving streamed RDB from master'))
      await waitUntil(() => /master_sync_read_bytes:[1-9]/.test(replica.info('replication')))
      primary.disconnect()
      await waitUntil(() => told('I/O error trying to sync with MASTER: connection lost'))
      await waitUntil(() => primary.connections > 1)
      expect(ours()).toBe('kept')
    },
  )

  it('before it has said anything', async () => {
    await follow({ PSYNC: '' })
    await waitUntil(() => primary.received.includes('PSYNC'))
    primary.disconnect()
    await waitUntil(() => told('connection lost'))
    await waitUntil(() => primary.connections > 1)
    expect(ours()).toBe('kept')
  })
})

describe('a primary that hangs', () => {
  it.each<[string, PrimaryScript, string]>([
    ['in the handshake', { PSYNC: '' }, 'Timeout connecting to the MASTER...'],
    [
      'in the middle of a copy',
      { PSYNC: `${FULL}$EOF:${MARK}\r\nREDIS0010` },
      'Timeout receiving bulk data from MASTER...',
    ],
  ])('%s', async (_where, script, message) => {
    await follow(script, { 'repl-timeout': '1', 'repl-diskless-load': 'swapdb' })
    await waitUntil(() => told(message))
    await waitUntil(() => primary.connections > 1)
    expect(ours()).toBe('kept')
  })

  it('with the stream', async () => {
    await follow({ PSYNC: withLength(copy) }, { 'repl-timeout': '1' })
    await waitUntil(() => told('MASTER timeout: no data nor PING received...'))
    await waitUntil(() => primary.connections > 1)
    expect(theirs()).toHaveLength(2_000)
  })
})

describe('a primary that does not want this replica', () => {
  it('for its password: the log says so, without the password', async () => {
    const wrong = { PING: '-NOAUTH Authentication required.\r\n', AUTH: '-WRONGPASS no\r\n' }
    await follow(wrong, { masterauth: 'secret' })
    await waitUntil(() => told('Unable to AUTH to MASTER: -WRONGPASS no'))
    expect(told('secret')).toBe(false)
    expect(ours()).toBe('kept')
  })

  it('for now: it is asked again', async () => {
    await follow({ PSYNC: '-LOADING soon\r\n' })
    await waitUntil(() => told('Master is currently unable to PSYNC but should be in the future'))
    await waitUntil(() => primary.connections > 1)
    expect(primary.received).not.toMatch(/\bSYNC\r\n(?!.*PSYNC)/)
  })
})

describe('an old primary, which knows SYNC only', () => {
  it('is followed, without acknowledgements, under a history of its own', async () => {
    const sync = Buffer.concat([Buffer.from(`\n\n$${copy.length}\r\n`), copy])
    await follow({ PSYNC: "-ERR unknown command 'PSYNC'\r\n", SYNC: sync })
    await waitUntil(isUp)
    primary.send('SET inline yes\r\n')
    await waitUntil(() => replica.client().getText('inline') === 'yes')
    expect(theirs()).toHaveLength(2_000)
    expect(primary.received).not.toContain('ACK')
    expect(replica.info('replication')).toContain('slave_repl_offset:16')
    // What it has cannot be asked for by an offset: a cut costs another copy.
    primary.disconnect()
    await waitUntil(() => primary.received.includes('PSYNC\r\n$1\r\n?'))
  })
})
