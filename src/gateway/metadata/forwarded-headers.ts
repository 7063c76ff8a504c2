import type { ForwardedHeaders } from './plan.ts'

/** Those that Hasura passes on to no one: `commonClientHeadersIgnored` in Hasura/HTTP.hs, in lower case. */
const NEVER_FORWARDED = [
  'accept',
  'accept-datetime',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'content-length',
  'content-md5',
  'content-type',
  'dnt',
  'host',
  'origin',
  'referer',
  'user-agent',
] as const

export interface HeaderForwarding {
  readonly forward_client_headers?: boolean | null | undefined
  /** Takes the place of Hasura's own list. */
  readonly ignored_client_headers?: readonly string[] | null | undefined
}

/** The headers that an action or a remote schema is told. */
export function forwardedHeadersOf({
  forward_client_headers: isForwarded,
  ignored_client_headers: ignored,
}: HeaderForwarding): ForwardedHeaders | undefined {
  if (isForwarded !== true) return undefined
  const except = (ignored ?? NEVER_FORWARDED).map((name) => name.toLowerCase())
  return { except: [...new Set(except)].sort() }
}

/** Whom a connection template may ask for any. */
export const EVERY_HEADER: ForwardedHeaders = { except: [] }
