import { isJsonNumber } from '../graphql/lossless-json.ts'
import type { ArgumentValue, JsonObject, JsonValue } from '../graphql/operation.ts'
import { camelCase } from './naming.ts'
import type { Tag } from './plan.ts'

/** The primary key of a table whose values can be told apart by how they are written. */
export interface RowKey {
  /** In the order of the key. */
  readonly columns: readonly KeyColumn[]
  /** An update by some role may move a row to another key without saying so. */
  readonly isPreset: boolean
}

export interface KeyColumn {
  /** In the database. */
  readonly name: string
  /** Every name it may have in GraphQL. */
  readonly fieldNames: ReadonlySet<string>
  readonly type: KeyType
}

export type KeyType = 'integer' | 'uuid' | 'text'

/** By `pg_type.typname`. Of all others (numeric, timestamps, citext …) one value has many spellings. */
const KEY_TYPES: ReadonlyMap<string, KeyType> = new Map<string, KeyType>([
  ['int2', 'integer'],
  ['int4', 'integer'],
  ['int8', 'integer'],
  ['uuid', 'uuid'],
  ['text', 'text'],
  ['varchar', 'text'],
])

export interface RowKeySource {
  readonly primaryKey: readonly { readonly name: string; readonly type: string | null }[]
  readonly customNames: ReadonlyMap<string, readonly string[]>
  readonly presets: ReadonlySet<string>
}

export function readRowKey({ primaryKey, customNames, presets }: RowKeySource): RowKey | undefined {
  const columns: KeyColumn[] = []
  for (const { name, type: typeName } of primaryKey) {
    const type = KEY_TYPES.get(typeName ?? '')
    if (type === undefined) return undefined
    const names = [name, ...(customNames.get(name) ?? [])]
    const fieldNames = new Set(names.flatMap((one) => [one, camelCase(one)]))
    columns.push({ name, fieldNames, type })
  }
  if (columns.length === 0) return undefined
  return { columns, isPreset: columns.some(({ name }) => presets.has(name)) }
}

/** The values of a key as an operation gives them, some of which may be variables. */
export type KeyValues = readonly ArgumentValue[]

/** Each column of the key once, and nothing else; `undefined` for what is less or more. */
export function keyValuesIn(
  { columns }: RowKey,
  values: ReadonlyMap<string, ArgumentValue>,
): KeyValues | undefined {
  if (values.size !== columns.length) return undefined
  const found = columns.map(({ fieldNames }) =>
    [...values].filter(([name]) => fieldNames.has(name)).map(([, value]) => value),
  )
  return found.every(({ length }) => length === 1) ? found.flat() : undefined
}

/** Of the values that `columns` of a row have in the database. */
export function rowTagOf(
  { columns }: RowKey,
  relation: RelationName,
  row: JsonObject,
): Tag | undefined {
  return rowTag(
    relation,
    columns.map(({ name, type }) => canonicalJson(row.get(name), type)),
  )
}

export interface RelationName {
  readonly source: string
  /** `schema.name`. */
  readonly relation: string
}

/** Looks up what a variable stands for in one request. */
export type Resolve = (variable: string) => JsonValue | ArgumentValue | undefined

/** The tag of the row with this key; `undefined` when the key may be written in several ways. */
export function rowTagFor(
  { columns }: RowKey,
  relation: RelationName,
  values: KeyValues,
  resolve: Resolve,
): Tag | undefined {
  return rowTag(
    relation,
    columns.map(({ type }, index) => canonicalArgument(values[index], type, resolve)),
  )
}

function rowTag(
  { source, relation }: RelationName,
  texts: readonly (string | undefined)[],
): Tag | undefined {
  const key: string[] = []
  for (const text of texts) {
    if (text === undefined) return undefined
    key.push(text)
  }
  // Unambiguous, whatever the texts hold.
  return `row:${source}:${relation}:${JSON.stringify(key)}`
}

function canonicalArgument(
  value: ArgumentValue | undefined,
  type: KeyType,
  resolve: Resolve,
): string | undefined {
  if (value?.kind === 'scalar') return canonicalText(value.text, type)
  if (value?.kind !== 'variable') return undefined
  const given = resolve(value.name)
  if (typeof given === 'object' && given !== null && 'kind' in given) {
    return given.kind === 'scalar' ? canonicalText(given.text, type) : undefined
  }
  return canonicalJson(given, type)
}

function canonicalJson(value: JsonValue | undefined, type: KeyType): string | undefined {
  if (typeof value === 'string') return canonicalText(value, type)
  const isNumber = typeof value === 'object' && value !== null && isJsonNumber(value)
  return isNumber && type === 'integer' ? canonicalText(value.lexeme, type) : undefined
}

/** Longer ones would make keys of the store of them. */
const KEY_LENGTH_MAX = 200
/** As Postgres writes them; it reads more: spaces, signs, leading zeros, and what later versions add. */
const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

function canonicalText(text: string, type: KeyType): string | undefined {
  switch (type) {
    case 'integer':
      return INTEGER.test(text) ? text : undefined
    case 'uuid': {
      const lower = text.toLowerCase()
      return UUID.test(lower) ? lower : undefined
    }
    default:
      return text.length <= KEY_LENGTH_MAX ? text : undefined
  }
}
