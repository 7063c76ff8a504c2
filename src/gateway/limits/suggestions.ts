import { isJsonList, isJsonNumber, isJsonObject, parseJson } from '../graphql/lossless-json.ts'
import type { JsonValue } from '../graphql/operation.ts'

/** As GraphQL libraries word what a client may have meant. */
const BEGINNING = 'Did you mean'
const END = '?'
const DEPTH_MAX = 1_000

/**
 * A GraphQL result, or a message of a WebSocket with one, without the suggestions in its errors: they name
 * fields and types to who may not ask for them. The same bytes when there are none; data is never touched.
 */
export function withoutSuggestions(body: Buffer): Buffer {
  if (!body.includes(BEGINNING)) return body
  const value = read(body)
  if (value === undefined || !errorsIn(value).some(isSuggesting)) return body
  return Buffer.from(jsonText(withoutIn(value)))
}

/** Of a result; of a message also as its payload, or in it. */
function errorsIn(value: JsonValue): readonly JsonValue[] {
  if (isJsonList(value)) return value
  if (!isJsonObject(value)) return []
  const errors = value.get('errors') ?? []
  const inPayload = errorsIn(value.get('payload') ?? [])
  return isJsonList(errors) ? [...errors, ...inPayload] : inPayload
}

function isSuggesting(error: JsonValue): boolean {
  const message = isJsonObject(error) ? error.get('message') : undefined
  return typeof message === 'string' && message.includes(BEGINNING)
}

/** `undefined` for what no client of GraphQL could read either. */
function read(body: Buffer): JsonValue | undefined {
  try {
    return parseJson(body, DEPTH_MAX).value
  } catch {
    return undefined
  }
}

function withoutIn(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value
  const members = Array.from(value, ([name, member]): [string, JsonValue] => {
    if (name === 'errors') return [name, withoutInErrors(member)]
    if (name !== 'payload') return [name, member]
    return [name, isJsonList(member) ? withoutInErrors(member) : withoutIn(member)]
  })
  return new Map(members)
}

function withoutInErrors(errors: JsonValue): JsonValue {
  return isJsonList(errors) ? errors.map(withoutInError) : errors
}

function withoutInError(error: JsonValue): JsonValue {
  if (!isJsonObject(error)) return error
  const message = error.get('message')
  if (typeof message !== 'string') return error
  return new Map([...error, ['message', cut(message)]])
}

/** From "Did you mean" to its question mark, or to the end. By hand: messages may repeat what a client wrote. */
function cut(message: string): string {
  let kept = ''
  let at = 0
  for (;;) {
    const beginning = message.indexOf(BEGINNING, at)
    if (beginning < 0) return (kept + message.slice(at)).trim()
    kept += message.slice(at, beginning)
    const end = message.indexOf(END, beginning)
    if (end < 0) return kept.trim()
    at = end + END.length
  }
}

/** Members stay in their order, numbers as they were written. */
function jsonText(value: JsonValue): string {
  if (isJsonObject(value)) {
    const members = Array.from(
      value,
      ([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`,
    )
    return `{${members.join(',')}}`
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  return isJsonNumber(value) ? value.lexeme : `[${value.map(jsonText).join(',')}]`
}
