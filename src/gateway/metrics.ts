import type { CacheStatistics } from './statistics/cache-statistics.ts'
import type { CounterSet } from './statistics/counter-set.ts'
import type { LimitStatistics } from './statistics/limit-statistics.ts'
import { type Labels, PrometheusText, type Sample } from './statistics/prometheus-text.ts'
import type { RequestStatistics } from './statistics/request-statistics.ts'
import type { GatewaySnapshot } from './statistics/snapshot.ts'
import type { UpstreamStatistics } from './statistics/upstream-statistics.ts'

export interface Statistics {
  readonly requests: RequestStatistics
  readonly cache: CacheStatistics
  readonly limits: LimitStatistics
  readonly upstream: UpstreamStatistics
}

/** Every metric of the gateway. Labels are of closed sets: never a key, a user or a query. */
export function metricsText(statistics: Statistics, snapshot: GatewaySnapshot): string {
  const text = new PrometheusText()
  requestMetrics(text, statistics.requests, snapshot)
  cacheMetrics(text, statistics.cache, snapshot)
  limitMetrics(text, statistics.limits)
  upstreamMetrics(text, statistics.upstream)
  connectionMetrics(text, snapshot)
  return text.toString()
}

function requestMetrics(
  text: PrometheusText,
  requests: RequestStatistics,
  snapshot: GatewaySnapshot,
): void {
  const outcomes = Object.entries(requests.latency)
  text.counter(
    'gerbang_requests_total',
    'Operations answered on /v1/graphql, by how.',
    outcomes.map(([outcome, latency]) => ({ labels: { outcome }, value: latency.count })),
  )
  text.histogram(
    'gerbang_request_duration_seconds',
    'From the whole request received to the answer handed to the socket.',
    outcomes.map(([outcome, latency]) => ({ labels: { outcome }, latency })),
  )
  text.gauge('gerbang_requests_in_flight', 'HTTP requests being answered.', requests.inFlight)
  text.counter(
    'gerbang_cache_bypasses_total',
    'Queries that were not looked up in the cache, by reason.',
    samples(requests.bypasses, 'reason'),
  )
  text.counter('gerbang_passthrough_requests_total', 'Requests passed to Hasura unread.', [
    { value: snapshot.requests.passthrough },
  ])
}

function cacheMetrics(
  text: PrometheusText,
  cache: CacheStatistics,
  snapshot: GatewaySnapshot,
): void {
  text.counter('gerbang_cache_fills_total', 'Answers kept.', [{ value: cache.fills }])
  text.counter('gerbang_cache_fill_bytes_total', 'Bytes of the answers kept.', [
    { value: cache.fillBytes },
  ])
  text.counter(
    'gerbang_cache_fills_discarded_total',
    'Cacheable answers not kept, by reason.',
    samples(cache.discards, 'reason'),
  )
  text.counter(
    'gerbang_invalidations_total',
    'Invalidations, by what wrote.',
    samples(cache.invalidations, 'source'),
  )
  text.counter('gerbang_store_errors_total', 'Failures of the store under the cache.', [
    { value: cache.storeErrors },
  ])
  text.gauge('gerbang_flights', 'Fetches that others may wait for.', snapshot.cache.flights)
  text.gauge('gerbang_flight_waiters', "Requests that wait for another's.", snapshot.cache.waiters)
}

function limitMetrics(text: PrometheusText, limits: LimitStatistics): void {
  text.counter('gerbang_ratelimit_decisions_total', 'Requests the limits allowed and rejected.', [
    { labels: { decision: 'allow' }, value: limits.allowed },
    { labels: { decision: 'deny' }, value: limits.rejected },
  ])
  text.counter(
    'gerbang_ratelimit_rejections_total',
    'Requests rejected, by rule.',
    samples(limits.rejectedByRule, 'rule'),
  )
}

function upstreamMetrics(text: PrometheusText, upstream: UpstreamStatistics): void {
  text.histogram('gerbang_upstream_duration_seconds', 'Requests to Hasura.', [
    { latency: upstream.latency },
  ])
  text.counter(
    'gerbang_upstream_failures_total',
    'Requests to Hasura without a usable answer, by code.',
    samples(upstream.failures, 'code'),
  )
  text.gauge('gerbang_upstream_in_flight', 'Requests to Hasura under way.', upstream.inFlight)
}

function connectionMetrics(text: PrometheusText, snapshot: GatewaySnapshot): void {
  const { websockets, sessions } = snapshot
  text.gauge('gerbang_websocket_connections', 'WebSockets open to clients.', websockets.open)
  text.counter('gerbang_websocket_connections_total', 'WebSockets accepted and refused.', [
    { labels: { result: 'opened' }, value: websockets.opened },
    { labels: { result: 'refused' }, value: websockets.refused },
  ])
  text.counter('gerbang_session_events_total', 'Sessions created and deleted by this gateway.', [
    { labels: { event: 'created' }, value: sessions.created },
    { labels: { event: 'deleted' }, value: sessions.deleted },
  ])
}

function samples(counters: CounterSet<string>, label: string): readonly Sample[] {
  return Array.from(counters.entries(), ([name, value]) => {
    const labels: Labels = { [label]: name }
    return { labels, value }
  })
}
