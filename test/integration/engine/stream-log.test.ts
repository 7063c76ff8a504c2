import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-stream-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** An engine on the log of the one before, for as long as `use` runs. */
async function withEngine<T>(
  use: (call: (line: string) => unknown) => T,
  directives: Readonly<Record<string, string>> = {},
): Promise<T> {
  const kept = { dir: folder, appendonly: 'yes', save: '' }
  const engine = new Engine({ isPersistent: true, directives: { ...kept, ...directives } })
  await engine.start()
  await engine.load()
  const client = engine.client()
  try {
    return use((line) => client.call(...line.split(' ')))
  } finally {
    await engine.stop()
  }
}

describe('a stream from the log', () => {
  it.each([
    ['XADD s MAXLEN ~ 4 LIMIT 3 50-0 a 1'],
    ['XADD s MINID ~ 9 LIMIT 3 50-0 a 1'],
    ['XTRIM s MAXLEN ~ 4 LIMIT 3'],
    ['XADD s MAXLEN ~ 4 * a 1'],
  ])('is what it was, whatever nodes are there now: %s', async (trimming) => {
    const show = (call: (line: string) => unknown) => [call('XRANGE s - +'), call('XPENDING s g')]
    const before = await withEngine(
      (call) => {
        for (let ms = 1; ms <= 10; ms += 1) call(`XADD s ${ms}-0 a ${ms}`)
        call('XGROUP CREATE s g 0')
        call('XREADGROUP GROUP g al COUNT 5 STREAMS s >')
        call(trimming)
        return show(call)
      },
      { 'stream-node-max-entries': '3' },
    )
    const after = await withEngine(show, { 'stream-node-max-entries': '7' })
    expect(after).toEqual(before)
  })
})
