export type JsonObject = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a JSON value is, in the words of Hasura's messages. */
export function jsonTypeName(value: unknown): string {
  if (value === null) return 'Null'
  if (Array.isArray(value)) return 'Array'
  const name = typeof value
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}
