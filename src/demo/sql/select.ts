import { invariant } from '../../shared/assert.ts'
import { and, type BoolExp } from '../bool-exp.ts'
import { RequestError, validationError } from '../errors.ts'
import { isList, isObject, type JsonObject, type JsonValue, NumberLexeme, textOf } from '../json.ts'
import type { TrackedFunction } from '../model.ts'
import { isJsonType } from '../operators.ts'
import { type ReadableTable, readableTarget } from '../permissions.ts'
import type { Field } from '../request/field.ts'
import { aggregateJson } from './aggregate.ts'
import {
  identifier,
  join,
  literal,
  NOTHING,
  parameter,
  qualified,
  raw,
  type Sql,
  sql,
} from './fragment.ts'
import { jsonPath } from './json-path.ts'
import { orderTerms } from './order-by.ts'
import type { Scope } from './scope.ts'
import { columnValue } from './value.ts'
import { type Related, related, where } from './where.ts'
import { parseWhere } from './where-argument.ts'

/** Rows to choose from: a FROM item under its alias, and what ties it to the query around it. */
export type Origin = Related

export function tableOrigin(scope: Scope, table: ReadableTable): Origin {
  const alias = scope.alias()
  return { alias, from: sql`${qualified(table.tracked.catalog)} AS ${alias}`, on: raw('true') }
}

export function functionOrigin(scope: Scope, called: TrackedFunction, field: Field): Origin {
  const given = field.args.get('args')
  const values: JsonObject = isObject(given) ? given : new Map()
  const passed = called.catalog.arguments.flatMap((argument) => {
    const value = values.get(argument.name)
    if (value !== undefined) {
      return [sql`${identifier(argument.name)} => ${columnValue(argument, value)}`]
    }
    if (argument.hasDefault) return []
    const path = `${field.path}.args.args`
    throw new RequestError('not-supported', 'Non default arguments cannot be omitted', path)
  })
  const alias = scope.alias()
  return {
    alias,
    from: sql`${qualified(called.catalog)}(${join(passed)}) AS ${alias}`,
    on: raw('true'),
  }
}

/** A JSON list of the rows that the field's arguments and the role's permission leave. */
export function listJson(scope: Scope, table: ReadableTable, origin: Origin, field: Field): Sql {
  const rows = rowsOf(scope, table, origin, field, table.select.limit)
  const alias = scope.alias()
  const row = rowJson(scope, table, alias, field.fields)
  return sql`(SELECT coalesce(json_agg(${row}), '[]') FROM (${rows}) AS ${alias})`
}

/** One row that meets the condition as a JSON object, or NULL. */
export function oneJson(
  scope: Scope,
  table: ReadableTable,
  origin: Origin,
  { condition, fields }: { condition: BoolExp; fields: readonly Field[] },
): Sql {
  const visible = where(scope, origin.alias, and(table.select.filter, condition))
  const row = rowJson(scope, table, origin.alias, fields)
  return sql`(SELECT ${row} FROM ${origin.from} WHERE ${origin.on} AND ${visible} LIMIT 1)`
}

/** `{aggregate, nodes}`. The limit of a permission cuts the nodes, not what is counted. */
export function aggregatedJson(
  scope: Scope,
  table: ReadableTable,
  origin: () => Origin,
  field: Field,
): Sql {
  const rows = rowsOf(scope, table, origin(), field, undefined)
  const alias = scope.alias()
  const members = field.fields.map((member) => {
    if (member.name === '__typename') return [member, literal(member.parent)] as const
    if (member.name === 'aggregate') return [member, aggregateJson(alias, member.fields)] as const
    const nodes =
      table.select.limit === undefined
        ? sql`coalesce(json_agg(${rowJson(scope, table, alias, member.fields)}), '[]')`
        : listJson(scope, table, origin(), { ...field, fields: member.fields })
    return [member, nodes] as const
  })
  const pairs = members.map(([member, value]) => sql`${literal(member.key)}, ${value}`)
  // HAVING makes it one row, also where no aggregate was asked for or all are skipped.
  return sql`(SELECT json_build_object(${join(pairs)}) FROM (${rows}) AS ${alias} HAVING true)`
}

/** Postgres cuts longer names short, so such response keys need another form. */
const NAME_LENGTH_MAX = 63

