import { createHmac } from 'node:crypto'
import type { SessionState, StoredSession } from './session-record.ts'

/** Of the id that lists and logs may show: 128 random bits in base64url. */
export const SESSION_ID_LENGTH = 22

const TOKEN = /^[\w-]{22}\.[\w-]{43}$/
const REFRESH_TOKEN = /^([\w-]{22})\.(\d{1,15})\.[\w-]{43}$/

/**
 * What the cookie of a session holds: its id, and 256 bits that follow from the session's own random seed and the
 * generation. Nothing of it is in the store in clear, and all that was ever given out can be told from what is made up.
 */
export function sessionToken(
  id: string,
  { seed, generation }: Pick<SessionState, 'seed' | 'generation'>,
): string {
  return `${id}.${authenticator(seed, `session ${generation}`)}`
}

export function refreshToken(
  id: string,
  { seed, generation }: Pick<SessionState, 'seed' | 'generation'>,
): string {
  return `${id}.${generation}.${authenticator(seed, `refresh ${generation}`)}`
}

/** Which session a cookie is about, right or wrong; `undefined` for what no session's cookie holds. */
export function idInSessionToken(token: string): string | undefined {
  return TOKEN.test(token) ? token.slice(0, SESSION_ID_LENGTH) : undefined
}

/** Which session and which generation a refresh token is about, right or wrong. */
export function readRefreshToken(
  token: string,
): { readonly id: string; readonly generation: number } | undefined {
  const [, id, generation] = REFRESH_TOKEN.exec(token) ?? []
  if (id === undefined) return undefined
  return { id, generation: Number(generation) }
}

/** The token of the generation it names, whether or not that is still the present one. */
export function isRefreshTokenOf(
  { record, state }: StoredSession,
  token: string,
  generation: number,
): boolean {
  return isEqual(token, refreshToken(record.id, { seed: state.seed, generation }))
}

/** In time that tells nothing of where two texts differ. */
export function isEqual(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let index = 0; index < one.length; index += 1) {
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index)
  }
  return difference === 0
}

function authenticator(seed: string, text: string): string {
  return createHmac('sha256', Buffer.from(seed, 'base64url')).update(text).digest('base64url')
}
