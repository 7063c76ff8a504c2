import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type * as EngineDoor from '../../../src/engine/index.ts'
import { AsideFile } from '../../../src/engine/persistence/durable-file.ts'
import { KeptTarget } from '../../support/kept-target.ts'
import { PACKING_PROGRAM } from '../../support/packing-program.ts'
import { encode, RawRespClient } from '../../support/raw-resp-client.ts'
import { SnapshotDriver } from '../../support/snapshot-driver.ts'
import { startEngineProcess } from '../../support/start-engine-process.ts'
import { StartedThreads } from '../../support/started-threads.ts'
import { waitUntil } from '../../support/wait-until.ts'

const BUILT_ENGINE = pathToFileURL(resolve('dist/engine/index.js')).href
const SIZES = { leavesStrings: true }

/** What a thread runs instead. */
function program(source: string): URL {
  const imports = `import { parentPort } from 'node:worker_threads'\n`
  return new URL(`data:text/javascript,${encodeURIComponent(imports + source)}`)
}

/** Packs nothing, and comes to `end` with the third piece. */
function endingWith(end: string): URL {
  return program(`
    let count = 0
    parentPort.on('message', ({ piece, into }) => {
      count += 1
      if (count === 3) { ${end} }
      parentPort.postMessage({ packed: into, spare: piece, isLast: false })
    })`)
}

describe('a save whose strings are packed on a thread', () => {
  let driver: SnapshotDriver
  let folder: string
  let path: string
  let asidePath: string
  let threads: StartedThreads

  beforeEach(() => {
    threads = new StartedThreads()
    driver = new SnapshotDriver()
    for (let index = 0; index < 40_000; index += 1) {
      driver.client.call('SET', `key${index}`, `value ${index} `.repeat(10))
    }
    folder = mkdtempSync(join(tmpdir(), 'gerbang-packing-'))
    path = join(folder, 'dump.rdb')
    asidePath = join(folder, 'temp.rdb')
    writeFileSync(path, 'before')
  })
  afterEach(() => {
    driver.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The next one is whole: the first has left no marks. */
  async function expectNextWhole(): Promise<void> {
    const target = new KeptTarget()
    const save = driver.background(target, PACKING_PROGRAM, SIZES)
    expect(await save.run()).toBe(true)
    expect(save.keysProcessed).toBe(40_000)
    expect(target.bytes.length).toBeGreaterThan(1_000_000)
  }

  it.each([
    ['throws', endingWith(`throw new Error('broken')`), 'broken'],
    ['ends', endingWith('process.exit(3)'), 'it ended with code 3'],
    ['ends as if it were through', endingWith('process.exit(0)'), 'it ended with code 0'],
    [
      'takes more memory than it may',
      endingWith('const kept = []; for (;;) kept.push(new Array(1_000).fill(count))'),
      'memory limit',
    ],
    ['is not there', new URL('file:///no/such/program.js'), 'Cannot find module'],
    ['cannot be started', new URL('http://127.0.0.1/program.js'), 'must be'],
  ])('fails when the thread %s, and leaves the file that was there', async (_what, url, cause) => {
    const save = driver.background(new AsideFile(path, asidePath), url, SIZES)
    const failure: unknown = await save.run().catch((error: unknown) => error)
    expect(failure).toMatchObject({
      message: 'The thread that packs snapshots failed',
      cause: { message: expect.stringContaining(cause) },
    })
    expect(save.keysProcessed).toBe(40_000)
    expect(readFileSync(path, 'latin1')).toBe('before')
    expect(existsSync(asidePath)).toBe(false)
    await threads.ended()
    await expectNextWhole()
  })

  it('fails when the disk does while pieces are on the thread', async () => {
    class FullTarget extends KeptTarget {
      override hasFailed = false
      override write(bytes: Uint8Array, free: (bytes: Uint8Array) => void): void {
        super.write(bytes, free)
        this.hasFailed = true
      }
      override complete(): Promise<void> {
        return Promise.reject(new Error('ENOSPC'))
      }
    }
    await expect(driver.background(new FullTarget(), PACKING_PROGRAM, SIZES).run()).rejects.toThrow(
      'ENOSPC',
    )
    expect(await threads.ended()).toBe(1)
    await expectNextWhole()
  })

  it.each([
    ['works', PACKING_PROGRAM],
    ['never answers', program(`parentPort.on('message', () => undefined)`)],
    ['is busy for good', program(`parentPort.on('message', () => { for (;;); })`)],
  ])('is given up when it is cancelled, and so is a thread that %s', async (_what, url) => {
    const save = driver.background(new AsideFile(path, asidePath), url, SIZES)
    const running = save.run()
    await threads.first()
    save.cancel()
    expect(await running).toBe(false)
    expect(await threads.ended()).toBe(1)
    expect(readFileSync(path, 'latin1')).toBe('before')
    expect(existsSync(asidePath)).toBe(false)
    await expectNextWhole()
  })

  it('is given up with its thread when all databases are flushed', async () => {
    const target = new KeptTarget()
    const running = driver.background(target, PACKING_PROGRAM, SIZES).run()
    await threads.first()
    driver.client.call('FLUSHALL')
    expect(await running).toBe(false)
    expect(target.outcome).toBe('discarded')
    expect(await threads.ended()).toBe(1)
  })
})

describe('the end while a snapshot is taken', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-packing-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** A save that takes long, some pieces of which have been packed. */
  async function beginSave(call: (...words: readonly string[]) => Promise<unknown>): Promise<void> {
    const value = 'value '.repeat(1_000)
    for (let index = 0; index < 500; index += 1) await call('SET', `key${index}`, value)
    await call('CONFIG', 'SET', 'rdb-key-save-delay', '1')
    await call('BGSAVE')
    const isBegun = async (): Promise<boolean> =>
      Number(/keys_processed:(\d+)/.exec(String(await call('INFO', 'persistence')))?.[1]) > 200
    await waitUntil(isBegun)
    await call('CONFIG', 'SET', 'rdb-key-save-delay', '1000000')
  }

  it('ends the thread with an engine that is stopped', async () => {
    const { Engine }: typeof EngineDoor = await import(BUILT_ENGINE)
    const threads = new StartedThreads()
    const engine = new Engine({ isPersistent: true, directives: { dir: folder, save: '' } })
    await engine.start()
    await engine.load()
    const client = engine.client()
    await beginSave((...words) => Promise.resolve(client.call(...words)))
    await engine.stop()
    expect(await threads.ended()).toBe(1)
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['NOSAVE', []],
    ['SAVE', ['dump.rdb']],
  ])('does not hold up SHUTDOWN %s', async (how, files) => {
    const { cli, port } = await startEngineProcess(['--dir', folder])
    const client = await RawRespClient.connect(port)
    await beginSave((...words) => client.send(...words))
    // In one turn: it has to give up the one and may save at once.
    const quick = encode(['CONFIG', 'SET', 'rdb-key-save-delay', '0'])
    client.write(quick + encode(['SHUTDOWN', how]))
    expect(await cli.ended()).toBe(0)
    expect(readdirSync(folder)).toEqual(files)
    client.close()
  })
})
