import type { Awaitable } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { runSteps, type Steps, settled } from '../../shared/steps.ts'
import type { CacheDecisions } from '../cache/cache-decisions.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import type { SingleFlight } from '../cache/single-flight.ts'
import { GatewayError } from '../errors.ts'
import type {
  BatchMember,
  Operation,
  PreparedBatch,
  PreparedRequest,
} from '../graphql/operation.ts'
import type { Identity } from '../identity/identity.ts'
import type { IdentityResolver } from '../identity/resolve-identity.ts'
import { clientIp } from '../ratelimit/client-ip.ts'
import type { LimitDecision } from '../ratelimit/limit-decision.ts'
import type { Limiter } from '../ratelimit/limiter.ts'
import { rateLimitError, rateLimitHeaders } from '../ratelimit/ratelimit-headers.ts'
import type { LimitStatistics } from '../statistics/limit-statistics.ts'
import type { RequestStatistics } from '../statistics/request-statistics.ts'
import type { UpstreamClient } from '../upstream/upstream-client.ts'
import type { Answer, RequestHead } from './answer.ts'
import { hitHeaders, isNotModified } from './cache-headers.ts'
import { errorAnswer, JSON_TYPE, toGatewayError } from './graphql-response.ts'
import { bypass, type Fetched, fetchAndKeep, mutate } from './graphql-upstream.ts'

/** What the pipeline asks. */
export interface GraphqlParts {
  readonly identities: IdentityResolver
  readonly requests: RequestReader
  readonly limiter: Limiter
  readonly decisions: CacheDecisions
  readonly cache: ResponseCache
  readonly flights: SingleFlight<Fetched>
  readonly invalidation: Invalidation
  readonly upstream: UpstreamClient
  readonly requestStatistics: RequestStatistics
  readonly limitStatistics: LimitStatistics
  readonly preserve401Errors: boolean
  readonly sessionCookieName: string
  readonly clock: Clock
  readonly log: Logger
}

/** Reads the bytes of a body; the same bytes at once, while they are remembered. */
export interface RequestReader {
  /** Throws a GatewayError for what is no GraphQL request, or beyond the limits. */
  prepare(body: Buffer): PreparedRequest | PreparedBatch
}

/** One operation to answer: a whole request, or one of a batch. */
export interface Ask {
  readonly head: RequestHead
  readonly identity: Identity
  readonly prepared: PreparedRequest
  /** As the client wrote it. */
  readonly body: Buffer
}

/**
 * POST /v1/graphql, from its head and the bytes of its body to its answer. In one turn of the event loop, and
 * without a promise, when the answer is in a store that answers at once.
 */
export function answerGraphql(
  parts: GraphqlParts,
  head: RequestHead,
  body: Buffer,
): Awaitable<Answer> {
  return runSteps(answerBody(parts, head, body))
}

function* answerBody(parts: GraphqlParts, head: RequestHead, body: Buffer): Steps<Answer> {
  const startMs = parts.clock.monotonicMs()
  try {
    refuseEncodedBody(head)
    const identity = yield* settled(parts.identities.resolve(head.headers))
    const prepared = parts.requests.prepare(body)
    if (prepared.kind === 'batch') {
      return yield* answerBatch(parts, head, identity, prepared.members)
    }
    return notModifiedOr(yield* answerOperation(parts, { head, identity, prepared, body }), head)
  } catch (error) {
    const answer = failed(parts, error)
    parts.requestStatistics.answered(answer.outcome, undefined, parts.clock.monotonicMs() - startMs)
    return answer
  }
}

/** Limits, cache and upstream for one operation. Throws nothing: what fails becomes its answer. */
function* answerOperation(parts: GraphqlParts, ask: Ask): Steps<Answer> {
  const startMs = parts.clock.monotonicMs()
  const answer = yield* answerLimited(parts, ask)
  const durationMs = parts.clock.monotonicMs() - startMs
  parts.requestStatistics.answered(answer.outcome, labelOf(ask.prepared.operation), durationMs)
  return answer
}

