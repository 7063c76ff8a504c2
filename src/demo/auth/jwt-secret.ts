import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'

/** HASURA_GRAPHQL_JWT_SECRET, as far as the demo goes: one fixed key, tokens in `Authorization`. */
export interface JwtSecret {
  readonly key: KeyObject
  /** The algorithms that fit the kind of key; `type` does not pin one, as in Hasura. */
  readonly algorithms: readonly string[]
  readonly claimsNamespace: string
  readonly claimsFormat: 'json' | 'stringified_json'
  /** Any of them; unchecked when absent. */
  readonly audience: readonly string[] | undefined
  readonly issuer: string | undefined
  readonly allowedSkewSeconds: number
}

const TYPES = {
  HS256: 'secret',
  HS384: 'secret',
  HS512: 'secret',
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  ES256: 'ec',
  ES384: 'ec',
  ES512: 'ec',
  Ed25519: 'ed25519',
} as const

const ALGORITHMS: Readonly<Record<(typeof TYPES)[keyof typeof TYPES], readonly string[]>> = {
  secret: ['HS256', 'HS384', 'HS512'],
  rsa: ['RS256', 'RS384', 'RS512'],
  ec: ['ES256', 'ES384', 'ES512'],
  ed25519: ['EdDSA', 'Ed25519'],
}

const UNSUPPORTED = ['jwk_url', 'claims_map', 'claims_namespace_path', 'header'] as const
const HMAC_BYTES_MIN = 32

const schema = z.looseObject({
  type: z.enum(Object.keys(TYPES) as (keyof typeof TYPES)[]),
  key: z.string().min(1),
  claims_namespace: z.string().default('https://hasura.io/jwt/claims'),
  claims_format: z.enum(['json', 'stringified_json']).default('json'),
  audience: z
    .union([z.string().transform((audience) => [audience]), z.array(z.string())])
    .optional(),
  issuer: z.string().optional(),
  allowed_skew: z.number().nonnegative().default(0),
})

/** Throws an Error that names the mistake and never the key. */
export function parseJwtSecret(json: string): JwtSecret {
  const fields = readObject(json)
  const unsupported = UNSUPPORTED.find((name) => fields[name] !== undefined)
  if (unsupported !== undefined) throw invalid(`the demo does not support ${unsupported}`)
  const parsed = schema.safeParse(fields)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw invalid(`${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { data } = parsed
  const kind = TYPES[data.type]
  return {
    key: kind === 'secret' ? hmacKey(data.key) : publicKey(data.key),
    algorithms: ALGORITHMS[kind],
    claimsNamespace: data.claims_namespace,
    claimsFormat: data.claims_format,
    audience: data.audience,
    issuer: data.issuer,
    allowedSkewSeconds: data.allowed_skew,
  }
}

function readObject(json: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw invalid('expected JSON')
  }
  if (typeof value !== 'object' || value === null) throw invalid('expected an object')
  // Hasura reads null as absent.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null))
}

function hmacKey(text: string): KeyObject {
  const bytes = Buffer.from(text)
  if (bytes.length < HMAC_BYTES_MIN) throw invalid(`key: shorter than ${HMAC_BYTES_MIN} bytes`)
  return createSecretKey(bytes)
}

function publicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch {
    throw invalid('key: not a public key in PEM')
  }
}

function invalid(why: string): Error {
  return new Error(`HASURA_GRAPHQL_JWT_SECRET: ${why}`)
}
