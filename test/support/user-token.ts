import { JWT_KEY } from './gateway-options.ts'
import { hmacToken } from './tokens.ts'

export interface UserTokenOptions {
  readonly roles?: readonly string[]
  readonly lifeSeconds?: number
  readonly nowMs?: number
  readonly jti?: string
  readonly issuedAtMs?: number
  readonly key?: string
}

/** The token of a user, issued a moment ago unless told. */
export function userToken(userId: string, options: UserTokenOptions = {}): string {
  const { roles = ['user'], lifeSeconds = 600, nowMs = Date.now(), jti, key = JWT_KEY } = options
  const { issuedAtMs = nowMs - 5_000 } = options
  return hmacToken(key, {
    iat: Math.floor(issuedAtMs / 1_000),
    exp: Math.floor(nowMs / 1_000) + lifeSeconds,
    ...(jti !== undefined && { jti }),
    'https://hasura.io/jwt/claims': {
      'x-hasura-allowed-roles': roles,
      'x-hasura-default-role': roles[0],
      'x-hasura-user-id': userId,
    },
  })
}
