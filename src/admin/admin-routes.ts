import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Actor, GatewayError, type SecretSet } from '../gateway/index.ts'
import type { AdminDependencies } from './admin-dependencies.ts'
import { explainRoutes } from './explain-routes.ts'
import type { ProcessMetrics } from './metrics.ts'
import { revocationRoutes } from './revocation-routes.ts'
import { SECURITY_HEADERS } from './security-headers.ts'
import { takeClassStats, takeStats, takeStoreStats } from './stats.ts'

export interface AdminRouteParts extends AdminDependencies {
  readonly secrets: SecretSet
  readonly metrics: ProcessMetrics
}

const SECRET_HEADER = 'x-hasura-admin-secret'

/** A Fastify plugin. Health is open to load balancers; everything else wants the admin secret. */
export function adminRoutes(
  fastify: FastifyInstance,
  parts: AdminRouteParts,
  done: () => void,
): void {
  const { gateway, store, secrets, metrics, log } = parts

  fastify.addHook('onRequest', (_request, reply, next) => {
    reply.headers(SECURITY_HEADERS)
    next()
  })
  fastify.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not-found', 'no such page'))
  fastify.setErrorHandler((error: FastifyError, _request, reply) => {
    const { statusCode: status = 500, message } = error
    if (status < 500) return refuse(reply, status, 'bad-request', message)
    log.error({ err: error }, 'an admin request failed')
    return refuse(reply, 500, 'unexpected', 'internal error')
  })

  fastify.get('/healthz', (_request, reply) => reply.type('text/plain').send('OK'))
  fastify.get('/readyz', async (_request, reply) => {
    const { missing, degraded } = await gateway.readiness()
    const ready = missing.length === 0
    return await reply.code(ready ? 200 : 503).send({ ready, missing, degraded })
  })

  const onRequest = (request: FastifyRequest, reply: FastifyReply, next: () => void): void => {
    const isAdmitted = secrets.isEmpty || secretOf(secrets, request) !== undefined
    if (isAdmitted) next()
    else refuse(reply, 401, 'access-denied', `invalid or missing "${SECRET_HEADER}"`)
  }
  fastify.get('/stats', { onRequest }, async () => await takeStats(parts))
  fastify.get('/metrics', { onRequest }, async (_request, reply) => {
    const text = await metrics.text(await takeStoreStats(store), await takeClassStats(parts))
    return await reply.type(metrics.contentType).send(text)
  })
  fastify.get('/audit', { onRequest }, () => ({
    purges: gateway.audit(),
    revocations: gateway.revocations(),
  }))
  fastify.post('/purge', { onRequest }, async (request, reply) => {
    try {
      const { concerned, outcome } = await gateway.purge(request.body, actorOf(secrets, request))
      const { entries, isComplete } = concerned
      return await reply.send({ outcome, entries, entries_complete: isComplete })
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return await reply
        .code(error.status)
        .send({ path: error.path, error: error.message, code: error.code })
    }
  })
  fastify.register(explainRoutes, { gateway, onRequest })
  fastify.register(revocationRoutes, {
    gateway,
    onRequest,
    actorOf: (request) => actorOf(secrets, request),
  })
  done()
}

function actorOf(secrets: SecretSet, request: FastifyRequest): Actor {
  const index = secretOf(secrets, request)
  const secret = index === undefined ? undefined : index + 1
  return { via: 'admin', secret, address: request.ip }
}

function secretOf(secrets: SecretSet, { headers }: FastifyRequest): number | undefined {
  return secrets.indexOf(headers[SECRET_HEADER])
}

export function refuse(
  reply: FastifyReply,
  status: number,
  code: string,
  error: string,
): FastifyReply {
  return reply.code(status).send({ path: '$', error, code })
}
