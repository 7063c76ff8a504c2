import type { Column } from './catalog.ts'
import { fromJavaScript, isList, isObject, type JsonValue, textOf } from './json.ts'
import type { BoolExpMetadata } from './metadata.ts'
import type { Model, Relationship, TrackedTable } from './model.ts'
import { OPERATORS, type Operator } from './operators.ts'

/**
 * A condition on a row, from a permission or from a `where` argument alike. Those of permissions are
 * built once per role, so a session variable stays a name until the SQL is made.
 */
export type BoolExp =
  | { readonly kind: 'and' | 'or'; readonly of: readonly BoolExp[] }
  | { readonly kind: 'not'; readonly of: BoolExp }
  | Comparison
  | { readonly kind: 'is-null'; readonly column: Column; readonly isNull: boolean }
  /** Some related row meets the condition. */
  | { readonly kind: 'related'; readonly relationship: Relationship; readonly where: BoolExp }
  | { readonly kind: 'exists'; readonly table: TrackedTable; readonly where: BoolExp }
  | RelatedCount

export interface Comparison {
  readonly kind: 'compare'
  readonly column: Column
  readonly operator: Operator
  readonly operand: Operand
}

/** So many related rows: `orders_aggregate: {count: {predicate: {_gt: 3}}}`. */
export interface RelatedCount {
  readonly kind: 'count'
  readonly relationship: Relationship
  readonly columns: readonly string[]
  readonly distinct: boolean
  readonly where: BoolExp
  readonly predicate: readonly { readonly operator: Operator; readonly operand: Operand }[]
}

export type Operand =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'session'; readonly name: string }
  | { readonly kind: 'column'; readonly name: string }

export const TRUE: BoolExp = { kind: 'and', of: [] }

export function and(...conditions: readonly BoolExp[]): BoolExp {
  const needed = conditions.filter((condition) => !isTrue(condition))
  const [only] = needed
  return needed.length === 1 && only !== undefined ? only : { kind: 'and', of: needed }
}

/** Plainly true: `{}`. What only turns out to be true (`{_or: [{}]}`) does not count. */
export function isTrue(condition: BoolExp): boolean {
  return condition.kind === 'and' && condition.of.every(isTrue)
}

/**
 * Parses the filter or check of a permission. It sees every column and relationship, whatever the
 * role may read. Throws for names that do not exist.
 */
export function parsePermission(
  filter: BoolExpMetadata,
  table: TrackedTable,
  model: Model,
): BoolExp {
  return parse(fromJavaScript(filter), table, model)
}

function parse(json: JsonValue, table: TrackedTable, model: Model): BoolExp {
  if (!isObject(json)) throw new Error(`permission on ${table.key} is not an object`)
  return and(...[...json].map(([key, value]) => parseMember(key, value, table, model)))
}

function parseMember(key: string, value: JsonValue, table: TrackedTable, model: Model): BoolExp {
  const list = () => (isList(value) ? value.map((item) => parse(item, table, model)) : [])
  switch (key) {
    case '_and':
    case '$and':
      return and(...list())
    case '_or':
    case '$or':
      return { kind: 'or', of: list() }
    case '_not':
    case '$not':
      return { kind: 'not', of: parse(value, table, model) }
    case '_exists':
      return parseExists(value, model)
  }
  const relationship = table.relationships.get(key)
  if (relationship !== undefined) {
    const where = parse(value, tracked(model, relationship.target), model)
    return { kind: 'related', relationship, where }
  }
  const column = table.catalog.columns.get(key)
  if (column === undefined) throw new Error(`permission on ${table.key} names ${key}`)
  // `{user_id: X-Hasura-User-Id}` is short for `_eq`.
  const operators: readonly (readonly [string, JsonValue])[] = isObject(value)
    ? [...value]
    : [['_eq', value]]
  return and(...operators.map(([name, operand]) => parseComparison(column, name, operand)))
}

function parseExists(value: JsonValue, model: Model): BoolExp {
  const parts = isObject(value) ? value : new Map<string, JsonValue>()
  const name = parts.get('_table') ?? null
  const key = isObject(name)
    ? `${textOf(name.get('schema') ?? 'public')}.${textOf(name.get('name'))}`
    : `public.${textOf(name)}`
  const table = tracked(model, key)
  return { kind: 'exists', table, where: parse(parts.get('_where') ?? new Map(), table, model) }
}

function parseComparison(column: Column, name: string, operand: JsonValue): BoolExp {
  const key = name.replace(/^\$/, '_')
  if (key === '_is_null') return { kind: 'is-null', column, isNull: operand !== false }
  const compared = COLUMN_OPERATORS[key]
  const operator = OPERATORS[PERMISSION_ALIASES[key] ?? compared ?? key]
  if (operator === undefined) throw new Error(`unknown operator ${name}`)
  return {
    kind: 'compare',
    column,
    operator,
    operand:
      compared === undefined ? toOperand(operand) : { kind: 'column', name: textOf(operand) },
  }
}

export function toOperand(value: JsonValue): Operand {
  const name = typeof value === 'string' ? sessionVariable(value) : undefined
  return name === undefined ? { kind: 'value', value } : { kind: 'session', name }
}

/** The lower-case name, when a permission's value is a session variable. */
function sessionVariable(value: string): string | undefined {
  const name = value.toLowerCase()
  if (name === 'req_user_id') return 'x-hasura-user-id'
  return name.startsWith('x-hasura-') ? name : undefined
}

function tracked(model: Model, key: string): TrackedTable {
  const table = model.tables.get(key)
  if (table === undefined) throw new Error(`permission needs ${key}, which is not tracked`)
  return table
}

/** In a permission a row without a value differs from every value; in `where` it is unknown. */
const PERMISSION_ALIASES: Readonly<Record<string, string>> = {
  _neq: '_is_distinct',
  _ne: '_is_distinct',
}

const COLUMN_OPERATORS: Readonly<Record<string, string>> = {
  _ceq: '_eq',
  _cne: '_is_distinct',
  _cneq: '_is_distinct',
  _cgt: '_gt',
  _cgte: '_gte',
  _clt: '_lt',
  _clte: '_lte',
}
