import type { BypassReason } from './cache/policy.ts'
import type { DocumentStatistics } from './documents/document-statistics.ts'
import type { EventStatistics } from './events/event-statistics.ts'
import type { AuthStatistics } from './identity/auth-statistics.ts'
import type { SessionStatistics } from './session/session-statistics.ts'
import type { CacheStatistics } from './statistics/cache-statistics.ts'
import type { FamilyStatistics } from './statistics/family-statistics.ts'
import type { LatencyHistogram } from './statistics/latency-histogram.ts'
import type { LimitStatistics } from './statistics/limit-statistics.ts'
import type { QueryLimitStatistics } from './statistics/query-limit-statistics.ts'
import type { RequestStatistics } from './statistics/request-statistics.ts'
import type {
  FastLaneSnapshot,
  LoadSheddingSnapshot,
  MetadataSnapshot,
  WebSocketsSnapshot,
} from './statistics/snapshot.ts'
import type { UpstreamStatistics } from './statistics/upstream-statistics.ts'

export interface Statistics {
  readonly requests: RequestStatistics
  readonly cache: CacheStatistics
  readonly limits: LimitStatistics
  readonly queryLimits: QueryLimitStatistics
  readonly upstream: UpstreamStatistics
  readonly auth: AuthStatistics
  readonly events: EventStatistics
  readonly documents: DocumentStatistics
  readonly families: FamilyStatistics
  readonly sessions: SessionStatistics
}

/** What the metrics are read from when someone asks for them. */
export interface MetricSource {
  readonly statistics: Statistics
  readonly flights: { readonly flights: number; readonly waiters: number }
  /** `undefined` when each gateway fetches for itself. */
  readonly fillLocks: { readonly waiters: number } | undefined
  /** `undefined` when whatever fits is kept. */
  readonly admission: { readonly memory: { readonly wasShort: boolean } } | undefined
  readonly sessions: { readonly activeCount: number }
  readonly fastLane: { snapshot(): FastLaneSnapshot }
  readonly websockets: { snapshot(): WebSocketsSnapshot }
  readonly loadShedder: { snapshot(): LoadSheddingSnapshot }
  readonly metadata: { snapshot(): Pick<MetadataSnapshot, 'isLoaded'> }
}

/** One metric: its name, and where its value is counted. */
export type MetricSpec = {
  readonly name: string
  readonly help: string
} & (
  | {
      readonly type: 'counter' | 'gauge'
      readonly label?: undefined
      readonly read: (source: MetricSource) => number
    }
  | {
      readonly type: 'counter'
      /** Its values come from a closed set: never a key, a user or a query. */
      readonly label: string
      readonly read: (source: MetricSource) => Iterable<readonly [string, number]>
    }
  | {
      readonly type: 'histogram'
      readonly label?: string
      /** Durations, by the label's value; the empty one when there is no label. */
      readonly read: (source: MetricSource) => Iterable<readonly [string, LatencyHistogram]>
    }
)

