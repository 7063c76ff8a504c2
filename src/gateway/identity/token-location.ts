import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'
import { cookieValues } from './cookie-header.ts'
import type { TokenLocation } from './jwt-secret.ts'

/** The tokens sent at this place, by which several JWT secrets are told apart. */
export function tokensAt(headers: IncomingHttpHeaders, location: TokenLocation): readonly string[] {
  switch (location.kind) {
    case 'authorization':
      return headers.authorization === undefined ? [] : [bearerToken(headers.authorization)]
    case 'cookie':
      return cookieValues(headers.cookie, location.name)
    case 'header': {
      const value = headers[location.name]
      return typeof value === 'string' ? [value] : []
    }
  }
}

/** The header that shows Hasura this token at its place. */
export function tokenHeader(
  token: string,
  location: TokenLocation,
): readonly [name: string, value: string] {
  switch (location.kind) {
    case 'authorization':
      return ['authorization', `Bearer ${token}`]
    case 'cookie':
      return ['cookie', `${location.name}=${token}`]
    case 'header':
      return [location.name, token]
  }
}

/** One word per place: what a session remembers of where its token was found. */
export function locationName(location: TokenLocation): string {
  return location.kind === 'authorization' ? location.kind : `${location.kind}:${location.name}`
}

/** Two words, the first in this very spelling: anything else is malformed to Hasura, not absent. */
function bearerToken(authorization: string): string {
  const [scheme, token, ...rest] = authorization.trim().split(/\s+/)
  if (scheme === 'Bearer' && token !== undefined && rest.length === 0) return token
  throw new GatewayError('invalid-headers', 'Malformed Authorization header')
}
