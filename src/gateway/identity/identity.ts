import type { TokenSubject } from './token-subject.ts'

/** Who asks, once the gateway has decided it. The cache key and the upstream headers come from this alone. */
export interface Identity {
  readonly kind: 'admin' | 'jwt' | 'session' | 'hook' | 'unauthorized'
  readonly role: string
  /** `x-hasura-user-id`, when there is one. */
  readonly userId: string | undefined
  /**
   * Hasura's session: names in lower case (`x-hasura-…`), `x-hasura-role` always among them and equal to
   * `role`. Holds what Hasura itself will use for this request, nothing a client merely claims.
   */
  readonly sessionVariables: ReadonlyMap<string, string>
  /** When this identity ends; Infinity when it does not. */
  readonly expiresAtMs: number
  /**
   * What goes upstream so that Hasura decides the same: for example Authorization and X-Hasura-Role.
   * Header names in lower case.
   */
  readonly upstreamHeaders: ReadonlyMap<string, string>
  /** The id of the session the cookie is for, which opens nothing; `undefined` without a session. */
  readonly sessionId: string | undefined
  /** By what the token can be revoked, where there is one. */
  readonly tokenSubject?: TokenSubject
  /** Cookies the webhook sets; they belong to the answer of this request alone. */
  readonly setCookies?: readonly string[]
}
