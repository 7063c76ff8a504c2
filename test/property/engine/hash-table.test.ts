import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ANY_LENGTH } from '../../../src/engine/structures/hash-table.ts'
import { HashTableDriver } from '../../support/hash-table-driver.ts'

type Model = Map<string, string>
type Step = fc.Command<Model, HashTableDriver>

const always = () => true

const key = fc.oneof(
  fc.integer({ min: 0, max: 60 }).map(String),
  fc.string({ unit: 'binary', maxLength: 30 }),
)
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ minLength: 200, maxLength: 600 }),
)

function compare(model: Model, real: HashTableDriver): void {
  expect(real.entries()).toEqual([...model].sort(([left], [right]) => (left < right ? -1 : 1)))
  expect(real.size).toBe(model.size)
  expect(real.table.bytes(real.root)).toBe(real.slab.usedBytes)
}

const steps: fc.Arbitrary<Step>[] = [
  fc.tuple(key, value).map(([name, text]) => ({
    check: always,
    toString: () => `set ${JSON.stringify(name)} of ${text.length}`,
    run: (model, real) => {
      real.set(name, text)
      model.set(name, text)
    },
  })),
  fc.integer({ min: 0, max: 300 }).map((count) => ({
    check: always,
    toString: () => `set ${count}`,
    run: (model, real) => {
      for (let index = 0; index < count; index += 1) {
        real.set(`many:${index}`, 'v')
        model.set(`many:${index}`, 'v')
      }
    },
  })),
  fc.integer({ min: 0, max: 300 }).map((count) => ({
    check: always,
    toString: () => `delete ${count}`,
    run: (model, real) => {
      for (let index = 0; index < count; index += 1) {
        expect(real.delete(`many:${index}`)).toBe(model.delete(`many:${index}`))
      }
    },
  })),
  key.map((name) => ({
    check: always,
    toString: () => `delete ${JSON.stringify(name)}`,
    run: (model, real) => expect(real.delete(name)).toBe(model.delete(name)),
  })),
  key.map((name) => ({
    check: always,
    toString: () => `find ${JSON.stringify(name)}`,
    run: (model, real) => {
      const entry = real.find(name)
      expect(entry === 0 ? undefined : real.value(entry)).toBe(model.get(name))
    },
  })),
  fc.boolean().map((hasRoom) => ({
    check: always,
    toString: () => `memory is ${hasRoom ? 'there' : 'short'}`,
    run: (_model, real) => {
      real.hasRoom = hasRoom
    },
  })),
  fc.constant({
    check: always,
    toString: () => 'random',
    run: (model: Model, real: HashTableDriver) => {
      const entry = real.table.random(real.root)
      if (model.size === 0) expect(entry).toBe(0)
      else expect(model.has(real.key(entry))).toBe(true)
    },
  }),
  fc.constant({
    check: always,
    toString: () => 'copy',
    run: (model: Model, real: HashTableDriver) => {
      const original = real.root
      real.root = real.table.copy(original)
      real.table.free(original)
      compare(model, real)
    },
  }),
  fc.constant({ check: always, toString: () => 'compare', run: compare }),
]

describe('HashTable', () => {
  it('does what a Map does, counts its bytes and leaks none', () => {
    fc.assert(
      fc.property(
        fc.commands(steps, { maxCommands: 120 }),
        fc.integer(),
        fc.integer({ min: 1, max: 400 }),
        (commands, seed, budget) => {
          const model: Model = new Map()
          const real = new HashTableDriver({ valueBytes: ANY_LENGTH, seed })
          fc.modelRun(() => ({ model, real }), commands)
          compare(model, real)
          while (!real.table.freeSome(real.root, budget)) {
            expect(real.table.bytes(real.root)).toBe(real.slab.usedBytes)
          }
          expect(real.slab.usedBytes).toBe(0)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('finds in a scan every entry that stays, whatever comes and goes meanwhile', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 }),
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 1_500 })), { maxLength: 1_500 }),
        fc.integer({ min: 1, max: 40 }),
        (stayingCount, changes, changesPerStep) => {
          const real = new HashTableDriver({ valueBytes: 0, seed: stayingCount })
          for (let index = 0; index < stayingCount; index += 1) real.set(`stays:${index}`)
          const seen = new Set<string>()
          const pending = [...changes]
          let cursor = 0
          do {
            cursor = real.scan(cursor, seen)
            for (const [isSet, index] of pending.splice(0, changesPerStep)) {
              if (isSet) real.set(`passing:${index}`)
              else real.delete(`passing:${index}`)
            }
          } while (cursor !== 0)
          const staying = [...seen].filter((name) => name.startsWith('stays:'))
          expect(staying).toHaveLength(stayingCount)
        },
      ),
      { numRuns: 60 },
    )
  })
})
