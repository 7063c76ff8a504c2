import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { GatewayError } from '../errors.ts'
import { fromFramework } from '../http/framework-error.ts'
import { sendRefusal, takeBodiesOfAnyType } from '../http/own-routes.ts'
import { Grant, type VerifiedToken } from '../identity/grant.ts'
import { requestedRole } from '../identity/identity-headers.ts'
import type { IdentityResolver } from '../identity/resolve-identity.ts'
import { locationName } from '../identity/token-location.ts'
import type { SessionOptions } from '../options.ts'
import { refuseForeignSite, refuseFormBody } from './cross-site.ts'
import { REFRESH_COOKIE_PATH, SessionCookie } from './session-cookie.ts'
import type { SessionRecord, StoredSession } from './session-record.ts'
import type { SessionRefresher } from './session-refresher.ts'
import { type Login, listDigest, type SessionStore } from './session-store.ts'
import { refreshToken, sessionToken } from './session-tokens.ts'
import { describeSession, describeSessions } from './session-view.ts'

export interface SessionRoutesOptions {
  readonly session: SessionOptions
  readonly sessions: SessionStore
  readonly refresher: SessionRefresher
  readonly identities: IdentityResolver
  readonly clock: Clock
  readonly log: Logger
}

const PATH = '/session'
const LIST_PATH = '/sessions'
/** Nothing in a body is read. */
const BODY_BYTES_MAX = 4_096
const USER_AGENT_LENGTH_MAX = 256

/**
 * POST /session takes a token, as /v1/graphql would, and gives a cookie for it; GET tells about the session, DELETE
 * ends it, POST /session/refresh renews it. /sessions are all of the same user. A Fastify plugin with its own content
 * type parser and error handler.
 */
export function sessionRoutes(
  fastify: FastifyInstance,
  options: SessionRoutesOptions,
  done: () => void,
): void {
  const cookies = new Cookies(options)
  takeBodiesOfAnyType(fastify, BODY_BYTES_MAX)
  fastify.setErrorHandler((error: FastifyError, _request, reply) => {
    const told = fromFramework(error)
    if (told.isBug) options.log.error({ err: error }, 'a session request failed')
    sendRefusal(reply, told)
  })
  fastify.addHook('onRequest', ({ headers }, reply, next) => {
    reply.header('cache-control', 'no-store')
    if (headers.cookie !== undefined) {
      refuseForeignSite(headers)
      refuseFormBody(headers)
    }
    next()
  })
  loginRoutes(fastify, options, cookies)
  ownSessionRoutes(fastify, options, cookies)
  userSessionsRoutes(fastify, options, cookies)
  // The cookie with the refresh token is sent to them, and Hasura shall not see it.
  fastify.all(`${REFRESH_COOKIE_PATH}/*`, () => {
    throw new GatewayError('not-found', 'resource does not exist')
  })
  done()
}

function loginRoutes(
  fastify: FastifyInstance,
  { sessions, identities, refresher }: SessionRoutesOptions,
  cookies: Cookies,
): void {
  fastify.post(PATH, async ({ headers }, reply) => {
    const login = loginOf(await verifiedToken(identities, headers), headers)
    const session = await sessions.create(login)
    // A login never goes on under an id that was there before it: somebody else may know that one.
    const former = await cookies.session(headers)
    if (former !== undefined) await sessions.end(former.record)
    await sessions.confirm(() => sessions.end(session.record))
    cookies.write(reply, session).code(201)
    return describeSession(session)
  })

  fastify.post(`${PATH}/refresh`, async ({ headers }, reply) => {
    const token = cookies.refresh.read(headers.cookie)
    if (token === undefined) {
      throw new GatewayError('access-denied', 'there is no cookie with a refresh token')
    }
    try {
      const session = await refresher.refresh(token, async (record) => {
        const verified = await identities.tokens.verify(headers)
        const renewed = verified === undefined ? record : renewedBy(record, verified)
        return await withRole(identities, renewed, requestedRole(headers))
      })
      cookies.write(reply, session)
      return describeSession(session)
    } catch (error) {
      if (error instanceof GatewayError && error.status === 401) cookies.clear(reply)
      throw error
    }
  })
}

function ownSessionRoutes(
  fastify: FastifyInstance,
  { sessions, identities }: SessionRoutesOptions,
  cookies: Cookies,
): void {
  fastify.get(PATH, async ({ headers }) => {
    const { session, identity } = await identities.resolveSession(headers)
    return { ...describeSession(session), role: identity.role }
  })

  fastify.delete(PATH, async ({ headers }, reply) => {
    const session = await cookies.session(headers)
    if (session !== undefined) await sessions.end(session.record)
    // Without one, too: it may have ended before, unconfirmed. Unless it is now, the cookie is left to ask with again.
    await sessions.confirm()
    return await cookies.clear(reply).code(204).send()
  })
}

