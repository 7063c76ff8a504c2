import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlidingWindow, windowArguments } from '../../../src/gateway/ratelimit/sliding-window.ts'
import { type Random, seededRandom } from '../../../src/shared/random.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { openStore } from '../../support/open-store.ts'

interface Admitted {
  readonly atMs: number
  readonly cost: number
}

interface Rule {
  readonly limit: number
  readonly windowMs: number
  readonly slots: number
}

/** One engine for all trials: each has a key of its own, and time goes on. */
const clock = new FakeClock()
const store = openStore(clock)
const procedure = new SlidingWindow()

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
    const [state] = store.run(procedure, [this.#key], args)
    const isAllowed = state?.retryMs === 0
    if (isAllowed) this.#log.push({ atMs: clock.nowMs(), cost })
    return isAllowed
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
  }),
  { maxLength: 120 },
)

describe('SlidingWindow', () => {
  it('never admits more than the limit in any window, and refuses only what a slot more would refuse', () => {
    let trialCount = 0
    fc.assert(
      fc.property(rules, steps, (rule, schedule) => {
        trialCount += 1
        const trial = new Trial(`trial ${trialCount}`, rule)
        for (const { wait, share } of schedule) {
          clock.advance(Math.round(wait * rule.windowMs))
          const cost = Math.max(Math.round(share * rule.limit), 1)
          // Every window that could be overfull ends with something admitted.
          if (trial.take(cost))
            expect(trial.usedWithin(rule.windowMs)).toBeLessThanOrEqual(rule.limit)
          else {
            const slotMs = rule.windowMs / rule.slots
            expect(trial.usedWithin(rule.windowMs + slotMs) + cost).toBeGreaterThan(rule.limit)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['even traffic at 0.8 of the limit', 0.002, evenTraffic],
    ['bursts at 0.6 of the limit', 0.005, bursts],
  ] as const)('wrongly refuses next to nothing of %s', (_name, bound, traffic) => {
    const rule = { limit: 100, windowMs: 60_000, slots: 120 }
    const random = seededRandom(3)
    let asked = 0
    let wronglyRefused = 0
    for (let user = 0; user < 15; user += 1) {
      const trial = new Trial(`user ${user}`, rule)
      const endMs = clock.nowMs() + 30 * rule.windowMs
      while (clock.nowMs() < endMs) {
        const { waitMs, count } = traffic(random)
        clock.advance(waitMs)
        for (let index = 0; index < count; index += 1) {
          asked += 1
          // The window is half open: what is exactly as old as the window has left it.
          const fits = trial.usedWithin(rule.windowMs - 1) < rule.limit
          if (!trial.take(1) && fits) wronglyRefused += 1
        }
      }
    }
    expect(asked).toBeGreaterThan(20_000)
    expect(wronglyRefused / asked).toBeLessThanOrEqual(bound)
  })
})

interface Arrival {
  readonly waitMs: number
  readonly count: number
}

/** A Poisson process of 80 requests a minute. */
function evenTraffic(random: Random): Arrival {
  return { waitMs: Math.round(-Math.log(1 - random.next()) * 750), count: 1 }
}

/** 20 to 80 at once, so that it is 60 a minute. */
function bursts(random: Random): Arrival {
  const count = 20 + (random.uint32() % 61)
  return { waitMs: Math.round(-Math.log(1 - random.next()) * 50_000), count }
}
