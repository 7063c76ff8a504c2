import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TakeLimits, windowArguments } from '../../../src/gateway/ratelimit/take-limits.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { openStore } from '../../support/open-store.ts'

interface Admitted {
  readonly atMs: number
  cost: number
}

interface Rule {
  readonly limit: number
  readonly windowMs: number
  readonly slots: number
}

/** One engine for all trials: each has a key of its own, and time goes on. */
const clock = new FakeClock()
const store = openStore(clock)
const procedure = new TakeLimits()

/** The window under test beside a log of all it admitted. */
class Trial {
  readonly #key: Buffer
  readonly #rule: Rule
  #log: Admitted[] = []

  constructor(name: string, rule: Rule) {
    this.#key = Buffer.from(`{${name}}:rule`)
    this.#rule = rule
  }

  take(cost: number): boolean {
    const args = windowArguments(cost, [this.#rule])
    const [state] = store.run(procedure, [this.#key], args).states
    const isAllowed = state?.retryMs === 0
    if (isAllowed) this.#log.push({ atMs: clock.nowMs(), cost })
    return isAllowed
  }

  /** Gives back a part of what was admitted so many admissions ago. */
  giveBack(ago: number, share: number): void {
    const admitted = this.#log.at(-1 - ago)
    if (admitted === undefined) return
    const back = Math.round(admitted.cost * share)
    const args = windowArguments(-back, [this.#rule], { atMs: admitted.atMs })
    store.run(procedure, [this.#key], args)
    admitted.cost -= back
  }

  /** The cost admitted within the last `ms`, both ends included. */
  usedWithin(ms: number): number {
    const sinceMs = clock.nowMs() - ms
    this.#log = this.#log.filter(({ atMs }) => atMs >= sinceMs - this.#rule.windowMs)
    return this.#log.filter(({ atMs }) => atMs >= sinceMs).reduce((sum, { cost }) => sum + cost, 0)
  }
}

const rules = fc.record({
  limit: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 65_530, max: 65_540 })),
  windowMs: fc.integer({ min: 1_000, max: 100_000 }),
  slots: fc.integer({ min: 32, max: 256 }),
})

/** Mostly bursts, sometimes waits about as long as a slot or a window. */
const steps = fc.array(
  fc.record({
    wait: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.double({ min: 0, max: 0.05, noNaN: true }) },
      { weight: 2, arbitrary: fc.double({ min: 0.9, max: 1.1, noNaN: true }) },
    ),
    share: fc.double({ min: 0, max: 0.6, noNaN: true }),
    back: fc.option(
      fc.record({ ago: fc.nat({ max: 5 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      { freq: 3, nil: undefined },
    ),
  }),
  { maxLength: 120 },
)

describe('the sliding window', () => {
  it('never admits more than the limit in any window, what is given back set off, and refuses only what a slot more would', () => {
    let trialCount = 0
    fc.assert(
      fc.property(rules, steps, (rule, schedule) => {
        trialCount += 1
        const trial = new Trial(`trial ${trialCount}`, rule)
        for (const { wait, share, back } of schedule) {
          clock.advance(Math.round(wait * rule.windowMs))
          const cost = Math.max(Math.round(share * rule.limit), 1)
          // Every window that could be overfull ends with something admitted.
          if (trial.take(cost))
            expect(trial.usedWithin(rule.windowMs)).toBeLessThanOrEqual(rule.limit)
          else {
            const slotMs = rule.windowMs / rule.slots
            expect(trial.usedWithin(rule.windowMs + slotMs) + cost).toBeGreaterThan(rule.limit)
          }
          if (back !== undefined) trial.giveBack(back.ago, back.share)
        }
      }),
      { numRuns: 300 },
    )
  })
})