function userSessionsRoutes(
  fastify: FastifyInstance,
  { sessions, identities }: SessionRoutesOptions,
  cookies: Cookies,
): void {
  const all = async (headers: IncomingHttpHeaders) => {
    const { session } = await identities.resolveSession(headers)
    const { userDigest, id } = session.record
    return { id, listed: await sessions.list(userDigest) }
  }

  fastify.get(LIST_PATH, async ({ headers }) => {
    const { id, listed } = await all(headers)
    return { sessions: describeSessions(listed, id) }
  })

  fastify.delete(LIST_PATH, async ({ headers }, reply) => {
    const { listed } = await all(headers)
    for (const { record } of listed) await sessions.end(record)
    await sessions.confirm()
    return await cookies.clear(reply).code(204).send()
  })

  fastify.delete<{ Params: { id: string } }>(
    `${LIST_PATH}/:id`,
    async ({ headers, params }, reply) => {
      const { id, listed } = await all(headers)
      const session = listed.find(({ record }) => record.id === params.id)
      if (session !== undefined) await sessions.end(session.record)
      await sessions.confirm()
      if (session === undefined) throw new GatewayError('not-found', 'you have no such session')
      if (params.id === id) cookies.clear(reply)
      return await reply.code(204).send()
    },
  )
}

/** The two cookies of a session, together. */
class Cookies {
  readonly refresh: SessionCookie
  readonly #session: SessionCookie
  readonly #sessions: SessionStore
  readonly #clock: Clock

  constructor({ session, sessions, clock }: SessionRoutesOptions) {
    this.#session = new SessionCookie(session)
    this.refresh = new SessionCookie(session, 'refresh')
    this.#sessions = sessions
    this.#clock = clock
  }

  async session({ cookie }: IncomingHttpHeaders): Promise<StoredSession | undefined> {
    const token = this.#session.read(cookie)
    return token === undefined ? undefined : await this.#sessions.load(token)
  }

  write(reply: FastifyReply, { record, state }: StoredSession): FastifyReply {
    const lifeMs = record.expiresAtMs - this.#clock.nowMs()
    return reply.header('set-cookie', [
      this.#session.write(sessionToken(record.id, state), lifeMs),
      this.refresh.write(refreshToken(record.id, state), lifeMs),
    ])
  }

  clear(reply: FastifyReply): FastifyReply {
    return reply.header('set-cookie', [this.#session.clear(), this.refresh.clear()])
  }
}

async function verifiedToken(
  identities: IdentityResolver,
  headers: IncomingHttpHeaders,
): Promise<VerifiedToken> {
  const verified = await identities.tokens.verify(headers)
  if (verified !== undefined) return verified
  throw new GatewayError('invalid-headers', 'a session needs a token: none was sent')
}

function loginOf(verified: VerifiedToken, headers: IncomingHttpHeaders): Login {
  const { role, userId } = new Grant(verified).identity(requestedRole(headers))
  return {
    ...tokenFields(verified),
    role,
    userId,
    subject: verified.subject,
    expiresAtMs: verified.expiresAtMs,
    userAgent: headers['user-agent']?.slice(0, USER_AGENT_LENGTH_MAX),
  }
}

function tokenFields({ token, location, claims }: VerifiedToken) {
  const { allowedRoles, variables } = claims
  return { token, tokenLocation: locationName(location), allowedRoles, variables }
}

/** A newer token keeps the session going, until its latest end. */
function renewedBy(record: SessionRecord, verified: VerifiedToken): SessionRecord {
  if (listDigest(verified.subject, verified.token) !== record.userDigest) {
    const message = 'the token is not that of the user of the session'
    throw new GatewayError('access-denied', message, { status: 400 })
  }
  const expiresAtMs = Math.min(record.latestEndMs, verified.expiresAtMs)
  return { ...record, ...tokenFields(verified), expiresAtMs }
}

async function withRole(
  { tokens }: IdentityResolver,
  record: SessionRecord,
  role: string | undefined,
): Promise<SessionRecord> {
  const verified = await tokens.verifySessionToken(record.token, record.tokenLocation)
  const identity = new Grant(verified).identity(role ?? record.role)
  return { ...record, role: identity.role }
}
