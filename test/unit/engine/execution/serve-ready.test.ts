import { describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/engine.ts'
import { seededRandom } from '../../../../src/shared/random.ts'

/** Every look at it finds 200 ms gone: whatever runs takes its time. */
function slowClock() {
  let nowMs = 1_000_000
  const tick = () => {
    nowMs += 200
    return nowMs
  }
  return { nowMs: tick, monotonicMs: () => nowMs }
}

describe('a client that waits for a key', () => {
  it('is not served with one that has become due while the transaction ran', async () => {
    const engine = new Engine({ clock: slowClock(), random: seededRandom(1) })
    const client = engine.client()
    const answer = client.callAsync('BRPOP', 'k', 0)
    client.call('MULTI')
    client.call('RPUSH', 'k', 'too late')
    client.call('PEXPIRE', 'k', 100)
    client.call('EXEC')
    expect(client.call('EXISTS', 'k')).toBe(0)
    client.call('RPUSH', 'k', 'in time')
    expect(await answer).toEqual([Buffer.from('k'), Buffer.from('in time')])
    await engine.stop()
  })
})
