import { cookieValues } from '../identity/cookie-header.ts'
import type { SessionOptions } from '../options.ts'

/** `session` comes with every request, `refresh` with those under /session only. */
export type CookieKind = 'session' | 'refresh'

/** The path that the cookie with the refresh token is sent to. */
export const REFRESH_COOKIE_PATH = '/session'

/** A cookie of sessions: how it is called, read, set and cleared. */
export class SessionCookie {
  readonly name: string
  readonly #attributes: string

  constructor(options: SessionOptions, kind: CookieKind = 'session') {
    const { cookieName, secure, sameSite } = options
    const secured = secure ? 'Secure; ' : ''
    if (kind === 'session') {
      // Browsers take a __Host- cookie only from this very host over https: no subdomain can plant one.
      this.name = secure ? `__Host-${cookieName}` : cookieName
      const site = sameSite === 'strict' ? 'Strict' : 'Lax'
      this.#attributes = `Path=/; HttpOnly; ${secured}SameSite=${site}`
    } else {
      // What has a path of its own cannot be __Host-. In return no other request carries it.
      const name = `${cookieName}-refresh`
      this.name = secure ? `__Secure-${name}` : name
      this.#attributes = `Path=${REFRESH_COOKIE_PATH}; HttpOnly; ${secured}SameSite=Strict`
    }
  }

  /** What a Cookie header holds. Of two cookies of the name the first, which browsers send for the longer path. */
  read(cookieHeader: string | undefined): string | undefined {
    // The hot path of all who have no cookie.
    return cookieHeader === undefined ? undefined : cookieValues(cookieHeader, this.name)[0]
  }

  /** The value of a Set-Cookie header. */
  write(value: string, lifeMs: number): string {
    const seconds = Math.max(Math.floor(lifeMs / 1_000), 1)
    return `${this.name}=${value}; Max-Age=${seconds}; ${this.#attributes}`
  }

  clear(): string {
    return `${this.name}=; Max-Age=0; ${this.#attributes}`
  }
}
