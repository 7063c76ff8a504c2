import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommandDriver } from '../../support/command-driver.ts'

/** Few names, and some that are packed in other ways or not at all. */
const name = fc.oneof(
  fc.integer({ min: -5, max: 20 }).map(String),
  fc.constantFrom('70000', '-70000', '9223372036854775807', '01', '', 'word', 'x'.repeat(65)),
  fc.string({ unit: 'grapheme-ascii', maxLength: 5 }),
)
const LIMITS = ['CONFIG', 'SET', 'hash-max-listpack-entries', '8', 'set-max-intset-entries', '8']

describe('hashes', () => {
  it('do what a Map does', () => {
    const change = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), name, value: name }),
      fc.record({ kind: fc.constant('delete' as const), name, value: name }),
    )
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const driver = new CommandDriver()
        driver.call(...LIMITS)
        const model = new Map<string, string>()
        for (const { kind, name: field, value } of changes) {
          if (kind === 'set') {
            expect(driver.call('HSET', 'h', field, value)).toBe(model.has(field) ? 0 : 1)
            model.set(field, value)
          } else {
            expect(driver.call('HDEL', 'h', field)).toBe(model.delete(field) ? 1 : 0)
          }
          expect(driver.call('HGET', 'h', field)).toBe(model.get(field) ?? null)
        }
        expect(driver.sorted('HKEYS h')).toEqual([...model.keys()].sort())
        expect(driver.sorted('HVALS h')).toEqual([...model.values()].sort())
        expect(driver.run('HLEN h')).toBe(model.size)
        expect(driver.run('EXISTS h')).toBe(model.size > 0 ? 1 : 0)
      }),
      { numRuns: 60 },
    )
  })
})

type Sets = Map<string, Set<string>>

interface Change {
  readonly kind: 'SADD' | 'SREM' | 'SMOVE' | 'SINTERSTORE' | 'SUNIONSTORE' | 'SDIFFSTORE'
  readonly keys: readonly [string, string, string]
  readonly members: readonly string[]
}

const key = fc.constantFrom('a', 'b', 'c')
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(
    'SADD',
    'SADD',
    'SREM',
    'SMOVE',
    'SINTERSTORE',
    'SUNIONSTORE',
    'SDIFFSTORE',
  ),
  keys: fc.tuple(key, key, key),
  members: fc.array(name, { minLength: 1, maxLength: 14 }),
})

/** Does it to the model; gives the arguments and the reply that is expected. */
function apply(sets: Sets, { kind, keys, members }: Change): [argv: string[], reply: number] {
  const [set, other, another] = keys.map((each) => sets.get(each) ?? new Set<string>())
  if (set === undefined || other === undefined || another === undefined) return [[], 0]
  const size = set.size
  if (kind === 'SADD') {
    for (const member of members) set.add(member)
    return [[kind, keys[0], ...members], set.size - size]
  }
  if (kind === 'SREM') {
    for (const member of members) set.delete(member)
    return [[kind, keys[0], ...members], size - set.size]
  }
  if (kind === 'SMOVE') {
    const [member = ''] = members
    const isThere = set.has(member)
    if (isThere) {
      set.delete(member)
      other.add(member)
    }
    return [[kind, keys[0], keys[1], member], isThere ? 1 : 0]
  }
  const result = resultOf(kind, other, another)
  sets.set(keys[0], result)
  return [[kind, ...keys], result.size]
}

function resultOf(kind: string, left: Set<string>, right: Set<string>): Set<string> {
  if (kind === 'SUNIONSTORE') return new Set([...left, ...right])
  const isKept = (member: string) => right.has(member) === (kind === 'SINTERSTORE')
  return new Set([...left].filter(isKept))
}

describe('sets', () => {
  it('do what Sets do, alone and with each other', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const driver = new CommandDriver()
        driver.call(...LIMITS)
        const sets: Sets = new Map(['a', 'b', 'c'].map((each) => [each, new Set<string>()]))
        for (const each of changes) {
          const [argv, reply] = apply(sets, each)
          expect(driver.call(...argv)).toBe(reply)
        }
        for (const [each, set] of sets) {
          expect(driver.sorted(`SMEMBERS ${each}`)).toEqual([...set].sort())
          expect(driver.run(`SCARD ${each}`)).toBe(set.size)
          for (const member of set) expect(driver.call('SISMEMBER', each, member)).toBe(1)
        }
      }),
      { numRuns: 80 },
    )
  })
})
