import { canonicalJson } from './lossless-json.ts'
import type { JsonObject, JsonValue } from './operation.ts'

/** A request in the parts that Hasura reads, and the one that names a document. */
export interface CanonicalRequestFields {
  readonly query?: string | undefined
  readonly operationName?: string | undefined
  readonly variables?: JsonObject | undefined
  readonly extensions?: JsonObject | undefined
  readonly documentId?: string | undefined
}

/**
 * The body of POST /v1/graphql for a request that came in another form: what is absent is left out, keys are
 * sorted, numbers stay as they were written. Equal requests give equal bytes.
 */
export function canonicalRequest(fields: CanonicalRequestFields): Buffer {
  const members = new Map<string, JsonValue>()
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) members.set(name, value)
  }
  return Buffer.from(canonicalJson(members))
}
