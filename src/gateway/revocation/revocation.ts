import type { TokenSubject } from '../identity/token-subject.ts'

/** Each by its letter in the log. */
export const REVOCATION_LETTERS = {
  /** A session is over. */
  s: 'session-ended',
  /** A session goes on, but what is remembered of it is out of date. */
  c: 'session-changed',
  t: 'token',
  u: 'user',
  e: 'everyone',
} as const

export type RevocationKind = (typeof REVOCATION_LETTERS)[keyof typeof REVOCATION_LETTERS]

export interface Revocation {
  readonly kind: RevocationKind
  /** The id of the session, the digest of the token's id or of the user; empty for everyone. */
  readonly value: string
  /** Tokens of a user, or of everyone, that were issued until then are refused. */
  readonly atMs: number
}

/** Whether a token is among those that were revoked. */
export function concernsToken({ kind, value, atMs }: Revocation, subject: TokenSubject): boolean {
  switch (kind) {
    case 'token':
      return subject.tokenDigest === value
    case 'user':
      return subject.userDigest === value && subject.issuedAtMs <= atMs
    case 'everyone':
      return subject.issuedAtMs <= atMs
    case 'session-ended':
    case 'session-changed':
      return false
  }
}
