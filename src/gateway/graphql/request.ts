import { GatewayError } from '../errors.ts'
import { limitExceeded } from '../limits/limit-errors.ts'
import type { RequestLimits } from '../options.ts'
import { isJsonNumber, isJsonObject, parseJson } from './lossless-json.ts'
import type { DocumentName, DocumentReference, JsonObject, JsonValue } from './operation.ts'

/** What a client asks for, types checked, the document unread. */
export type GraphqlRequest = CompleteRequest | DocumentReference

export interface CompleteRequest {
  readonly kind: 'complete'
  readonly query: string
  readonly operationName: string | undefined
  readonly variables: JsonObject | undefined
}

export type RequestBody =
  | { readonly kind: 'single'; readonly request: GraphqlRequest }
  | { readonly kind: 'batch'; readonly members: readonly RequestMember[] }

export interface RequestMember {
  readonly request: GraphqlRequest
  /** Its JSON, as the client wrote it. */
  readonly text: string
}

/**
 * The body of POST /v1/graphql: `{query, operationName?, variables?}` or a list of such. Types are checked as
 * Hasura checks them (GraphQL/Transport/HTTP/Protocol.hs): other keys are ignored, one member of a wrong
 * shape refuses a whole batch.
 */
export function readRequestBody(body: Buffer, limits: RequestLimits): RequestBody {
  const { value, text, itemSpans } = parseJson(body, limits.jsonDepthMax)
  if (!isList(value)) return { kind: 'single', request: readRequest(value, '$') }
  if (value.length > limits.batchMax) {
    throw limitExceeded('batch-limit-exceeded', limits.batchMax)
  }
  const members = itemSpans.map(({ start, end }, index) => ({
    request: readRequest(value[index], `$[${index}]`),
    text: text.slice(start, end),
  }))
  return { kind: 'batch', members }
}

function readRequest(value: JsonValue | undefined, path: string): GraphqlRequest {
  if (!isJsonObject(value)) throw wrongType(value, 'Object', path)
  const name = readDocumentName(value)
  const query = readQuery(value, path)
  if (name === undefined && query === undefined) {
    throw new GatewayError('parse-failed', 'key "query" not found', { path })
  }
  const operationName = readOperationName(value.get('operationName'), `${path}.operationName`)
  const variables = readVariables(value.get('variables'), `${path}.variables`)
  if (name !== undefined) return { kind: 'reference', name, query, operationName, variables }
  return { kind: 'complete', query: query ?? '', operationName, variables }
}

function readQuery(request: JsonObject, path: string): string | undefined {
  const query = request.get('query')
  if (query === undefined || typeof query === 'string') return query
  // Some clients of persisted queries write it so.
  if (query === null && readDocumentName(request) !== undefined) return undefined
  throw wrongType(query, 'String', `${path}.query`)
}

const SHA256 = /^[\da-f]{64}$/i

/** A documentId of another type is like any other key: ignored. */
function readDocumentName(request: JsonObject): DocumentName | undefined {
  const id = request.get('documentId')
  if (typeof id === 'string') return { kind: 'id', id }
  const extensions = request.get('extensions')
  const persisted = isJsonObject(extensions) ? extensions.get('persistedQuery') : undefined
  if (persisted === undefined || persisted === null) return undefined
  const version = isJsonObject(persisted) ? persisted.get('version') : undefined
  const hash = isJsonObject(persisted) ? persisted.get('sha256Hash') : undefined
  if (version === undefined || !isOne(version)) {
    throw new GatewayError('persisted-query-invalid', 'Unsupported persisted query version')
  }
  // Not in hexadecimal it may still be an id of a manifest.
  if (typeof hash !== 'string' || hash === '') {
    throw new GatewayError('persisted-query-invalid', 'a persisted query has a sha256Hash')
  }
  return { kind: 'hash', sha256Hash: SHA256.test(hash) ? hash.toLowerCase() : hash }
}

function isOne(value: JsonValue): boolean {
  return isJsonNumber(value) && value.lexeme === '1'
}

const GRAPHQL_NAME = /^[_A-Za-z][_0-9A-Za-z]*$/

function readOperationName(value: JsonValue | undefined, path: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrongType(value, 'String', path)
  if (GRAPHQL_NAME.test(value)) return value
  const message = `${JSON.stringify(value)} is not a valid GraphQL name`
  throw new GatewayError('parse-failed', message, { path })
}

function readVariables(value: JsonValue | undefined, path: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined
  if (isJsonObject(value)) return value
  throw wrongType(value, 'Object', path)
}

function wrongType(value: JsonValue | undefined, expected: string, path: string): GatewayError {
  const message = `expected ${expected}, but encountered ${typeName(value)}`
  return new GatewayError('parse-failed', message, { path })
}

function typeName(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return 'Null'
  if (typeof value === 'string') return 'String'
  if (typeof value === 'boolean') return 'Boolean'
  if (isList(value)) return 'Array'
  return isJsonNumber(value) ? 'Number' : 'Object'
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
