import { describe, expect, it } from 'vitest'
import { restAfterKeys } from '../../../../src/engine/persistence/key-delay.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

describe('restAfterKeys', () => {
  it('lets replies go first that wait for the end of the next turn', async () => {
    const order: string[] = []
    const delay = { clock: new FakeClock(), delayUsec: () => 0, isCancelled: () => false }
    const rest = restAfterKeys(0, delay).then(() => order.push('rest'))
    setImmediate(() => order.push('replies'))
    await rest
    expect(order).toEqual(['replies', 'rest'])
  })
})
