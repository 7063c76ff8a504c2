import { createHash } from 'node:crypto'
import type { HasuraClaims } from './hasura-claims.ts'
import type { JsonObject } from './json.ts'

/** By what a token can be revoked. Digests: nobody's name stands in the store. */
export interface TokenSubject {
  /** Of `jti`; `undefined` without one. */
  readonly tokenDigest: string | undefined
  /** Of the user: see `userOfClaims`. */
  readonly userDigest: string | undefined
  /** From `iat`; 0 without one, so that whatever is revoked since an instant includes it. */
  readonly issuedAtMs: number
}

const USER_ID = 'x-hasura-user-id'

export function tokenSubject(claims: JsonObject, { variables }: HasuraClaims): TokenSubject {
  const { jti, sub, iat } = claims
  const user = variables.get(USER_ID) ?? (typeof sub === 'string' ? sub : undefined)
  return {
    tokenDigest: typeof jti === 'string' ? subjectDigest(jti) : undefined,
    userDigest: user === undefined ? undefined : subjectDigest(user),
    issuedAtMs: typeof iat === 'number' ? Math.floor(iat) * 1_000 : 0,
  }
}

/** How a user, or a token, is named where revocations and sessions are kept. */
export function subjectDigest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
