import { RequestError } from '../errors.ts'
import { type JsonValue, parseJson } from '../json.ts'

/** Throws Hasura's error for what is not JSON, or not text. */
export function parseBody(body: Buffer): JsonValue {
  return decode(body, parseJson)
}

/** The same for plain values: what Hasura's admin endpoints are sent has no long numbers. */
export function parsePlainBody(body: Buffer): unknown {
  return decode(body, (text): unknown => JSON.parse(text))
}

function decode<T>(body: Buffer, parse: (text: string) => T): T {
  try {
    return parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'not UTF-8'
    throw new RequestError('invalid-json', `Error parsing JSON: ${why}`, '$', { cause: error })
  }
}
