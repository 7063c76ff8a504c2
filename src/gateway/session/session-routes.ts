import type { FastifyError, FastifyInstance } from 'fastify'
import type { Logger } from '../../shared/logger.ts'
import { GatewayError } from '../errors.ts'
import { fromFramework } from '../http/framework-error.ts'
import { sendRefusal, takeBodiesOfAnyType } from '../http/own-routes.ts'
import { Grant } from '../identity/grant.ts'
import type { Identity } from '../identity/identity.ts'
import { requestedRole } from '../identity/identity-headers.ts'
import type { IdentityResolver } from '../identity/resolve-identity.ts'
import { locationName } from '../identity/token-location.ts'
import type { SessionOptions } from '../options.ts'
import { refuseForeignSite } from './cross-site.ts'
import { SessionCookie } from './session-cookie.ts'
import type { SessionRecord } from './session-record.ts'
import type { SessionStore } from './session-store.ts'

export interface SessionRoutesOptions {
  readonly session: SessionOptions
  readonly sessions: SessionStore
  readonly identities: IdentityResolver
  readonly log: Logger
}

const PATH = '/session'
/** Nothing in a body is read. */
const BODY_BYTES_MAX = 4_096
const USER_AGENT_LENGTH_MAX = 256

/**
 * POST /session takes a token, as /v1/graphql would, and gives a cookie for it; GET tells about the session,
 * DELETE ends it. A Fastify plugin with its own content type parser and error handler.
 */
export function sessionRoutes(
  fastify: FastifyInstance,
  options: SessionRoutesOptions,
  done: () => void,
): void {
  const { sessions, identities } = options
  const cookie = new SessionCookie(options.session)

  takeBodiesOfAnyType(fastify, BODY_BYTES_MAX)
  fastify.setErrorHandler((error: FastifyError, _request, reply) => {
    const told = fromFramework(error)
    if (told.isBug) options.log.error({ err: error }, 'a session request failed')
    sendRefusal(reply, told)
  })
  fastify.addHook('onRequest', (request, reply, next) => {
    reply.header('cache-control', 'no-store')
    if (request.headers.cookie !== undefined) refuseForeignSite(request.headers)
    next()
  })

  fastify.post(PATH, async ({ headers }, reply) => {
    const verified = await identities.tokens.verify(headers)
    if (verified === undefined) {
      throw new GatewayError('invalid-headers', 'a session needs a token: none was sent')
    }
    const identity = new Grant(verified).identity(requestedRole(headers))
    const { id, record } = await sessions.create({
      token: verified.token,
      tokenLocation: locationName(verified.location),
      role: identity.role,
      userId: identity.userId,
      variables: verified.claims.variables,
      expiresAtMs: verified.expiresAtMs,
      userAgent: headers['user-agent']?.slice(0, USER_AGENT_LENGTH_MAX),
    })
    // A login never goes on under an id that was there before it: somebody else may know that one.
    const formerId = cookie.read(headers.cookie)
    if (formerId !== undefined) await sessions.delete(formerId)
    reply.header('set-cookie', cookie.write(id, record.expiresAtMs - record.createdAtMs)).code(201)
    return describeSession(identity, record)
  })

  fastify.get(PATH, async ({ headers }) => {
    const session = await identities.resolveSession(headers)
    if (session === undefined) throw new GatewayError('access-denied', 'there is no session cookie')
    return describeSession(session.identity, session.record)
  })

  fastify.delete(PATH, async ({ headers }, reply) => {
    const id = cookie.read(headers.cookie)
    if (id !== undefined) await sessions.delete(id)
    return await reply.header('set-cookie', cookie.clear()).code(204).send()
  })
  done()
}

function describeSession(identity: Identity, record: SessionRecord): object {
  return {
    role: identity.role,
    userId: identity.userId ?? null,
    createdAt: new Date(record.createdAtMs).toISOString(),
    expiresAt: new Date(record.expiresAtMs).toISOString(),
  }
}
