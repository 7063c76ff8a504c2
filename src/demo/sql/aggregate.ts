import { isList, textOf } from '../json.ts'
import type { Field } from '../request/field.ts'
import { identifier, join, literal, raw, type Sql, sql } from './fragment.ts'
import { countOf } from './where.ts'

/** The functions of `aggregate { … }` that take columns, as GraphQL and Postgres both call them. */
export const AGGREGATES = [
  'avg',
  'max',
  'min',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'sum',
  'var_pop',
  'var_samp',
  'variance',
] as const

/** Over the rows called `alias`; to stand in the SELECT list of a query on them. */
export function aggregateJson(alias: Sql, fields: readonly Field[]): Sql {
  return objectOf(fields, (field) => {
    if (field.name === 'count') {
      const columns = field.args.get('columns')
      const names = isList(columns) ? columns.map(textOf) : []
      return countOf(alias, names, field.args.get('distinct') === true)
    }
    return objectOf(
      field.fields,
      (column) => sql`${raw(field.name)}(${alias}.${identifier(column.name)})`,
    )
  })
}

function objectOf(fields: readonly Field[], value: (field: Field) => Sql): Sql {
  const pairs = fields.map((field) => {
    const member = field.name === '__typename' ? literal(field.parent) : value(field)
    return sql`${literal(field.key)}, ${member}`
  })
  return sql`json_build_object(${join(pairs)})`
}
