import type { IncomingHttpHeaders } from 'node:http'
import { canonicalJson, isJsonObject } from '../graphql/lossless-json.ts'
import type { JsonObject, JsonValue } from '../graphql/operation.ts'
import { toGatewayError } from '../http/graphql-response.ts'
import type { Identity } from '../identity/identity.ts'
import { headerText, utf8 } from '../identity/identity-headers.ts'

/** How a connection ends whose `connection_init` was refused. */
export interface SocketRefusal {
  /** Sent before the end, if anything. */
  readonly message: string | undefined
  readonly code: number
  readonly reason: string
}

const SESSION_VARIABLE = 'x-hasura-'
const INIT_FAILED = 4400
const FORBIDDEN = 4403
/** RFC 6455, section 5.5: a close frame has room for so much beside its code. */
const REASON_BYTES_MAX = 123

/** The headers in the payload of `connection_init`, as an HTTP server would have read them. */
export function clientHeaders(payload: JsonObject | null): IncomingHttpHeaders {
  const headers: Record<string, string> = {}
  for (const [name, value] of headersIn(payload)) {
    if (typeof value === 'string') headers[name.toLowerCase()] = utf8(value)
  }
  return headers
}

/**
 * The message with the identity in place of what the client said of itself. All else stays: actions may be told
 * the client's headers.
 */
export function initWithIdentity(message: JsonObject, { upstreamHeaders }: Identity): Buffer {
  const payload = message.get('payload')
  const headers = new Map<string, JsonValue>()
  for (const [name, value] of headersIn(payload)) {
    const lower = name.toLowerCase()
    if (!lower.startsWith(SESSION_VARIABLE) && !upstreamHeaders.has(lower)) headers.set(name, value)
  }
  for (const [name, value] of upstreamHeaders) headers.set(name, headerText(value))
  const told = new Map<string, JsonValue>(isJsonObject(payload) ? payload : [])
  told.set('headers', headers)
  return Buffer.from(canonicalJson(new Map(message).set('payload', told)))
}

/** As Hasura ends it, in the protocol the client speaks. */
export function refusedInit(error: unknown, isTransport: boolean): SocketRefusal {
  if (isTransport) return { message: undefined, ...closing(FORBIDDEN, 'Forbidden') }
  const { message: why } = toGatewayError(error)
  return {
    message: JSON.stringify({ type: 'connection_error', payload: why }),
    ...closing(INIT_FAILED, `Connection initialization failed: ${why}`),
  }
}

/** The code alone when the rest does not fit into a close frame. */
function closing(code: number, why: string): { readonly code: number; readonly reason: string } {
  const reason = JSON.stringify({ server_error_msg: `${code}: ${why}` })
  const isShort = Buffer.byteLength(reason) <= REASON_BYTES_MAX
  return { code, reason: isShort ? reason : `${code}` }
}

function headersIn(payload: JsonValue | undefined): Iterable<readonly [string, JsonValue]> {
  const headers = isJsonObject(payload) ? payload.get('headers') : undefined
  return isJsonObject(headers) ? headers : []
}
