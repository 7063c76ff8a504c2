import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import { RequestError } from '../errors.ts'
import { ADMIN } from '../permissions.ts'
import { ROLE_VARIABLE, type Session, VARIABLE_PREFIX } from '../session.ts'
import { type JwtSecret, parseJwtSecret } from './jwt-secret.ts'
import { verifyToken } from './verify-token.ts'

export interface AuthenticatorOptions {
  /** Without one every request is an admin's, as in Hasura. */
  readonly adminSecret?: string | undefined
  /** The JSON of HASURA_GRAPHQL_JWT_SECRET. */
  readonly jwtSecret?: string | undefined
  /** The role of requests that show nothing. */
  readonly unauthorizedRole?: string | undefined
  readonly clock: Clock
}

/** Headers by lower-case name, whether they came with a request or in a `connection_init`. */
export type RequestHeaders = ReadonlyMap<string, string>

export interface Identity {
  readonly session: Session
  /** When the token that proved it ends. */
  readonly expiresAtMs: number | undefined
}

const SECRET_HEADERS = ['x-hasura-admin-secret', 'x-hasura-access-key'] as const
const SECRET_NAMES = '"x-hasura-admin-secret"/"x-hasura-access-key"'

/** Who asks, in the order and with the errors of Hasura: admin secret, token, unauthorized role. */
export class Authenticator {
  readonly #adminSecret: Buffer | undefined
  readonly #jwtSecret: JwtSecret | undefined
  readonly #unauthorizedRole: string | undefined
  readonly #clock: Clock

  /** Throws an Error for settings that contradict each other. */
  constructor({ adminSecret, jwtSecret, unauthorizedRole, clock }: AuthenticatorOptions) {
    if (adminSecret === undefined && (jwtSecret ?? unauthorizedRole) !== undefined) {
      throw new Error(
        'HASURA_GRAPHQL_JWT_SECRET and HASURA_GRAPHQL_UNAUTHORIZED_ROLE need HASURA_GRAPHQL_ADMIN_SECRET',
      )
    }
    this.#adminSecret = adminSecret === undefined ? undefined : digest(adminSecret)
    this.#jwtSecret = jwtSecret === undefined ? undefined : parseJwtSecret(jwtSecret)
    this.#unauthorizedRole = unauthorizedRole
    this.#clock = clock
  }

  async authenticate(headers: RequestHeaders): Promise<Identity> {
    if (this.#adminSecret === undefined) return adminIdentity(headers)
    const [secretHeader] = SECRET_HEADERS.filter((name) => headers.has(name))
    if (secretHeader !== undefined) {
      const given = digest(headers.get(secretHeader) ?? '')
      if (timingSafeEqual(given, this.#adminSecret)) return adminIdentity(headers)
      throw new RequestError('access-denied', `invalid ${SECRET_NAMES}`, '$', { status: 401 })
    }
    const authorization = headers.get('authorization')
    if (this.#jwtSecret !== undefined && authorization !== undefined) {
      return await this.#byToken(authorization, this.#jwtSecret, headers)
    }
    return this.#unauthorized(headers)
  }

  async #byToken(
    authorization: string,
    secret: JwtSecret,
    headers: RequestHeaders,
  ): Promise<Identity> {
    const [scheme, token, ...rest] = authorization.split(' ')
    if (scheme !== 'Bearer' || token === undefined || rest.length > 0) {
      throw new RequestError('invalid-headers', 'Malformed Authorization header')
    }
    const claims = await verifyToken(token, secret, this.#clock.nowMs())
    const role = requestedRole(headers) ?? claims.defaultRole
    if (!claims.allowedRoles.includes(role)) {
      throw new RequestError('access-denied', 'Your requested role is not in allowed roles')
    }
    return {
      session: toSession(role, claims.variables),
      expiresAtMs: claims.expiresAtMs,
    }
  }

  /** The client's own headers are its session variables, as in Hasura; the role is not its choice. */
  #unauthorized(headers: RequestHeaders): Identity {
    if (this.#unauthorizedRole !== undefined) {
      return {
        session: toSession(this.#unauthorizedRole, variableHeaders(headers)),
        expiresAtMs: undefined,
      }
    }
    if (this.#jwtSecret === undefined) {
      const message = `${SECRET_NAMES} required, but not found`
      throw new RequestError('access-denied', message, '$', { status: 401 })
    }
    const message = "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"
    throw new RequestError('invalid-headers', message)
  }
}

function adminIdentity(headers: RequestHeaders): Identity {
  const role = requestedRole(headers) ?? ADMIN
  return { session: toSession(role, variableHeaders(headers)), expiresAtMs: undefined }
}

/** An empty one is none, as in Hasura. */
function requestedRole(headers: RequestHeaders): string | undefined {
  return headers.get(ROLE_VARIABLE) || undefined
}

function toSession(role: string, variables: ReadonlyMap<string, string>): Session {
  return { role, variables: new Map([...variables, [ROLE_VARIABLE, role]]) }
}

function variableHeaders(headers: RequestHeaders): ReadonlyMap<string, string> {
  const secrets: readonly string[] = SECRET_HEADERS
  return new Map(
    [...headers].filter(([name]) => name.startsWith(VARIABLE_PREFIX) && !secrets.includes(name)),
  )
}

/** Equal in length whatever the secret, so that the comparison tells nothing. */
function digest(secret: string): Buffer {
  return createHash('sha512').update(secret).digest()
}
