import { describe, expect, it } from 'vitest'
import { FamilyStatistics } from '../../../../src/gateway/statistics/family-statistics.ts'

const member = (familyKey: string) => ({ familyKey, familyCounts: undefined })

describe('FamilyStatistics', () => {
  it('counts the members of a family together', () => {
    const families = new FamilyStatistics(10)
    const one = member('a')
    families.missed(one)
    families.hit(one)
    families.hit(member('a'))
    expect([...families.list()]).toEqual([{ familyKey: 'a', hits: 2, misses: 1 }])
  })

  it('leaves out the one with the fewest requests when there are too many', () => {
    const families = new FamilyStatistics(2)
    const busy = member('busy')
    families.hit(busy)
    families.hit(busy)
    families.missed(member('rare'))
    families.missed(member('new'))
    expect([...families.list()].map(({ familyKey }) => familyKey)).toEqual(['busy', 'new'])
  })
})
