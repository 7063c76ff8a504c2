import type { IncomingHttpHeaders } from 'node:http'
import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Startable } from '../../shared/lifecycle.ts'
import type { Logger } from '../../shared/logger.ts'
import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import { GatewayError } from '../errors.ts'
import type { AuthOptions, RequestLimits, SessionOptions, UpstreamOptions } from '../options.ts'
import type { Denials } from '../revocation/denials.ts'
import { refuseForeignSite, refuseFormBody } from '../session/cross-site.ts'
import { SessionCookie } from '../session/session-cookie.ts'
import type { SessionRecord, StoredSession } from '../session/session-record.ts'
import type { SessionStore } from '../session/session-store.ts'
import { AdminSecrets, missingAdminSecret } from './admin-secret.ts'
import { AuthHook } from './auth-hook.ts'
import type { AuthStatistics } from './auth-statistics.ts'
import { adminIdentity, unauthorizedIdentity } from './client-identity.ts'
import { Grant, type VerifiedToken } from './grant.ts'
import type { Identity } from './identity.ts'
import { requestedRole, variableFingerprint } from './identity-headers.ts'
import { JwtAuthenticator } from './jwt-authenticator.ts'

export interface IdentityResolverOptions {
  readonly auth: AuthOptions
  readonly limits: Pick<RequestLimits, 'jsonDepthMax'>
  readonly upstream: Pick<UpstreamOptions, 'adminSecret'>
  readonly session: SessionOptions
  readonly sessions: SessionStore
  readonly denials: Denials
  readonly statistics: { readonly auth: AuthStatistics }
  readonly clock: Clock
  readonly log: Logger
}

/** What a session was last resolved to, good for as long as both objects are the same. */
interface SessionGrant {
  readonly verified: VerifiedToken
  readonly grant: Grant
}

/** Longer sets of x-hasura-* headers are read anew each time: the memo's size is counted in entries. */
const FINGERPRINT_LENGTH_MAX = 2_048

/**
 * Decides who sends a request, in Hasura's order (getUserInfoWithExpTime of v2) with the session cookie put
 * before the token: no secret configured, admin secret, then the webhook, or session, token, unauthorized role.
 *
 * The same credentials give the same object while they are remembered, and then at once: what is derived
 * from an identity may hang on it.
 */
export class IdentityResolver implements Startable {
  readonly name = 'identity'
  /**
   * Hasura is told who asks by the admin secret and the session, for it would not find out by itself what the
   * gateway has found out. What reaches it otherwise must not be left to it.
   */
  readonly tellsUpstream: boolean
  /** Verifies tokens also for POST /session, which needs them as such. */
  readonly tokens: JwtAuthenticator
  readonly #adminSecrets: AdminSecrets
  readonly #hook: AuthHook | undefined
  readonly #unauthorizedRole: string | undefined
  readonly #hasTokens: boolean
  readonly #cookie: SessionCookie | undefined
  readonly #sessions: SessionStore
  readonly #denials: Denials
  readonly #sessionGrants = new WeakMap<SessionRecord, SessionGrant>()
  readonly #clientIdentities: TwoGenerationMap<string, Identity>

  constructor(options: IdentityResolverOptions) {
    const { auth, session, sessions } = options
    const { jwtSecrets: secrets, tokensMax } = auth
    const upstreamSecret = options.upstream.adminSecret ?? auth.adminSecrets[0]
    const isTold = auth.upstreamIdentity === 'session'
    this.tokens = createTokens(options, isTold ? upstreamSecret : undefined)
    this.#hook = createHook(options, upstreamSecret)
    this.tellsUpstream = this.#hook !== undefined || isTold
    this.#adminSecrets = new AdminSecrets(auth.adminSecrets)
    this.#unauthorizedRole = auth.unauthorizedRole
    this.#hasTokens = secrets.length > 0
    // A session is made of a token; where none can be verified there is none.
    this.#cookie = session.enabled && this.#hasTokens ? new SessionCookie(session) : undefined
    this.#sessions = sessions
    this.#denials = options.denials
    this.#clientIdentities = new TwoGenerationMap(tokensMax)
  }

  /** Fetches the keys of every jwk_url; fails when one cannot be had. */
  async start(): Promise<void> {
    await this.tokens.start()
  }

  async stop(): Promise<void> {
    await this.tokens.stop()
    await this.#hook?.stop()
  }

