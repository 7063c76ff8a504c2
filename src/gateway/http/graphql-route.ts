import { invariant } from '../../shared/assert.ts'
import { type Awaitable, chain, recovered } from '../../shared/awaitable.ts'
import { runSteps, type Steps, settled } from '../../shared/steps.ts'
import type { ResolvedRequest } from '../documents/document-resolver.ts'
import { GatewayError } from '../errors.ts'
import type { BatchMember, DocumentReference, PreparedRequest } from '../graphql/operation.ts'
import { bodyOfQueryString } from '../graphql/query-string.ts'
import type { Identity } from '../identity/identity.ts'
import { refuseLongUrl } from '../limits/limit-errors.ts'
import { clientIp } from '../ratelimit/client-ip.ts'
import { digestOf, userSubject } from '../ratelimit/subject.ts'
import { refuseUnprovenGet } from '../session/cross-site.ts'
import type { Answer, RequestHead } from './answer.ts'
import { isNotModified } from './cache-headers.ts'
import { answerOperation, failed } from './graphql-operation.ts'
import type { Ask, GraphqlParts } from './graphql-parts.ts'
import { JSON_TYPE } from './graphql-response.ts'
import { inMediaType } from './negotiated-answer.ts'
import { asSharable } from './sharable-answer.ts'

/**
 * POST /v1/graphql, from its head and the bytes of its body to its answer. In one turn of the event loop, and
 * without a promise, when the answer is in a store that answers at once.
 */
export function answerGraphql(
  parts: GraphqlParts,
  head: RequestHead,
  body: Buffer,
): Awaitable<Answer> {
  return answerMessage(parts, head, (form) => answerPost(parts, { head, body, ...form }))
}

/** GET /v1/graphql, whose request is in the query string of `target`. */
export function answerGraphqlGet(
  parts: GraphqlParts,
  head: RequestHead,
  target: string,
): Awaitable<Answer> {
  return answerMessage(parts, head, (form) => runSteps(answerGet(parts, { head, target, ...form })))
}

/** What the client would have its answer as. */
type Form = Pick<Ask, 'mediaType' | 'encoding'>

function answerMessage(
  parts: GraphqlParts,
  head: RequestHead,
  answerIn: (form: Form) => Awaitable<Answer>,
): Awaitable<Answer> {
  const startMs = parts.clock.monotonicMs()
  const mediaType = parts.mediaTypes.of(head.headers.accept)
  const encoding = parts.encodings.of(head.headers['accept-encoding'])
  return recovered(
    () => {
      if (mediaType === undefined) throw notAcceptable()
      return chain(answerIn({ mediaType, encoding }), (answer) =>
        notModifiedOr(inMediaType(answer, mediaType), head),
      )
    },
    (error) => {
      const answer = failed(parts, error, mediaType ?? 'json')
      const durationMs = parts.clock.monotonicMs() - startMs
      parts.requestStatistics.answered(answer.outcome, undefined, durationMs)
      return answer
    },
  )
}

type Post = Pick<Ask, 'head' | 'body' | 'mediaType' | 'encoding'>

function answerPost(parts: GraphqlParts, post: Post): Awaitable<Answer> {
  refuseEncodedBody(post.head)
  const identity = parts.identities.resolve(post.head.headers, post.body)
  return chain(identity, (known) =>
    chain(answerPostAs(parts, post, known), (answer) => withCookies(answer, known)),
  )
}

/** Those the webhook sets, for this client alone. */
function withCookies(answer: Answer, { setCookies = [] }: Identity): Answer {
  for (const cookie of setCookies) answer.headers.push('Set-Cookie', cookie)
  return answer
}

function answerPostAs(parts: GraphqlParts, post: Post, identity: Identity): Awaitable<Answer> {
  parts.queryLimits.checkBody(post.body.length, identity.role)
  const prepared = parts.requests.prepare(post.body)
  if (prepared.kind === 'batch') {
    parts.queryLimits.checkBatch(prepared.members.length, identity.role)
    return runSteps(answerBatch(parts, post, identity, prepared.members))
  }
  if (prepared.kind === 'reference') return runSteps(answerNamed(parts, post, identity, prepared))
  parts.documents.refuseUnnamed(identity)
  const { head, body, mediaType, encoding } = post
  return answerOperation(parts, { head, identity, prepared, body, mediaType, encoding })
}

