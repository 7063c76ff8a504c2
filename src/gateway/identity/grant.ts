import { GatewayError } from '../errors.ts'
import type { HasuraClaims } from './hasura-claims.ts'
import type { Identity } from './identity.ts'
import { ROLE_HEADER, utf8 } from './identity-headers.ts'
import type { TokenLocation } from './jwt-secret.ts'
import { tokenHeader } from './token-location.ts'
import type { TokenSubject } from './token-subject.ts'
import { unsendableVariable, upstreamSession } from './upstream-session.ts'

/** A token that passed, under the secret it passed with. */
export interface VerifiedToken {
  readonly token: string
  readonly location: TokenLocation
  readonly claims: HasuraClaims
  /** By what it can be revoked. */
  readonly subject: TokenSubject
  /** With the allowed skew: from then on the token is refused. Infinity without `exp`. */
  readonly expiresAtMs: number
  /** With it Hasura is told the session; `undefined` when it reads the token itself. */
  readonly upstreamSecret: string | undefined
}

/** The session a token was taken from; none for a token that came with the request. */
export interface GrantSession {
  readonly id: string
  readonly expiresAtMs: number
}

const USER_ID = 'x-hasura-user-id'

/** What a verified token allows: one identity per role, the same object each time it is asked for. */
export class Grant {
  readonly expiresAtMs: number
  readonly #verified: VerifiedToken
  readonly #sessionId: string | undefined
  #default: Identity | undefined
  /** Bounded by the roles the token allows. */
  readonly #byRole = new Map<string, Identity>()

  constructor(verified: VerifiedToken, session?: GrantSession) {
    this.expiresAtMs = Math.min(verified.expiresAtMs, session?.expiresAtMs ?? verified.expiresAtMs)
    this.#verified = verified
    this.#sessionId = session?.id
  }

  /** Without a wish the token's default role; a role that is not allowed is refused. */
  identity(requestedRole: string | undefined): Identity {
    if (requestedRole === undefined) {
      this.#default ??= this.#create(this.#verified.claims.defaultRole, false)
      return this.#default
    }
    let identity = this.#byRole.get(requestedRole)
    if (identity === undefined) {
      identity = this.#create(requestedRole, true)
      this.#byRole.set(requestedRole, identity)
    }
    return identity
  }

  #create(role: string, isRequested: boolean): Identity {
    const { claims, subject } = this.#verified
    if (!claims.allowedRoles.includes(role)) {
      // Hasura throws this one with 400, unlike its other refusals of access.
      const message = 'Your requested role is not in allowed roles'
      throw new GatewayError('access-denied', message, { status: 400 })
    }
    const sessionVariables = new Map([...claims.variables, [ROLE_HEADER, role]])
    return {
      kind: this.#sessionId === undefined ? 'jwt' : 'session',
      role,
      userId: claims.variables.get(USER_ID),
      sessionVariables,
      expiresAtMs: this.expiresAtMs,
      upstreamHeaders: this.#upstreamHeaders(sessionVariables, isRequested ? role : undefined),
      sessionId: this.#sessionId,
      tokenSubject: subject,
    }
  }

  /** The token in any case: actions may be told the client's headers. */
  #upstreamHeaders(
    session: ReadonlyMap<string, string>,
    requestedRole: string | undefined,
  ): ReadonlyMap<string, string> {
    const { token, location, upstreamSecret } = this.#verified
    const headers = new Map([tokenHeader(token, location)])
    if (upstreamSecret === undefined) {
      const role = requestedRole === undefined ? [] : [[ROLE_HEADER, utf8(requestedRole)] as const]
      return new Map([...headers, ...role])
    }
    const unsendable = unsendableVariable(session)
    if (unsendable !== undefined) {
      throw new GatewayError('jwt-invalid-claims', `"${unsendable}" does not fit into a header`)
    }
    return new Map([...headers, ...upstreamSession(upstreamSecret, session)])
  }
}
