import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { eventually } from '../../support/wait-until.ts'
import { DurableEngine } from './durable-engine.ts'
import { MixedWriter } from './mixed-writer.ts'

requireToolInCi('prlimit')
const hasLimits = findTool('prlimit') !== undefined

/** Far less than the writers write. */
const FULL_AT_BYTES = 200_000
const REFUSED = /^-MISCONF Errors writing to the AOF file: File too large/

describe.skipIf(!hasLimits)('an engine whose disk is full', () => {
  let folder: string
  let engine: DurableEngine

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-full-'))
  })
  afterEach(async () => {
    await engine.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  async function writtenUntilFull(): Promise<{ writers: MixedWriter[]; said: string[] }> {
    engine.limitFiles(FULL_AT_BYTES)
    const writers = ['a', 'b'].map((name) => new MixedWriter(name))
    const said = await Promise.all(
      writers.map(async (writer) => await writer.write(await engine.connect())),
    )
    return { writers, said }
  }

  it('ends with appendfsync always, and has lost nothing that it answered', async () => {
    engine = new DurableEngine(folder, ['--appendfsync', 'always'])
    await engine.start()
    const { writers, said } = await writtenUntilFull()
    for (const last of said) expect(last).toMatch(/<closed>$/)
    expect(await engine.ended()).toBe(1)
    expect(engine.log).toContain('Error writing to the AOF file: File too large')
    expect(engine.log).toContain(
      "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
    )
    await engine.start()
    const after = await engine.connect()
    for (const writer of writers) expect(await writer.findFaults(after, Date.now())).toEqual([])
  })

  it('refuses writes, loses none, and goes on when there is room (appendfsync everysec)', async () => {
    engine = new DurableEngine(folder, ['--appendfsync', 'everysec'])
    await engine.start()
    const { writers, said } = await writtenUntilFull()
    for (const last of said) expect(last).toMatch(/MISCONF/)
    const client = await engine.connect()
    await eventually(async () => REFUSED.test(await client.send('SET', 'refused', '1')))
    expect(await client.send('EXISTS', 'refused')).toBe(':0\r\n')
    expect(await client.send('GET', 'string:a')).toMatch(/^\$\d+\r\n\d+\r\n$/)
    expect(await client.send('INFO', 'persistence')).toContain('aof_last_write_status:err')
    engine.limitFiles()
    await eventually(async () => (await client.send('SET', 'room', '1')) === '+OK\r\n')
    expect(await client.send('INFO', 'persistence')).toContain('aof_last_write_status:ok')
    expect(engine.log).toMatch(/Error writing to the AOF file/)
    expect(engine.log).toMatch(/AOF write error looks solved/)
    // While the disk flushes, a write may be kept back for a while.
    const isWritten = async () =>
      (await client.send('INFO', 'persistence')).includes('aof_buffer_length:0\r')
    await eventually(isWritten)
    await engine.kill()
    await engine.start()
    const after = await engine.connect()
    for (const writer of writers) expect(await writer.findFaults(after, Date.now())).toEqual([])
    expect(await after.send('MGET', 'room', 'refused')).toBe('*2\r\n$1\r\n1\r\n$-1\r\n')
  })
})
