import { afterEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import type { Logger } from '../../../../src/shared/logger.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { ScriptedPrimary } from '../../../support/scripted-primary.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** How a replica connects again to a primary that hangs up amid a copy, so long after it was connected to. */
async function connectsAgain(afterMs: number): Promise<readonly string[]> {
  const connecting: string[] = []
  const note = (_fields: unknown, text: string): void => {
    const [, how] = /^(Connecting|Reconnecting) to MASTER/.exec(text) ?? []
    if (how !== undefined) connecting.push(how)
  }
  const log: Logger = { debug: note, info: note, warn: note, error: note }
  const clock = new FakeClock()
  const engine = new Engine({ clock, log })
  await engine.start()
  closers.push(() => engine.stop())
  const primary = await ScriptedPrimary.start({ PSYNC: `+FULLRESYNC ${'a1'.repeat(20)} 100\r\n` })
  closers.push(() => primary.stop())
  engine.client().call('REPLICAOF', '127.0.0.1', primary.port)
  await waitUntil(() => engine.info('replication').includes('master_sync_in_progress:1'))
  clock.advance(afterMs)
  primary.disconnect()
  await waitUntil(() => primary.connections === 2)
  return connecting
}

describe('a replica whose primary hangs up', () => {
  it('connects again at once', async () => {
    expect(await connectsAgain(100)).toEqual(['Connecting', 'Reconnecting'])
  })

  it('waits for its next turn when that was only just', async () => {
    expect(await connectsAgain(99)).toEqual(['Connecting', 'Connecting'])
  })
})
