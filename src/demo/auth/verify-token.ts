import { compactVerify, errors } from 'jose'
import { z } from 'zod'
import { RequestError } from '../errors.ts'
import { VARIABLE_PREFIX } from '../session.ts'
import type { JwtSecret } from './jwt-secret.ts'

export interface TokenClaims {
  readonly allowedRoles: readonly string[]
  readonly defaultRole: string
  /** Session variables by lower-case name, without the roles. */
  readonly variables: ReadonlyMap<string, string>
  readonly expiresAtMs: number | undefined
}

const ALLOWED_ROLES = 'x-hasura-allowed-roles'
const DEFAULT_ROLE = 'x-hasura-default-role'

/** To Hasura the empty text is no role. */
const role = z.string().min(1)

const registered = z.looseObject({
  exp: z.number().optional(),
  nbf: z.number().optional(),
  iat: z.number().optional(),
  iss: z.string().optional(),
  aud: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
})

/** Refuses with Hasura's codes and words. A claim that is missing is not checked, as there. */
export async function verifyToken(
  token: string,
  secret: JwtSecret,
  nowMs: number,
): Promise<TokenClaims> {
  const parsed = registered.safeParse(await verifySignature(token, secret))
  if (!parsed.success) throw invalidJwt('JWTClaimsSetDecodeError')
  const { exp, nbf, iat, iss, aud, ...custom } = parsed.data
  const now = nowMs / 1_000
  const skew = secret.allowedSkewSeconds
  if (exp !== undefined && now >= exp + skew) throw invalidJwt('JWTExpired')
  if (iat !== undefined && now < iat - skew) throw invalidJwt('JWTIssuedAtFuture')
  if (nbf !== undefined && now < nbf - skew) throw invalidJwt('JWTNotYetValid')
  if (iss !== undefined && secret.issuer !== undefined && iss !== secret.issuer) {
    throw invalidJwt('JWTNotInIssuer')
  }
  const { audience } = secret
  if (aud !== undefined && audience !== undefined && !aud.some((one) => audience.includes(one))) {
    throw invalidJwt('JWTNotInAudience')
  }
  const expiresAtMs = exp === undefined ? undefined : (exp + skew) * 1_000
  return { ...readClaims(claimsOf(custom, secret)), expiresAtMs }
}

async function verifySignature(token: string, secret: JwtSecret): Promise<unknown> {
  try {
    const { payload } = await compactVerify(token, secret.key, {
      algorithms: [...secret.algorithms],
    })
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch (error) {
    const isForged =
      error instanceof errors.JWSSignatureVerificationFailed ||
      error instanceof errors.JOSEAlgNotAllowed
    throw invalidJwt(isForged ? 'JWSError JWSInvalidSignature' : 'JWSError (CompactDecodeError)')
  }
}

/** The claims of the namespace by lower-case name. */
function claimsOf(
  claims: Readonly<Record<string, unknown>>,
  { claimsNamespace, claimsFormat }: JwtSecret,
): ReadonlyMap<string, unknown> {
  const found = claims[claimsNamespace]
  if (found === undefined) throw invalidClaims(`claims key: '${claimsNamespace}' not found`)
  const value = claimsFormat === 'json' ? found : fromText(found, claimsNamespace)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidClaims('expecting a json object when claims_format is json')
  }
  const entries = Object.entries(value).map(([name, claim]): [string, unknown] => [
    name.toLowerCase(),
    claim,
  ])
  return new Map(entries.filter(([name]) => name.startsWith(VARIABLE_PREFIX)))
}

function fromText(text: unknown, namespace: string): unknown {
  if (typeof text !== 'string') {
    throw invalidClaims('expecting a string when claims_format is stringified_json')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw invalidClaims(`expecting stringified json at: 'claims_namespace ${namespace}'`)
  }
}

function readClaims(claims: ReadonlyMap<string, unknown>): Omit<TokenClaims, 'expiresAtMs'> {
  const roles = z.array(role).safeParse(required(claims, ALLOWED_ROLES))
  if (!roles.success) {
    throw invalidClaims(`invalid "${ALLOWED_ROLES}"; should be a list of roles`)
  }
  const defaultRole = role.safeParse(required(claims, DEFAULT_ROLE))
  if (!defaultRole.success) {
    throw invalidClaims(`invalid "${DEFAULT_ROLE}"; should be a single role name`)
  }
  const variables = new Map<string, string>()
  for (const [name, value] of claims) {
    if (name === ALLOWED_ROLES || name === DEFAULT_ROLE) continue
    if (typeof value !== 'string') {
      throw invalidClaims('invalid x-hasura-* claims: parsing Text failed, expected String')
    }
    variables.set(name, value)
  }
  return { allowedRoles: roles.data, defaultRole: defaultRole.data, variables }
}

function required(claims: ReadonlyMap<string, unknown>, name: string): unknown {
  const value = claims.get(name)
  if (value !== undefined) return value
  throw new RequestError('jwt-missing-role-claims', `JWT claim does not contain "${name}"`)
}

function invalidJwt(reason: string): RequestError {
  return new RequestError('invalid-jwt', `Could not verify JWT: ${reason}`)
}

function invalidClaims(message: string): RequestError {
  return new RequestError('jwt-invalid-claims', message)
}
