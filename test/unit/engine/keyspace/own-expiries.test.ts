import { describe, expect, it } from 'vitest'
import { OwnExpiries } from '../../../../src/engine/keyspace/own-expiries.ts'

function expiriesOf(...names: readonly string[]): OwnExpiries {
  const expiries = new OwnExpiries()
  for (const name of names) expiries.add(0, Buffer.from(name, 'latin1'), 0, name.length)
  return expiries
}

describe('OwnExpiries', () => {
  it('forgets what need not wait, and keeps the rest', () => {
    const expiries = expiriesOf('a b', '\xff', 'b')
    const seen: string[] = []
    const isKept = (index: number, key: Uint8Array): boolean => {
      seen.push(`${index} ${Buffer.from(key).toString('latin1')}`)
      return seen.length === 1
    }
    expiries.run(isKept, () => false)
    expect(seen).toEqual(['0 a b', '0 \xff', '0 b'])
    expect(expiries.size).toBe(1)
  })

  it('takes a part of the key bytes, in any database, each key once', () => {
    const expiries = new OwnExpiries()
    for (const index of [3, 3, 4]) expiries.add(index, Buffer.from('xkeyx'), 1, 3)
    expect(expiries.size).toBe(2)
    expiries.run(
      (index, key) => index === 3 && String(Buffer.from(key)) === 'key',
      () => false,
    )
    expect(expiries.size).toBe(1)
  })

  it('looks at 64 that stay in one cycle, and at the others in the next', () => {
    const names = Array.from({ length: 65 }, (_, index) => `key${index}`)
    const expiries = expiriesOf(...names)
    const seen: string[] = []
    const keep = (_index: number, key: Uint8Array): boolean => {
      seen.push(String(Buffer.from(key)))
      return true
    }
    expiries.run(keep, () => false)
    expect(seen.length).toBe(64)
    expiries.run(keep, () => false)
    expect(seen[64]).toBe('key64')
    expect(expiries.size).toBe(65)
  })

  it('ends when its time is over', () => {
    const expiries = expiriesOf('a', 'b')
    expiries.run(
      () => false,
      () => true,
    )
    expect(expiries.size).toBe(2)
  })
})
