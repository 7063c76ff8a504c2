import { ADMIN_SECRET_HEADER, utf8 } from './identity-headers.ts'

/** Honoured with the admin secret only: who has a token or is known to the webhook must not get it by that. */
const BACKEND_ONLY = 'x-hasura-use-backend-only-permissions'
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/**
 * Headers by which Hasura takes the gateway's word for who asks: the admin secret and the session itself. The
 * session is not empty of a role: without one, or with an empty one, Hasura would take the sender for an admin.
 */
export function upstreamSession(
  secret: string,
  session: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const headers = new Map([[ADMIN_SECRET_HEADER, utf8(secret)]])
  for (const [name, value] of session) {
    if (name !== BACKEND_ONLY) headers.set(name, utf8(value))
  }
  return headers
}

/**
 * The name of a variable that would not arrive as it is: whitespace around a value is cut off on the way, so that
 * the role " " would arrive as none at all, and a line break would begin a header of its own.
 */
export function unsendableVariable(session: ReadonlyMap<string, string>): string | undefined {
  for (const [name, value] of session) {
    if (!NAME.test(name) || !isSendable(value)) return name
  }
  return undefined
}

function isSendable(value: string): boolean {
  if (value.startsWith(' ') || value.endsWith(' ')) return false
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index)
    if (code < 0x20 || code === 0x7f) return false
  }
  return true
}
