import type { Awaitable } from '../../shared/awaitable.ts'
import { runSteps, type Steps, settled } from '../../shared/steps.ts'
import type { GatewayErrorCode } from '../errors.ts'
import type { Identity } from '../identity/identity.ts'
import { QUERY_LIMIT_CODES } from '../limits/limit-errors.ts'
import type { Answer, RequestHead } from './answer.ts'
import { answerOperationTaken } from './graphql-operation.ts'
import type { Ask, GraphqlParts } from './graphql-parts.ts'
import { errorAnswer, toGatewayError } from './graphql-response.ts'
import { resolveDocument } from './graphql-route.ts'
import { LimitCharge } from './limit-charge.ts'

/** What becomes of an operation that a client begins over a WebSocket. */
export type SocketDecision =
  /** Hasura answers it, over the WebSocket; with `body` when the operation named its document. */
  | {
      readonly kind: 'forward'
      readonly body: Buffer | undefined
      /** What errors say that a client may have meant is not for this one. */
      readonly hidesSuggestions: boolean
    }
  | { readonly kind: 'refuse'; readonly answer: Answer }
  /** The cache has the answer, or gets it for all who ask the same. */
  | { readonly kind: 'answer'; readonly answer: () => Awaitable<Answer> }

export interface SocketOperation {
  /** With the headers of `connection_init` among those of the handshake. */
  readonly head: RequestHead
  /** The JSON of its payload. */
  readonly body: Buffer
  /** Hasura has taken who asks for who they say they are. */
  readonly isAcknowledged: boolean
  /** Who asks, where Hasura was told so; else it is found out anew. */
  readonly identity: Identity | undefined
}

/** Limits and cache for one operation over a WebSocket. Fails for bugs only. */
export function decideSocketOperation(
  parts: GraphqlParts,
  operation: SocketOperation,
): Awaitable<SocketDecision> {
  return runSteps(decide(parts, operation))
}

const FORWARD: SocketDecision = { kind: 'forward', body: undefined, hidesSuggestions: false }

/** Of the gateway's own making. All others Hasura will find as well, and word as its protocol has it. */
const OWN: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  ...QUERY_LIMIT_CODES,
  'PERSISTED_QUERY_NOT_FOUND',
  'document-not-found',
  'document-not-trusted',
  'not-supported',
  'persisted-query-invalid',
  'rate-limit-exceeded',
  'cost-limit-exceeded',
  'store-unavailable',
])

function* decide(parts: GraphqlParts, operation: SocketOperation): Steps<SocketDecision> {
  const identity = operation.identity ?? (yield* identify(parts, operation.head))
  try {
    if (identity === undefined) {
      parts.documents.refuseUnnamed(undefined)
      // Whoever asks, what is for nobody is not passed on.
      parts.requests.prepare(operation.body)
      return FORWARD
    }
    return yield* decideFor(parts, operation, identity)
  } catch (error) {
    const told = toGatewayError(error)
    if (told.isBug) throw error
    if (!OWN.has(told.code)) return FORWARD
    parts.queryLimitStatistics.refused(told.code)
    const { preserve401Errors } = parts
    const answer = errorAnswer(told, { preserve401Errors, mediaType: 'json' })
    parts.requestStatistics.answered(answer.outcome, undefined, 0)
    return { kind: 'refuse', answer }
  }
}

/** `undefined` for whom the gateway would refuse: Hasura does, or knows better. */
function* identify(parts: GraphqlParts, head: RequestHead): Steps<Identity | undefined> {
  try {
    return yield* settled(parts.identities.resolve(head.headers))
  } catch (error) {
    if (toGatewayError(error).isBug) throw error
    return undefined
  }
}

function* decideFor(
  parts: GraphqlParts,
  { head, body, isAcknowledged }: SocketOperation,
  identity: Identity,
): Steps<SocketDecision> {
  parts.queryLimits.checkBody(body.length, identity.role)
  const prepared = parts.requests.prepare(body)
  if (prepared.kind === 'batch') return FORWARD
  const resolved = yield* resolveDocument(parts, { head, identity, body }, prepared)
  parts.queryLimits.check(resolved.prepared, identity.role)
  const ask: Ask = { head, identity, ...resolved, mediaType: 'json', encoding: 'identity' }
  const taken = yield* settled(parts.limiter.take(ask))
  if (isAcknowledged && isAnsweredHere(parts, ask)) {
    const charge = new LimitCharge(parts, taken)
    return { kind: 'answer', answer: () => answerOperationTaken(parts, ask, charge) }
  }
  // Hasura answers over the WebSocket, past whatever would settle: the estimate stands.
  const whole = taken.allowed ? yield* settled(parts.limiter.reserve(taken, false)) : taken
  parts.limitStatistics.decided(whole)
  if (!whole.allowed) throw parts.limiter.refusal(whole)
  const { introspection } = parts.queryLimits.of(identity.role)
  return {
    kind: 'forward',
    body: prepared.kind === 'reference' ? resolved.body : undefined,
    hidesSuggestions: !introspection,
  }
}

/**
 * Queries that may be cached, and those that can be ended when their time is over: over the WebSocket Hasura
 * would go on. What it would see of the headers of `connection_init`, it sees over the WebSocket only.
 */
function isAnsweredHere(parts: GraphqlParts, { prepared, identity, head }: Ask): boolean {
  if (prepared.operation.kind !== 'query') return false
  const { forwardedHeaders } = parts.decisions.plan(prepared, identity.role)
  if (forwardedHeaders !== undefined) return false
  if (parts.queryLimits.of(identity.role).timeMs !== undefined) return true
  return parts.decisions.of(prepared, identity, head).target !== undefined
}
