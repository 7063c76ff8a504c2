import { collectDefaultMetrics, Registry } from 'prom-client'
import { CLASS_METRICS, REPLICA_METRICS, STORE_METRICS } from '../src/admin/metrics.ts'
import { DocumentStatistics } from '../src/gateway/documents/document-statistics.ts'
import { EventStatistics } from '../src/gateway/events/event-statistics.ts'
import { AuthStatistics } from '../src/gateway/identity/auth-statistics.ts'
import {
  BYPASS_REASONS,
  METRICS,
  type MetricSource,
  type MetricSpec,
} from '../src/gateway/metrics.ts'
import { SessionStatistics } from '../src/gateway/session/session-statistics.ts'
import { CacheStatistics } from '../src/gateway/statistics/cache-statistics.ts'
import { FamilyStatistics } from '../src/gateway/statistics/family-statistics.ts'
import { LimitStatistics } from '../src/gateway/statistics/limit-statistics.ts'
import { QueryLimitStatistics } from '../src/gateway/statistics/query-limit-statistics.ts'
import { RequestStatistics } from '../src/gateway/statistics/request-statistics.ts'
import { UpstreamStatistics } from '../src/gateway/statistics/upstream-statistics.ts'

const RULES = ['a rule of `rate_limit.rules`']

/** docs/METRICS.md */
export function renderMetricDocs(): string {
  return `${[
    '# Metrics',
    '',
    'Made from the tables in `src/gateway/metrics.ts` and `src/admin/metrics.ts` by `npm run docs`; edit those.',
    '',
    '`GET /metrics` on the admin listener, in Prometheus’ text format, with the admin secret in',
    '`X-Hasura-Admin-Secret`. Labels take their values from closed sets: never a key, a user or a query. Counters',
    'begin at 0 when the process starts, those of a remote store when that one does.',
    '',
    '## Gateway',
    '',
    '| metric | type | label | values | what it tells |',
    '| --- | --- | --- | --- | --- |',
    ...METRICS.map(gatewayRow),
    '',
    '### Reasons of gerbang_cache_bypasses_total',
    '',
    '| reason | when |',
    '| --- | --- |',
    ...Object.entries(BYPASS_REASONS).map(([reason, when]) => `| \`${reason}\` | ${when} |`),
    '',
    '## Store',
    '',
    'Out of the INFO of the embedded engine, or of the Redis that the store is.',
    '',
    '| metric | type | what it tells |',
    '| --- | --- | --- |',
    ...STORE_METRICS.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`),
    '',
    'The memory that limits and sessions have to themselves, with the label `class`: `limits` or `sessions`.',
    '',
    '| metric | type | what it tells |',
    '| --- | --- | --- |',
    ...CLASS_METRICS.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`),
    '',
    'Gateways that replicate from one another, with the label `class`: `cache`, `limits` or `sessions`.',
    '',
    '| metric | type | what it tells |',
    '| --- | --- | --- |',
    ...REPLICA_METRICS.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`),
    '',
    '## Process',
    '',
    'As prom-client names them on Linux; some are missing on other systems.',
    '',
    '| metric | type | what it tells |',
    '| --- | --- | --- |',
    ...processMetrics(),
  ].join('\n')}\n`
}

function gatewayRow(spec: MetricSpec): string {
  const { name, type, label, help } = spec
  const values = label === undefined ? '' : valuesOf(spec).join(', ')
  return `| \`${name}\` | ${type} | ${label ?? ''} | ${values} | ${help} |`
}

function valuesOf(spec: MetricSpec): readonly string[] {
  if (spec.label === undefined) return []
  const values = Array.from<readonly [string, unknown]>(spec.read(idleSource()))
  return values.length === 0 ? ['see below'] : values.map(([value]) => value)
}

function idleSource(): MetricSource {
  return {
    statistics: {
      requests: new RequestStatistics(),
      cache: new CacheStatistics(),
      limits: new LimitStatistics(RULES),
      upstream: new UpstreamStatistics(),
      auth: new AuthStatistics(),
      events: new EventStatistics(),
      documents: new DocumentStatistics(),
      families: new FamilyStatistics(1),
      sessions: new SessionStatistics(),
      queryLimits: new QueryLimitStatistics(),
    },
    flights: { flights: 0, waiters: 0 },
    fillLocks: { waiters: 0 },
    admission: { memory: { wasShort: false } },
    sessions: { activeCount: 0 },
    fastLane: { snapshot: () => ({ connections: 0, handedOver: 0 }) },
    websockets: { snapshot: () => ({ open: 0, opened: 0, refused: 0 }) },
    metadata: { snapshot: () => ({ isLoaded: false }) },
    loadShedder: { snapshot: () => ({ isShedding: false, eventLoopDelayMs: 0, shed: 0 }) },
  }
}

function processMetrics(): readonly string[] {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
    .getMetricsAsArray()
    .map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`)
}
