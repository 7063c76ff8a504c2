import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/shared/random.ts'
import { FreshnessWorld } from '../../support/freshness-world.ts'
import { ReplicaGroup } from '../../support/replica-group.ts'

/** Of each world, one after the other, so that cuts, promotions and old entries add up. */
const SCHEDULES = 20
const WORLDS = Number(process.env['REPLICA_WORLDS'] ?? 200)

describe('what is read at three gateways, one of which has the primary', () => {
  it('is never older than what any of them has answered, whatever is cut, late or lost', async () => {
    const seen = { served: 0, promotions: 0, rivals: 0, cuts: 0, late: 0, unsure: 0 }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
        const groups: ReplicaGroup[] = []
        const world = new FreshnessWorld(seededRandom(seed), (parts) => {
          const group = new ReplicaGroup(parts)
          groups.push(group)
          return () => group.nodes()
        })
        for (let count = 0; count < SCHEDULES; count += 1) await world.runSchedule()
        expect(world.stale).toEqual([])
        seen.served += world.servedFromCache
        for (const { promotions, rivals, cuts, reads } of groups) {
          seen.promotions += promotions
          seen.rivals += rivals
          seen.cuts += cuts
          seen.late += reads.late
          seen.unsure += reads.unsure
        }
      }),
      { numRuns: WORLDS },
    )
    // Where nothing happens, nothing is stale.
    expect(seen.served).toBeGreaterThan(WORLDS)
    expect(seen.promotions).toBeGreaterThan(WORLDS / 10)
    expect(seen.rivals).toBeGreaterThan(WORLDS / 50)
    expect(seen.cuts).toBeGreaterThan(WORLDS)
    expect(seen.late).toBeGreaterThan(0)
    expect(seen.unsure).toBeGreaterThan(0)
    if (process.env['REPLICA_WORLDS'] !== undefined) console.log(seen)
  }, 1_800_000)
})