function* answerNamed(
  parts: GraphqlParts,
  { head, body, mediaType, encoding }: Post,
  identity: Identity,
  reference: DocumentReference,
): Steps<Answer> {
  const resolved = yield* resolveDocument(parts, { head, identity, body }, reference)
  const ask = { head, identity, ...resolved, mediaType, encoding }
  return yield* settled(answerOperation(parts, ask))
}

/** A request that brings its document, or the one it comes to when it names one. */
export function* resolveDocument(
  parts: GraphqlParts,
  { head, identity, body }: Pick<Ask, 'head' | 'identity' | 'body'>,
  prepared: PreparedRequest | DocumentReference,
): Steps<ResolvedRequest> {
  if (prepared.kind === 'reference') {
    const { headers, socketAddress, trustedHops } = head
    const ip = clientIp(headers, socketAddress, trustedHops)
    const subject = digestOf(userSubject(identity, ip).id)
    return yield* parts.documents.resolve(prepared, { identity, subject })
  }
  parts.documents.refuseUnnamed(identity)
  return { prepared, body }
}

interface Get extends Pick<Ask, 'head' | 'mediaType' | 'encoding'> {
  readonly target: string
}

/** Never a mutation: links, images and crawlers send GETs that nobody meant. */
function* answerGet(parts: GraphqlParts, { head, target, ...form }: Get): Steps<Answer> {
  refuseLongUrl(target, parts.requestLimits.urlLengthMax)
  const body = bodyOfQueryString(target, parts.requestLimits)
  const identity = yield* settled(parts.identities.resolve(head.headers, body))
  if (identity.kind === 'session') refuseUnprovenGet(head.headers)
  refuseLongUrl(target, parts.queryLimits.of(identity.role).urlLengthMax)
  const prepared = parts.requests.prepare(body)
  invariant(prepared.kind !== 'batch', 'a query string asks for one operation')
  const resolved = yield* resolveDocument(parts, { head, identity, body }, prepared)
  if (resolved.prepared.operation.kind === 'mutation') throw mutationByGet()
  const ask = { head, identity, ...form, ...resolved }
  const answer = asSharable(parts, ask, yield* settled(answerOperation(parts, ask)))
  return withCookies(answer, identity)
}

/** In order, one after the other, as Hasura does: a mutation's effect is seen by the query behind it. */
function* answerBatch(
  parts: GraphqlParts,
  { head }: Post,
  identity: Identity,
  members: readonly BatchMember[],
): Steps<Answer> {
  const bodies: Buffer[] = [OPENING]
  for (const { request, body } of members) {
    const answer = yield* answerMember(parts, { head, identity, body }, request)
    if (bodies.length > 1) bodies.push(COMMA)
    bodies.push(answer.body)
  }
  bodies.push(CLOSING)
  const headers = ['Content-Type', JSON_TYPE]
  if (parts.detailOf(identity.role) === 'full')
    headers.push('Cache-Status', 'gerbang; detail=batch')
  return { status: 200, headers, body: Buffer.concat(bodies), outcome: 'bypass', etag: undefined }
}

function* answerMember(
  parts: GraphqlParts,
  member: Pick<Ask, 'head' | 'identity' | 'body'>,
  request: BatchMember['request'],
): Steps<Answer> {
  try {
    if (request instanceof GatewayError) throw request
    const resolved = yield* resolveDocument(parts, member, request)
    const ask: Ask = { ...member, ...resolved, mediaType: MEMBER_TYPE, encoding: 'identity' }
    return yield* settled(answerOperation(parts, ask))
  } catch (error) {
    return failed(parts, error, MEMBER_TYPE)
  }
}

/** Of the members only the bodies are sent. */
const MEMBER_TYPE = 'json'
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

function notAcceptable(): GatewayError {
  const message =
    'answers are application/json or application/graphql-response+json, in UTF-8; Accept takes neither'
  return new GatewayError('not-acceptable', message)
}

function mutationByGet(): GatewayError {
  const headers = { Allow: 'POST' }
  return new GatewayError('method-not-allowed', 'mutations are sent with POST', { headers })
}
