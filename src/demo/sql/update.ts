import { and, type BoolExp } from '../bool-exp.ts'
import type { Column } from '../catalog.ts'
import { validationError } from '../errors.ts'
import { isList, isObject, type JsonObject, type JsonValue } from '../json.ts'
import type { Field } from '../request/field.ts'
import type { UpdatableTable } from '../root-fields.ts'
import { identifier, join, parameter, qualified, type Sql, sql } from './fragment.ts'
import type { Scope } from './scope.ts'
import { columnValue, presetValue, toArray, toText } from './value.ts'
import { where } from './where.ts'
import { parseKey, parseWhere } from './where-argument.ts'
import { CHECK, readBack, responseOutput, rowOutput, type Writer, writeAndRead } from './write.ts'

export async function update(writer: Writer, table: UpdatableTable, field: Field): Promise<string> {
  return updateWhere(writer, table, field, field.args)
}

/** One update after the other, each seeing what those before it did. */
export async function updateMany(
  writer: Writer,
  table: UpdatableTable,
  field: Field,
): Promise<string> {
  const updates = field.args.get('updates')
  const answers: string[] = []
  for (const item of isList(updates) ? updates : []) {
    if (isObject(item)) answers.push(await updateWhere(writer, table, field, item))
  }
  return `[${answers.join(', ')}]`
}

export async function updateByKey(
  writer: Writer,
  table: UpdatableTable,
  field: Field,
): Promise<string> {
  const key = field.args.get('pk_columns')
  const condition = parseKey(isObject(key) ? key : new Map(), table)
  const output = { output: rowOutput(table, field.fields), fields: field.fields }
  const statement = updateStatement(writer.scope, table, { condition, args: field.args, field })
  if (statement === undefined) return readBack(writer, table, [], output.output)
  return writeAndRead(writer, table, statement, output)
}

async function updateWhere(
  writer: Writer,
  table: UpdatableTable,
  field: Field,
  args: JsonObject,
): Promise<string> {
  const condition = parseWhere(args.get('where'), table, writer.scope.role)
  const output = { output: responseOutput(table, field.fields), fields: field.fields }
  const statement = updateStatement(writer.scope, table, { condition, args, field })
  if (statement === undefined) return readBack(writer, table, [], output.output)
  return writeAndRead(writer, table, statement, output)
}

interface Update {
  readonly condition: BoolExp
  /** Holds the operators: `_set`, `_inc`, … */
  readonly args: JsonObject
  readonly field: Field
}

/** Nothing when there is nothing to set: then no row counts as touched. */
function updateStatement(
  scope: Scope,
  table: UpdatableTable,
  { condition, args, field }: Update,
): Sql | undefined {
  const { catalog } = table.tracked
  const alias = scope.alias()
  const changes = assignments(table, alias, args, field)
  for (const [name, preset] of table.update.presets) {
    const column = catalog.columns.get(name)
    if (column !== undefined) changes.set(name, presetValue(column, preset, scope.session))
  }
  if (changes.size === 0) return undefined
  const set = [...changes].map(([name, value]) => sql`${identifier(name)} = ${value}`)
  const rows = where(scope, alias, and(table.update.filter, condition))
  const check = where(scope, alias, table.update.check)
  return sql`UPDATE ${qualified(catalog)} AS ${alias} SET ${join(set)} WHERE ${rows} RETURNING ${alias}.*, ${check} AS ${CHECK}`
}

/** Column → its new value, out of all operators given. */
function assignments(
  table: UpdatableTable,
  alias: Sql,
  args: JsonObject,
  field: Field,
): Map<string, Sql> {
  const changes = new Map<string, Sql>()
  const given = Object.entries(UPDATE_OPERATORS).filter(([name]) => isObject(args.get(name)))
  if (given.length === 0 && table.update.presets.size === 0) {
    const names = Object.keys(UPDATE_OPERATORS).join(', ')
    throw validationError(`at least any one of ${names} operator is expected`, `${field.path}.args`)
  }
  for (const [name, expression] of given) {
    const values = args.get(name)
    for (const [key, value] of isObject(values) ? values : []) {
      const column = table.tracked.catalog.columns.get(key)
      if (column === undefined) continue
      if (changes.has(key)) {
        const message = `Column found in multiple operators: ${JSON.stringify(key)}.`
        throw validationError(message, `${field.path}.args`)
      }
      changes.set(key, expression(column, sql`${alias}.${identifier(key)}`, value))
    }
  }
  return changes
}

type NewValue = (column: Column, old: Sql, value: JsonValue) => Sql

/** The update operators, in the order in which Hasura lists them. */
export const UPDATE_OPERATORS: Readonly<Record<string, NewValue>> = {
  _append: (column, old, value) => sql`${old} || ${columnValue(column, value)}`,
  _delete_at_path: (_column, old, value) =>
    sql`${old} #- ${parameter(toArray(value, 'text'), 'text[]')}`,
  _delete_elem: (_column, old, value) =>
    sql`${old} - ${parameter(toText(value, 'int4'), 'integer')}`,
  _delete_key: (_column, old, value) => sql`${old} - ${parameter(toText(value, 'text'), 'text')}`,
  _inc: (column, old, value) => sql`${old} + ${columnValue(column, value)}`,
  _prepend: (column, old, value) => sql`${columnValue(column, value)} || ${old}`,
  _set: (column, _old, value) => columnValue(column, value),
}
