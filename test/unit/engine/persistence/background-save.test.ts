import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { BackgroundSave } from '../../../../src/engine/persistence/background-save.ts'
import { AsideFile } from '../../../../src/engine/persistence/durable-file.ts'
import { RdbOutput } from '../../../../src/engine/persistence/rdb-output.ts'
import { RdbSum } from '../../../../src/engine/persistence/rdb-sum.ts'
import { RdbWriter } from '../../../../src/engine/persistence/rdb-writer.ts'
import type { SaveTarget } from '../../../../src/engine/persistence/save-target.ts'
import { Snapshot } from '../../../../src/engine/persistence/snapshot.ts'
import type { Clock } from '../../../../src/shared/clock.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { DatabaseDriver } from '../../../support/keyspace-driver.ts'

let folder: string
let path: string
let asidePath: string
let keyspace: Keyspace

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-save-'))
  path = join(folder, 'dump.rdb')
  asidePath = join(folder, 'temp.rdb')
  keyspace = new Keyspace({ databaseCount: 1, random: seededRandom(1) })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function newSave(target: SaveTarget): BackgroundSave {
  const output = new RdbOutput()
  output.compresses = false
  const header = { fields: [], libraries: [] }
  const { structures } = keyspace
  const writer = new RdbWriter({
    output,
    structures,
    access: 'none',
    header,
    sum: new RdbSum(true),
  })
  const snapshot = new Snapshot({ keyspace, writer, hasKeys: true })
  // Each look at it is a millisecond later: a slice ends after its first buckets.
  let readMs = 0
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => (readMs += 1) }
  return new BackgroundSave({
    snapshot,
    target,
    clock,
    keyDelayUsec: () => 0,
    packingProgram: undefined,
  })
}

/** Passes everything on to a file. */
class WatchedTarget implements SaveTarget {
  readonly #file = new AsideFile(path, asidePath)
  readonly buffers: ArrayBufferLike[] = []
  onComplete: () => void = () => undefined
  readonly hasFailed = false
  readonly isCongested = false

  write(bytes: Uint8Array, free: (bytes: Uint8Array) => void): void {
    this.buffers.push(bytes.buffer)
    this.#file.write(bytes.slice(), () => undefined)
    free(bytes)
  }

  drained(): Promise<void> {
    return this.#file.drained()
  }

  async complete(): Promise<void> {
    await this.#file.complete()
    this.onComplete()
  }

  commit(): Promise<void> {
    return this.#file.commit()
  }

  discard(): Promise<void> {
    return this.#file.discard()
  }
}

describe('BackgroundSave', () => {
  it('takes the place of the file that was there', async () => {
    writeFileSync(path, 'before')
    expect(await newSave(new WatchedTarget()).run()).toBe(true)
    expect(readFileSync(path, 'latin1')).toMatch(/^REDIS0010/)
    expect(existsSync(asidePath)).toBe(false)
  })

  it('lets who asked for it be answered before it begins', async () => {
    new DatabaseDriver(keyspace.database(0)).set('key', 'value')
    const save = newSave(new WatchedTarget())
    const running = save.run()
    expect(save.keysProcessed).toBe(0)
    expect(await running).toBe(true)
    expect(save.keysProcessed).toBe(1)
  })

  it('leaves the file alone when it is cancelled though all is on the disk already', async () => {
    writeFileSync(path, 'what came after it')
    const target = new WatchedTarget()
    const save = newSave(target)
    target.onComplete = () => save.cancel()
    expect(await save.run()).toBe(false)
    expect(readFileSync(path, 'latin1')).toBe('what came after it')
    expect(existsSync(asidePath)).toBe(false)
  })

  it('writes into the buffers again that it gets back', async () => {
    const driver = new DatabaseDriver(keyspace.database(0))
    for (let index = 0; index < 5_000; index += 1) driver.set(`key${index}`, 'v'.repeat(1_000))
    const target = new WatchedTarget()
    expect(await newSave(target).run()).toBe(true)
    expect(target.buffers.length).toBeGreaterThan(5)
    // Two that take turns, and the sum.
    expect(new Set(target.buffers).size).toBe(3)
    expect(readFileSync(path).length).toBeGreaterThan(5_000 * 1_000)
  })

  it('fails when the disk does, and leaves the file that was there', async () => {
    writeFileSync(path, 'before')
    asidePath = join(folder, 'no such folder', 'temp.rdb')
    await expect(newSave(new AsideFile(path, asidePath)).run()).rejects.toThrow(/ENOENT/)
    expect(readFileSync(path, 'latin1')).toBe('before')
  })
})
