import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { canonicalJson, isJsonList, isJsonObject, parseJson } from '../graphql/lossless-json.ts'
import type { JsonValue } from '../graphql/operation.ts'
import { IGNORED_CLIENT_HEADERS } from '../ignored-client-headers.ts'
import type { AuthHookOptions } from '../options.ts'
import { headerText } from './identity-headers.ts'

/** What the webhook is asked about one request. */
export interface HookQuestion {
  /** name, value, name, value … */
  readonly headers: readonly string[]
  /** The JSON of POST mode. */
  readonly body: string | undefined
}

export interface HookQuestionOptions {
  readonly hook: Pick<AuthHookOptions, 'mode' | 'sendsRequestBody' | 'unkeyedHeaders'>
  readonly jsonDepthMax: number
}

/** They frame the message or are about the connection: sent on they would be about another one. */
const FRAMING: ReadonlySet<string> = new Set([
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Another one for each body; whoever is sent the body knows it. */
const BODY_LENGTH = 'content-length'

/**
 * Hasura's question to its authorization hook (Hasura.Server.Auth.WebHook of v2): in GET mode the client's headers
 * as headers, in POST mode as JSON, together with the GraphQL request. `body` is that of the client's request;
 * none over a WebSocket.
 */
export function hookQuestion(
  headers: IncomingHttpHeaders,
  body: Buffer | undefined,
  options: HookQuestionOptions,
): HookQuestion {
  return options.hook.mode === 'GET' ? getQuestion(headers) : postQuestion(headers, body, options)
}

/**
 * The same for all headers with which a question may have the same answer: of 44 characters. JSON has quotes round
 * every text, so that no two of them read the same.
 */
export function headersKey(
  headers: IncomingHttpHeaders,
  { hook: { mode, unkeyedHeaders } }: HookQuestionOptions,
): string {
  const keyed: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (typeof value !== 'string' || name === BODY_LENGTH || unkeyedHeaders.includes(name)) continue
    if (mode === 'POST' || isSentByGet(name)) keyed.push(name, value)
  }
  return digestOf(JSON.stringify(keyed))
}

/** With the bytes of the body: what the webhook is told of it is made of them alone. */
export function questionKey(ofHeaders: string, body: Buffer): string {
  return createHash('sha256').update(ofHeaders).update(body).digest('base64')
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

function isSentByGet(name: string): boolean {
  return !IGNORED_CLIENT_HEADERS.has(name) && !FRAMING.has(name)
}

function getQuestion(headers: IncomingHttpHeaders): HookQuestion {
  const sent: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string' && isSentByGet(name)) sent.push(name, value)
  }
  return { headers: sent, body: undefined }
}

function postQuestion(
  headers: IncomingHttpHeaders,
  body: Buffer | undefined,
  { hook: { sendsRequestBody }, jsonDepthMax }: HookQuestionOptions,
): HookQuestion {
  const sent = new Map<string, string>()
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') sent.set(name, headerText(value))
  }
  const request = sendsRequestBody ? requestIn(body, jsonDepthMax) : undefined
  const requestText = request === undefined ? '' : `,"request":${canonicalJson(request)}`
  return {
    headers: ['content-type', 'application/json'],
    body: `{"headers":${JSON.stringify(Object.fromEntries(sent))}${requestText}}`,
  }
}

/** The GraphQL request, or the list of them; `undefined` for what Hasura would not read as such. */
function requestIn(body: Buffer | undefined, jsonDepthMax: number): JsonValue | undefined {
  if (body === undefined) return undefined
  const value = readJson(body, jsonDepthMax)
  if (value === undefined || !isJsonList(value)) return oneRequest(value)
  const requests: JsonValue[] = []
  for (const member of value) {
    const request = oneRequest(member)
    if (request === undefined) return undefined
    requests.push(request)
  }
  return requests
}

function readJson(body: Buffer, jsonDepthMax: number): JsonValue | undefined {
  try {
    return parseJson(body, jsonDepthMax).value
  } catch {
    return undefined
  }
}

/** Numbers stay as they were written. */
function oneRequest(value: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(value) || typeof value.get('query') !== 'string') return undefined
  const request = new Map<string, JsonValue>()
  for (const name of ['variables', 'operationName', 'query']) {
    const member = value.get(name) ?? null
    if (member !== null) request.set(name, member)
  }
  return request
}
