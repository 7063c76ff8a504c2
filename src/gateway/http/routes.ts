import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyError, FastifyInstance } from 'fastify'
import { isPromise } from '../../shared/awaitable.ts'
import type { WrittenTags } from '../cache/written-tags.ts'
import { GatewayError, plainErrorBody } from '../errors.ts'
import { refuseLongUrl } from '../limits/limit-errors.ts'
import type { Tag } from '../metadata/plan.ts'
import type { AccessLog } from './access-log.ts'
import { limitAlias } from './alias-limits.ts'
import type { Answer, RequestHead } from './answer.ts'
import { isPreflight, preflightHeaders } from './cors.ts'
import { fromFramework } from './framework-error.ts'
import type { GraphqlParts } from './graphql-parts.ts'
import { errorAnswer, JSON_TYPE, REFUSAL_HEADERS, toGatewayError } from './graphql-response.ts'
import { answerGraphql, answerGraphqlGet } from './graphql-route.ts'
import {
  mayChangeMetadata,
  type PassthroughParts,
  passThrough,
  writesOfMethod,
} from './passthrough-route.ts'
import { readBody } from './read-body.ts'
import type { RequestIds } from './request-ids.ts'
import { sendAnswer } from './send-answer.ts'

export interface RouteParts {
  readonly graphql: GraphqlParts
  readonly passthrough: PassthroughParts
  readonly writtenTags: WrittenTags
  readonly requestIds: RequestIds
  readonly accessLog: AccessLog
  readonly bodyBytesMax: number
  readonly trustedProxyHops: number
  readonly lifetime: Lifetime
}

export interface Lifetime {
  /** From then on each answer is the last of its connection. */
  isStopping: boolean
}

/** GraphQL under names of its own: answered by Hasura, read here to learn what is written. */
const ALIASES = ['/v1alpha1/graphql', '/v1beta1/relay']

const NO_BYTES = Buffer.alloc(0)

/** A Fastify plugin: the paths whose bodies are read whole. */
export function graphqlRoutes(fastify: FastifyInstance, parts: RouteParts, done: () => void): void {
  fastify.removeAllContentTypeParsers()
  // Of any type, as Hasura does; what comes with a cookie is judged by identity.
  fastify.addContentTypeParser('*', (_request, payload, parsed) => {
    readBody(payload, parts.bodyBytesMax, parsed)
  })
  fastify.setErrorHandler((error: FastifyError, request, reply) => {
    reply.hijack()
    const { preserve401Errors, mediaTypes } = parts.graphql
    const mediaType = mediaTypes.of(request.headers.accept) ?? 'json'
    const told = fromFramework(error)
    const answer = errorAnswer(told, { preserve401Errors, mediaType })
    parts.graphql.queryLimitStatistics.refused(told.code)
    parts.graphql.requestStatistics.answered(answer.outcome, undefined, 0)
    send(parts, request.raw, reply.raw, headOf(parts, request.raw), answer)
  })
  fastify.post('/v1/graphql', (request, reply) => {
    reply.hijack()
    serveGraphql(parts, request.raw, reply.raw, bytesOf(request.body))
  })
  fastify.get('/v1/graphql', ({ raw }, reply) => {
    reply.hijack()
    serveGraphql(parts, raw, reply.raw, undefined)
  })
  for (const alias of ALIASES) {
    fastify.post(alias, (request, reply) => {
      reply.hijack()
      serveAlias(parts, request.raw, reply.raw, bytesOf(request.body))
    })
  }
  done()
}

/** A Fastify plugin: everything else, with the bodies left in their streams. */
export function passthroughRoutes(
  fastify: FastifyInstance,
  parts: RouteParts,
  done: () => void,
): void {
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
  fastify.setErrorHandler((error: FastifyError, { raw }, reply) => {
    reply.hijack()
    failed(parts, reply.raw, headOf(parts, raw), fromFramework(error))
  })
  fastify.setNotFoundHandler(({ raw }, reply) => {
    reply.hijack()
    failed(parts, reply.raw, headOf(parts, raw), methodNotAllowed(raw))
  })
  fastify.all('/*', ({ raw }, reply) => {
    reply.hijack()
    if (isPreflight(raw.method ?? '', raw.headers)) {
      reply.raw.writeHead(204, preflightHeaders(raw.headers)).end()
    } else if (raw.method === 'TRACE') {
      // It would show the client what the gateway tells Hasura.
      failed(parts, reply.raw, headOf(parts, raw), methodNotAllowed(raw))
    } else {
      servePassthrough(parts, raw, reply.raw, writesOfMethod(raw.method))
    }
  })
  done()
}

