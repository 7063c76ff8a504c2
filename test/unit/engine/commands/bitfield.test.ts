import { describe, expect, it } from 'vitest'
import { CommandDriver } from '../../../support/command-driver.ts'

describe('BITFIELD', () => {
  it('tells of a string that it has only made longer', () => {
    const driver = new CommandDriver()
    const refused = 'BITFIELD key OVERFLOW FAIL INCRBY u2 23 -9'
    expect(driver.run(refused)).toEqual([null])
    expect(driver.run('STRLEN key')).toBe(4)
    expect(driver.effects).toEqual([refused])
    expect(driver.run(refused)).toEqual([null])
    expect(driver.effects).toEqual([refused])
  })
})
