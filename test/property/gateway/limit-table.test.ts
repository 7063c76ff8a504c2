import { describe, expect, it } from 'vitest'
import {
  type LimitCharge,
  limitArguments,
  TakeLimits,
} from '../../../src/gateway/ratelimit/take-limits.ts'
import { nth } from '../../../src/shared/assert.ts'
import { type Random, seededRandom } from '../../../src/shared/random.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { openStore } from '../../support/open-store.ts'

const WINDOW_MS = 60_000
const USERS = 12
const WINDOWS = 30
/** Of few and dear requests. */
const MORE_USERS = 80

/** What some users asked for, and what became of it. */
interface Outcome {
  /** More than this was never admitted in a window, in parts of the limit. */
  readonly most: number
  /** Of all requests, in percent: refused although a log would have had room. */
  readonly wronglyRefused: number
  readonly asked: number
}

interface Arrival {
  readonly waitMs: number
  readonly costs: readonly number[]
}

type Traffic = (random: Random) => Arrival

/** All that was admitted, the oldest first, with what of it lies within the last window. */
class AdmissionLog {
  readonly #entries: { readonly atMs: number; readonly cost: number }[] = []
  #first = 0
  #sum = 0

  add(atMs: number, cost: number): void {
    this.#entries.push({ atMs, cost })
    this.#sum += cost
  }

  usedAfter(sinceMs: number): number {
    for (; this.#first < this.#entries.length; this.#first += 1) {
      const { atMs, cost } = nth(this.#entries, this.#first)
      if (atMs > sinceMs) break
      this.#sum -= cost
    }
    return this.#sum
  }
}

function simulate(charge: Omit<LimitCharge, 'cost'>, traffic: Traffic, users = USERS): Outcome {
  const clock = new FakeClock()
  const store = openStore(clock)
  const procedure = new TakeLimits()
  const random = seededRandom(11)
  let asked = 0
  let wronglyRefused = 0
  let most = 0
  for (let user = 0; user < users; user += 1) {
    const key = Buffer.from(`{user ${user}}:rule`)
    const log = new AdmissionLog()
    const endMs = clock.nowMs() + WINDOWS * charge.windowMs
    while (clock.nowMs() < endMs) {
      const { waitMs, costs } = traffic(random)
      clock.advance(waitMs)
      for (const cost of costs) {
        const nowMs = clock.nowMs()
        const args = limitArguments([{ ...charge, cost }])
        const isAllowed = nth(store.run(procedure, [key], args).states, 0).retryMs === 0
        // The window is half open: what is exactly as old as the window has left it.
        const used = log.usedAfter(nowMs - charge.windowMs)
        asked += 1
        if (isAllowed) {
          log.add(nowMs, cost)
          most = Math.max(most, (used + cost) / charge.limit)
        } else if (used + cost <= charge.limit) wronglyRefused += 1
      }
    }
  }
  return { most, wronglyRefused: (wronglyRefused / asked) * 100, asked }
}

/** A Poisson process of so many requests a minute. */
const poisson =
  (perMinute: number): Traffic =>
  (random) => ({ waitMs: exponential(random, WINDOW_MS / perMinute), costs: [1] })

/** 20 to 80 at once, so many a minute on average. */
const bursts =
  (perMinute: number): Traffic =>
  (random) => ({
    waitMs: exponential(random, (50 * WINDOW_MS) / perMinute),
    costs: Array.from({ length: 20 + (random.uint32() % 61) }, () => 1),
  })

/** One at a time of 1 to 50 points, so many points a minute on average. */
const weighted =
  (perMinute: number): Traffic =>
  (random) => ({
    waitMs: exponential(random, (25.5 * WINDOW_MS) / perMinute),
    costs: [1 + (random.uint32() % 50)],
  })

function exponential(random: Random, meanMs: number): number {
  return Math.round(-Math.log(1 - random.next()) * meanMs)
}

const strict = (slots: number): Omit<LimitCharge, 'cost'> => ({
  kind: 'window',
  limit: 100,
  windowMs: WINDOW_MS,
  extra: slots,
  isShadow: false,
})
const log: Omit<LimitCharge, 'cost'> = { ...strict(120), kind: 'log', extra: 0 }
const gcra: Omit<LimitCharge, 'cost'> = { ...strict(120), kind: 'gcra', extra: 100 }

describe('the table of limits', () => {
  it.each([
    ['Poisson at 0.8 of the limit', poisson(80), strict(120), 0.2],
    ['Poisson at 0.8 of the limit', poisson(80), strict(256), 0.1],
    ['bursts at 0.6 of the limit', bursts(60), strict(120), 0.5],
    ['bursts at 0.6 of the limit', bursts(60), strict(256), 0.25],
    ['bursts at 1.5 of the limit', bursts(150), strict(120), 1.5],
    ['Poisson at 0.8 of the limit', poisson(80), log, 0.01],
    ['bursts at 0.6 of the limit', bursts(60), log, 0.01],
  ] as const)('%s never exceeds a limit %#', (_name, traffic, charge, wronglyRefusedMax) => {
    const { most, wronglyRefused, asked } = simulate(charge, traffic)
    expect(asked).toBeGreaterThan(10_000)
    expect(most).toBeLessThanOrEqual(1)
    expect(wronglyRefused).toBeLessThanOrEqual(wronglyRefusedMax)
  })

  it.each([
    [120, 0.7],
    [256, 0.4],
  ])('points at 1.0 of the limit never exceed it with %d slots', (slots, wronglyRefusedMax) => {
    const { most, wronglyRefused, asked } = simulate(strict(slots), weighted(100), MORE_USERS)
    expect(asked).toBeGreaterThan(5_000)
    expect(most).toBeLessThanOrEqual(1)
    expect(wronglyRefused).toBeLessThanOrEqual(wronglyRefusedMax)
  })

  it('has another contract in a GCRA: the burst and what flows in beside it', () => {
    const { most, wronglyRefused } = simulate(gcra, bursts(150))
    expect(most).toBeGreaterThan(1.5)
    expect(most).toBeLessThanOrEqual(2)
    expect(wronglyRefused).toBeLessThanOrEqual(0.01)
  })
})
