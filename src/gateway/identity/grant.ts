import { GatewayError } from '../errors.ts'
import type { HasuraClaims } from './hasura-claims.ts'
import type { Identity } from './identity.ts'
import { ROLE_HEADER } from './identity-headers.ts'
import type { TokenLocation } from './jwt-secret.ts'
import { tokenHeader } from './token-location.ts'

/** A token that passed, under the secret it passed with. */
export interface VerifiedToken {
  readonly token: string
  readonly location: TokenLocation
  readonly claims: HasuraClaims
  /** With the allowed skew: from then on the token is refused. Infinity without `exp`. */
  readonly expiresAtMs: number
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
    const { token, location, claims } = this.#verified
    if (!claims.allowedRoles.includes(role)) {
      // Hasura throws this one with 400, unlike its other refusals of access.
      const message = 'Your requested role is not in allowed roles'
      throw new GatewayError('access-denied', message, { status: 400 })
    }
    const upstreamHeaders = new Map([tokenHeader(token, location)])
    if (isRequested) upstreamHeaders.set(ROLE_HEADER, Buffer.from(role).toString('latin1'))
    return {
      kind: this.#sessionId === undefined ? 'jwt' : 'session',
      role,
      userId: claims.variables.get(USER_ID),
      sessionVariables: new Map([...claims.variables, [ROLE_HEADER, role]]),
      expiresAtMs: this.expiresAtMs,
      upstreamHeaders,
      sessionId: this.#sessionId,
    }
  }
}
