import type { IncomingHttpHeaders } from 'node:http'

/** Hasura's (Hasura.Server.Middleware, corsMiddleware): 20 days. */
const MAX_AGE_SECONDS = '1728000'
const METHODS = 'GET,POST,PUT,PATCH,DELETE,OPTIONS'
const EXPOSED = [
  'X-Hasura-Query-Cache-Key',
  'X-Hasura-Query-Family-Cache-Key',
  'Warning',
  'Cache-Status',
  'Age',
  'ETag',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
].join(',')

/** Added to every answer a browser's script asked for: as Hasura's default, any origin may. Never stored. */
export function addCorsHeaders(headers: string[], origin: string | undefined): void {
  if (origin === undefined) return
  headers.push('Access-Control-Allow-Origin', origin, 'Access-Control-Allow-Credentials', 'true')
  headers.push('Access-Control-Expose-Headers', EXPOSED, 'Vary', 'Origin')
}

export function isPreflight(method: string, headers: IncomingHttpHeaders): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  )
}

export function preflightHeaders(headers: IncomingHttpHeaders): string[] {
  const answer = [
    'Access-Control-Max-Age',
    MAX_AGE_SECONDS,
    'Access-Control-Allow-Methods',
    METHODS,
  ]
  const asked = headers['access-control-request-headers']
  if (asked !== undefined) answer.push('Access-Control-Allow-Headers', asked)
  addCorsHeaders(answer, headers.origin)
  return answer
}
