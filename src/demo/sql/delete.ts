import { and, type BoolExp } from '../bool-exp.ts'
import type { Field } from '../request/field.ts'
import type { DeletableTable } from '../root-fields.ts'
import { qualified, type Sql, sql } from './fragment.ts'
import type { Scope } from './scope.ts'
import { where } from './where.ts'
import { parseKey, parseWhere } from './where-argument.ts'
import { CHECK, responseOutput, rowOutput, type Writer, writeAndRead } from './write.ts'

export async function deleteWhere(
  writer: Writer,
  table: DeletableTable,
  { args, fields }: Field,
): Promise<string> {
  const condition = parseWhere(args.get('where'), table, writer.scope.role)
  const output = responseOutput(table, fields)
  return writeAndRead(writer, table, deleteStatement(writer.scope, table, condition), {
    output,
    fields,
  })
}

export async function deleteByKey(
  writer: Writer,
  table: DeletableTable,
  { args, fields }: Field,
): Promise<string> {
  const output = rowOutput(table, fields)
  const statement = deleteStatement(writer.scope, table, parseKey(args, table))
  return writeAndRead(writer, table, statement, { output, fields })
}

function deleteStatement(scope: Scope, table: DeletableTable, condition: BoolExp): Sql {
  const alias = scope.alias()
  const rows = where(scope, alias, and(table.delete.filter, condition))
  return sql`DELETE FROM ${qualified(table.tracked.catalog)} AS ${alias} WHERE ${rows} RETURNING ${alias}.*, true AS ${CHECK}`
}
