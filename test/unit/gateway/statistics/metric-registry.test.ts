import { describe, expect, it } from 'vitest'
import { DocumentStatistics } from '../../../../src/gateway/documents/document-statistics.ts'
import { EventStatistics } from '../../../../src/gateway/events/event-statistics.ts'
import { AuthStatistics } from '../../../../src/gateway/identity/auth-statistics.ts'
import { METRICS, type MetricSource } from '../../../../src/gateway/metrics.ts'
import { SessionStatistics } from '../../../../src/gateway/session/session-statistics.ts'
import { CacheStatistics } from '../../../../src/gateway/statistics/cache-statistics.ts'
import { FamilyStatistics } from '../../../../src/gateway/statistics/family-statistics.ts'
import { LatencyHistogram } from '../../../../src/gateway/statistics/latency-histogram.ts'
import { LimitStatistics } from '../../../../src/gateway/statistics/limit-statistics.ts'
import { createMetricRegistry } from '../../../../src/gateway/statistics/metric-registry.ts'
import { QueryLimitStatistics } from '../../../../src/gateway/statistics/query-limit-statistics.ts'
import { RequestStatistics } from '../../../../src/gateway/statistics/request-statistics.ts'
import { UpstreamStatistics } from '../../../../src/gateway/statistics/upstream-statistics.ts'
import { parseExposition } from '../../../support/parse-exposition.ts'

describe('createMetricRegistry', () => {
  it('reads every metric of the gateway into a valid exposition', async () => {
    const source = createSource()
    source.statistics.requests.answered('hit', 'products', 3)
    source.statistics.requests.bypasses.add('no-rule')
    source.statistics.upstream.answered(20_000)
    const families = parseExposition(await createMetricRegistry(METRICS, source).metrics())
    expect([...families.keys()]).toEqual(METRICS.map(({ name }) => name))
    expect(families.get('gerbang_requests_total')?.samples).toContainEqual({
      name: 'gerbang_requests_total',
      labels: { outcome: 'hit' },
      value: 1,
    })
  })

  it('escapes the values of labels', async () => {
    const source = createSource(['a"b\\c\nd'])
    const families = parseExposition(await createMetricRegistry(METRICS, source).metrics())
    const rejections = families.get('gerbang_ratelimit_rejections_total')?.samples
    expect(rejections?.map(({ labels }) => labels['rule'])).toEqual(['a"b\\c\nd'])
  })

  it('tells durations in seconds, in buckets that end in all', async () => {
    const latency = new LatencyHistogram()
    latency.record(3)
    latency.record(20_000)
    const read = () => [['', latency]] as const
    const spec = { name: 'duration_seconds', help: 'Duration.', type: 'histogram', read } as const
    const lines = (await createMetricRegistry([spec], createSource()).metrics()).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'duration_seconds_bucket{le="0.0025"} 0',
        'duration_seconds_bucket{le="0.005"} 1',
        'duration_seconds_bucket{le="10"} 1',
        'duration_seconds_bucket{le="+Inf"} 2',
        'duration_seconds_sum 20.003',
        'duration_seconds_count 2',
      ]),
    )
  })

  it('reads anew each time, and keeps nothing of the time before', async () => {
    const source = createSource()
    const registry = createMetricRegistry(METRICS, source)
    source.statistics.cache.filled(100)
    await registry.metrics()
    source.statistics.cache.filled(20)
    const families = parseExposition(await registry.metrics())
    expect(families.get('gerbang_cache_fill_bytes_total')?.samples[0]?.value).toBe(120)
  })
})

describe('METRICS', () => {
  it.each(METRICS.map(({ name, type }) => [name, type]))(
    'names %s as a %s is named',
    (name, type) => {
      expect(name).toMatch(/^gerbang_[a-z_]+$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
      expect(name.endsWith('_seconds')).toBe(type === 'histogram')
    },
  )
})

function createSource(ruleNames: readonly string[] = []): MetricSource {
  return {
    statistics: {
      requests: new RequestStatistics(),
      cache: new CacheStatistics(),
      limits: new LimitStatistics(ruleNames),
      upstream: new UpstreamStatistics(),
      auth: new AuthStatistics(),
      events: new EventStatistics(),
      documents: new DocumentStatistics(),
      families: new FamilyStatistics(1),
      sessions: new SessionStatistics(),
      queryLimits: new QueryLimitStatistics(),
    },
    fillLocks: { waiters: 0 },
    admission: { memory: { wasShort: false } },
    flights: { flights: 1, waiters: 2 },
    sessions: { activeCount: 3 },
    fastLane: { snapshot: () => ({ connections: 1, handedOver: 2 }) },
    websockets: { snapshot: () => ({ open: 1, opened: 2, refused: 0 }) },
    metadata: { snapshot: () => ({ isLoaded: false }) },
    loadShedder: { snapshot: () => ({ isShedding: true, eventLoopDelayMs: 1, shed: 2 }) },
  }
}
