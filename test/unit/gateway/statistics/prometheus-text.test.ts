import { describe, expect, it } from 'vitest'
import { LatencyHistogram } from '../../../../src/gateway/statistics/latency-histogram.ts'
import { PrometheusText } from '../../../../src/gateway/statistics/prometheus-text.ts'

describe('PrometheusText', () => {
  it('writes counters and gauges with their labels', () => {
    const text = new PrometheusText()
    text.counter('requests_total', 'Requests.', [
      { labels: { outcome: 'hit', rule: 'a"b\\c\n' }, value: 2 },
      { value: 3 },
    ])
    text.gauge('open', 'Open.', 4)
    expect(text.toString()).toBe(
      [
        '# HELP requests_total Requests.',
        '# TYPE requests_total counter',
        'requests_total{outcome="hit",rule="a\\"b\\\\c\\n"} 2',
        'requests_total 3',
        '# HELP open Open.',
        '# TYPE open gauge',
        'open 4',
        '',
      ].join('\n'),
    )
  })

  it('writes histograms in seconds, their buckets ending in all', () => {
    const latency = new LatencyHistogram()
    latency.record(3)
    latency.record(20_000)
    const text = new PrometheusText()
    text.histogram('duration_seconds', 'Duration.', [{ latency }])
    const lines = text.toString().split('\n')
    expect(lines).toContain('duration_seconds_bucket{le="0.0025"} 0')
    expect(lines).toContain('duration_seconds_bucket{le="0.005"} 1')
    expect(lines).toContain('duration_seconds_bucket{le="10"} 1')
    expect(lines).toContain('duration_seconds_bucket{le="+Inf"} 2')
    expect(lines).toContain('duration_seconds_sum 20.003')
    expect(lines).toContain('duration_seconds_count 2')
  })
})
