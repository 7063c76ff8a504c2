import { beforeEach, describe, expect, it } from 'vitest'
import { CommandDriver } from '../../../support/command-driver.ts'

let driver: CommandDriver

beforeEach(() => {
  driver = new CommandDriver()
})

describe('MIGRATE', () => {
  it.each([
    ['MIGRATE h 1 none 0 10', 'NOKEY'],
    ['MIGRATE h 1 none x 10', 'ERR value is not an integer or out of range'],
    ['MIGRATE h 1 none 0 x', 'ERR value is not an integer or out of range'],
    ['MIGRATE h 1 none 0 10 AUTH', 'ERR syntax error'],
    ['MIGRATE h 1 none 0 10 AUTH2 user', 'ERR syntax error'],
    ['MIGRATE h 1 none 0 10 NOSUCH', 'ERR syntax error'],
    ['MIGRATE h 1 none 0 10 copy replace auth2 u p keys', expect.stringContaining('empty string')],
    ['MIGRATE h 1  0 10 KEYS a b', 'NOKEY'],
    ['MIGRATE h 1  0 10 KEYS', 'NOKEY'],
  ])('%s: %s', (line, reply) => {
    expect(driver.run(line)).toEqual(reply)
  })

  it('is refused where nobody may wait for the target', () => {
    driver.run('SET a 1')
    const refused = "ERR MIGRATE isn't allowed for a DENY BLOCKING client"
    expect(driver.run('MIGRATE h 1 a 0 10')).toBe(refused)
    expect(driver.call('EVAL', "return redis.call('MIGRATE', 'h', 1, 'a', 0, 10)", '0')).toContain(
      refused,
    )
    expect(driver.run('EXISTS a')).toBe(1)
  })
})
