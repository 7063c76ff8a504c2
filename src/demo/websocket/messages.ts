import { isObject, type JsonObject, type JsonValue, parseJson } from '../json.ts'

/** What a client may send under graphql-transport-ws. */
export type ClientMessage =
  | { readonly type: 'connection_init'; readonly headers: ReadonlyMap<string, string> }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: JsonValue }
  | { readonly type: 'complete'; readonly id: string }
  | { readonly type: 'ping' | 'pong' }

/** Throws SyntaxError for what is no message. */
export function parseClientMessage(text: string): ClientMessage {
  const message = parseJson(text)
  if (!isObject(message)) throw new SyntaxError('expected an object')
  const type = message.get('type')
  switch (type) {
    case 'connection_init':
      return { type, headers: readHeaders(message.get('payload') ?? null) }
    case 'subscribe':
      return { type, id: readId(message), payload: message.get('payload') ?? null }
    case 'complete':
      return { type, id: readId(message) }
    case 'ping':
    case 'pong':
      return { type }
    default:
      throw new SyntaxError('unexpected type for ClientMessage')
  }
}

const ID_LENGTH_MAX = 256

function readId(message: JsonObject): string {
  const id = message.get('id')
  if (typeof id === 'string' && id.length <= ID_LENGTH_MAX) return id
  throw new SyntaxError('key "id" must be a string')
}

function readHeaders(payload: JsonValue): ReadonlyMap<string, string> {
  const headers = isObject(payload) ? (payload.get('headers') ?? null) : null
  if (headers === null) return new Map()
  if (!isObject(headers)) throw new SyntaxError('the headers must be an object')
  return new Map(
    [...headers].map(([name, value]): [string, string] => {
      if (typeof value === 'string') return [name.toLowerCase(), value]
      throw new SyntaxError('the headers must be strings')
    }),
  )
}
