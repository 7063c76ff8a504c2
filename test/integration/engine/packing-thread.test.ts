import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PackingThread } from '../../../src/engine/persistence/packing-thread.ts'
import { PieceBuffers } from '../../../src/engine/persistence/piece-buffers.ts'
import { RdbSum } from '../../../src/engine/persistence/rdb-sum.ts'
import { KeptTarget } from '../../support/kept-target.ts'
import { PACKING_PROGRAM } from '../../support/packing-program.ts'
import { type PieceSizes, SnapshotDriver } from '../../support/snapshot-driver.ts'
import { StartedThreads } from '../../support/started-threads.ts'

const KEYS = 20_000
const PIECE = 256 * 1_024
const SUM = 8
const built = (name: string): string => new URL(`${name}.js`, PACKING_PROGRAM).href

describe('a thread that packs snapshots', () => {
  let driver: SnapshotDriver

  beforeEach(() => {
    driver = new SnapshotDriver()
    const { client } = driver
    for (let index = 0; index < KEYS; index += 1) {
      client.call(
        'SET',
        `string${index}`,
        `{"id":${index},"name":"name ${index}"}`.repeat(1 + (index % 7)),
      )
    }
    client.call('SELECT', 1)
    for (let index = 0; index < KEYS; index += 1) {
      client.call('HSET', 'hash', `field ${index} of the hash`, 'value'.repeat(index % 20))
      client.call('RPUSH', `list${index % 50}`, `element ${index} `.repeat(3))
    }
    client.call('SET', 'long', 'the same again and again, '.repeat(40_000))
  })
  afterEach(() => driver.remove())

  async function bytesOf(program: URL | undefined, sizes: PieceSizes): Promise<Buffer> {
    const target = new KeptTarget()
    expect(await driver.background(target, program, sizes).run()).toBe(true)
    expect(target.outcome).toBe('committed')
    return target.bytes
  }

  it.each([
    ['packs and sums up', { compresses: true, isSummed: true }],
    ['packs only', { compresses: true, isSummed: false }],
    ['sums up only', { compresses: false, isSummed: true }],
    ['is not needed', { compresses: false, isSummed: false }],
  ])('gives the bytes of a snapshot that is packed at once: %s', async (_what, settings) => {
    const atOnce = await bytesOf(undefined, settings)
    const { compresses } = settings
    const onThread = await bytesOf(PACKING_PROGRAM, { ...settings, leavesStrings: compresses })
    expect(atOnce.length).toBeGreaterThan(compresses ? 2 * PIECE : 10 * PIECE)
    expect(onThread.equals(atOnce)).toBe(true)
  })

  it.each([
    ['packs and sums up', { compresses: true, isSummed: true }, 1],
    ['packs only', { compresses: true, isSummed: false }, 1],
    ['sums up only', { compresses: false, isSummed: true }, 1],
    ['has nothing to do', { compresses: false, isSummed: false }, 0],
  ])('is started for a snapshot when it %s', async (_what, settings, count) => {
    const threads = new StartedThreads()
    await bytesOf(PACKING_PROGRAM, { ...settings, leavesStrings: settings.compresses })
    expect(await threads.ended()).toBe(count)
  })

  it.each([
    [0, 0],
    [1, 1],
  ])('is started for 32 KiB and %d bytes: %d', async (more, count) => {
    const sizes = { compresses: false, leavesStrings: false }
    const { client } = driver
    client.call('FLUSHALL')
    client.call('SET', 'key', 'v'.repeat(20_000))
    const others = (await bytesOf(undefined, sizes)).length - 20_000 - SUM
    client.call('SET', 'key', 'v'.repeat(32 * 1_024 + more - others))
    const threads = new StartedThreads()
    expect((await bytesOf(PACKING_PROGRAM, sizes)).length).toBe(32 * 1_024 + more + SUM)
    expect(await threads.ended()).toBe(count)
  })

  it('keeps its process alive while it packs, and no longer', async () => {
    const program = `
      import { PackingThread, PACKING_PROGRAM } from '${built('packing-thread')}'
      import { PieceBuffers } from '${built('piece-buffers')}'
      const target = { write: ({ length }) => process.stdout.write(\`\${length} bytes\`) }
      const options = { target, buffers: new PieceBuffers(), sum: undefined }
      new PackingThread(options, PACKING_PROGRAM).add({ bytes: new Uint8Array(1_000) })`
    const args = ['--input-type=module', '--eval', program]
    expect((await promisify(execFile)(process.execPath, args)).stdout).toBe('1000 bytes')
  })

  it('makes who adds wait for it, and takes more when it has packed some', async () => {
    const target = new KeptTarget()
    const options = { target, buffers: new PieceBuffers(), sum: new RdbSum(true) }
    const thread = new PackingThread(options, PACKING_PROGRAM)
    const add = (): void => thread.add({ bytes: new Uint8Array(PIECE), places: undefined })
    for (let count = 0; count < 4; count += 1) add()
    expect(thread.isCongested).toBe(false)
    add()
    expect(thread.isCongested).toBe(true)
    expect(target.pieces.length).toBe(0)
    await thread.drained()
    expect(thread.isCongested).toBe(false)
    expect(target.pieces.length).toBeGreaterThanOrEqual(3)
    await thread.end()
    expect(target.bytes.length).toBe(5 * PIECE + SUM)
  })
})