/** Every metric of the gateway. docs/METRICS.md is made from this. */
export const METRICS: readonly MetricSpec[] = [
  {
    name: 'gerbang_requests_total',
    type: 'counter',
    help: 'Operations answered on /v1/graphql, by how.',
    label: 'outcome',
    read: ({ statistics }) =>
      Object.entries(statistics.requests.latency).map(([outcome, { count }]) => [outcome, count]),
  },
  {
    name: 'gerbang_request_duration_seconds',
    type: 'histogram',
    help: 'From the whole request received to the answer handed to the socket.',
    label: 'outcome',
    read: ({ statistics }) => Object.entries(statistics.requests.latency),
  },
  {
    name: 'gerbang_requests_in_flight',
    type: 'gauge',
    help: 'Requests to /v1/graphql being answered.',
    read: ({ statistics }) => statistics.requests.inFlight,
  },
  {
    name: 'gerbang_fast_lane_connections',
    type: 'gauge',
    help: 'Connections in the fast lane: all they sent were plain GraphQL requests.',
    read: ({ fastLane }) => fastLane.snapshot().connections,
  },
  {
    name: 'gerbang_fast_lane_handed_over_total',
    type: 'counter',
    help: 'Connections that left the fast lane for Node.js’ HTTP server.',
    read: ({ fastLane }) => fastLane.snapshot().handedOver,
  },
  {
    name: 'gerbang_cache_bypasses_total',
    type: 'counter',
    help: 'Queries that were not looked up in the cache, by reason.',
    label: 'reason',
    read: ({ statistics }) => statistics.requests.bypasses.entries(),
  },
  {
    name: 'gerbang_passthrough_requests_total',
    type: 'counter',
    help: 'Requests passed to Hasura unread.',
    read: ({ statistics }) => statistics.requests.passthroughCount,
  },
  {
    name: 'gerbang_cache_fills_total',
    type: 'counter',
    help: 'Answers kept.',
    read: ({ statistics }) => statistics.cache.fills,
  },
  {
    name: 'gerbang_cache_fill_bytes_total',
    type: 'counter',
    help: 'Bytes of the answers kept.',
    read: ({ statistics }) => statistics.cache.fillBytes,
  },
  {
    name: 'gerbang_cache_fills_discarded_total',
    type: 'counter',
    help: 'Cacheable answers not kept, by reason.',
    label: 'reason',
    read: ({ statistics }) => statistics.cache.discards.entries(),
  },
  {
    name: 'gerbang_cache_memory_short',
    type: 'gauge',
    help: '1 while the memory of the store is short and only what is asked for repeatedly is kept.',
    read: ({ admission }) => Number(admission?.memory.wasShort === true),
  },
  {
    name: 'gerbang_cache_variants_total',
    type: 'counter',
    help: 'Answers to be kept compressed, too, by what became of it.',
    label: 'result',
    read: ({ statistics }) => statistics.cache.variants.entries(),
  },
  {
    name: 'gerbang_cache_refreshes_total',
    type: 'counter',
    help: 'Answers fetched anew behind those that were served, by how that ended.',
    label: 'result',
    read: ({ statistics }) => statistics.cache.refreshes.entries(),
  },
  {
    name: 'gerbang_fill_locks_total',
    type: 'counter',
    help: 'Attempts to fetch for all gateways of the store, by what became of them.',
    label: 'result',
    read: ({ statistics }) => statistics.cache.fillLocks.entries(),
  },
  {
    name: 'gerbang_fill_lock_waiters',
    type: 'gauge',
    help: 'Fetches that wait for the one of another gateway.',
    read: ({ fillLocks }) => fillLocks?.waiters ?? 0,
  },
  {
    name: 'gerbang_invalidations_total',
    type: 'counter',
    help: 'Invalidations, by what wrote; restart: all that was kept on disk was given up.',
    label: 'source',
    read: ({ statistics }) => statistics.cache.invalidations.entries(),
  },
  {
    name: 'gerbang_events_total',
    type: 'counter',
    help: 'Deliveries of Hasura’s event triggers, by what became of them.',
    label: 'result',
    read: ({ statistics }) => statistics.events.results.entries(),
  },
  {
    name: 'gerbang_event_lag_seconds',
    type: 'histogram',
    help: 'From a change in the database to the entries that depend on it being stale, by an event.',
    read: ({ statistics }) => [['', statistics.events.lag]],
  },
  {
    name: 'gerbang_documents_total',
    type: 'counter',
    help: 'Persisted queries and trusted documents, and requests that were to name one, by what became of them.',
    label: 'result',
    read: ({ statistics }) => statistics.documents.results.entries(),
  },
  {
    name: 'gerbang_store_errors_total',
    type: 'counter',
    help: 'Failures of the store under the cache.',
    read: ({ statistics }) => statistics.cache.storeErrors,
  },
  {
    name: 'gerbang_flights',
    type: 'gauge',
    help: 'Fetches under way that others may wait for.',
    read: ({ flights }) => flights.flights,
  },
  {
    name: 'gerbang_flight_waiters',
    type: 'gauge',
    help: 'Requests that wait for the answer to another’s.',
    read: ({ flights }) => flights.waiters,
  },
  {
    name: 'gerbang_ratelimit_decisions_total',
    type: 'counter',
    help: 'Requests the limits let pass and refused.',
    label: 'decision',
    read: ({ statistics: { limits } }) => [
      ['allow', limits.allowed],
      ['deny', limits.rejected],
    ],
  },
  {
    name: 'gerbang_ratelimit_rejections_total',
    type: 'counter',
    help: 'Requests refused, by rule.',
    label: 'rule',
    read: ({ statistics }) => statistics.limits.rejectedByRule.entries(),
  },
  {
    name: 'gerbang_ratelimit_shadow_rejections_total',
    type: 'counter',
    help: 'Requests that a rule in shadow would have refused, by rule.',
    label: 'rule',
    read: ({ statistics }) => statistics.limits.shadowedByRule.entries(),
  },
  {
    name: 'gerbang_ratelimit_store_failures_total',
    type: 'counter',
    help: 'Requests about which the store could not be asked, by what was done.',
    label: 'mode',
    read: ({ statistics }) => statistics.limits.storeFailures.entries(),
  },
  {
    name: 'gerbang_query_limit_refusals_total',
    type: 'counter',
    help: 'Requests refused for what they ask: limits.*, limits.rules and Hasura’s api_limits, by the code of the refusal.',
    label: 'code',
    read: ({ statistics }) => statistics.queryLimits.refusals.entries(),
  },
  {
    name: 'gerbang_load_shedding',
    type: 'gauge',
    help: '1 while the event loop is late and only hits are served.',
    read: ({ loadShedder }) => Number(loadShedder.snapshot().isShedding),
  },
  {
    name: 'gerbang_load_shed_total',
    type: 'counter',
    help: 'Requests that needed Hasura and were refused because the event loop was late.',
    read: ({ loadShedder }) => loadShedder.snapshot().shed,
  },
  {
    name: 'gerbang_upstream_duration_seconds',
    type: 'histogram',
    help: 'Requests to Hasura, whether they succeeded or failed.',
    read: ({ statistics }) => [['', statistics.upstream.latency]],
  },
  {
    name: 'gerbang_upstream_failures_total',
    type: 'counter',
    help: 'Requests to Hasura without a usable answer, by code.',
    label: 'code',
    read: ({ statistics }) => statistics.upstream.failures.entries(),
  },
  {
    name: 'gerbang_upstream_in_flight',
    type: 'gauge',
    help: 'Requests to Hasura under way.',
    read: ({ statistics }) => statistics.upstream.inFlight,
  },
  {
    name: 'gerbang_metadata_loaded',
    type: 'gauge',
    help: '1 while Hasura’s metadata is known, 0 while it is not and nothing is shared between sessions.',
    read: ({ metadata }) => Number(metadata.snapshot().isLoaded),
  },
  {
    name: 'gerbang_auth_hook_requests_total',
    type: 'counter',
    help: 'Requests whose sender the webhook knows, by how its word was had: asked for (accepted, denied, failed), remembered, shared with an equal request under way, or not asked because too many wait (overloaded).',
    label: 'result',
    read: ({ statistics }) => statistics.auth.hook.entries(),
  },
  {
    name: 'gerbang_jwks_fetches_total',
    type: 'counter',
    help: 'Looks at a jwk_url, by what they brought.',
    label: 'result',
    read: ({ statistics }) => statistics.auth.jwks.entries(),
  },
  {
    name: 'gerbang_websocket_connections',
    type: 'gauge',
    help: 'WebSockets open to clients.',
    read: ({ websockets }) => websockets.snapshot().open,
  },
  {
    name: 'gerbang_websocket_connections_total',
    type: 'counter',
    help: 'WebSockets accepted and refused.',
    label: 'result',
    read: ({ websockets }) => {
      const { opened, refused } = websockets.snapshot()
      return [
        ['opened', opened],
        ['refused', refused],
      ]
    },
  },
  {
    name: 'gerbang_session_events_total',
    type: 'counter',
    help: 'What became of sessions on this gateway. reused: a refresh token that was used before, which ended its session; displaced: a user had too many; full: no memory for another.',
    label: 'event',
    read: ({ statistics }) => statistics.sessions.events.entries(),
  },
  {
    name: 'gerbang_sessions_active',
    type: 'gauge',
    help: 'Sessions that made a request to this gateway within the last five minutes.',
    read: ({ sessions }) => sessions.activeCount,
  },
  {
    name: 'gerbang_revocations_total',
    type: 'counter',
    help: 'What administrators revoked through this gateway.',
    label: 'what',
    read: ({ statistics }) => statistics.sessions.revocations.entries(),
  },
]

/** What each value of `reason` of gerbang_cache_bypasses_total stands for. */
export const BYPASS_REASONS: Readonly<Record<BypassReason, string>> = {
  'not-a-query': 'a subscription over HTTP, which Hasura refuses',
  introspection: 'it asks for the schema itself',
  action: 'it runs an action, whose answer comes from another service',
  'remote-schema': 'it reads a remote schema, whose data the gateway cannot follow',
  'volatile-function': 'it runs a function that may answer differently each time',
  'cache-disabled': 'cache.enabled is false',
  'no-rule': 'neither @cached nor a rule asks for it',
  'ttl-zero': '@cached or the rule that matched says 0',
  'invalid-directive': '@cached has arguments that mean nothing',
}
