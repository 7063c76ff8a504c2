import { AcceptedEncodings } from './cache/accept-encoding.ts'
import { Admission } from './cache/admission.ts'
import { CacheDecisions } from './cache/cache-decisions.ts'
import { cacheDetailOf } from './cache/cache-detail.ts'
import { Compressor } from './cache/compressor.ts'
import { DiscardMemo } from './cache/discard-memo.ts'
import { Epochs, STAMP_EXTRA_MS } from './cache/epochs.ts'
import { FillLocks } from './cache/fill-locks.ts'
import { Invalidation } from './cache/invalidation.ts'
import { MemoryGauge } from './cache/memory-gauge.ts'
import { PurgeHistory } from './cache/purge-history.ts'
import { Refresher } from './cache/refresher.ts'
import { ResponseCache } from './cache/response-cache.ts'
import { SingleFlight } from './cache/single-flight.ts'
import { WrittenTags } from './cache/written-tags.ts'
import { DocumentResolver } from './documents/document-resolver.ts'
import { DocumentStatistics } from './documents/document-statistics.ts'
import { PersistedQueries } from './documents/persisted-queries.ts'
import { TrustedDocuments } from './documents/trusted-documents.ts'
import type { EventRouteParts } from './events/event-routes.ts'
import { EventStatistics } from './events/event-statistics.ts'
import { Explainer } from './explain/explainer.ts'
import { Judge } from './explain/judge.ts'
import type { GatewayDependencies } from './gateway-dependencies.ts'
import { createPreparer } from './graphql/prepare.ts'
import { AccessLog } from './http/access-log.ts'
import { FastLane } from './http/fast-lane/fast-lane.ts'
import type { Fetched } from './http/fetched.ts'
import { ownRequestHeaders } from './http/forward-headers.ts'
import type { GraphqlParts } from './http/graphql-parts.ts'
import type { HasuraCacheRouteParts } from './http/hasura-cache-routes.ts'
import { MediaTypes } from './http/media-types.ts'
import type { PassthroughParts } from './http/passthrough-route.ts'
import { RequestIds } from './http/request-ids.ts'
import type { RouteParts } from './http/routes.ts'
import { CREDENTIAL_HEADERS } from './http/sharable-answer.ts'
import { decideSocketOperation } from './http/socket-operation.ts'
import { IdentityResolver } from './identity/resolve-identity.ts'
import { MetadataSync } from './metadata/metadata-sync.ts'
import { tableTags } from './metadata/relation-tags.ts'
import type { Statistics } from './metrics.ts'
import type { CacheDetail, GatewayOptions } from './options.ts'
import { EntryCensus } from './purge/entry-census.ts'
import { Purger } from './purge/purger.ts'
import { Limiter } from './ratelimit/limiter.ts'
import { SessionCookie } from './session/session-cookie.ts'
import type { SessionRoutesOptions } from './session/session-routes.ts'
import { SessionStore } from './session/session-store.ts'
import { CacheStatistics } from './statistics/cache-statistics.ts'
import { FamilyStatistics } from './statistics/family-statistics.ts'
import { LimitStatistics } from './statistics/limit-statistics.ts'
import { RequestStatistics } from './statistics/request-statistics.ts'
import { UpstreamStatistics } from './statistics/upstream-statistics.ts'
import { WebSocketProxy } from './subscriptions/websocket-proxy.ts'
import { UpstreamMetadataSource } from './upstream/metadata-source.ts'
import { UpstreamClient } from './upstream/upstream-client.ts'

/** The modules of one gateway, joined: what gateway.ts starts, serves and stops. */
export interface GatewayModules {
  readonly statistics: Statistics
  readonly identities: IdentityResolver
  readonly sessions: SessionStore
  readonly metadata: MetadataSync
  readonly invalidation: Invalidation
  readonly fillLocks: FillLocks | undefined
  readonly admission: Admission | undefined
  readonly flights: SingleFlight<Fetched>
  readonly refresher: Refresher
  readonly compressor: Compressor
  readonly upstream: UpstreamClient
  readonly explainer: Explainer
  readonly fastLane: FastLane
  readonly websockets: WebSocketProxy
  readonly routes: RouteParts
  readonly eventRoutes: EventRouteParts
  readonly purger: Purger
  readonly hasuraCacheRoutes: HasuraCacheRouteParts
  /** `undefined` when there are no sessions. */
  readonly sessionRoutes: SessionRoutesOptions | undefined
}

