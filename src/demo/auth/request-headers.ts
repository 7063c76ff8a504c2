import type { IncomingHttpHeaders } from 'node:http'
import type { RequestHeaders } from './authenticator.ts'

/**
 * Names are in lower case already; of several values Node.js made one, but for Set-Cookie. It reads them as
 * latin1, Hasura as UTF-8.
 */
export function toRequestHeaders(headers: IncomingHttpHeaders): RequestHeaders {
  return new Map(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, Buffer.from(value, 'latin1').toString()]] : [],
    ),
  )
}
