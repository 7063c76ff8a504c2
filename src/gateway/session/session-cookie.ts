import { cookieValues } from '../identity/cookie-header.ts'
import type { SessionOptions } from '../options.ts'

/** The cookie that names a session: how it is called, read, set and cleared. */
export class SessionCookie {
  readonly name: string
  readonly #attributes: string

  constructor(options: SessionOptions) {
    const { cookieName, secure, sameSite } = options
    // Browsers take a __Host- cookie only from this very host over https: no subdomain can plant one.
    this.name = secure ? `__Host-${cookieName}` : cookieName
    const site = sameSite === 'strict' ? 'Strict' : 'Lax'
    this.#attributes = `Path=/; HttpOnly; ${secure ? 'Secure; ' : ''}SameSite=${site}`
  }

  /** The id a Cookie header holds. Of two cookies of the name the first, which browsers send for the longer path. */
  read(cookieHeader: string | undefined): string | undefined {
    // The hot path of all who have no cookie.
    return cookieHeader === undefined ? undefined : cookieValues(cookieHeader, this.name)[0]
  }

  /** The value of a Set-Cookie header. */
  write(id: string, lifeMs: number): string {
    return `${this.name}=${id}; Max-Age=${Math.max(Math.floor(lifeMs / 1_000), 1)}; ${this.#attributes}`
  }

  clear(): string {
    return `${this.name}=; Max-Age=0; ${this.#attributes}`
  }
}
