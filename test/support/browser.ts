import { type Asked, ask, type Headers, listOf, send } from './ask.ts'

/** Keeps cookies as a browser does, path by path; nothing else of it. */
export class Browser {
  readonly #url: string
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>()

  constructor(url: string) {
    this.#url = url
  }

  /** Another tab: the same cookies as of now. */
  copy(url = this.#url): Browser {
    const other = new Browser(url)
    for (const [name, cookie] of this.#cookies) other.#cookies.set(name, cookie)
    return other
  }

  async ask(query: string | object, headers: Headers = {}): Promise<Asked> {
    return await ask(this.#url, query, { ...this.cookieHeader('/v1/graphql'), ...headers })
  }

  async send(method: string, path: string, headers: Headers = {}): Promise<Asked> {
    const sent = { ...this.cookieHeader(path), ...headers }
    const answer = await send(this.#url, path, { method, headers: sent })
    this.#take(answer)
    return answer
  }

  async login(token: string, headers: Headers = {}): Promise<Asked> {
    return await this.send('POST', '/session', { authorization: `Bearer ${token}`, ...headers })
  }

  cookieHeader(path: string): { readonly cookie?: string } {
    const sent = [...this.#cookies].filter(([, cookie]) => matches(path, cookie.path))
    if (sent.length === 0) return {}
    return { cookie: sent.map(([name, { value }]) => `${name}=${value}`).join('; ') }
  }

  #take({ headers }: Asked): void {
    for (const cookie of listOf(headers['set-cookie'])) {
      const [pair = '', ...attributes] = cookie.split('; ')
      const equals = pair.indexOf('=')
      const name = pair.slice(0, equals)
      const path = attributes.find((attribute) => attribute.startsWith('Path='))?.slice(5) ?? '/'
      if (attributes.includes('Max-Age=0')) this.#cookies.delete(name)
      else this.#cookies.set(name, { value: pair.slice(equals + 1), path })
    }
  }
}

/** RFC 6265, section 5.1.4. */
function matches(path: string, cookiePath: string): boolean {
  if (cookiePath === '/' || path === cookiePath) return true
  return path.startsWith(`${cookiePath}/`)
}
