import { IGNORED_CLIENT_HEADERS } from '../ignored-client-headers.ts'
import type { ForwardedHeaders } from './plan.ts'

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
  const except = [...(ignored ?? IGNORED_CLIENT_HEADERS)].map((name) => name.toLowerCase())
  return { except: [...new Set(except)].sort() }
}

/** Whom a connection template may ask for any. */
export const EVERY_HEADER: ForwardedHeaders = { except: [] }
