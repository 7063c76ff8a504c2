import type { FastifyError, FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { type Actor, type Gateway, GatewayError } from '../gateway/index.ts'

export interface RevocationRouteParts {
  readonly gateway: Gateway
  /** Lets in who may ask. */
  readonly onRequest: onRequestHookHandler
  readonly actorOf: (request: FastifyRequest) => Actor
}

/** A Fastify plugin: GET /sessions?user=… lists, POST /revoke ends sessions and refuses tokens. */
export function revocationRoutes(
  fastify: FastifyInstance,
  { gateway, onRequest, actorOf }: RevocationRouteParts,
  done: () => void,
): void {
  fastify.setErrorHandler(async (error: FastifyError | GatewayError, _request, reply) => {
    if (!(error instanceof GatewayError)) throw error
    const { status, path, message, code } = error
    return await reply.code(status).send({ path, error: message, code })
  })
  fastify.get<{ Querystring: { user?: unknown } }>('/sessions', { onRequest }, async (request) => {
    const { user } = request.query
    if (typeof user !== 'string' || user === '') {
      const message = 'expected the user: /sessions?user=42'
      throw new GatewayError('bad-request', message, { path: '$.user' })
    }
    return { sessions: await gateway.sessionsOf(user) }
  })
  fastify.post('/revoke', { onRequest }, async (request) => {
    const { sessions, revokedUntil } = await gateway.revoke(request.body, actorOf(request))
    return { sessions: sessions ?? null, revoked_until: revokedUntil ?? null }
  })
  done()
}
