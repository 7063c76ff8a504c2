import { GatewayError } from '../errors.ts'
import { isJsonObject, parseJson } from '../graphql/lossless-json.ts'
import type { JsonObject, JsonValue } from '../graphql/operation.ts'

/** What an event of Hasura's says of the database. */
export interface TableEvent {
  /** `schema.name`. */
  readonly relation: string
  /** Before and after, with the columns that the trigger sends: one of each, or both for an update. */
  readonly rows: readonly JsonObject[]
  /** When Hasura wrote it down, in the transaction of the change; `undefined` when it does not say. */
  readonly createdAtMs: number | undefined
}

/** Rows hold JSON columns of any depth; what is nested deeper than this is no row. */
const DEPTH_MAX = 1_000

/**
 * The body that Hasura v2 sends to the webhook of an event trigger. Numbers keep their digits: keys may be
 * larger than 2^53. Throws a GatewayError for anything else.
 */
export function parseTableEvent(body: Buffer): TableEvent {
  const { value } = parseJson(body, DEPTH_MAX)
  const table = member(value, 'table')
  const schema = member(table, 'schema')
  const name = member(table, 'name')
  const data = member(member(value, 'event'), 'data')
  if (typeof schema !== 'string' || typeof name !== 'string' || !isJsonObject(data)) {
    throw new GatewayError('unexpected-payload', 'this is no event of Hasura’s')
  }
  const rows = [member(data, 'old'), member(data, 'new')].filter(isJsonObject)
  return {
    relation: `${schema}.${name}`,
    rows,
    createdAtMs: instantOf(member(value, 'created_at')),
  }
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value.get(name) : undefined
}

/** Older versions of Hasura leave the zone out, and mean UTC. */
function instantOf(text: JsonValue | undefined): number | undefined {
  if (typeof text !== 'string') return undefined
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text)
  const instantMs = Date.parse(hasZone ? text : `${text}Z`)
  return Number.isNaN(instantMs) ? undefined : instantMs
}
