import type { Awaitable } from '../../shared/awaitable.ts'
import { runSteps, type Steps, settled } from '../../shared/steps.ts'
import type { Target } from '../cache/cache-decisions.ts'
import type { Lookup } from '../cache/response-cache.ts'
import type { Operation } from '../graphql/operation.ts'
import { clientIp } from '../ratelimit/client-ip.ts'
import type { LimitDecision } from '../ratelimit/limit-decision.ts'
import { rateLimitError, rateLimitHeaders } from '../ratelimit/ratelimit-headers.ts'
import type { Answer } from './answer.ts'
import { errorAnswer, toGatewayError } from './graphql-response.ts'
import type { Ask, GraphqlParts } from './graphql-route.ts'
import { hitAnswer, staleMeanwhile } from './graphql-stale.ts'
import { bypass, fetchAgain, fetchAndKeep, mutate } from './graphql-upstream.ts'
import type { MediaType } from './media-types.ts'

/** Limits, cache and upstream for one operation. Throws nothing: what fails becomes its answer. */
export function* answerOperation(parts: GraphqlParts, ask: Ask): Steps<Answer> {
  const startMs = parts.clock.monotonicMs()
  const answer = yield* answerLimited(parts, ask)
  const durationMs = parts.clock.monotonicMs() - startMs
  parts.requestStatistics.answered(answer.outcome, labelOf(ask.prepared.operation), durationMs)
  return answer
}

/** For what was counted against the limits already. */
export function answerOperationUnlimited(parts: GraphqlParts, ask: Ask): Awaitable<Answer> {
  return runSteps(answerCounted(parts, ask))
}

function* answerCounted(parts: GraphqlParts, ask: Ask): Steps<Answer> {
  const startMs = parts.clock.monotonicMs()
  let answer: Answer
  try {
    answer = yield* answerAllowed(parts, ask)
  } catch (error) {
    answer = failed(parts, error, ask.mediaType)
  }
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
    const answer = failed(parts, error, ask.mediaType)
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
  const { target, refresh } = decision
  const nowMs = parts.clock.nowMs()
  const lookup = yield* settled(parts.cache.lookUp(target, nowMs, ask.encoding))
  const { entry, stale } = lookup
  if (refresh) return yield* settled(missed(parts, ask, decision, lookup))
  if (entry === undefined) {
    const meanwhile = staleMeanwhile(parts, stale, target, nowMs)
    if (meanwhile === undefined) return yield* settled(missed(parts, ask, decision, lookup))
    parts.familyStatistics.hit(target)
    refreshBehind(parts, ask, decision)
    return meanwhile
  }
  parts.familyStatistics.hit(target)
  if (parts.refresher.isDue(entry, nowMs)) refreshBehind(parts, ask, decision)
  if (ask.encoding !== entry.encoding) parts.compressor.want(target, ask.encoding, entry)
  return hitAnswer(parts, entry, target, nowMs)
}

async function missed(
  parts: GraphqlParts,
  ask: Ask,
  decision: Target,
  lookup: Lookup,
): Promise<Answer> {
  parts.familyStatistics.missed(decision.target)
  return await fetchAndKeep(parts, ask, decision, lookup)
}

function refreshBehind(parts: GraphqlParts, ask: Ask, decision: Target): void {
  parts.refresher.start(decision.target.cacheKey, () => fetchAgain(parts, ask, decision))
}

/** What is told of a failure. */
export function failed(parts: GraphqlParts, error: unknown, mediaType: MediaType): Answer {
  const told = toGatewayError(error)
  if (told.code === 'unexpected') parts.log.error({ err: error }, 'a request failed by a bug')
  return errorAnswer(told, { preserve401Errors: parts.preserve401Errors, mediaType })
}