const MEMO_BYTES_PER_DOCUMENT = 4_096
const INVALIDATION_RETRY_MS = 1_000
/** A mutation that runs longer in Hasura than the gateway waits for it seldom runs a minute more. */
const DOUBT_MS = 60_000
const LOG_LINES_PER_SECOND = 10
/** Each is compressed within milliseconds; who is turned away asks again. */
const COMPRESSIONS_WAITING_MAX = 256

export function composeGateway(
  options: GatewayOptions,
  dependencies: GatewayDependencies,
): GatewayModules {
  const { store, clock, random, log } = dependencies
  const statistics = createStatistics(options)
  const upstream = new UpstreamClient({
    upstream: options.upstream,
    clock,
    statistics: statistics.upstream,
  })
  const sessions = new SessionStore({
    store,
    clock,
    random,
    ttlMs: options.session.ttlMs,
    sessionsMax: options.auth.tokensMax,
  })
  const identities = new IdentityResolver({ ...options, sessions, clock, log })
  const sessionCookie = options.session.enabled ? new SessionCookie(options.session) : undefined

  const entryLife = entryLifeMaxMs(options)
  const epochs = new Epochs({ store, random, clock, entryLifeMaxMs: entryLife })
  const purges = new PurgeHistory({ store, random, ttlMs: entryLife + STAMP_EXTRA_MS })
  const census = new EntryCensus({
    isStoreShared: store.name !== 'embedded',
    entriesMax: options.purge.entriesMax,
  })
  const invalidation = new Invalidation({
    epochs,
    statistics: statistics.cache,
    log,
    retryIntervalMs: INVALIDATION_RETRY_MS,
    doubtMs: DOUBT_MS,
  })
  const requests = createPreparer({
    limits: options.limits,
    memo: options.cache,
    random,
    keepsSyntax: options.cache.normalisation === 'schema',
  })
  const documentParts = {
    requests,
    trustedDocuments: new TrustedDocuments(options.trustedDocuments),
    persistedQueries: new PersistedQueries({
      options: options.persistedQueries,
      store,
      log,
      memo: {
        entriesMax: options.cache.memoEntriesMax,
        weightMax: options.cache.memoEntriesMax * MEMO_BYTES_PER_DOCUMENT,
      },
    }),
  }
  const documents = new DocumentResolver({
    ...documentParts,
    statistics: statistics.documents,
  })
  const metadata = new MetadataSync({
    source: new UpstreamMetadataSource(upstream, options.upstream.adminSecret, clock),
    options: options.metadata,
    onPlans: () => decisions.clear(),
    onChange: async () => {
      await invalidation.everything('metadata')
    },
    outageMaxMs: outageMaxMs(options),
    clock,
    random,
    log,
  })
  const cookieName = sessionCookie?.name ?? ''
  const detailOf = (role: string): CacheDetail =>
    cacheDetailOf(options.cache, role, options.auth.unauthorizedRole)
  const decisions = new CacheDecisions({
    planner: metadata.planner,
    options: options.cache,
    headersOf: (head, identity) => ownRequestHeaders(head, identity, cookieName),
    detailOf,
  })
  const writtenTags = new WrittenTags({ requests, planner: metadata.planner })
  const flights = new SingleFlight<Fetched>(options.cache)
  const admission = createAdmission(options, dependencies)
  const fillLocks = createFillLocks(options, dependencies, statistics)

  const refresher = new Refresher({
    isEarly: options.cache.earlyRefresh,
    keysMax: options.cache.flightsMax,
    clock,
    random,
    log,
    statistics: statistics.cache,
  })

  const compressionBytesMin = options.cache.compression
    ? options.cache.compressionBytesMin
    : Number.POSITIVE_INFINITY
  const compressor = new Compressor({
    store,
    clock,
    log,
    statistics: statistics.cache,
    bytesMin: compressionBytesMin,
    queueMax: COMPRESSIONS_WAITING_MAX,
  })

  const graphql: GraphqlParts = {
    identities,
    requests,
    documents,
    requestLimits: options.limits,
    mediaTypes: new MediaTypes(),
    credentialHeaders: [...CREDENTIAL_HEADERS, ...tokenHeaders(options)],
    limiter: new Limiter({ options: options.rateLimit, store, clock, log }),
    decisions,
    detailOf,
    cache: new ResponseCache({
      store,
      epochs,
      invalidation,
      purges,
      census,
      clock,
      log,
      statistics: statistics.cache,
      random,
      entryBytesMax: options.cache.entryBytesMax,
      admission,
    }),
    discards: new DiscardMemo(),
    refresher,
    compressor,
    encodings: new AcceptedEncodings(),
    keptForm: { compressionBytesMin },
    fillLocks,
    flights,
    invalidation,
    upstream,
    requestStatistics: statistics.requests,
    familyStatistics: statistics.families,
    limitStatistics: statistics.limits,
    preserve401Errors: options.auth.preserve401Errors,
    sessionCookieName: cookieName,
    clock,
    log,
  }
  const purger = new Purger({
    store,
    history: purges,
    invalidation,
    census,
    tagNames: {
      ofTable: tableTags,
      ofRow: (source, relation, row) => metadata.planner.changedRows(source, relation, [row]),
    },
    clock,
    log,
    recordsMax: options.purge.recordsMax,
  })
  const passthrough: PassthroughParts = {
    upstream,
    identities,
    sessionCookie,
    invalidation,
    refreshMetadata: () => metadata.refresh(),
    log,
  }
  return {
    statistics,
    identities,
    sessions,
    metadata,
    invalidation,
    fillLocks,
    admission,
    flights,
    refresher,
    compressor,
    upstream,
    explainer: new Explainer({
      // What is explained is not counted.
      graphql: {
        ...graphql,
        documents: new DocumentResolver({ ...documentParts, statistics: new DocumentStatistics() }),
      },
      metadata,
      judge: new Judge({ ...graphql, store, purges }),
      options,
    }),
    fastLane: new FastLane(),
    websockets: new WebSocketProxy({
      ...options,
      identities,
      sessions,
      sessionCookie,
      invalidation,
      writtenTags,
      tokenHeaders: tokenHeaders(options),
      decide: (operation) => decideSocketOperation(graphql, operation),
      clock,
      log,
    }),
    routes: {
      graphql,
      passthrough,
      writtenTags,
      requestIds: new RequestIds(random),
      accessLog: new AccessLog({ log, clock, linesPerSecondMax: LOG_LINES_PER_SECOND }),
      bodyBytesMax: options.limits.bodyBytesMax,
      trustedProxyHops: options.server.trustedProxyHops,
      lifetime: { isStopping: false },
    },
    purger,
    hasuraCacheRoutes: {
      adminSecrets: options.auth.adminSecrets,
      purger,
      families: statistics.families,
      log,
    },
    eventRoutes: {
      events: options.events,
      invalidation,
      changedRows: (...changed) => metadata.planner.changedRows(...changed),
      statistics: statistics.events,
      clock,
      log,
    },
    sessionRoutes: options.session.enabled ? { ...options, sessions, identities, log } : undefined,
  }
}