  /**
   * `body` is that of a GraphQL request, which the webhook may be told. Refusals are thrown, or rejected, as
   * GatewayError.
   */
  resolve(headers: IncomingHttpHeaders, body?: Buffer): Awaitable<Identity> {
    if (this.#adminSecrets.isEmpty) return this.#admin(headers, undefined)
    const secret = this.#adminSecrets.check(headers)
    if (secret !== undefined) return this.#admin(headers, secret)
    if (this.#hook !== undefined) return this.#hook.identity(headers, body)
    const sessionToken = this.#cookie?.read(headers.cookie)
    if (sessionToken !== undefined) return this.#session(headers, sessionToken)
    const grant = this.tokens.authenticate(headers)
    if (isPromise(grant)) return grant.then((late) => this.#withGrant(headers, late))
    return this.#withGrant(headers, grant)
  }

  /** The session the request's cookie names and who it makes of the client. Rejects when there is none. */
  async resolveSession(
    headers: IncomingHttpHeaders,
  ): Promise<{ readonly identity: Identity; readonly session: StoredSession }> {
    const token = this.#cookie?.read(headers.cookie)
    if (token === undefined) {
      throw new GatewayError('access-denied', 'there is no session cookie')
    }
    const session = await this.#sessions.load(token)
    if (session === undefined) throw endedSession()
    const { record } = session
    const verified = await this.tokens.verifySessionToken(record.token, record.tokenLocation)
    return { identity: this.#ofSession(headers, record, verified), session }
  }

  /**
   * For what Hasura judges itself, which knows nothing of revocations: rejects when the token of these headers was
   * revoked, and leaves all else to Hasura.
   */
  async refuseRevoked(headers: IncomingHttpHeaders): Promise<void> {
    if (this.#denials.mayDeny) await this.holder(headers)
  }

  /**
   * Whose token or session comes with these headers, as far as the gateway can tell; rejects only when it was revoked,
   * or may have been. What the webhook says is not asked for: it is the webhook's to take it back.
   */
  async holder(headers: IncomingHttpHeaders): Promise<Identity | undefined> {
    if (this.#hook !== undefined) return undefined
    try {
      return await this.resolve(headers)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      if (error.code === 'token-revoked' || error.code === 'store-unavailable') throw error
      return undefined
    }
  }

  #withGrant(headers: IncomingHttpHeaders, grant: Grant | undefined): Identity {
    if (grant !== undefined) return grant.identity(requestedRole(headers))
    return this.#unauthorized(headers)
  }

  #session(headers: IncomingHttpHeaders, token: string): Awaitable<Identity> {
    refuseForeignSite(headers)
    refuseFormBody(headers)
    const record = this.#sessions.read(token)
    if (isPromise(record)) return record.then((late) => this.#withRecord(headers, late))
    return this.#withRecord(headers, record)
  }

  #withRecord(
    headers: IncomingHttpHeaders,
    record: SessionRecord | undefined,
  ): Awaitable<Identity> {
    if (record === undefined) throw endedSession()
    const verified = this.tokens.verifySessionToken(record.token, record.tokenLocation)
    if (isPromise(verified)) return verified.then((late) => this.#ofSession(headers, record, late))
    return this.#ofSession(headers, record, verified)
  }

  #ofSession(
    headers: IncomingHttpHeaders,
    record: SessionRecord,
    verified: VerifiedToken,
  ): Identity {
    let known = this.#sessionGrants.get(record)
    if (known?.verified !== verified) {
      const { id, expiresAtMs } = record
      known = { verified, grant: new Grant(verified, { id, expiresAtMs }) }
      this.#sessionGrants.set(record, known)
    }
    return known.grant.identity(requestedRole(headers) ?? record.role)
  }

  #admin(
    headers: IncomingHttpHeaders,
    secret: readonly [name: string, value: string] | undefined,
  ): Identity {
    // The secret has been compared already: as part of this key it is only looked up by who knows it.
    const fingerprint = `admin\n${secret?.join('\n')}\n${variableFingerprint(headers)}`
    return this.#remember(fingerprint, () => adminIdentity(headers, secret))
  }

  #unauthorized(headers: IncomingHttpHeaders): Identity {
    const role = this.#unauthorizedRole
    if (role === undefined) throw this.#hasTokens ? missingToken() : missingAdminSecret()
    return this.#remember(variableFingerprint(headers), () => unauthorizedIdentity(headers, role))
  }

  #remember(fingerprint: string, create: () => Identity): Identity {
    let identity = this.#clientIdentities.get(fingerprint)
    if (identity !== undefined) return identity
    identity = create()
    if (fingerprint.length <= FINGERPRINT_LENGTH_MAX) {
      this.#clientIdentities.set(fingerprint, identity)
    }
    return identity
  }
}

function createTokens(
  { auth, denials, statistics, clock, log }: IdentityResolverOptions,
  upstreamSecret: string | undefined,
): JwtAuthenticator {
  return new JwtAuthenticator({
    secrets: auth.jwtSecrets,
    rules: auth.tokenRules,
    jwksRefreshMinMs: auth.jwksRefreshMinMs,
    upstreamSecret,
    tokensMax: auth.tokensMax,
    denials,
    statistics: statistics.auth,
    clock,
    log,
  })
}

/** Without an admin secret there is none: the configuration refuses it, as Hasura does. */
function createHook(
  { auth, limits, statistics, clock, log }: IdentityResolverOptions,
  upstreamSecret: string | undefined,
): AuthHook | undefined {
  const { hook, tokensMax: answersMax } = auth
  if (hook === undefined || upstreamSecret === undefined) return undefined
  const { jsonDepthMax } = limits
  return new AuthHook({
    hook,
    upstreamSecret,
    answersMax,
    jsonDepthMax,
    statistics: statistics.auth,
    clock,
    log,
  })
}

function missingToken(): GatewayError {
  const message = "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"
  return new GatewayError('invalid-headers', message)
}

/** Like a bad token: an error, never the unauthorized role. */
function endedSession(): GatewayError {
  return new GatewayError('access-denied', 'the session has ended; sign in again')
}
