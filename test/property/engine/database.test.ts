import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ActiveExpiry } from '../../../src/engine/keyspace/active-expiry.ts'
import { KEEP_EXPIRY, NO_EXPIRY } from '../../../src/engine/keyspace/database.ts'
import { Keyspace } from '../../../src/engine/keyspace/keyspace.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { DatabaseDriver } from '../../support/keyspace-driver.ts'

interface Model {
  readonly entries: Map<string, { value: string; expiresAtMs: number }>
  nowMs: number
}

interface Real {
  readonly keyspace: Keyspace
  readonly driver: DatabaseDriver
  readonly expiry: ActiveExpiry
}

type Step = fc.Command<Model, Real>

const always = () => true

function living(model: Model): Model['entries'] {
  for (const [key, entry] of model.entries) {
    if (entry.expiresAtMs !== NO_EXPIRY && entry.expiresAtMs < model.nowMs)
      model.entries.delete(key)
  }
  return model.entries
}

function compare(model: Model, real: Real): void {
  const entries = living(model)
  expect(real.driver.keys()).toEqual([...entries.keys()].sort())
  for (const [key, entry] of entries) {
    expect(real.driver.get(key)).toBe(entry.value)
    expect(real.driver.database.expiresAtMs(real.driver.peek(key))).toBe(entry.expiresAtMs)
  }
}

const key = fc.oneof(fc.integer({ min: 0, max: 40 }).map(String), fc.string({ maxLength: 30 }))
const value = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ minLength: 200, maxLength: 2_000 }),
)

const steps: fc.Arbitrary<Step>[] = [
  fc
    .tuple(key, value, fc.constantFrom(NO_EXPIRY, KEEP_EXPIRY, 10, 500))
    .map(([name, text, ttl]) => ({
      check: always,
      toString: () => `set ${JSON.stringify(name)} of ${text.length}, ${ttl}`,
      run: (model, real) => {
        const kept = living(model).get(name)?.expiresAtMs ?? NO_EXPIRY
        const instant = ttl > 0 ? model.nowMs + ttl : ttl
        real.driver.set(name, text, instant)
        model.entries.set(name, { value: text, expiresAtMs: ttl === KEEP_EXPIRY ? kept : instant })
      },
    })),
  key.map((name) => ({
    check: always,
    toString: () => `delete ${JSON.stringify(name)}`,
    run: (model, real) => expect(real.driver.delete(name)).toBe(living(model).delete(name)),
  })),
  fc.tuple(key, key).map(([from, to]) => ({
    check: always,
    toString: () => `rename ${JSON.stringify(from)} ${JSON.stringify(to)}`,
    run: (model, real) => {
      const entry = living(model).get(from)
      expect(real.driver.rename(from, to)).toBe(entry !== undefined)
      if (entry === undefined) return
      model.entries.delete(from)
      model.entries.set(to, entry)
    },
  })),
  fc.tuple(key, fc.integer({ min: 0, max: 300 })).map(([name, length]) => ({
    check: (model) => living(model).has(name),
    toString: () => `resize ${JSON.stringify(name)} to ${length}`,
    run: (model, real) => {
      const entry = model.entries.get(name)
      if (entry === undefined) return
      const bytes = Buffer.alloc(length)
      Buffer.from(entry.value).copy(bytes)
      const resized = real.driver.database.resizeString(real.driver.peek(name), length)
      expect(real.driver.database.valueLength(resized)).toBe(length)
      // A cut inside a character would not survive the trip through text: write plain text again.
      real.driver.set(name, 'x'.repeat(length), KEEP_EXPIRY)
      entry.value = 'x'.repeat(length)
    },
  })),
  fc.integer({ min: 0, max: 400 }).map((ms) => ({
    check: always,
    toString: () => `advance ${ms}`,
    run: (model, real) => {
      model.nowMs += ms
      real.keyspace.advance(model.nowMs)
    },
  })),
  fc.constant({
    check: always,
    toString: () => 'expire what is due',
    run: (model: Model, real: Real) => {
      real.expiry.run(1_000)
      expect(real.driver.database.size).toBe(living(model).size)
    },
  }),
  fc.constant({ check: always, toString: () => 'compare', run: compare }),
]

describe('Database', () => {
  it('does what a Map with instants does, and leaks nothing', () => {
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: 200 }), fc.integer(), (commands, seed) => {
        const keyspace = new Keyspace({ databaseCount: 1, random: seededRandom(seed) })
        keyspace.advance(1_000)
        const driver = new DatabaseDriver(keyspace.database(0))
        const expiry = new ActiveExpiry(keyspace, new FakeClock())
        const model: Model = { entries: new Map(), nowMs: 1_000 }
        const real: Real = { keyspace, driver, expiry }
        fc.modelRun(() => ({ model, real }), commands)
        compare(model, real)
        for (const name of driver.keys()) driver.delete(name)
        expiry.run(1_000)
        expect(keyspace.slab.usedBytes).toBe(0)
      }),
      { numRuns: 150 },
    )
  })
})

describe('SCAN', () => {
  it('visits every key that stays, whatever comes and goes meanwhile', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 }),
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 1_500 })), { maxLength: 1_500 }),
        fc.integer({ min: 1, max: 40 }),
        (stayingCount, changes, changesPerStep) => {
          const keyspace = new Keyspace({ databaseCount: 1, random: seededRandom(stayingCount) })
          const driver = new DatabaseDriver(keyspace.database(0))
          for (let index = 0; index < stayingCount; index += 1) driver.set(`stays:${index}`, 'v')
          const seen = new Set<string>()
          const pending = [...changes]
          let cursor = 0
          do {
            cursor = driver.database.scanAll(cursor, (record) => {
              if (!driver.database.isDue(record)) seen.add(driver.key(record))
            })
            for (const [isSet, index] of pending.splice(0, changesPerStep)) {
              if (isSet) driver.set(`passing:${index}`, 'v')
              else driver.delete(`passing:${index}`)
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
