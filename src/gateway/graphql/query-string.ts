import { GatewayError } from '../errors.ts'
import type { RequestLimits } from '../options.ts'
import { canonicalRequest } from './canonical-request.ts'
import { isJsonObject, parseJson } from './lossless-json.ts'
import type { JsonObject } from './operation.ts'

const PARAMETERS: ReadonlySet<string> = new Set([
  'query',
  'operationName',
  'variables',
  'extensions',
  'documentId',
])

/**
 * The request in the query string of GET /v1/graphql, as the body of the POST that asks the same. Other
 * parameters are ignored, one that stands twice is refused: of those, one program takes the first and
 * another the last.
 */
export function bodyOfQueryString(target: string, limits: RequestLimits): Buffer {
  const parameters = readParameters(target)
  const operationName = parameters.get('operationName')
  return canonicalRequest({
    query: parameters.get('query'),
    operationName: operationName === '' ? undefined : operationName,
    variables: jsonObject(parameters, 'variables', limits),
    extensions: jsonObject(parameters, 'extensions', limits),
    documentId: parameters.get('documentId'),
  })
}

function readParameters(target: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  const at = target.indexOf('?')
  if (at < 0) return parameters
  for (const pair of target.slice(at + 1).split('&')) {
    const [, written = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? []
    const name = decode(written)
    if (!PARAMETERS.has(name)) continue
    if (parameters.has(name)) throw refused('stands twice in the query string', name)
    parameters.set(name, decode(value))
  }
  return parameters
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw new GatewayError('bad-request', 'the query string is not valid UTF-8', { cause })
  }
}

/** `null` and nothing are the same as none. */
function jsonObject(
  parameters: ReadonlyMap<string, string>,
  name: string,
  limits: RequestLimits,
): JsonObject | undefined {
  const text = parameters.get(name)
  if (text === undefined || text === '') return undefined
  const { value } = parseJson(Buffer.from(text), limits.jsonDepthMax)
  if (value === null) return undefined
  if (isJsonObject(value)) return value
  throw refused('is not a JSON object', name)
}

function refused(reason: string, name: string): GatewayError {
  return new GatewayError('parse-failed', `${name} ${reason}`, { path: `$.${name}` })
}
