import { CacheDecisions } from '../cache/cache-decisions.ts'
import { cacheDetailOf } from '../cache/cache-detail.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import { WrittenTags } from '../cache/written-tags.ts'
import type { GatewayDependencies } from '../gateway-dependencies.ts'
import type { Preparer } from '../graphql/prepare.ts'
import { ownRequestHeaders } from '../http/forward-headers.ts'
import { MetadataSync } from '../metadata/metadata-sync.ts'
import type { CacheDetail, GatewayOptions } from '../options.ts'
import { UpstreamMetadataSource } from '../upstream/metadata-source.ts'
import type { UpstreamClient } from '../upstream/upstream-client.ts'
import { outageMaxMs } from './entry-life.ts'

/** What Hasura's metadata say of requests, and what follows from it. */
export interface PlanningParts {
  readonly metadata: MetadataSync
  readonly decisions: CacheDecisions
  /** What clients of a role are told of the cache. */
  readonly detailOf: (role: string) => CacheDetail
  readonly writtenTags: WrittenTags
}

export interface PlanningContext extends GatewayDependencies {
  readonly upstream: UpstreamClient
  readonly invalidation: Invalidation
  readonly requests: Preparer
  /** Empty when there are no sessions. */
  readonly sessionCookieName: string
}

export function createPlanningParts(
  options: GatewayOptions,
  { upstream, invalidation, requests, sessionCookieName, ...dependencies }: PlanningContext,
): PlanningParts {
  const { adminSecret } = options.upstream
  const metadata = new MetadataSync({
    ...dependencies,
    source: new UpstreamMetadataSource(upstream, adminSecret, dependencies.clock),
    options: options.metadata,
    onPlans: () => decisions.clear(),
    onChange: async () => {
      await invalidation.everything('metadata')
    },
    outageMaxMs: outageMaxMs(options),
  })
  const detailOf = (role: string): CacheDetail =>
    cacheDetailOf(options.cache, role, options.auth.unauthorizedRole)
  const decisions = new CacheDecisions({
    planner: metadata.planner,
    options: options.cache,
    headersOf: (head, identity) => ownRequestHeaders(head, identity, sessionCookieName),
    detailOf,
  })
  const writtenTags = new WrittenTags({ requests, planner: metadata.planner })
  return { metadata, decisions, detailOf, writtenTags }
}
