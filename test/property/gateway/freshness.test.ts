import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/shared/random.ts'
import { FreshnessWorld } from '../../support/freshness-world.ts'

/** Of each world, one after the other on the same store, so that history, expiry and old entries add up. */
const SCHEDULES = 100
const WORLDS = 100

describe('what is read', () => {
  it('is never older than what was written, told or purged before the read began', async () => {
    let served = 0
    let servedByAnother = 0
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
        const world = new FreshnessWorld(seededRandom(seed))
        for (let count = 0; count < SCHEDULES; count += 1) await world.runSchedule()
        expect(world.stale).toEqual([])
        served += world.servedFromCache
        servedByAnother += world.servedByAnother
      }),
      { numRuns: WORLDS },
    )
    // A cache that never hits is never stale.
    expect(served).toBeGreaterThan((WORLDS * SCHEDULES) / 2)
    expect(servedByAnother).toBeGreaterThan(WORLDS)
  }, 300_000)
})
