import { fromDatabaseError, RequestError } from '../errors.ts'
import { isList, isObject, type JsonObject, parseJson, printJson, textOf } from '../json.ts'
import { isReadable, type RoleTable } from '../permissions.ts'
import type { Queryable } from '../queryable.ts'
import type { Field } from '../request/field.ts'
import {
  identifier,
  join,
  literal,
  parameter,
  qualified,
  raw,
  render,
  type Sql,
  sql,
} from './fragment.ts'
import type { Scope } from './scope.ts'
import { rowJson } from './select.ts'

/** The column that a writing statement returns beside the row: does it pass the permission's check? */
export const CHECK = identifier('__check')

/** What one root field of a mutation works with. */
export interface Writer {
  readonly transaction: Queryable
  readonly scope: Scope
  /** Where errors of the data are said to be. */
  readonly path: string
}

/** How the answer is made of the rows written, which `rows` names as a FROM item. */
export type Output = (scope: Scope, rows: Sql) => Sql

/**
 * Runs a statement that ends in `RETURNING row.*, … AS "__check"` and answers with the output's
 * JSON text. One statement, unless the output looks at related rows: those must be read after the
 * write, and a statement sees nothing of its own.
 */
export async function writeAndRead(
  writer: Writer,
  table: RoleTable,
  statement: Sql,
  { output, fields }: { output: Output; fields: readonly Field[] },
): Promise<string> {
  if (reachesRelated(fields)) return readBack(writer, table, await write(writer, statement), output)
  const rows = identifier('written')
  const result = output(writer.scope, rows)
  return run(
    writer,
    sql`WITH ${rows} AS (${statement}) SELECT (${result})::text AS "result", ${passes(rows)}`,
  )
}

/** Runs such a statement and gives back the rows as written, defaults included. */
export async function write(writer: Writer, statement: Sql): Promise<readonly JsonObject[]> {
  const rows = identifier('written')
  const result = sql`(SELECT coalesce(json_agg(${rows}), '[]') FROM ${rows})`
  const text = await run(
    writer,
    sql`WITH ${rows} AS (${statement}) SELECT ${result}::text AS "result", ${passes(rows)}`,
  )
  const list = parseJson(text)
  return isList(list) ? list.filter(isObject) : []
}

/** The output over rows written by earlier statements of the transaction. */
export async function readBack(
  { transaction, scope, path }: Writer,
  table: RoleTable,
  rows: readonly JsonObject[],
  output: Output,
): Promise<string> {
  const type = qualified(table.tracked.catalog)
  const source = sql`json_populate_recordset(NULL::${type}, ${parameter(printJson(rows), 'json')})`
  return run({ transaction, scope, path }, sql`SELECT (${output(scope, source)})::text AS "result"`)
}

/** `{affected_rows, returning}` of a mutation; `affected` when it is more than the rows. */
export function responseOutput(
  table: RoleTable,
  fields: readonly Field[],
  affected?: number,
): Output {
  return (scope, rows) => {
    const pairs = fields.map((field) => {
      if (field.name === '__typename') return sql`${literal(field.key)}, ${literal(field.parent)}`
      const value =
        field.name === 'returning'
          ? returning(scope, table, rows, field)
          : affected === undefined
            ? sql`(SELECT count(*) FROM ${rows})`
            : raw(String(affected))
      return sql`${literal(field.key)}, ${value}`
    })
    return sql`json_build_object(${join(pairs)})`
  }
}

/** The one row itself, or null. */
export function rowOutput(table: RoleTable, fields: readonly Field[]): Output {
  return (scope, rows) => {
    const alias = scope.alias()
    return sql`SELECT ${rowOf(scope, table, alias, fields)} FROM ${rows} AS ${alias} LIMIT 1`
  }
}

function returning(scope: Scope, table: RoleTable, rows: Sql, field: Field): Sql {
  const alias = scope.alias()
  const row = rowOf(scope, table, alias, field.fields)
  return sql`(SELECT coalesce(json_agg(${row}), '[]') FROM ${rows} AS ${alias})`
}

function rowOf(scope: Scope, table: RoleTable, alias: Sql, fields: readonly Field[]): Sql {
  return isReadable(table) ? rowJson(scope, table, alias, fields) : raw('NULL')
}

function passes(rows: Sql): Sql {
  return sql`(SELECT coalesce(bool_and(${CHECK}), true) FROM ${rows}) AS "passes"`
}

/** Below the columns of the rows themselves there is a relationship. */
function reachesRelated(fields: readonly Field[]): boolean {
  return fields.some((field) => {
    const columns = field.name === 'returning' ? field.fields : [field]
    return columns.some((column) => column.fields.length > 0)
  })
}

async function run({ transaction, path }: Writer, statement: Sql): Promise<string> {
  const { text, parameters } = render(statement)
  try {
    const [row] = (await transaction.query(text, parameters)).rows
    if (row?.['passes'] === false) {
      const message = 'check constraint of an insert/update permission has failed'
      throw new RequestError('permission-error', message, path)
    }
    return textOf(row?.['result'] ?? 'null')
  } catch (error) {
    throw fromDatabaseError(error, path)
  }
}
