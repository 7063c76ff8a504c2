import { invariant } from '../../shared/assert.ts'
import type { BoolExp, Comparison, RelatedCount } from '../bool-exp.ts'
import type { Column } from '../catalog.ts'
import type { Relationship } from '../model.ts'
import { identifier, join, qualified, raw, type Sql, sql } from './fragment.ts'
import type { Scope } from './scope.ts'
import { operandValue } from './value.ts'

/** The condition, on the row called `alias`. */
export function where(scope: Scope, alias: Sql, condition: BoolExp): Sql {
  switch (condition.kind) {
    case 'and':
      return combine(scope, alias, condition.of, { separator: ' AND ', none: 'true' })
    case 'or':
      return combine(scope, alias, condition.of, { separator: ' OR ', none: 'false' })
    case 'not':
      return sql`(NOT ${where(scope, alias, condition.of)})`
    case 'compare':
      return comparison(scope, alias, condition)
    case 'is-null':
      return sql`(${alias}.${identifier(condition.column.name)} ${raw(condition.isNull ? 'IS NULL' : 'IS NOT NULL')})`
    case 'related': {
      const { from, on, alias: row } = related(scope, alias, condition.relationship)
      return sql`EXISTS (SELECT 1 FROM ${from} WHERE ${on} AND ${where(scope, row, condition.where)})`
    }
    case 'exists': {
      const row = scope.alias()
      return sql`EXISTS (SELECT 1 FROM ${qualified(condition.table.catalog)} AS ${row} WHERE ${where(scope, row, condition.where)})`
    }
    case 'count':
      return relatedCount(scope, alias, condition)
  }
}

export interface Related {
  readonly alias: Sql
  /** The related table under that alias, for a FROM clause. */
  readonly from: Sql
  /** What joins it to the row it was reached from. */
  readonly on: Sql
}

/** The far end of a relationship, whatever the role may see of it. */
export function related(scope: Scope, row: Sql, relationship: Relationship): Related {
  const target = scope.role.tables.get(relationship.target)
  invariant(target !== undefined, `${relationship.target} is not tracked`)
  const alias = scope.alias()
  const columns = relationship.columns.map(
    ({ local, remote }) => sql`${alias}.${identifier(remote)} = ${row}.${identifier(local)}`,
  )
  return {
    alias,
    from: sql`${qualified(target.tracked.catalog)} AS ${alias}`,
    on: join(columns, ' AND '),
  }
}

/** `count(*)`, or of columns as `columns` and `distinct` of an aggregate say. */
export function countOf(alias: Sql, columns: readonly string[], distinct: boolean): Sql {
  if (columns.length === 0) return raw('count(*)')
  const names = join(columns.map((column) => sql`${alias}.${identifier(column)}`))
  const counted = columns.length === 1 ? names : sql`(${names})`
  return distinct ? sql`count(DISTINCT ${counted})` : sql`count(${counted})`
}

function combine(
  scope: Scope,
  alias: Sql,
  conditions: readonly BoolExp[],
  { separator, none }: { separator: string; none: string },
): Sql {
  if (conditions.length === 0) return raw(none)
  return sql`(${join(
    conditions.map((condition) => where(scope, alias, condition)),
    separator,
  )})`
}

function comparison(scope: Scope, alias: Sql, { column, operator, operand }: Comparison): Sql {
  const value = operandValue(column, operator, operand, { alias, session: scope.session })
  return sql`(${alias}.${identifier(column.name)} ${raw(operator.sql)} ${value})`
}

const COUNT: Column = { name: 'count', type: 'int4', sqlType: 'integer', nullable: false }

function relatedCount(scope: Scope, alias: Sql, condition: RelatedCount): Sql {
  const row = related(scope, alias, condition.relationship)
  const count = sql`(SELECT ${countOf(row.alias, condition.columns, condition.distinct)} FROM ${row.from} WHERE ${row.on} AND ${where(scope, row.alias, condition.where)})`
  const session = scope.session
  const comparisons = condition.predicate.map(
    ({ operator, operand }) =>
      sql`${count} ${raw(operator.sql)} ${operandValue(COUNT, operator, operand, { alias, session })}`,
  )
  return comparisons.length === 0 ? raw('true') : sql`(${join(comparisons, ' AND ')})`
}
