import { SignJWT } from 'jose'
import type { Random } from '../shared/random.ts'
import { UsageError } from './usage-error.ts'

/** What the demo Hasura and the gateway both run with. */
export interface DemoSecrets {
  readonly adminSecret: string
  /** As HASURA_GRAPHQL_JWT_SECRET has it. */
  readonly jwtSecret: string
  readonly signing: SigningKey
}

interface SigningKey {
  readonly algorithm: string
  readonly key: string
  readonly namespace: string
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

export interface DemoUser {
  readonly userId: string
  readonly role: string
  readonly orgId: string | undefined
}

const CLAIMS_NAMESPACE = 'https://hasura.io/jwt/claims'
const TOKEN_LIFE = '12h'

/** Those of the environment, else new ones. */
export function demoSecrets(
  environment: Readonly<Record<string, string | undefined>>,
  random: Random,
): DemoSecrets {
  const generated = { type: 'HS256', key: random.bytes(32).toString('hex') }
  const jwtSecret = environment['HASURA_GRAPHQL_JWT_SECRET'] || JSON.stringify(generated)
  return {
    adminSecret: environment['HASURA_GRAPHQL_ADMIN_SECRET'] || random.bytes(16).toString('hex'),
    jwtSecret,
    signing: signingKey(jwtSecret),
  }
}

/** A token as an identity provider would issue it. */
export async function signToken(signing: SigningKey, user: DemoUser): Promise<string> {
  const claims = {
    'x-hasura-allowed-roles': [user.role],
    'x-hasura-default-role': user.role,
    'x-hasura-user-id': user.userId,
    ...(user.orgId === undefined ? {} : { 'x-hasura-org-id': user.orgId }),
  }
  const token = new SignJWT({ [signing.namespace]: claims })
    .setProtectedHeader({ alg: signing.algorithm })
    .setSubject(user.userId)
    .setIssuedAt()
    .setExpirationTime(TOKEN_LIFE)
  if (signing.issuer !== undefined) token.setIssuer(signing.issuer)
  if (signing.audience !== undefined) token.setAudience(signing.audience)
  return await token.sign(new TextEncoder().encode(signing.key))
}

/** The demo signs tokens itself, which takes a key that signs as well as verifies. */
function signingKey(jwtSecret: string): SigningKey {
  const fields = parseFields(jwtSecret)
  const text = (name: string): string | undefined => {
    const value = fields[name]
    return typeof value === 'string' ? value : undefined
  }
  const algorithm = text('type')
  const key = text('key')
  const elsewhere = ['claims_map', 'claims_namespace_path', 'claims_format', 'header']
  const isPlain = elsewhere.every((name) => fields[name] === undefined)
  if (algorithm === undefined || !/^HS(256|384|512)$/.test(algorithm) || !key || !isPlain) {
    throw new UsageError(
      'the demo signs its own tokens: HASURA_GRAPHQL_JWT_SECRET must be of type HS256, HS384 or HS512 with a key, and claims in their usual place; unset it to have one generated',
    )
  }
  return {
    algorithm,
    key,
    namespace: text('claims_namespace') ?? CLAIMS_NAMESPACE,
    issuer: text('issuer'),
    audience: audienceOf(fields['audience']),
  }
}

function audienceOf(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : undefined
}

function parseFields(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch {
    // Refused below, without repeating the secret.
  }
  return {}
}
