import { compactVerify, decodeProtectedHeader, errors } from 'jose'
import { GatewayError } from '../errors.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import type { JwtSecret } from './jwt-secret.ts'
import type { VerificationKey } from './verification-key.ts'

/** Larger than any header a server with usual limits lets through; a bound for who calls without one. */
const TOKEN_LENGTH_MAX = 65_536

/** The claims Hasura itself reads, with the types it insists on, and all the rest. */
export interface TokenClaims {
  readonly all: JsonObject
  /** Seconds since the epoch, as in the token. */
  readonly expiresAt: number | undefined
}

/**
 * Checks a token's signature and its time, audience and issuer, in Hasura's order and words
 * (verifyClaimsAt of the Haskell package jose). Like there, a claim that is missing is not checked: a token
 * without `exp` never ends, one without `aud` passes any audience.
 */
export async function verifyToken(
  token: string,
  keys: readonly VerificationKey[],
  secret: JwtSecret,
  nowMs: number,
): Promise<TokenClaims> {
  const claims = parseClaims(await verifySignature(token, keys))
  const now = nowMs / 1_000
  const skew = secret.allowedSkewSeconds
  if (claims.exp !== undefined && now >= claims.exp + skew) throw invalidJwt('JWTExpired')
  if (claims.iat !== undefined && now < claims.iat - skew) throw invalidJwt('JWTIssuedAtFuture')
  if (claims.nbf !== undefined && now < claims.nbf - skew) throw invalidJwt('JWTNotYetValid')
  if (claims.iss !== undefined && secret.issuer !== undefined && claims.iss !== secret.issuer) {
    throw invalidJwt('JWTNotInIssuer')
  }
  if (claims.aud !== undefined && !isInAudience(claims.aud, secret.audience)) {
    throw invalidJwt('JWTNotInAudience')
  }
  return { all: claims.all, expiresAt: claims.exp }
}

/** `iss` of a token nobody has verified yet: to choose between secrets, never to trust. */
export function unverifiedIssuer(token: string): string | undefined {
  const [, payload = ''] = token.split('.', 2)
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return isJsonObject(claims) && typeof claims['iss'] === 'string' ? claims['iss'] : undefined
  } catch {
    return undefined
  }
}

export function invalidJwt(reason: string): GatewayError {
  return new GatewayError('invalid-jwt', `Could not verify JWT: ${reason}`)
}

/** The payload, once a key of the right kind has signed it. */
async function verifySignature(
  token: string,
  keys: readonly VerificationKey[],
): Promise<Uint8Array> {
  const { algorithm, keyId } = parseHeader(token)
  for (const { id, algorithms, key } of keys) {
    if (!algorithms.includes(algorithm)) continue
    if (id !== undefined && keyId !== undefined && id !== keyId) continue
    try {
      const { payload } = await compactVerify(token, key, { algorithms: [...algorithms] })
      return payload
    } catch (error) {
      // Another key may fit: tokens need not name theirs.
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw notDecodable()
    }
  }
  throw invalidJwt('JWSError JWSInvalidSignature')
}

function parseHeader(token: string): { algorithm: string; keyId: string | undefined } {
  if (token.length > TOKEN_LENGTH_MAX) throw notDecodable()
  const header = decodeHeader(token)
  // `crit` names extensions that must be understood; Hasura understands none, jose the unencoded payload.
  if (typeof header['alg'] !== 'string' || header['crit'] !== undefined) throw notDecodable()
  const { alg, kid } = header
  return { algorithm: alg, keyId: typeof kid === 'string' ? kid : undefined }
}

function decodeHeader(token: string): JsonObject {
  if (token.split('.', 4).length !== 3) throw notDecodable()
  try {
    return { ...decodeProtectedHeader(token) }
  } catch {
    throw notDecodable()
  }
}

interface CheckedClaims {
  readonly all: JsonObject
  readonly exp: number | undefined
  readonly nbf: number | undefined
  readonly iat: number | undefined
  readonly iss: string | undefined
  readonly aud: readonly string[] | undefined
}

function parseClaims(payload: Uint8Array): CheckedClaims {
  const claims = parsePayload(payload)
  const { aud } = claims
  const audience = typeof aud === 'string' ? [aud] : aud
  if (audience !== undefined && !isTextList(audience)) throw badClaim('aud')
  // The Haskell package writes a list of one as the text itself; claims_map sees it so.
  const all = audience?.length === 1 ? { ...claims, aud: audience[0] } : claims
  return {
    all,
    exp: numericDate(claims, 'exp'),
    nbf: numericDate(claims, 'nbf'),
    iat: numericDate(claims, 'iat'),
    iss: text(claims, 'iss'),
    aud: audience,
  }
}

function parsePayload(payload: Uint8Array): JsonObject {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    if (isJsonObject(claims)) return claims
  } catch {
    // Told below, like JSON that is no object.
  }
  throw badClaim('the claims set')
}

function numericDate(claims: JsonObject, name: string): number | undefined {
  const value = claims[name]
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw badClaim(name)
}

function text(claims: JsonObject, name: string): string | undefined {
  const value = claims[name]
  if (value === undefined || typeof value === 'string') return value
  throw badClaim(name)
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isInAudience(found: readonly string[], allowed: readonly string[] | undefined): boolean {
  return allowed === undefined || found.some((audience) => allowed.includes(audience))
}

function badClaim(name: string): GatewayError {
  return invalidJwt(`JWTClaimsSetDecodeError "cannot read ${name}"`)
}

function notDecodable(): GatewayError {
  return invalidJwt('JWSError (CompactDecodeError)')
}