/** The row called `alias` as a JSON object with the fields in the order asked for. */
export function rowJson(
  scope: Scope,
  table: ReadableTable,
  alias: Sql,
  fields: readonly Field[],
): Sql {
  if (fields.some(({ key }) => key.length > NAME_LENGTH_MAX)) {
    const pairs = fields.map(
      (field) => sql`${literal(field.key)}, ${fieldValue(scope, table, alias, field)}`,
    )
    return sql`json_build_object(${join(pairs)})`
  }
  const columns = fields.map(
    (field) => sql`${fieldValue(scope, table, alias, field)} AS ${identifier(field.key)}`,
  )
  // Unlike json_build_object this writes no blanks, and takes more than 50 fields.
  return sql`row_to_json((SELECT "_row" FROM (SELECT ${join(columns)}) AS "_row"))`
}

function fieldValue(scope: Scope, table: ReadableTable, alias: Sql, field: Field): Sql {
  if (field.name === '__typename') return sql`${literal(field.parent)}::text`
  const column = table.tracked.catalog.columns.get(field.name)
  if (column !== undefined) {
    const value = sql`${alias}.${identifier(column.name)}`
    const path = field.args.get('path')
    if (!isJsonType(column.type) || typeof path !== 'string') return value
    return sql`${value} #> ${parameter(jsonPath(path, `${field.path}.args.path`), 'text[]')}`
  }
  const { relationships } = table.tracked
  const direct = relationships.get(field.name)
  const relationship = direct ?? relationships.get(field.name.replace(/_aggregate$/, ''))
  const target = relationship && readableTarget(scope.role, relationship)
  invariant(relationship !== undefined && target !== undefined, `field ${field.name}`)
  const origin = () => related(scope, alias, relationship)
  if (direct === undefined) return aggregatedJson(scope, target, origin, field)
  if (direct.kind === 'array') return listJson(scope, target, origin(), field)
  return oneJson(scope, target, origin(), { condition: and(), fields: field.fields })
}

/** `SELECT` of whole rows, with the arguments that all lists have. */
function rowsOf(
  scope: Scope,
  table: ReadableTable,
  { alias, from, on }: Origin,
  { args, path }: Field,
  limitOfRole: number | undefined,
): Sql {
  const condition = and(table.select.filter, parseWhere(args.get('where'), table, scope.role))
  const terms = orderTerms(scope, table, alias, args.get('order_by'))
  const distinct = distinctColumns(args.get('distinct_on'))
  const leading = terms.slice(0, distinct.length).map(({ column }) => column)
  if (terms.length > 0 && !distinct.every((column) => leading.includes(column))) {
    const message = '"distinct_on" columns must match initial "order_by" columns'
    throw validationError(message, `${path}.args`)
  }
  const keys = distinct.map((column) => sql`${alias}.${identifier(column)}`)
  const order = terms.map(({ expression, direction }) => sql`${expression} ${direction}`)
  const limits = [toCount(args.get('limit')), limitOfRole].filter((limit) => limit !== undefined)
  return join(
    [
      sql`SELECT ${keys.length > 0 ? sql`DISTINCT ON (${join(keys)}) ` : NOTHING}${alias}.*`,
      sql`FROM ${from} WHERE ${on} AND ${where(scope, alias, condition)}`,
      ...clause('ORDER BY', order.length > 0 ? order : keys),
      ...(limits.length > 0 ? [sql`LIMIT ${count(Math.min(...limits))}`] : []),
      ...offset(args.get('offset')),
    ],
    ' ',
  )
}

function clause(keyword: string, parts: readonly Sql[]): readonly Sql[] {
  return parts.length > 0 ? [sql`${raw(keyword)} ${join(parts)}`] : []
}

function offset(value: JsonValue | undefined): readonly Sql[] {
  const rows = toCount(value)
  return rows === undefined ? [] : [sql`OFFSET ${count(rows)}`]
}

function count(value: number): Sql {
  return parameter(String(value), 'bigint')
}

function toCount(value: JsonValue | undefined): number | undefined {
  return value instanceof NumberLexeme ? Number(value.text) : undefined
}

function distinctColumns(value: JsonValue | undefined): readonly string[] {
  return isList(value) ? [...new Set(value.map(textOf))] : []
}
