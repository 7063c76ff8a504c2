import { AcceptedEncodings } from '../cache/accept-encoding.ts'
import type { GatewayDependencies } from '../gateway-dependencies.ts'
import type { GraphqlParts } from '../http/graphql-parts.ts'
import { MediaTypes } from '../http/media-types.ts'
import { CREDENTIAL_HEADERS } from '../http/sharable-answer.ts'
import type { IdentityResolver } from '../identity/resolve-identity.ts'
import type { LoadShedder } from '../limits/load-shedder.ts'
import { QueryLimits } from '../limits/query-limits.ts'
import type { Statistics } from '../metrics.ts'
import type { GatewayOptions } from '../options.ts'
import { Limiter } from '../ratelimit/limiter.ts'
import type { UpstreamClient } from '../upstream/upstream-client.ts'
import type { CacheParts } from './cache-parts.ts'
import type { DocumentParts } from './document-parts.ts'
import type { PlanningParts } from './planning-parts.ts'

export interface GraphqlContext extends GatewayDependencies {
  readonly statistics: Statistics
  readonly upstream: UpstreamClient
  readonly identities: IdentityResolver
  /** Empty when there are no sessions. */
  readonly sessionCookieName: string
  readonly documentParts: DocumentParts
  readonly cacheParts: CacheParts
  readonly planning: PlanningParts
  readonly loadShedder: LoadShedder
}

export function createGraphqlParts(options: GatewayOptions, context: GraphqlContext): GraphqlParts {
  const { store, protectedStores, clock, random, log, statistics } = context
  const { documentParts, cacheParts, planning } = context
  return {
    identities: context.identities,
    requests: documentParts.requests,
    documents: documentParts.documents,
    requestLimits: options.limits,
    queryLimits: new QueryLimits({
      ceilings: options.limits,
      options: options.queryLimits,
      requestRules: () => planning.metadata.model?.requestRules,
    }),
    loadShedder: context.loadShedder,
    mediaTypes: new MediaTypes(),
    credentialHeaders: [...CREDENTIAL_HEADERS, ...tokenHeaders(options)],
    limiter: new Limiter({
      options: options.rateLimit,
      store: protectedStores?.limits ?? store,
      clock,
      random,
      log,
      model: () => planning.metadata.model,
    }),
    decisions: planning.decisions,
    detailOf: planning.detailOf,
    cache: cacheParts.cache,
    discards: cacheParts.discards,
    refresher: cacheParts.refresher,
    compressor: cacheParts.compressor,
    encodings: new AcceptedEncodings(),
    keptForm: cacheParts.keptForm,
    fillLocks: cacheParts.fillLocks,
    flights: cacheParts.flights,
    invalidation: cacheParts.invalidation,
    upstream: context.upstream,
    requestStatistics: statistics.requests,
    familyStatistics: statistics.families,
    limitStatistics: statistics.limits,
    queryLimitStatistics: statistics.queryLimits,
    preserve401Errors: options.auth.preserve401Errors,
    sessionCookieName: context.sessionCookieName,
    clock,
    log,
  }
}

/** Headers that hold a token, in lower case. */
export function tokenHeaders({ auth }: GatewayOptions): readonly string[] {
  return auth.jwtSecrets.flatMap(({ header }) => (header.kind === 'header' ? [header.name] : []))
}
