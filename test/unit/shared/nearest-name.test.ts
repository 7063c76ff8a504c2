import { describe, expect, it } from 'vitest'
import { nearestName } from '../../../src/shared/nearest-name.ts'

describe('nearestName', () => {
  const names = ['port', 'host', 'admin-port', 'redis-port']

  it.each([
    ['prot', 'port'],
    ['hosts', 'host'],
    ['admin_port', 'admin-port'],
    ['REDIS-PORT', 'redis-port'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearestName(name, names)).toBe(meant)
  })

  it('has no opinion on what resembles nothing', () => {
    expect(nearestName('configuration', names)).toBeUndefined()
  })
})
