import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { AcceptedEncodings } from '../cache/accept-encoding.ts'
import type { CacheDecisions } from '../cache/cache-decisions.ts'
import type { Compressor } from '../cache/compressor.ts'
import type { DiscardMemo } from '../cache/discard-memo.ts'
import type { Encoding } from '../cache/encoding.ts'
import type { FillLocks } from '../cache/fill-locks.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { Refresher } from '../cache/refresher.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import type { SingleFlight } from '../cache/single-flight.ts'
import type { DocumentResolver } from '../documents/document-resolver.ts'
import type { DocumentReference, PreparedBatch, PreparedRequest } from '../graphql/operation.ts'
import type { Identity } from '../identity/identity.ts'
import type { IdentityResolver } from '../identity/resolve-identity.ts'
import type { LoadShedder } from '../limits/load-shedder.ts'
import type { QueryLimits } from '../limits/query-limits.ts'
import type { CacheDetail, RequestLimits } from '../options.ts'
import type { Limiter } from '../ratelimit/limiter.ts'
import type { FamilyStatistics } from '../statistics/family-statistics.ts'
import type { LimitStatistics } from '../statistics/limit-statistics.ts'
import type { QueryLimitStatistics } from '../statistics/query-limit-statistics.ts'
import type { RequestStatistics } from '../statistics/request-statistics.ts'
import type { UpstreamClient } from '../upstream/upstream-client.ts'
import type { RequestHead } from './answer.ts'
import type { KeptForm } from './cache-headers.ts'
import type { Fetched } from './fetched.ts'
import type { MediaType, MediaTypes } from './media-types.ts'

/** What the pipeline asks. */
export interface GraphqlParts {
  readonly identities: IdentityResolver
  readonly requests: RequestReader
  readonly documents: DocumentResolver
  readonly requestLimits: RequestLimits
  readonly queryLimits: QueryLimits
  readonly loadShedder: LoadShedder
  readonly mediaTypes: MediaTypes
  /** Of these the answer to a request depends, whatever it asks. */
  readonly credentialHeaders: readonly string[]
  readonly limiter: Limiter
  readonly decisions: CacheDecisions
  /** What clients of a role are told of the cache. */
  readonly detailOf: (role: string) => CacheDetail
  readonly cache: ResponseCache
  readonly discards: DiscardMemo
  readonly refresher: Refresher
  readonly compressor: Compressor
  readonly encodings: AcceptedEncodings
  readonly keptForm: KeptForm
  /** `undefined` when each gateway fetches for itself. */
  readonly fillLocks: FillLocks | undefined
  readonly flights: SingleFlight<Fetched>
  readonly invalidation: Invalidation
  readonly upstream: UpstreamClient
  readonly requestStatistics: RequestStatistics
  readonly limitStatistics: LimitStatistics
  readonly queryLimitStatistics: QueryLimitStatistics
  readonly familyStatistics: FamilyStatistics
  readonly preserve401Errors: boolean
  readonly sessionCookieName: string
  readonly clock: Clock
  readonly log: Logger
}

/** Reads the bytes of a body; the same bytes at once, while they are remembered. */
export interface RequestReader {
  /** Throws a GatewayError for what is no GraphQL request, or beyond the limits. */
  prepare(body: Buffer): PreparedRequest | PreparedBatch | DocumentReference
}

/** One operation to answer: a whole request, or one of a batch. */
export interface Ask {
  readonly head: RequestHead
  readonly identity: Identity
  readonly prepared: PreparedRequest
  /** As the client wrote it; canonical when it came in another form than a POST with its query. */
  readonly body: Buffer
  /** Of a refusal. */
  readonly mediaType: MediaType
  /** The client would rather have the answer so. */
  readonly encoding: Encoding
}
