import { RequestError } from '../errors.ts'
import {
  EMPTY_OBJECT,
  fromJavaScript,
  isObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '../json.ts'

export interface GraphQLRequest {
  readonly query: string
  readonly operationName?: string | null | undefined
  /** Plain values, or what `parseJson` gave. Numbers too long for JavaScript need the latter. */
  readonly variables?: unknown
  /** The variables as JSON text, instead of `variables`. */
  readonly variablesText?: string | undefined
}

/** One request out of a body that `parseJson` read; keys that GraphQL does not know are ignored. */
export function toGraphQLRequest(body: JsonValue): GraphQLRequest {
  if (!isObject(body)) {
    throw new RequestError('parse-failed', 'parsing GraphQL request failed, expected Object')
  }
  const query = body.get('query')
  if (query === undefined) throw new RequestError('parse-failed', 'key "query" not found')
  if (typeof query !== 'string') {
    throw new RequestError('parse-failed', 'the query must be a string', '$.query')
  }
  const operationName = body.get('operationName') ?? null
  if (operationName !== null && typeof operationName !== 'string') {
    throw new RequestError('parse-failed', 'the name must be a string', '$.operationName')
  }
  return { query, operationName, variables: body.get('variables') }
}

export function variablesOf({ variables, variablesText }: GraphQLRequest): JsonObject {
  const given =
    variablesText === undefined ? fromJavaScript(variables ?? null) : readText(variablesText)
  if (given === null) return EMPTY_OBJECT
  if (isObject(given)) return given
  throw new RequestError('parse-failed', 'variables must be an object', '$.variables')
}

function readText(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch {
    throw new RequestError('parse-failed', 'variables are not valid JSON', '$.variables')
  }
}
