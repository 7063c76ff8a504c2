import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from '../../shared/logger.ts'
import { GatewayError } from '../errors.ts'
import { invalidAdminSecret, missingAdminSecret } from '../identity/admin-secret.ts'
import { ACCESS_KEY_HEADER, ADMIN_SECRET_HEADER } from '../identity/identity-headers.ts'
import { SecretSet } from '../identity/secret-set.ts'
import type { Actor } from '../purge/audit-log.ts'
import { parsePurgeOrder } from '../purge/purge-order.ts'
import type { Purger } from '../purge/purger.ts'
import type { FamilyStatistics } from '../statistics/family-statistics.ts'
import { fromFramework } from './framework-error.ts'
import { sendRefusal, takeBodiesOfAnyType } from './own-routes.ts'

export interface HasuraCacheRouteParts {
  /** Empty: everybody is an admin, as in a Hasura without a secret. */
  readonly adminSecrets: readonly string[]
  readonly purger: Purger
  readonly families: FamilyStatistics
  readonly log: Logger
}

type ClearRequest = FastifyRequest<{ Querystring: { key?: unknown; family?: unknown } }>

/** Nothing in a body is read. */
const BODY_BYTES_MAX = 4_096

/** What Hasura EE has on its own port to clear and count its cache. A Fastify plugin. */
export function hasuraCacheRoutes(
  fastify: FastifyInstance,
  parts: HasuraCacheRouteParts,
  done: () => void,
): void {
  const { purger, families, log } = parts
  const secrets = new SecretSet(parts.adminSecrets)

  takeBodiesOfAnyType(fastify, BODY_BYTES_MAX)
  fastify.setErrorHandler((error: FastifyError, _request, reply) => {
    const told = fromFramework(error)
    if (told.isBug) log.error({ err: error }, 'a cache request failed by a bug')
    return sendRefusal(reply, told)
  })
  fastify.addHook('onRequest', (request, reply, next) => {
    reply.header('cache-control', 'no-store')
    actorOf(secrets, request)
    next()
  })

  fastify.post('/pro/cache/clear', async (request: ClearRequest) => {
    const order = parsePurgeOrder({ what: whatToClear(request.query) })
    const { concerned } = await purger.purge(order, actorOf(secrets, request))
    return { message: 'success', clearedItemCount: concerned.entries }
  })
  fastify.get('/pro/cache/metrics', () => {
    const counts = Array.from(families.list(), ({ familyKey, hits, misses }) => {
      return [familyKey, { misses: orNull(misses), hits: orNull(hits) }] as const
    })
    return Object.fromEntries(counts)
  })
  done()
}

function whatToClear({ key, family }: ClearRequest['query']): unknown {
  if (key !== undefined && family !== undefined) {
    throw new GatewayError('unexpected-payload', 'key or family, not both')
  }
  if (key !== undefined) return { key }
  return family === undefined ? { everything: true } : { family }
}

/** Hasura has null where nothing was ever counted. */
function orNull(count: number): number | null {
  return count === 0 ? null : count
}

/** Throws when it is nobody who may ask. */
function actorOf(secrets: SecretSet, { headers, ip }: FastifyRequest): Actor {
  const actor = { via: 'hasura-api', address: ip } as const
  if (secrets.isEmpty) return { ...actor, secret: undefined }
  const sent = headers[ADMIN_SECRET_HEADER] ?? headers[ACCESS_KEY_HEADER]
  if (sent === undefined) throw missingAdminSecret()
  const index = secrets.indexOf(sent)
  if (index === undefined) throw invalidAdminSecret()
  return { ...actor, secret: index + 1 }
}
