import type { IncomingHttpHeaders } from 'node:http'

export const ROLE_HEADER = 'x-hasura-role'
export const ADMIN_SECRET_HEADER = 'x-hasura-admin-secret'
/** The name of old, which Hasura still takes. */
export const ACCESS_KEY_HEADER = 'x-hasura-access-key'

const VARIABLE_PREFIX = 'x-hasura-'

/** All x-hasura-* headers but the secrets, as sent. */
export function variableHeaders(headers: IncomingHttpHeaders): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const name in headers) {
    if (!name.startsWith(VARIABLE_PREFIX)) continue
    if (name === ADMIN_SECRET_HEADER || name === ACCESS_KEY_HEADER) continue
    const value = headers[name]
    if (typeof value === 'string') found.set(name, value)
  }
  return found
}

/** The same text for the same x-hasura-* headers; empty when there are none. Builds nothing then. */
export function variableFingerprint(headers: IncomingHttpHeaders): string {
  let fingerprint = ''
  for (const name in headers) {
    if (!name.startsWith(VARIABLE_PREFIX)) continue
    if (name === ADMIN_SECRET_HEADER || name === ACCESS_KEY_HEADER) continue
    // A header has no line break in it, so no two sets of headers read the same.
    fingerprint += `${name}\n${headers[name]?.toString()}\n`
  }
  return fingerprint
}

/** The role asked for; an empty one is none, as in Hasura. */
export function requestedRole(headers: IncomingHttpHeaders): string | undefined {
  const role = headers[ROLE_HEADER]
  return typeof role === 'string' && role !== '' ? headerText(role) : undefined
}

/** Node.js reads headers as latin1, Hasura as UTF-8. */
export function headerText(value: string): string {
  return hasOnlyAscii(value) ? value : Buffer.from(value, 'latin1').toString()
}

/** The other way round: text as the bytes of a header that Hasura reads as UTF-8. */
export function utf8(text: string): string {
  return hasOnlyAscii(text) ? text : Buffer.from(text).toString('latin1')
}

function hasOnlyAscii(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    if (value.charCodeAt(index) > 127) return false
  }
  return true
}
