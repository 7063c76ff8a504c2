import type { JsonPath } from './json-path.ts'

/** HASURA_GRAPHQL_JWT_SECRET, as Hasura v2 reads it (hasura docs: auth/authentication/jwt). */
export interface JwtSecret {
  readonly key: JwtKey
  readonly claims: ClaimsLocation
  /** The token passes if its audience matches any; `undefined` leaves it unchecked. */
  readonly audience: readonly string[] | undefined
  readonly issuer: string | undefined
  readonly allowedSkewSeconds: number
  readonly header: TokenLocation
}

export type JwtKey =
  | { readonly type: JwtKeyType; readonly key: string }
  /** `type` is the algorithm of keys that name none themselves. */
  | { readonly jwkUrl: string; readonly type?: JwtKeyType }

/** How much more than Hasura a token is asked for. */
export interface TokenRules {
  /**
   * Each key verifies one algorithm, `typ` and `cty` are those of an access token, `exp` is an instant before
   * the year 10000. Hasura looks at none of it.
   */
  readonly isStrict: boolean
  /** A token without `exp` is refused; to Hasura it never ends. */
  readonly requiresExpiry: boolean
}

export const JWT_KEY_TYPES = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
] as const

export type JwtKeyType = (typeof JWT_KEY_TYPES)[number]

export type ClaimsLocation =
  | { readonly kind: 'namespace'; readonly namespace: string; readonly format: ClaimsFormat }
  | { readonly kind: 'path'; readonly path: JsonPath; readonly format: ClaimsFormat }
  | ClaimsMap

export type ClaimsFormat = 'json' | 'stringified_json'

/** Where each session variable comes from, named in lower case. */
export interface ClaimsMap {
  readonly kind: 'map'
  readonly allowedRoles: MappedClaim<readonly string[]>
  readonly defaultRole: MappedClaim<string>
  readonly variables: ReadonlyMap<string, MappedClaim<string>>
}

export type MappedClaim<Value> =
  | { readonly literal: Value }
  | { readonly path: JsonPath; readonly fallback: Value | undefined }

export type TokenLocation =
  | { readonly kind: 'authorization' }
  | { readonly kind: 'cookie'; readonly name: string }
  /** In lower case, as Node.js names headers. */
  | { readonly kind: 'header'; readonly name: string }