/** What people know an operation by. */
function labelOf({ name, kind, rootFields }: Operation): string {
  return name ?? `${kind} { ${rootFields.map((field) => field.name).join(' ')} }`
}

function* answerLimited(parts: GraphqlParts, ask: Ask): Steps<Answer> {
  const { headers, socketAddress, trustedHops } = ask.head
  const ip = clientIp(headers, socketAddress, trustedHops)
  let decision: LimitDecision | undefined
  try {
    decision = yield* settled(parts.limiter.take(ask.identity, ip))
    parts.limitStatistics.decided(decision)
    if (!decision.allowed) throw rateLimitError(decision)
    return withLimits(yield* answerAllowed(parts, ask), decision)
  } catch (error) {
    const answer = failed(parts, error)
    // What failed was counted all the same; a rejection tells the limits itself.
    return decision?.allowed === true ? withLimits(answer, decision) : answer
  }
}

function withLimits(answer: Answer, decision: LimitDecision): Answer {
  const limits = rateLimitHeaders(decision)
  for (const name in limits) answer.headers.push(name, limits[name] ?? '')
  return answer
}

function* answerAllowed(parts: GraphqlParts, ask: Ask): Steps<Answer> {
  const { prepared, identity } = ask
  if (prepared.operation.kind === 'mutation') return yield* settled(mutate(parts, ask))
  const decision = parts.decisions.of(prepared, identity, ask.head)
  if (decision.target === undefined) return yield* settled(bypass(parts, ask, decision.reason))
  const nowMs = parts.clock.nowMs()
  const lookup = yield* settled(parts.cache.lookUp(decision.target, nowMs))
  if (lookup.entry === undefined || decision.refresh) {
    return yield* settled(fetchAndKeep(parts, ask, decision, lookup))
  }
  const { etag, body } = lookup.entry
  const headers = hitHeaders(lookup.entry, decision.target, nowMs)
  return { status: 200, headers, body, outcome: 'hit', etag }
}

/** In order, one after the other, as Hasura does: a mutation's effect is seen by the query behind it. */
function* answerBatch(
  parts: GraphqlParts,
  head: RequestHead,
  identity: Identity,
  members: readonly BatchMember[],
): Steps<Answer> {
  const bodies: Buffer[] = [OPENING]
  for (const { request, body } of members) {
    const answer =
      request instanceof GatewayError
        ? failed(parts, request)
        : yield* answerOperation(parts, { head, identity, prepared: request, body })
    if (bodies.length > 1) bodies.push(COMMA)
    bodies.push(answer.body)
  }
  bodies.push(CLOSING)
  const headers = ['Content-Type', JSON_TYPE, 'Cache-Status', 'gerbang; detail=batch']
  return { status: 200, headers, body: Buffer.concat(bodies), outcome: 'bypass', etag: undefined }
}

const OPENING = Buffer.from('[')
const COMMA = Buffer.from(',')
const CLOSING = Buffer.from(']')

/** Only here, behind identity and limits, and never for a mutation: those have no ETag. */
function notModifiedOr(answer: Answer, head: RequestHead): Answer {
  const { etag } = answer
  if (etag === undefined || !isNotModified(head.headers['if-none-match'], etag)) return answer
  return { ...answer, status: 304, body: NO_BYTES }
}

const NO_BYTES = Buffer.alloc(0)

function refuseEncodedBody({ headers }: RequestHead): void {
  const encoding = headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return
  throw new GatewayError('unsupported-media-type', 'a compressed request body is not supported')
}

function failed(parts: GraphqlParts, error: unknown): Answer {
  const told = toGatewayError(error)
  if (told.code === 'unexpected') parts.log.error({ err: error }, 'a request failed by a bug')
  return errorAnswer(told, parts.preserve401Errors)
}
