import type { Operand } from '../bool-exp.ts'
import type { Column } from '../catalog.ts'
import { isList, type JsonValue, NumberLexeme, printJson } from '../json.ts'
import { isJsonType, type Operator } from '../operators.ts'
import { type Session, sessionVariable } from '../session.ts'
import { identifier, parameter, type Sql, sql } from './fragment.ts'

/** A value of the request as SQL of the column's type. */
export function columnValue(column: Column, value: JsonValue): Sql {
  return parameter(toText(value, column.type), column.sqlType)
}

/** The right side of a comparison; `alias` is the row that a column operand belongs to. */
export function operandValue(
  column: Column,
  operator: Operator,
  operand: Operand,
  row: { readonly alias: Sql; readonly session: Session },
): Sql {
  if (operand.kind === 'column') return sql`${row.alias}.${identifier(operand.name)}`
  const type = operator.operand === 'text' || operator.operand === 'texts' ? 'text' : column.type
  const sqlType = type === column.type ? column.sqlType : type
  const many = operator.operand === 'values' || operator.operand === 'texts'
  // A session variable that holds many values is written as Postgres writes an array: {1,2}.
  const text =
    operand.kind === 'session'
      ? sessionVariable(row.session, operand.name)
      : many
        ? toArray(operand.value, type)
        : toText(operand.value, type)
  return many ? sql`(${parameter(text, `${sqlType}[]`)})` : parameter(text, sqlType)
}

export function presetValue(column: Column, preset: Operand, session: Session): Sql {
  if (preset.kind === 'session') {
    return parameter(sessionVariable(session, preset.name), column.sqlType)
  }
  return preset.kind === 'value' ? columnValue(column, preset.value) : identifier(preset.name)
}

/** The input syntax of Postgres. For a JSON column a string is a JSON string. */
export function toText(value: JsonValue, type: string): string | null {
  if (value === null) return null
  if (isJsonType(type)) return printJson(value)
  if (typeof value === 'string') return value
  if (value instanceof NumberLexeme) return value.text
  return printJson(value)
}

export function toArray(value: JsonValue, type: string): string {
  const items = isList(value) ? value : [value]
  const texts = items.map((item) => toText(item, type)).map(quoteElement)
  return `{${texts.join(',')}}`
}

function quoteElement(text: string | null): string {
  return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