/** Without a body it is a GET. */
function serveGraphql(
  parts: RouteParts,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
): void {
  const { requestStatistics } = parts.graphql
  const head = headOf(parts, request)
  const answer =
    body === undefined
      ? answerGraphqlGet(parts.graphql, head, request.url ?? '')
      : answerGraphql(parts.graphql, head, body)
  if (!isPromise(answer)) {
    send(parts, request, response, head, answer)
    return
  }
  requestStatistics.inFlight += 1
  answer
    .then((late) => send(parts, request, response, head, late))
    .catch((error: unknown) => failed(parts, response, head, error))
    .finally(() => {
      requestStatistics.inFlight -= 1
    })
}

function serveAlias(
  parts: RouteParts,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): void {
  const head = headOf(parts, request)
  limitAlias(parts.graphql, head, body)
    .then((refusal) => {
      if (refusal !== undefined) send(parts, request, response, head, refusal)
      else servePassthrough(parts, request, response, parts.writtenTags.of(body), body)
    })
    .catch((error: unknown) => failed(parts, response, head, error))
}

function servePassthrough(
  parts: RouteParts,
  request: IncomingMessage,
  response: ServerResponse,
  writes: readonly Tag[],
  body?: Buffer,
): void {
  const head = headOf(parts, request)
  try {
    refuseLongUrl(request.url ?? '', parts.graphql.requestLimits.urlLengthMax)
  } catch (error) {
    failed(parts, response, head, error)
    return
  }
  parts.graphql.requestStatistics.passthroughCount += 1
  const exchange =
    body === undefined
      ? { head, request, response, writes, mayChangeMetadata: mayChangeMetadata(request) }
      : { head, request, response, writes, body, mayChangeMetadata: false }
  passThrough(parts.passthrough, exchange)
    .then(() => record(parts, request, response, head))
    .catch((error: unknown) => failed(parts, response, head, error))
}

function send(
  parts: RouteParts,
  request: IncomingMessage,
  response: ServerResponse,
  head: RequestHead,
  answer: Answer,
): void {
  if (parts.lifetime.isStopping) response.shouldKeepAlive = false
  sendAnswer(response, head, answer)
  record(parts, request, response, head)
}

function record(
  parts: RouteParts,
  request: IncomingMessage,
  response: ServerResponse,
  head: RequestHead,
): void {
  const { method = '', url: path = '' } = request
  const { statusCode: status } = response
  const { requestId } = head
  parts.accessLog.record({ method, path, status, requestId }, parts.graphql.clock.nowMs())
}

/** A refusal in the shape of Hasura's other endpoints; the end of the connection when its answer has begun. */
function failed(
  parts: RouteParts,
  response: ServerResponse,
  head: RequestHead,
  error: unknown,
): void {
  const told = toGatewayError(error)
  if (told.isBug) parts.graphql.log.error({ err: error }, 'a request failed by a bug')
  parts.graphql.queryLimitStatistics.refused(told.code)
  if (response.headersSent) {
    response.destroy()
    return
  }
  const headers = [
    'Content-Type',
    JSON_TYPE,
    ...REFUSAL_HEADERS,
    ...Object.entries(told.headers).flat(),
  ]
  const body = Buffer.from(plainErrorBody(told))
  const answer: Answer = { status: told.status, headers, body, outcome: 'error', etag: undefined }
  sendAnswer(response, head, answer)
}

/** A path that is no URL, which the router itself refuses. */
export function refuseUrl(
  parts: RouteParts,
  request: IncomingMessage,
  response: ServerResponse,
  error: FastifyError,
): void {
  failed(parts, response, headOf(parts, request), fromFramework(error))
}

function methodNotAllowed({ method = '' }: IncomingMessage): GatewayError {
  const headers = { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }
  return new GatewayError('method-not-allowed', `${method} is not supported`, { headers })
}

/** Of a request that Node.js read, or the fast lane. */
export function headOf(
  parts: Pick<RouteParts, 'requestIds' | 'trustedProxyHops'>,
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
): RequestHead {
  return {
    headers,
    requestId: parts.requestIds.take(headers['x-request-id']),
    socketAddress: socket.remoteAddress ?? 'unknown',
    trustedHops: parts.trustedProxyHops,
  }
}

function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : NO_BYTES
}
