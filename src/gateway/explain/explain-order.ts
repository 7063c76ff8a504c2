import { GatewayError } from '../errors.ts'
import { canonicalRequest } from '../graphql/canonical-request.ts'
import { canonicalJson, isJsonObject, parseJson } from '../graphql/lossless-json.ts'
import type { JsonObject, JsonValue } from '../graphql/operation.ts'

/** What is to be explained: a request as a client would send it, and who that client is. */
export interface ExplainOrder {
  /** Of POST /v1/graphql: a request, or a batch of them. */
  readonly body: Buffer
  /** With `session`, who asks; without both, the headers tell, as they do for clients. */
  readonly role: string | undefined
  readonly session: ReadonlyMap<string, string> | undefined
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** The client's, for limits that count by it. */
  readonly address: string
}

const REQUEST_MEMBERS = ['query', 'operationName', 'variables', 'extensions', 'documentId'] as const
const MEMBERS: ReadonlySet<string> = new Set([
  ...REQUEST_MEMBERS,
  'batch',
  'role',
  'session',
  'headers',
  'address',
])
const VARIABLE = /^x-hasura-/i
const LOOPBACK = '127.0.0.1'
/** What may stand in a header: anything else cannot have come by one. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/

/**
 * The body of POST /explain: the members of a GraphQL request, or a `batch` of them, beside `role`, `session`,
 * `headers` and `address`. Numbers keep their text. Throws a GatewayError that names the member that is wrong.
 */
export function readExplainOrder(bytes: Buffer, jsonDepthMax: number): ExplainOrder {
  const { value } = parseJson(bytes, jsonDepthMax)
  if (!isJsonObject(value)) throw refused('$', 'expected an object')
  for (const name of value.keys()) {
    if (!MEMBERS.has(name)) throw refused(`$.${name}`, 'no such member')
  }
  return {
    body: value.has('batch') ? batchBody(value) : requestBody(value),
    role: text(value, 'role'),
    session: session(value),
    headers: headers(value),
    address: text(value, 'address') ?? LOOPBACK,
  }
}

/** Of one that brings its document it may not be registered: nothing is changed here. */
function requestBody(order: JsonObject): Buffer {
  const query = text(order, 'query')
  return canonicalRequest({
    query,
    operationName: text(order, 'operationName'),
    variables: object(order, 'variables'),
    extensions: query === undefined ? object(order, 'extensions') : undefined,
    documentId: query === undefined ? text(order, 'documentId') : undefined,
  })
}

/** The members as a client would send them: what is wrong with one is for who reads them to say. */
function batchBody(order: JsonObject): Buffer {
  const beside = REQUEST_MEMBERS.find((name) => order.has(name))
  if (beside !== undefined) throw refused(`$.${beside}`, 'it belongs into a member of the batch')
  const batch = order.get('batch')
  if (!isList(batch)) throw refused('$.batch', 'expected a list of requests')
  return Buffer.from(canonicalJson(batch.map(unregistered)))
}

/** As in `requestBody`. */
function unregistered(member: JsonValue): JsonValue {
  if (!isJsonObject(member) || typeof member.get('query') !== 'string') return member
  return new Map([...member].filter(([name]) => name !== 'extensions' && name !== 'documentId'))
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function text(order: JsonObject, name: string): string | undefined {
  const value = order.get(name)
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw refused(`$.${name}`, 'expected a string')
  return value
}

function object(order: JsonObject, name: string): JsonObject | undefined {
  const value = order.get(name)
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw refused(`$.${name}`, 'expected an object')
  return value
}

function session(order: JsonObject): ExplainOrder['session'] {
  const given = object(order, 'session')
  if (given === undefined) return undefined
  const variables = texts(given, '$.session')
  for (const name of variables.keys()) {
    if (!VARIABLE.test(name)) {
      throw refused(`$.session.${name}`, 'session variables begin with x-hasura-')
    }
  }
  return variables
}

function headers(order: JsonObject): ExplainOrder['headers'] {
  const given = texts(object(order, 'headers') ?? new Map(), '$.headers')
  for (const name of given.keys()) {
    if (!HEADER_NAME.test(name)) throw refused(`$.headers.${name}`, 'no name of a header')
  }
  return given
}

/** By their names in lower case. */
function texts(given: JsonObject, path: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of given) {
    const lower = name.toLowerCase()
    if (found.has(lower)) throw refused(`${path}.${name}`, 'it is given twice')
    found.set(lower, textOf(value, `${path}.${name}`))
  }
  return found
}

function textOf(value: JsonValue, path: string): string {
  if (typeof value !== 'string') throw refused(path, 'expected a string')
  return value
}

function refused(path: string, message: string): GatewayError {
  return new GatewayError('parse-failed', message, { path })
}
