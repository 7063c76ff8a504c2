import { describe, expect, it } from 'vitest'
import { LatencyHistogram } from '../../../../src/engine/introspection/latency-histogram.ts'

function histogramOf(...values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const ns of values) histogram.record(ns, 1)
  return histogram
}

describe('LatencyHistogram', () => {
  it.each([
    [1, 1],
    [255, 255],
    // Two digits are kept: from 256 on two neighbours share a slot.
    [256, 257],
    [1_000, 1_003],
    [1_000_000, 1_003_519],
    [999_999_999, 1_002_438_655],
  ])('tells of %i ns the upper end of its slot, %i', (ns, told) => {
    expect(histogramOf(ns).percentileNs(100)).toBe(told)
  })

  it('counts nothing as a nanosecond and more than a second as one', () => {
    const histogram = histogramOf(0, 5_000_000_000)
    expect(histogram.percentileNs(0)).toBe(1)
    expect(histogram.percentileNs(100)).toBe(histogramOf(1_000_000_000).percentileNs(100))
  })

  it('finds percentiles among calls recorded together', () => {
    const histogram = new LatencyHistogram()
    histogram.record(100, 99)
    histogram.record(200, 1)
    expect(histogram.count).toBe(100)
    expect(histogram.percentileNs(50)).toBe(100)
    expect(histogram.percentileNs(99)).toBe(100)
    expect(histogram.percentileNs(99.9)).toBe(200)
  })

  it('sums up at doublings of a microsecond that bring calls', () => {
    expect(histogramOf(500, 1_000, 3_000, 100_000, 2e9).cumulative()).toEqual([
      [1, 2],
      [4, 3],
      [132, 4],
      [1_073_741, 5],
    ])
  })

  it('sums up to nothing without calls', () => {
    expect(new LatencyHistogram().cumulative()).toEqual([])
  })
})
