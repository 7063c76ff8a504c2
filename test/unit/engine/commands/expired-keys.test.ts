import { beforeEach, describe, expect, it } from 'vitest'
import { CommandDriver } from '../../../support/command-driver.ts'

let driver: CommandDriver

beforeEach(() => {
  driver = new CommandDriver()
  for (const key of ['a1', 'a2', 'b']) driver.run(`SET ${key} 1 PX 10`)
  driver.run('SET stays 1')
  driver.clock.advance(20)
  driver.effects.length = 0
})

describe('keys past their instant', () => {
  it('are taken away by SCAN, each for itself', () => {
    expect(driver.run('SCAN 0 COUNT 100')).toEqual(['0', ['stays']])
    expect(driver.effects.toSorted()).toEqual(['DEL a1', 'DEL a2', 'DEL b'])
    expect(driver.run('DBSIZE')).toBe(1)
  })

  it('are left alone by a SCAN that does not want them', () => {
    expect(driver.run('SCAN 0 COUNT 100 MATCH a*')).toEqual(['0', []])
    expect(driver.effects.toSorted()).toEqual(['DEL a1', 'DEL a2'])
    expect(driver.run('DBSIZE')).toBe(2)
  })

  it('are taken away by RANDOMKEY, each for itself', () => {
    driver.run('DEL stays')
    driver.effects.length = 0
    expect(driver.run('RANDOMKEY')).toBeNull()
    expect(driver.effects.toSorted()).toEqual(['DEL a1', 'DEL a2', 'DEL b'])
  })

  it('are shown by DEBUG OBJECT until they are taken away', () => {
    expect(driver.run('DEBUG OBJECT a1')).toContain('encoding:int')
    expect(driver.run('GET a1')).toBeNull()
    expect(driver.run('DEBUG OBJECT a1')).toBe('ERR no such key')
  })

  it('go together with what the transaction that found them did', () => {
    driver.run('MULTI')
    driver.run('SCAN 0 COUNT 100')
    driver.run('EXEC')
    expect(driver.effects[0]).toBe('MULTI')
    expect(driver.effects.at(-1)).toBe('EXEC')
  })
})
