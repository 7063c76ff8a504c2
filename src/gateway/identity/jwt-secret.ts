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
  | { readonly jwkUrl: string }

export type JwtKeyType =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'Ed25519'
  | 'ES256'
  | 'ES384'
  | 'ES512'

export type ClaimsLocation =
  | { readonly kind: 'namespace'; readonly namespace: string; readonly format: ClaimsFormat }
  | { readonly kind: 'path'; readonly path: string; readonly format: ClaimsFormat }
  | { readonly kind: 'map'; readonly claims: ReadonlyMap<string, MappedClaim> }

export type ClaimsFormat = 'json' | 'stringified_json'

export type MappedClaim =
  | { readonly literal: unknown }
  | { readonly path: string; readonly fallback: unknown }

export type TokenLocation =
  | { readonly kind: 'authorization' }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'header'; readonly name: string }
