import { describe, expect, it } from 'vitest'
import {
  NO_REPLICATION_ID,
  ReplicationHistory,
} from '../../../../src/engine/replication/history.ts'
import { seededRandom } from '../../../../src/shared/random.ts'

describe('ReplicationHistory', () => {
  it('has a name of 40 hexadecimal digits and no second one', () => {
    const history = new ReplicationHistory(seededRandom(1))
    expect(history.id).toMatch(/^[0-9a-f]{40}$/)
    expect([history.secondId, history.secondOffset]).toEqual([NO_REPLICATION_ID, -1])
  })

  it('includes its own history at any offset, in either case', () => {
    const history = new ReplicationHistory(seededRandom(1))
    expect(history.includes(history.id.toUpperCase(), 10 ** 12)).toBe(true)
    expect(history.includes('?', -1)).toBe(false)
  })

  it('includes the old history up to the byte at which it branched', () => {
    const history = new ReplicationHistory(seededRandom(1))
    const old = history.id
    history.branch(51)
    expect(history.id).not.toBe(old)
    expect([51, 52].map((offset) => history.includes(old, offset))).toEqual([true, false])
  })

  it('remembers one old history only', () => {
    const history = new ReplicationHistory(seededRandom(1))
    const oldest = history.id
    history.branch(10)
    history.continueAs('a'.repeat(40), 20)
    expect(history.id).toBe('a'.repeat(40))
    expect(history.includes(oldest, 1)).toBe(false)
  })

  it('forgets the old history with a copy of another one', () => {
    const history = new ReplicationHistory(seededRandom(1))
    history.branch(10)
    history.adopt('b'.repeat(40))
    expect([history.id, history.secondId]).toEqual(['b'.repeat(40), NO_REPLICATION_ID])
  })

  it('includes nothing of before when it begins anew', () => {
    const history = new ReplicationHistory(seededRandom(1))
    const old = history.id
    history.begin()
    expect(history.includes(old, 0)).toBe(false)
  })
})
