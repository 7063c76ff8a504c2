import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { isJsonObject } from './json.ts'
import type { JwtKeyType } from './jwt-secret.ts'

/**
 * A key and the algorithms it verifies. They follow from the key and its configuration, never from the token: a
 * public RSA key can not be taken for an HMAC secret. One key has one algorithm (RFC 8725, section 3.1), unless
 * the gateway is to take what Hasura takes: any strength of the key's own family (a token signed with RS512 under
 * a secret of type RS256).
 */
export interface VerificationKey {
  /** `kid` of a key from a JWKS. */
  readonly id: string | undefined
  readonly algorithms: readonly string[]
  readonly key: KeyObject
}

const RSA_BITS_MIN = 2_048
const HMAC_ALGORITHMS = [
  { name: 'HS256', bytesMin: 32 },
  { name: 'HS384', bytesMin: 48 },
  { name: 'HS512', bytesMin: 64 },
]
const CURVE_ALGORITHMS = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
])

/** RSA keys of a JWKS often name no algorithm (Azure AD); this is the one they are used with. */
const RSA_ALGORITHM = 'RS256'

/** The `type` and `key` of HASURA_GRAPHQL_JWT_SECRET. Throws with a message that does not show the key. */
export function keyFromSecret(type: JwtKeyType, text: string, isStrict: boolean): VerificationKey {
  if (type.startsWith('HS')) return hmacKey(type, text, isStrict)
  // Node.js would derive the public key and nobody would notice where the private one lies.
  if (text.includes('PRIVATE KEY')) throw new Error('is a private key; expected the public one')
  const key = parsePem(text)
  const algorithms = algorithmsOf(key)
  const family = type === 'Ed25519' ? 'EdDSA' : type.slice(0, 2)
  if (!algorithms.some((algorithm) => algorithm.startsWith(family))) {
    throw new Error(`is no key of type ${type}`)
  }
  return { id: undefined, algorithms: isStrict ? pinned(algorithms, type) : algorithms, key }
}

export interface JwkOptions {
  readonly isStrict: boolean
  /** The algorithm of keys that name none. */
  readonly type: JwtKeyType | undefined
}

/** One key of a JWKS; `undefined` for those that verify no tokens: other uses, other kinds, too weak. */
export function keyFromJwk(value: unknown, options: JwkOptions): VerificationKey | undefined {
  if (!isJsonObject(value) || value['kty'] === 'oct') return undefined
  const { use, kid, alg } = value
  if (use !== undefined && use !== 'sig') return undefined
  try {
    const key = createPublicKey({ key: withPlainBase64Url(value), format: 'jwk' })
    const algorithms = algorithmsOfJwk(algorithmsOf(key), alg, options)
    if (algorithms.length === 0) return undefined
    return { id: typeof kid === 'string' ? kid : undefined, algorithms, key }
  } catch {
    return undefined
  }
}

function algorithmsOfJwk(
  possible: readonly string[],
  alg: unknown,
  { isStrict, type }: JwkOptions,
): readonly string[] {
  if (alg !== undefined) return possible.filter((name) => name === alg)
  if (!isStrict) return possible
  return pinned(possible, type !== undefined && possible.includes(type) ? type : RSA_ALGORITHM)
}

/** A curve has one algorithm, whatever the configuration calls it; RSA has the one that is configured. */
function pinned(possible: readonly string[], type: JwtKeyType): readonly string[] {
  return possible.length === 1 ? possible : possible.filter((name) => name === type)
}

function hmacKey(type: JwtKeyType, text: string, isStrict: boolean): VerificationKey {
  const bytes = Buffer.from(text)
  const bytesMin = Number(type.slice(2)) / 8
  if (bytes.length < bytesMin) {
    throw new Error(`has ${bytes.length} bytes; ${type} needs at least ${bytesMin}`)
  }
  const fitting = HMAC_ALGORITHMS.filter((algorithm) => algorithm.bytesMin <= bytes.length)
  const algorithms = isStrict ? [type] : fitting.map((algorithm) => algorithm.name)
  return { id: undefined, algorithms, key: createSecretKey(bytes) }
}

/** SPKI, PKCS #1 or an X.509 certificate. */
function parsePem(text: string): KeyObject {
  try {
    return createPublicKey(text)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new Error(`is neither a public key nor a certificate in PEM (${cause})`, { cause: error })
  }
}

function algorithmsOf(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (modulusLength < RSA_BITS_MIN) {
        throw new Error(`has ${modulusLength} bits; RSA needs at least ${RSA_BITS_MIN}`)
      }
      return ['RS256', 'RS384', 'RS512']
    case 'ed25519':
      return ['EdDSA']
    case 'ec': {
      const algorithm = CURVE_ALGORITHMS.get(namedCurve)
      return algorithm === undefined ? [] : [algorithm]
    }
    default:
      return []
  }
}

/** Some issuers (AWS Cognito once) write standard, padded base64 where base64url belongs. */
function withPlainBase64Url(jwk: JsonWebKey): JsonWebKey {
  const plain = { ...jwk }
  for (const name of ['n', 'e', 'x', 'y']) {
    const value = plain[name]
    if (typeof value !== 'string') continue
    plain[name] = value.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  }
  return plain
}
