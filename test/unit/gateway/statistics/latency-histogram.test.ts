import { describe, expect, it } from 'vitest'
import { LatencyHistogram } from '../../../../src/gateway/statistics/latency-histogram.ts'

describe('LatencyHistogram', () => {
  it('is all zero before anything is recorded', () => {
    expect(new LatencyHistogram().snapshot()).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 })
  })

  it('tells quantiles at most an eighth of a doubling too high', () => {
    const histogram = new LatencyHistogram()
    for (let ms = 1; ms <= 1_000; ms += 1) histogram.record(ms)
    for (const [quantile, exact] of [
      [0.5, 500],
      [0.9, 900],
      [0.99, 990],
    ] as const) {
      const told = histogram.quantileMs(quantile)
      expect(told).toBeGreaterThanOrEqual(exact)
      expect(told).toBeLessThanOrEqual(exact * 2 ** (1 / 8))
    }
    expect(histogram.snapshot().max).toBe(1_000)
  })

  it.each([0, 0.0001, 0.001, 1e9])('takes %d ms', (ms) => {
    const histogram = new LatencyHistogram()
    histogram.record(ms)
    expect(histogram.count).toBe(1)
    expect(histogram.quantileMs(1)).toBeLessThanOrEqual(Math.max(ms, 0.001))
  })

  it('counts cumulatively, never more than all', () => {
    const histogram = new LatencyHistogram()
    for (const ms of [0.4, 4, 40]) histogram.record(ms)
    expect(histogram.cumulative([0.1, 1, 10, 100])).toEqual([0, 1, 2, 3])
    expect(histogram.sumMs).toBeCloseTo(44.4)
  })
})
