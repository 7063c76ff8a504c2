import { invariant } from '../../shared/assert.ts'
import { isList, isObject, type JsonObject, type JsonValue, textOf } from '../json.ts'
import type { Relationship } from '../model.ts'
import { type ReadableTable, type RoleTable, readableTarget } from '../permissions.ts'
import { identifier, raw, type Sql, sql } from './fragment.ts'
import type { Scope } from './scope.ts'
import { countOf, related, where } from './where.ts'

export interface OrderTerm {
  readonly expression: Sql
  readonly direction: Sql
  /** The table's own column, when it is one. */
  readonly column: string | undefined
}

/** The terms of an `order_by` argument, on the row called `alias`. */
export function orderTerms(
  scope: Scope,
  table: RoleTable,
  alias: Sql,
  argument: JsonValue | undefined,
): readonly OrderTerm[] {
  const items = isList(argument) ? argument : []
  return items.flatMap((item) => (isObject(item) ? rowTerms(scope, table, alias, item) : []))
}

const DIRECTIONS: Readonly<Record<string, string>> = {
  asc: 'ASC NULLS LAST',
  asc_nulls_first: 'ASC NULLS FIRST',
  asc_nulls_last: 'ASC NULLS LAST',
  desc: 'DESC NULLS FIRST',
  desc_nulls_first: 'DESC NULLS FIRST',
  desc_nulls_last: 'DESC NULLS LAST',
}

function rowTerms(
  scope: Scope,
  table: RoleTable,
  alias: Sql,
  order: JsonObject,
): readonly OrderTerm[] {
  return byName(order).flatMap(([key, value]) => {
    if (value === null) return []
    if (table.tracked.catalog.columns.has(key)) {
      return [term(sql`${alias}.${identifier(key)}`, value, key)]
    }
    if (!isObject(value)) return []
    const relationship = table.tracked.relationships.get(key.replace(/_aggregate$/, ''))
    invariant(relationship !== undefined, `order by ${key} of ${table.tracked.name}`)
    return relationship.kind === 'object'
      ? relatedRowTerms(scope, alias, relationship, value)
      : aggregateTerms(scope, alias, relationship, value)
  })
}

/** Hasura v2 does not keep the order of an input object's fields: of several, it sorts by the first name first. */
function byName(order: JsonObject): readonly (readonly [string, JsonValue])[] {
  return [...order].toSorted(([one], [other]) => (one < other ? -1 : 1))
}

function term(expression: Sql, direction: JsonValue, column?: string): OrderTerm {
  return { expression, direction: raw(DIRECTIONS[textOf(direction)] ?? 'ASC NULLS LAST'), column }
}

/** Each term of the related row becomes a scalar subquery. */
function relatedRowTerms(
  scope: Scope,
  alias: Sql,
  relationship: Relationship,
  order: JsonObject,
): readonly OrderTerm[] {
  return byName(order).flatMap(([key, value]) => {
    if (value === null) return []
    const { target, row, on } = readable(scope, alias, relationship)
    const inner = (expression: Sql) =>
      sql`(SELECT ${expression} FROM ${row.from} WHERE ${on} LIMIT 1)`
    if (target.tracked.catalog.columns.has(key)) {
      return [term(inner(sql`${row.alias}.${identifier(key)}`), value)]
    }
    return rowTerms(scope, target, row.alias, new Map([[key, value]])).map(
      ({ expression, direction }) => ({
        expression: inner(expression),
        direction,
        column: undefined,
      }),
    )
  })
}

function aggregateTerms(
  scope: Scope,
  alias: Sql,
  relationship: Relationship,
  order: JsonObject,
): readonly OrderTerm[] {
  const { row, on } = readable(scope, alias, relationship)
  const over = (expression: Sql) => sql`(SELECT ${expression} FROM ${row.from} WHERE ${on})`
  return byName(order).flatMap(([name, value]) => {
    if (value === null) return []
    if (name === 'count') return [term(over(countOf(row.alias, [], false)), value)]
    return (isObject(value) ? byName(value) : []).map(([column, direction]) =>
      term(over(sql`${raw(name)}(${row.alias}.${identifier(column)})`), direction),
    )
  })
}

function readable(
  scope: Scope,
  alias: Sql,
  relationship: Relationship,
): { target: ReadableTable; row: ReturnType<typeof related>; on: Sql } {
  const target = readableTarget(scope.role, relationship)
  invariant(target !== undefined, `${relationship.target} is not readable`)
  const row = related(scope, alias, relationship)
  return { target, row, on: sql`${row.on} AND ${where(scope, row.alias, target.select.filter)}` }
}
