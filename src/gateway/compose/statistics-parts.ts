import { DocumentStatistics } from '../documents/document-statistics.ts'
import { EventStatistics } from '../events/event-statistics.ts'
import { AuthStatistics } from '../identity/auth-statistics.ts'
import type { Statistics } from '../metrics.ts'
import type { GatewayOptions } from '../options.ts'
import { SessionStatistics } from '../session/session-statistics.ts'
import { CacheStatistics } from '../statistics/cache-statistics.ts'
import { FamilyStatistics } from '../statistics/family-statistics.ts'
import { LimitStatistics } from '../statistics/limit-statistics.ts'
import { QueryLimitStatistics } from '../statistics/query-limit-statistics.ts'
import { RequestStatistics } from '../statistics/request-statistics.ts'
import { UpstreamStatistics } from '../statistics/upstream-statistics.ts'

export function createStatistics({ rateLimit, purge }: GatewayOptions): Statistics {
  return {
    requests: new RequestStatistics(),
    cache: new CacheStatistics(),
    queryLimits: new QueryLimitStatistics(),
    limits: new LimitStatistics(rateLimit.rules.map(({ name }) => name)),
    upstream: new UpstreamStatistics(),
    auth: new AuthStatistics(),
    events: new EventStatistics(),
    documents: new DocumentStatistics(),
    families: new FamilyStatistics(purge.familiesMax),
    sessions: new SessionStatistics(),
  }
}
