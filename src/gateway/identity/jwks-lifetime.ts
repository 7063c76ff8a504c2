/**
 * How long a JWKS may be used, by its headers: `undefined` when they do not say, 0 for "look again at once".
 * determineJwkExpiryLifetime of graphql-engine v2: Cache-Control first, then Expires.
 */
export function jwksLifetimeMs(headers: Headers, nowMs: number): number | undefined {
  const cacheControl = headers.get('cache-control')
  const fromCacheControl = cacheControl === null ? undefined : fromDirectives(cacheControl)
  if (fromCacheControl !== undefined) return fromCacheControl
  const expiresAtMs = Date.parse(headers.get('expires') ?? '')
  return Number.isNaN(expiresAtMs) ? undefined : Math.max(expiresAtMs - nowMs, 0)
}

/** Names in lower case, with their values; empty for those that have none. */
export function cacheControlDirectives(cacheControl: string): ReadonlyMap<string, string> {
  const directives = new Map<string, string>()
  for (const directive of cacheControl.toLowerCase().split(',')) {
    const [name = '', value = ''] = directive.split('=', 2)
    directives.set(name.trim(), value.trim().replaceAll('"', ''))
  }
  return directives
}

function fromDirectives(cacheControl: string): number | undefined {
  const directives = cacheControlDirectives(cacheControl)
  const maxAgeMs = secondsToMs(directives.get('max-age') ?? directives.get('s-maxage'))
  if (directives.has('must-revalidate')) return maxAgeMs ?? 0
  if (directives.has('no-cache') || directives.has('no-store')) return 0
  return maxAgeMs
}

function secondsToMs(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : undefined
}