/** One engine in this process has one gateway; where others share it, they say so. */
function createFillLocks(
  { cache }: GatewayOptions,
  { store, clock, random, log }: GatewayDependencies,
  statistics: Statistics,
): FillLocks | undefined {
  const isOn = cache.fillLock === 'auto' ? store.name !== 'embedded' : cache.fillLock === 'on'
  if (!isOn) return undefined
  const holdMs = cache.fillLockMs
  return new FillLocks({ store, clock, random, log, statistics: statistics.cache, holdMs })
}

function createAdmission(
  { cache }: GatewayOptions,
  { store, clock, log }: GatewayDependencies,
): Admission | undefined {
  if (!cache.admission) return undefined
  const memory = new MemoryGauge({ store, clock, log, shortFrom: cache.admissionMemory })
  return new Admission({ memory, sizeStep: cache.admissionBytes })
}

/** With the time in which it is served as stale. */
function entryLifeMaxMs({ cache }: GatewayOptions): number {
  const stale = [cache, ...cache.rules].flatMap((one) => [
    one.staleWhileRevalidateMs ?? 0,
    one.staleIfErrorMs ?? 0,
  ])
  return cache.ttlMaxMs + Math.max(...stale)
}

/** How long after the upstream went away there can be entries that may be served instead. */
function outageMaxMs(options: GatewayOptions): number {
  const { cache } = options
  const isServed = [cache, ...cache.rules].some((one) => (one.staleIfErrorMs ?? 0) > 0)
  return isServed ? entryLifeMaxMs(options) : 0
}

function tokenHeaders({ auth }: GatewayOptions): readonly string[] {
  return auth.jwtSecrets.flatMap(({ header }) => (header.kind === 'header' ? [header.name] : []))
}

function createStatistics({ rateLimit, purge }: GatewayOptions): Statistics {
  return {
    requests: new RequestStatistics(),
    cache: new CacheStatistics(),
    limits: new LimitStatistics(rateLimit.rules.map(({ name }) => name)),
    upstream: new UpstreamStatistics(),
    events: new EventStatistics(),
    documents: new DocumentStatistics(),
    families: new FamilyStatistics(purge.familiesMax),
  }
}
