import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'
import type { Identity } from './identity.ts'
import { headerText, ROLE_HEADER, requestedRole, variableHeaders } from './identity-headers.ts'

const USER_ID = 'x-hasura-user-id'
const BACKEND_ONLY = 'x-hasura-use-backend-only-permissions'
/** As Hasura reads a boolean in a header (parseStringAsBool). */
const BOOLEANS = ['true', 't', 'yes', 'y', 'false', 'f', 'no', 'n']

/** An admin is who they say: any role, any session variable. `secret` is the header that proved it. */
export function adminIdentity(
  headers: IncomingHttpHeaders,
  secret: readonly [name: string, value: string] | undefined,
): Identity {
  const sent = variableHeaders(headers)
  refuseUnclearBoolean(sent.get(BACKEND_ONLY))
  const upstreamHeaders = new Map(sent)
  if (secret !== undefined) upstreamHeaders.set(...secret)
  const role = requestedRole(headers) ?? 'admin'
  return {
    kind: 'admin',
    role,
    ...variablesOf(sent, role),
    expiresAtMs: Number.POSITIVE_INFINITY,
    upstreamHeaders,
    sessionId: undefined,
  }
}

/**
 * Who shows nothing has the unauthorized role. Hasura then takes the client's x-hasura-* headers for session
 * variables all the same, though anybody can write them; only the role is not theirs to choose.
 */
export function unauthorizedIdentity(headers: IncomingHttpHeaders, role: string): Identity {
  const sent = new Map(variableHeaders(headers))
  sent.delete(ROLE_HEADER)
  return {
    kind: 'unauthorized',
    role,
    ...variablesOf(sent, role),
    expiresAtMs: Number.POSITIVE_INFINITY,
    upstreamHeaders: sent,
    sessionId: undefined,
  }
}

function variablesOf(
  sent: ReadonlyMap<string, string>,
  role: string,
): Pick<Identity, 'userId' | 'sessionVariables'> {
  const sessionVariables = new Map<string, string>()
  for (const [name, value] of sent) sessionVariables.set(name, headerText(value))
  sessionVariables.set(ROLE_HEADER, role)
  return { userId: sessionVariables.get(USER_ID), sessionVariables }
}

/** Hasura refuses such a request. A cached answer must not hide that. */
function refuseUnclearBoolean(value: string | undefined): void {
  if (value === undefined || BOOLEANS.includes(value.toLowerCase())) return
  throw new GatewayError(
    'bad-request',
    `${BACKEND_ONLY}: Not a valid boolean text. True values are true,t,yes,y and False values are false,f,no,n. All values are case insensitive`,
  )
}
