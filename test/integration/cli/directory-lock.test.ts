import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DirectoryLock } from '../../../src/app/directory-lock.ts'

describe('DirectoryLock', () => {
  let folder: string
  const held: DirectoryLock[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-lock-'))
  })
  afterEach(async () => {
    for (const lock of held.splice(0)) await lock.release()
    rmSync(folder, { recursive: true, force: true })
  })

  async function acquired(): Promise<boolean> {
    const lock = new DirectoryLock(folder)
    held.push(lock)
    return await lock.acquire()
  }

  it('is had by one at a time, and free again when that has let it go', async () => {
    expect(await acquired()).toBe(true)
    expect(await acquired()).toBe(false)
    await held[0]?.release()
    expect(existsSync(join(folder, 'lock-1'))).toBe(false)
    expect(await acquired()).toBe(true)
  })

  it('is had by one of many that want it at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => acquired()))
    expect(all.filter(Boolean)).toHaveLength(1)
  })

  it('is had by one of many that find that of a process which was killed', async () => {
    const path = join(folder, 'lock-1')
    const server = createServer().listen(path)
    await once(server, 'listening')
    renameSync(path, join(folder, 'aside'))
    server.close()
    await once(server, 'close')
    renameSync(join(folder, 'aside'), path)
    const all = await Promise.all(Array.from({ length: 8 }, () => acquired()))
    expect(all.filter(Boolean)).toHaveLength(1)
    expect(readdirSync(folder)).toEqual(['lock-2'])
  })

  it('takes no file away that is no socket', async () => {
    writeFileSync(join(folder, 'lock-1'), 'of somebody else')
    expect(await acquired()).toBe(false)
    expect(readFileSync(join(folder, 'lock-1'), 'utf8')).toBe('of somebody else')
  })
})
