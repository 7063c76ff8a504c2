import { GatewayError, type GatewayErrorCode } from '../errors.ts'
import type { UpstreamOptions } from '../options.ts'

/** The upstream's failure as the client is told of it. The address stays out of it: it is none of his business. */
export function toUpstreamError(error: Error, options: UpstreamOptions): GatewayError {
  if (error instanceof GatewayError) return error
  const code = codeOf(error)
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    const message = `the upstream did not accept a connection within ${options.connectTimeoutMs} ms`
    return new GatewayError('upstream-unreachable', message, { cause: error })
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    const message = `the upstream did not answer within ${options.headersTimeoutMs} ms`
    return new GatewayError('timeout', message, { cause: error })
  }
  if (code === 'UND_ERR_BODY_TIMEOUT') {
    const message = `the upstream stopped sending its answer for ${options.bodyTimeoutMs} ms`
    return new GatewayError('timeout', message, { cause: error })
  }
  if (
    error.name === 'HTTPParserError' ||
    code.startsWith('HPE_') ||
    code.includes('CONTENT_LENGTH_MISMATCH')
  ) {
    const message = 'the upstream did not answer with valid HTTP'
    return new GatewayError('upstream-invalid-response', message, { cause: error })
  }
  const message = isConnectFailure(error)
    ? 'the upstream cannot be reached'
    : 'the upstream closed the connection before its answer was complete'
  return new GatewayError('upstream-unreachable', message, { cause: error })
}

const CONNECT_FAILURES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
const CUT_CONNECTIONS = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** The request was never sent. */
export function isConnectFailure(error: unknown): boolean {
  return CONNECT_FAILURES.has(codeOf(error))
}

/** The connection went away: it may have been an idle one that the upstream was just closing. */
export function isCutConnection(error: unknown): boolean {
  return CUT_CONNECTIONS.has(codeOf(error))
}

const OUTAGES: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  'upstream-unreachable',
  'timeout',
  'time-limit-exceeded',
  'overloaded',
])

/** The upstream cannot be reached, takes too long or was not asked at all: it has said nothing. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false
  return OUTAGES.has(error.code)
}

const UNSENT: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  'upstream-overloaded',
  'overloaded',
])

/** Whether a request that failed so may have been executed all the same. */
export function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return true
  return !UNSENT.has(error.code) && !isConnectFailure(error.cause)
}

/** Of the error itself; several addresses of one name fail with one error that holds theirs. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return error instanceof AggregateError ? codeOf(error.errors[0]) : ''
}
