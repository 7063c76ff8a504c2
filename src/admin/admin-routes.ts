import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AdminDependencies } from './admin.ts'
import type { AdminSecrets } from './admin-secrets.ts'
import type { ProcessMetrics } from './metrics.ts'
import { takeStats, takeStoreStats } from './stats.ts'

export interface AdminRouteParts extends AdminDependencies {
  readonly secrets: AdminSecrets
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
    reply.header('cache-control', 'no-store')
    next()
  })
  fastify.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not-found', 'no such page'))
  fastify.setErrorHandler((error, _request, reply) => {
    log.error({ err: error }, 'an admin request failed')
    return refuse(reply, 500, 'unexpected', 'internal error')
  })

  fastify.get('/healthz', (_request, reply) => reply.type('text/plain').send('OK'))
  fastify.get('/readyz', async (_request, reply) => {
    const missing = await gateway.notReady()
    return await reply
      .code(missing.length === 0 ? 200 : 503)
      .send({ ready: missing.length === 0, missing })
  })

  const onRequest = (request: FastifyRequest, reply: FastifyReply, next: () => void): void => {
    if (secrets.admits(request.headers[SECRET_HEADER])) next()
    else refuse(reply, 401, 'access-denied', `invalid or missing "${SECRET_HEADER}"`)
  }
  fastify.get('/stats', { onRequest }, async () => await takeStats(parts))
  fastify.get('/metrics', { onRequest }, async (_request, reply) => {
    const text = await metrics.text(await takeStoreStats(store))
    return await reply.type(metrics.contentType).send(text)
  })
  done()
}

function refuse(reply: FastifyReply, status: number, code: string, error: string): FastifyReply {
  return reply.code(status).send({ path: '$', error, code })
}
