import type { Admission } from './cache/admission.ts'
import type { Compressor } from './cache/compressor.ts'
import type { FillLocks } from './cache/fill-locks.ts'
import type { Invalidation } from './cache/invalidation.ts'
import type { Refresher } from './cache/refresher.ts'
import type { SingleFlight } from './cache/single-flight.ts'
import { createCacheParts } from './compose/cache-parts.ts'
import { createDocumentParts } from './compose/document-parts.ts'
import { createGraphqlParts, tokenHeaders } from './compose/graphql-parts.ts'
import { createPlanningParts } from './compose/planning-parts.ts'
import { createSessionParts } from './compose/session-parts.ts'
import { createStatistics } from './compose/statistics-parts.ts'
import type { EventRouteParts } from './events/event-routes.ts'
import { Explainer } from './explain/explainer.ts'
import { Judge } from './explain/judge.ts'
import type { GatewayDependencies } from './gateway-dependencies.ts'
import { AccessLog } from './http/access-log.ts'
import { FastLane } from './http/fast-lane/fast-lane.ts'
import type { Fetched } from './http/fetched.ts'
import type { HasuraCacheRouteParts } from './http/hasura-cache-routes.ts'
import { RequestIds } from './http/request-ids.ts'
import type { RouteParts } from './http/routes.ts'
import { decideSocketOperation } from './http/socket-operation.ts'
import type { IdentityResolver } from './identity/resolve-identity.ts'
import { MonitoredEventLoopDelay } from './limits/event-loop-delay.ts'
import { LoadShedder } from './limits/load-shedder.ts'
import type { MetadataSync } from './metadata/metadata-sync.ts'
import { tableTags } from './metadata/relation-tags.ts'
import type { Statistics } from './metrics.ts'
import type { GatewayOptions } from './options.ts'
import { Purger } from './purge/purger.ts'
import type { RevocationFeed } from './revocation/revocation-feed.ts'
import { Revoker } from './session/revoker.ts'
import type { SessionRoutesOptions } from './session/session-routes.ts'
import type { SessionStore } from './session/session-store.ts'
import { WebSocketProxy } from './subscriptions/websocket-proxy.ts'
import { UpstreamClient } from './upstream/upstream-client.ts'

/** The modules of one gateway, joined: what gateway.ts starts, serves and stops. */
export interface GatewayModules {
  readonly statistics: Statistics
  readonly identities: IdentityResolver
  readonly sessions: SessionStore
  readonly feed: RevocationFeed
  readonly revoker: Revoker
  readonly metadata: MetadataSync
  readonly invalidation: Invalidation
  readonly fillLocks: FillLocks | undefined
  readonly admission: Admission | undefined
  readonly flights: SingleFlight<Fetched>
  readonly refresher: Refresher
  readonly compressor: Compressor
  readonly upstream: UpstreamClient
  readonly loadShedder: LoadShedder
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

const LOG_LINES_PER_SECOND = 10

export function composeGateway(
  options: GatewayOptions,
  dependencies: GatewayDependencies,
): GatewayModules {
  const core = createCore(options, dependencies)
  const { statistics, upstream, sessions, identities, feed, denials } = core
  const { graphql, planning, cacheParts } = core
  const { metadata } = planning
  const { invalidation } = cacheParts
  const { log } = dependencies
  const purger = createPurger(options, dependencies, core)
  return {
    ...cacheParts,
    statistics,
    identities,
    sessions,
    feed,
    revoker: new Revoker({
      ...dependencies,
      sessions,
      denials,
      statistics: statistics.sessions,
      recordsMax: options.purge.recordsMax,
    }),
    metadata,
    upstream,
    loadShedder: core.loadShedder,
    explainer: new Explainer({
      graphql: { ...graphql, documents: core.documentParts.explainedDocuments },
      metadata,
      judge: new Judge({ ...graphql, ...dependencies, purges: cacheParts.purges }),
      options,
    }),
    fastLane: new FastLane(),
    websockets: new WebSocketProxy({
      ...options,
      ...dependencies,
      sessions,
      denials,
      feed,
      identities,
      sessionCookie: core.sessionCookie,
      invalidation,
      writtenTags: planning.writtenTags,
      tokenHeaders: tokenHeaders(options),
      decide: (operation) => decideSocketOperation(graphql, operation),
    }),
    routes: createRouteParts(options, dependencies, core),
    purger,
    hasuraCacheRoutes: {
      adminSecrets: options.auth.adminSecrets,
      purger,
      families: statistics.families,
      log,
    },
    eventRoutes: {
      ...dependencies,
      events: options.events,
      invalidation,
      changedRows: (...changed) => metadata.planner.changedRows(...changed),
      statistics: statistics.events,
    },
    sessionRoutes: options.session.enabled
      ? { ...options, ...dependencies, sessions, refresher: core.refresher, identities }
      : undefined,
  }
}

type Core = ReturnType<typeof createCore>

/** What the others are made of. */
function createCore(options: GatewayOptions, dependencies: GatewayDependencies) {
  const statistics = createStatistics(options)
  const upstream = new UpstreamClient({
    upstream: options.upstream,
    clock: dependencies.clock,
    statistics: statistics.upstream,
  })
  const sessionParts = createSessionParts(options, dependencies, statistics)
  const { identities, sessionCookie } = sessionParts
  const documentParts = createDocumentParts(options, dependencies, statistics)
  const cacheParts = createCacheParts(options, dependencies, statistics)
  const context = {
    ...dependencies,
    statistics,
    upstream,
    identities,
    sessionCookieName: sessionCookie?.name ?? '',
  }
  const planning = createPlanningParts(options, {
    ...context,
    invalidation: cacheParts.invalidation,
    requests: documentParts.requests,
  })
  const loadShedder = new LoadShedder({
    options: options.loadShedding,
    delay: dependencies.eventLoopDelay ?? new MonitoredEventLoopDelay(),
  })
  const graphql = createGraphqlParts(options, {
    ...context,
    documentParts,
    cacheParts,
    planning,
    loadShedder,
  })
  return {
    statistics,
    upstream,
    ...sessionParts,
    documentParts,
    cacheParts,
    planning,
    graphql,
    loadShedder,
  }
}

function createRouteParts(
  { limits, server }: GatewayOptions,
  { random, clock, log }: GatewayDependencies,
  { graphql, upstream, identities, sessionCookie, cacheParts, planning }: Core,
): RouteParts {
  const { metadata, writtenTags } = planning
  return {
    graphql,
    passthrough: {
      upstream,
      identities,
      sessionCookie,
      invalidation: cacheParts.invalidation,
      refreshMetadata: () => metadata.refresh(),
      log,
    },
    writtenTags,
    requestIds: new RequestIds(random),
    accessLog: new AccessLog({ log, clock, linesPerSecondMax: LOG_LINES_PER_SECOND }),
    bodyBytesMax: limits.bodyBytesMax,
    trustedProxyHops: server.trustedProxyHops,
    lifetime: { isStopping: false },
  }
}

function createPurger(
  { purge }: GatewayOptions,
  dependencies: GatewayDependencies,
  { cacheParts, planning }: Core,
): Purger {
  const { metadata } = planning
  return new Purger({
    ...dependencies,
    history: cacheParts.purges,
    invalidation: cacheParts.invalidation,
    census: cacheParts.census,
    tagNames: {
      ofTable: tableTags,
      ofRow: (source, relation, row) => metadata.planner.changedRows(source, relation, [row]),
    },
    recordsMax: purge.recordsMax,
  })
}
