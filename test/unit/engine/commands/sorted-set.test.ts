import { describe, expect, it } from 'vitest'
import { CommandDriver } from '../../../support/command-driver.ts'

describe('ZRANDMEMBER', () => {
  it('refuses more draws than a reply can hold', () => {
    const driver = new CommandDriver()
    driver.run('ZADD z 1 member')
    expect(driver.run('ZRANDMEMBER z -16777217')).toBe('ERR value is out of range')
    expect(driver.run('ZRANDMEMBER z -3')).toHaveLength(3)
  })
})
