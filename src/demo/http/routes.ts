import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../../shared/logger.ts'
import type { ApiContext } from '../api/api-request.ts'
import { runMetadataCommand } from '../api/metadata-api.ts'
import { runQueryCommand } from '../api/query-api.ts'
import type { Authenticator, Identity } from '../auth/authenticator.ts'
import { toRequestHeaders } from '../auth/request-headers.ts'
import { fromDatabaseError, RequestError } from '../errors.ts'
import { ADMIN } from '../permissions.ts'
import { parseBody, parsePlainBody } from './body.ts'
import { answerGraphQL, persistedQueriesError } from './graphql-api.ts'

export interface RouteOptions extends ApiContext {
  readonly authenticator: Authenticator
  readonly log: Logger
}

const JSON_TYPE = 'application/json; charset=utf-8'
/** The release whose answers these are held to. */
const VERSION = 'v2.48.16'
const NO_BYTES = Buffer.alloc(0)

/** Every path of Hasura's that the demo serves. */
export function addRoutes(app: FastifyInstance, options: RouteOptions): void {
  // The bytes of the body decide, whatever its Content-Type says.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.post('/v1/graphql', (request, reply) => serveGraphQL(options, request, reply))
  app.get('/v1/graphql', (_request, reply) =>
    sendJson(reply, 200, persistedQueriesError().toBody()),
  )
  app.post('/v1/metadata', adminRoute(options, runMetadataCommand))
  app.post('/v2/query', adminRoute(options, runQueryCommand))
  app.get('/v1/version', (_request, reply) =>
    sendJson(reply, 200, JSON.stringify({ version: VERSION, server_type: 'ce' })),
  )
  for (const path of ['/healthz', '/hasura/healthz']) {
    app.get(path, (_request, reply) => reply.type('text/plain; charset=utf-8').send('OK'))
  }

  app.setNotFoundHandler((_request, reply) => sendError(reply, notFound()))
  app.setErrorHandler((error, _request, reply) => sendError(reply, toRequestError(error, options)))
}

export function notFound(): RequestError {
  return new RequestError('not-found', 'resource does not exist', '$', { status: 404 })
}

/** Always 200: what went wrong stands in the body. */
async function serveGraphQL(
  { authenticator, backend }: RouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    const { session } = await identify(authenticator, request)
    const { body, isSuccess } = await answerGraphQL(
      backend.executor,
      parseBody(bodyOf(request)),
      session,
    )
    if (isSuccess) nameRequest(request, reply)
    return sendJson(reply, 200, body)
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    return sendJson(reply, 200, error.toBody())
  }
}

function adminRoute(
  options: RouteOptions,
  command: (context: ApiContext, body: unknown) => Promise<unknown>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const { session } = await identify(options.authenticator, request)
    const body = parsePlainBody(bodyOf(request))
    if (session.role !== ADMIN) {
      throw new RequestError('access-denied', 'restricted access : admin only', '$.args')
    }
    const answer = await command(options, body)
    nameRequest(request, reply)
    return sendJson(reply, 200, JSON.stringify(answer))
  }
}

async function identify(authenticator: Authenticator, request: FastifyRequest): Promise<Identity> {
  return await authenticator.authenticate(toRequestHeaders(request.headers))
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : NO_BYTES
}

/** Hasura echoes the client's name for a request, or gives it one. */
function nameRequest(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.headers['x-request-id'] ?? randomUUID())
}

function sendError(reply: FastifyReply, error: RequestError): FastifyReply {
  return sendJson(reply, error.status, error.toPlainBody())
}

function sendJson(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply.code(status).header('content-type', JSON_TYPE).send(body)
}

function toRequestError(error: unknown, { log }: RouteOptions): RequestError {
  if (error instanceof RequestError) return error
  const status = statusOf(error)
  if (status !== undefined && status < 500) {
    // Told by Fastify: a body that is too large, a header that makes no sense.
    const message = error instanceof Error ? error.message : 'bad request'
    return new RequestError('bad-request', message, '$', { status, cause: error })
  }
  const failure = fromDatabaseError(error)
  if (failure.code === 'unexpected') log.error({ err: error }, 'internal error')
  return failure
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  return typeof error.statusCode === 'number' ? error.statusCode : undefined
}
