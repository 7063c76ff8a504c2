import { type Awaitable, chain, recovered } from '../../shared/awaitable.ts'
import type { Target } from '../cache/cache-decisions.ts'
import type { Lookup } from '../cache/response-cache.ts'
import type { Operation } from '../graphql/operation.ts'
import type { LimitDecision } from '../ratelimit/limit-decision.ts'
import type { Answer } from './answer.ts'
import { fetchAgain } from './graphql-fetch.ts'
import type { Ask, GraphqlParts } from './graphql-parts.ts'
import { errorAnswer, toGatewayError } from './graphql-response.ts'
import { hitAnswer, staleMeanwhile } from './graphql-stale.ts'
import { bypass, fetchAndKeep, mutate } from './graphql-upstream.ts'
import { LimitCharge } from './limit-charge.ts'
import type { MediaType } from './media-types.ts'

/** Limits, cache and upstream for one operation. Fails never: what fails becomes its answer. */
export function answerOperation(parts: GraphqlParts, ask: Ask): Awaitable<Answer> {
  const startMs = parts.clock.monotonicMs()
  return chain(answerLimited(parts, ask), (answer) => counted(parts, ask, answer, startMs))
}

/** For what the limits have let in already. */
export function answerOperationTaken(
  parts: GraphqlParts,
  ask: Ask,
  charge: LimitCharge,
): Awaitable<Answer> {
  const startMs = parts.clock.monotonicMs()
  const answer = recovered(
    () => answerAllowed(parts, ask, charge),
    (error) => failed(parts, error, ask.mediaType),
  )
  return chain(answer, (given) => {
    charge.end()
    return counted(parts, ask, given, startMs)
  })
}

function counted(parts: GraphqlParts, ask: Ask, answer: Answer, startMs: number): Answer {
  const durationMs = parts.clock.monotonicMs() - startMs
  parts.requestStatistics.answered(answer.outcome, labelOf(ask.prepared.operation), durationMs)
  return answer
}

/** What people know an operation by. */
function labelOf({ name, kind, rootFields }: Operation): string {
  return name ?? `${kind} { ${rootFields.map((field) => field.name).join(' ')} }`
}

function answerLimited(parts: GraphqlParts, ask: Ask): Awaitable<Answer> {
  return recovered(
    () => {
      // What may not be asked at all is not counted.
      parts.queryLimits.check(ask.prepared, ask.identity.role)
      return chain(parts.limiter.take(ask), (taken) => answerTaken(parts, ask, taken))
    },
    (error) => failed(parts, error, ask.mediaType),
  )
}

function answerTaken(parts: GraphqlParts, ask: Ask, taken: LimitDecision): Awaitable<Answer> {
  const charge = new LimitCharge(parts, taken)
  // What fails was counted all the same, and tells the limits; a rejection tells them itself.
  const answer = recovered(
    () => answerAllowed(parts, ask, charge),
    (error) => failed(parts, error, ask.mediaType),
  )
  return chain(answer, (given) => charge.tell(given))
}

function answerAllowed(parts: GraphqlParts, ask: Ask, charge: LimitCharge): Awaitable<Answer> {
  const { prepared, identity } = ask
  if (prepared.operation.kind === 'mutation') return charge.around(() => mutate(parts, ask))
  const decision = parts.decisions.of(prepared, identity, ask.head)
  if (decision.target === undefined) {
    return charge.around(() => bypass(parts, ask, decision.reason))
  }
  const nowMs = parts.clock.nowMs()
  const lookup = parts.cache.lookUp(decision.target, nowMs, ask.encoding)
  return chain(lookup, (found) =>
    answerFound(parts, ask, decision, { lookup: found, nowMs, charge }),
  )
}

interface Found {
  readonly lookup: Lookup
  readonly nowMs: number
  readonly charge: LimitCharge
}

function answerFound(
  parts: GraphqlParts,
  ask: Ask,
  decision: Target,
  { lookup, nowMs, charge }: Found,
): Awaitable<Answer> {
  const { target, refresh } = decision
  const { entry, stale } = lookup
  if (refresh) return charge.around(() => missed(parts, ask, decision, lookup))
  if (entry === undefined) {
    const meanwhile = staleMeanwhile(parts, stale, target, nowMs)
    if (meanwhile === undefined) {
      return charge.around(() => missed(parts, ask, decision, lookup))
    }
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
  parts.cache.asked(decision.target)
  return await fetchAndKeep(parts, ask, decision, lookup)
}

function refreshBehind(parts: GraphqlParts, ask: Ask, decision: Target): void {
  parts.refresher.start(decision.target.cacheKey, () => {
    parts.cache.asked(decision.target)
    return fetchAgain(parts, ask, decision)
  })
}

/** What is told of a failure. */
export function failed(parts: GraphqlParts, error: unknown, mediaType: MediaType): Answer {
  const told = toGatewayError(error)
  if (told.isBug) parts.log.error({ err: error }, 'a request failed by a bug')
  parts.queryLimitStatistics.refused(told.code)
  return errorAnswer(told, { preserve401Errors: parts.preserve401Errors, mediaType })
}
