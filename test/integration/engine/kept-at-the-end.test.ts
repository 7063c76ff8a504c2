import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'

const SAVED_AT_THE_END = { save: '3600 1', appendonly: 'no' }
const NEVER_SAVED = { save: '', appendonly: 'no' }
const LOGGED = { save: '', appendonly: 'yes' }

describe('isKept, once the engine has stopped', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-kept-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  /** After these commands. */
  async function isKept(
    directives: Readonly<Record<string, string>>,
    ...commands: readonly (readonly string[])[]
  ): Promise<boolean> {
    const engine = new Engine({ isPersistent: true, directives: { dir: folder, ...directives } })
    await engine.start()
    await engine.load()
    const client = engine.client()
    for (const command of commands) client.call(...command)
    expect(engine.isKept).toBe(false)
    await engine.stop()
    return engine.isKept
  }

  it.each([
    ['saved at the end', SAVED_AT_THE_END, [['SET', 'k', 'v']]],
    ['in the log', LOGGED, [['SET', 'k', 'v']]],
    ['saved by a command', NEVER_SAVED, [['SET', 'k', 'v'], ['SAVE']]],
    ['nothing', NEVER_SAVED, []],
  ])('is so when everything is %s', async (_how, directives, commands) => {
    expect(await isKept(directives, ...commands)).toBe(true)
  })

  it.each([
    ['nothing is saved at the end', NEVER_SAVED, [['SET', 'k', 'v']]],
    [
      'something was written since it was saved',
      NEVER_SAVED,
      [['SET', 'k', 'v'], ['SAVE'], ['DEL', 'k']],
    ],
    [
      'the log was switched on, and has no base yet',
      NEVER_SAVED,
      [
        ['SET', 'k', 'v'],
        ['CONFIG', 'SET', 'appendonly', 'yes'],
      ],
    ],
  ])('is not so when %s', async (_how, directives, commands) => {
    expect(await isKept(directives, ...commands)).toBe(false)
  })

  it('is not so for an engine that was not to keep anything, or has not loaded what it kept', async () => {
    const volatile = new Engine()
    await volatile.start()
    await volatile.stop()
    expect(volatile.isKept).toBe(false)
    const unread = new Engine({ isPersistent: true, directives: { dir: folder } })
    await unread.start()
    await unread.stop()
    expect(unread.isKept).toBe(false)
  })
})
