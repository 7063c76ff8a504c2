import { invariant } from '../../shared/assert.ts'
import { and, type BoolExp, type RelatedCount, TRUE } from '../bool-exp.ts'
import type { Column } from '../catalog.ts'
import { EMPTY_OBJECT, isList, isObject, type JsonObject, type JsonValue, textOf } from '../json.ts'
import type { Relationship } from '../model.ts'
import { OPERATORS } from '../operators.ts'
import {
  type ReadableTable,
  type RoleModel,
  type RoleTable,
  readableTarget,
} from '../permissions.ts'

/**
 * A `where` argument, already held to its GraphQL type. Through a relationship only those rows
 * count that the role may read.
 */
export function parseWhere(
  value: JsonValue | undefined,
  table: RoleTable,
  role: RoleModel,
): BoolExp {
  if (!isObject(value)) return TRUE
  return and(...[...value].map(([key, member]) => parseMember(key, member, table, role)))
}

/** Equality with each given column: a primary key. */
export function parseKey(values: JsonObject, table: RoleTable): BoolExp {
  return and(
    ...[...values].flatMap(([name, value]) => {
      const column = table.tracked.catalog.columns.get(name)
      return column === undefined ? [] : [compare(column, '_eq', value)]
    }),
  )
}

function parseMember(key: string, value: JsonValue, table: RoleTable, role: RoleModel): BoolExp {
  const list = () => (isList(value) ? value.map((item) => parseWhere(item, table, role)) : [])
  if (key === '_and') return { kind: 'and', of: list() }
  if (key === '_or') return { kind: 'or', of: list() }
  if (key === '_not') return { kind: 'not', of: parseWhere(value, table, role) }

  const column = table.tracked.catalog.columns.get(key)
  if (column !== undefined) return parseComparisons(column, value)

  const relationship = table.tracked.relationships.get(key)
  if (relationship !== undefined) {
    const target = targetOf(role, relationship)
    return {
      kind: 'related',
      relationship,
      where: and(target.select.filter, parseWhere(value, target, role)),
    }
  }
  return parseAggregate(key, isObject(value) ? value : EMPTY_OBJECT, table, role)
}

function parseComparisons(column: Column, value: JsonValue): BoolExp {
  if (!isObject(value)) return TRUE
  return and(
    ...[...value].map(([name, operand]): BoolExp => {
      if (name === '_is_null') return { kind: 'is-null', column, isNull: operand === true }
      return compare(column, name, operand)
    }),
  )
}

function compare(column: Column, name: string, value: JsonValue): BoolExp {
  const operator = OPERATORS[name]
  invariant(operator !== undefined, `operator ${name}`)
  return { kind: 'compare', column, operator, operand: { kind: 'value', value } }
}

/** `orders_aggregate: {count: {…}}`. */
function parseAggregate(
  key: string,
  value: JsonObject,
  table: RoleTable,
  role: RoleModel,
): BoolExp {
  const relationship = table.tracked.relationships.get(key.replace(/_aggregate$/, ''))
  invariant(relationship !== undefined, `${key} of ${table.tracked.name}`)
  const count = value.get('count')
  if (!isObject(count)) return TRUE
  const target = targetOf(role, relationship)
  const columns = count.get('arguments')
  const predicate = count.get('predicate')
  return {
    kind: 'count',
    relationship,
    columns: isList(columns) ? columns.map(textOf) : [],
    distinct: count.get('distinct') === true,
    where: and(target.select.filter, parseWhere(count.get('filter'), target, role)),
    predicate: parsePredicate(isObject(predicate) ? predicate : EMPTY_OBJECT),
  }
}

function parsePredicate(value: JsonObject): RelatedCount['predicate'] {
  return [...value].flatMap(([name, operand]) => {
    const operator = OPERATORS[name]
    return operator === undefined ? [] : [{ operator, operand: { kind: 'value', value: operand } }]
  })
}

function targetOf(role: RoleModel, relationship: Relationship): ReadableTable {
  const target = readableTarget(role, relationship)
  invariant(target !== undefined, `${relationship.target} is not readable`)
  return target
}
