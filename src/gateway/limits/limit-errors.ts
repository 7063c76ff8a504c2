import { GatewayError, type GatewayErrorCode } from '../errors.ts'

/** What the limits on one request refuse with, and what each of them limits. */
const LIMITED = {
  'document-limit-exceeded': 'document',
  'token-limit-exceeded': 'token',
  'depth-limit-exceeded': 'depth',
  'node-limit-exceeded': 'node',
  'alias-limit-exceeded': 'alias',
  'root-field-limit-exceeded': 'root field',
  'directive-limit-exceeded': 'directive',
  'batch-limit-exceeded': 'batch',
  'variables-limit-exceeded': 'variables',
  'time-limit-exceeded': 'time',
  'payload-too-large': 'body',
  'uri-too-long': 'URL',
  'introspection-disabled': 'introspection',
} as const satisfies Partial<Record<GatewayErrorCode, string>>

export type QueryLimitCode = keyof typeof LIMITED

export const QUERY_LIMIT_CODES: readonly QueryLimitCode[] =
  Object.keys(LIMITED).filter(isQueryLimitCode)

export function isQueryLimitCode(code: string): code is QueryLimitCode {
  return Object.hasOwn(LIMITED, code)
}

/** In the words of Hasura EE, as far as they are known: `rate limit of 10 exceeded`. */
export function limitExceeded(code: QueryLimitCode, max: number, path = '$'): GatewayError {
  return new GatewayError(code, `${LIMITED[code]} limit of ${max} exceeded`, { path })
}

export function bodyTooLarge(bytesMax: number): GatewayError {
  const message = `the request body is larger than ${bytesMax} bytes`
  return new GatewayError('payload-too-large', message)
}

/** `target`: the path with its query string. */
export function refuseLongUrl(target: string, lengthMax: number): void {
  if (target.length <= lengthMax) return
  throw new GatewayError('uri-too-long', `the URL is longer than ${lengthMax} characters`)
}

export function variablesTooLarge(bytesMax: number): GatewayError {
  const message = `variables limit of ${bytesMax} bytes exceeded`
  return new GatewayError('variables-limit-exceeded', message, { path: VARIABLES })
}

export function variablesTooDeep(depthMax: number): GatewayError {
  const message = `variables depth limit of ${depthMax} exceeded`
  return new GatewayError('variables-limit-exceeded', message, { path: VARIABLES })
}

export function timeExceeded(timeMs: number): GatewayError {
  const message = `time limit of ${timeMs / MS_PER_SECOND} seconds exceeded`
  return new GatewayError('time-limit-exceeded', message)
}

const VARIABLES = '$.variables'
const MS_PER_SECOND = 1_000
