/** Hasura's base URL as a client needs it: where to connect, and what goes in front of every path. */
export interface UpstreamUrl {
  readonly origin: string
  /** Without a slash at the end; empty for a Hasura at the root of its host. */
  readonly pathPrefix: string
}

export function parseUpstreamUrl(url: string): UpstreamUrl {
  const { origin, pathname } = new URL(url)
  return { origin, pathPrefix: pathname.replace(/\/+$/, '') }
}

/** What may be shown of a URL: its query and its user part may hold a secret. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
