import { compactVerify, errors } from 'jose'
import { GatewayError } from '../errors.ts'
import { parseJson } from '../graphql/lossless-json.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import type { JwtSecret, TokenRules } from './jwt-secret.ts'
import type { KeySet } from './key-set.ts'
import type { VerificationKey } from './verification-key.ts'

/** Larger than any header a server with usual limits lets through; a bound for who calls without one. */
const TOKEN_LENGTH_MAX = 65_536
const JSON_DEPTH_MAX = 64
/** 9999-12-31T23:59:59Z. What is later was meant as milliseconds, and would never end. */
const SECONDS_MAX = 253_402_300_799
/** Of tokens that open doors (RFC 9068, RFC 7519); those for logout, DPoP and the like do not. */
const ACCESS_TYPES: readonly unknown[] = [
  undefined,
  'jwt',
  'application/jwt',
  'at+jwt',
  'application/at+jwt',
]

/** The claims Hasura itself reads, with the types it insists on, and all the rest. */
export interface TokenClaims {
  readonly all: JsonObject
  /** Seconds since the epoch, as in the token. */
  readonly expiresAt: number | undefined
}

export interface TokenCheck {
  readonly keySet: KeySet
  readonly secret: JwtSecret
  readonly rules: TokenRules
  readonly nowMs: number
}

/**
 * Checks a token's signature and its time, audience and issuer, in Hasura's order and words
 * (verifyClaimsAt of the Haskell package jose). Like there, a claim that is missing is not checked: a token
 * without `exp` never ends, one without `aud` passes any audience.
 */
export async function verifyToken(token: string, check: TokenCheck): Promise<TokenClaims> {
  const { secret, rules } = check
  const claims = parseClaims(await verifySignature(token, check), rules)
  const now = check.nowMs / 1_000
  const skew = secret.allowedSkewSeconds
  if (claims.exp === undefined && rules.requiresExpiry) throw badClaim('exp')
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
async function verifySignature(token: string, { keySet, rules }: TokenCheck): Promise<Buffer> {
  const header = parseHeader(token, rules)
  if (!keySet.keys().some((key) => isNamed(key, header))) await keySet.lookAgain()
  for (const verificationKey of keySet.keys()) {
    const { algorithms, key } = verificationKey
    if (!algorithms.includes(header.algorithm) || !isNamed(verificationKey, header)) continue
    try {
      const { payload } = await compactVerify(token, key, { algorithms: [...algorithms] })
      return Buffer.from(payload)
    } catch (error) {
      // Another key may fit: tokens need not name theirs.
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw notDecodable()
    }
  }
  throw invalidJwt('JWSError JWSInvalidSignature')
}

interface TokenHeader {
  readonly algorithm: string
  readonly keyId: string | undefined
}

/** A key without a name, or a token that names none, may be any. */
function isNamed({ id }: VerificationKey, { keyId }: TokenHeader): boolean {
  return id === undefined || keyId === undefined || id === keyId
}

/** Nothing in it says where a key is to be had (`jku`, `x5u`, `jwk`): keys come from the configuration alone. */
function parseHeader(token: string, { isStrict }: TokenRules): TokenHeader {
  const header = decodeHeader(token)
  const { alg, kid, typ, cty } = header
  // `crit` names extensions that must be understood; Hasura understands none, jose the unencoded payload.
  if (header['crit'] !== undefined || header['b64'] !== undefined) throw notDecodable()
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string'))
    throw notDecodable()
  if (isStrict && !(isAccessType(typ) && cty === undefined)) {
    throw invalidJwt('it is not an access token by its typ or cty')
  }
  return { algorithm: alg, keyId: kid }
}

function isAccessType(typ: unknown): boolean {
  return ACCESS_TYPES.includes(typeof typ === 'string' ? typ.toLowerCase() : typ)
}

/**
 * Three parts in base64url in their one spelling, so that a token has one text only; the first is an object
 * without a key that stands twice.
 */
function decodeHeader(token: string): JsonObject {
  if (token.length > TOKEN_LENGTH_MAX) throw notDecodable()
  const parts = token.split('.', 4)
  const [header = ''] = parts
  if (parts.length !== 3 || !parts.every(isCanonicalBase64Url)) throw notDecodable()
  const decoded = parseUnambiguously(Buffer.from(header, 'base64url'))
  if (!isJsonObject(decoded)) throw notDecodable()
  return decoded
}

function isCanonicalBase64Url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

/** `undefined` for what is no JSON, or JSON that Hasura could read differently: of two equal keys the other one. */
function parseUnambiguously(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(parseJson(bytes, JSON_DEPTH_MAX).text)
    return value
  } catch {
    return undefined
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

function parseClaims(payload: Buffer, { isStrict }: TokenRules): CheckedClaims {
  const claims = parseUnambiguously(payload)
  if (!isJsonObject(claims)) throw badClaim('the claims set')
  const secondsMax = isStrict ? SECONDS_MAX : Number.MAX_VALUE
  const { aud } = claims
  const audience = typeof aud === 'string' ? [aud] : aud
  if (audience !== undefined && !isTextList(audience)) throw badClaim('aud')
  // The Haskell package writes a list of one as the text itself; claims_map sees it so.
  const all = audience?.length === 1 ? { ...claims, aud: audience[0] } : claims
  return {
    all,
    exp: numericDate(claims, 'exp', secondsMax),
    nbf: numericDate(claims, 'nbf', secondsMax),
    iat: numericDate(claims, 'iat', secondsMax),
    iss: text(claims, 'iss'),
    aud: audience,
  }
}

function numericDate(claims: JsonObject, name: string, secondsMax: number): number | undefined {
  const value = claims[name]
  if (value === undefined) return undefined
  if (typeof value === 'number' && Math.abs(value) <= secondsMax) return value
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
