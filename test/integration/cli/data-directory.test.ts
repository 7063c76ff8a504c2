import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataDirectory } from '../../../src/app/data-directory.ts'
import { silentLogger } from '../../../src/shared/logger.ts'

describe('DataDirectory', () => {
  const warnings: unknown[] = []
  const log = { ...silentLogger, warn: (fields: unknown) => warnings.push(fields) }
  let parent: string
  let path: string

  beforeEach(() => {
    warnings.length = 0
    parent = mkdtempSync(join(tmpdir(), 'gerbang-data-'))
    path = join(parent, 'one', 'data')
  })
  afterEach(() => {
    rmSync(parent, { recursive: true, force: true })
  })

  it('is made with its folders, for its owner alone', async () => {
    const directory = new DataDirectory(path, log)
    const folder = directory.folder('cache')
    await directory.start()
    await directory.stop()
    for (const each of [path, folder]) expect(statSync(each).mode & 0o777).toBe(0o700)
    expect(warnings).toEqual([])
  })

  it('is left as it is when it is there, with a warning when others may look into it', async () => {
    mkdirSync(path, { recursive: true })
    chmodSync(path, 0o750)
    const directory = new DataDirectory(path, log)
    directory.folder('cache')
    await directory.start()
    await directory.stop()
    expect(statSync(path).mode & 0o777).toBe(0o750)
    expect(warnings).toEqual([{ directory: path, permissions: '750' }])
  })

  it('says which option names a place that cannot be used', () => {
    writeFileSync(join(parent, 'one'), 'a file')
    const make = () => new DataDirectory(path, log).folder('cache')
    expect(make).toThrow(/^engine\.data_dir: cannot be used: ENOTDIR/)
  })

  it('is one gateway’s', async () => {
    const first = new DataDirectory(path, log)
    first.folder('cache')
    await first.start()
    const second = new DataDirectory(path, log)
    const reason = `engine.data_dir: ${path} is in use by another gateway; each needs its own`
    await expect(second.start()).rejects.toThrow(reason)
    await first.stop()
    await second.start()
    await second.stop()
  })
})
