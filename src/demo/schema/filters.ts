import {
  GraphQLBoolean,
  type GraphQLEnumType,
  type GraphQLInputFieldConfig,
  type GraphQLInputFieldConfigMap,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLNullableType,
  GraphQLString,
} from 'graphql'
import { OPERATORS, operatorsOf } from '../operators.ts'
import { isReadable, type ReadableTable, type RoleTable } from '../permissions.ts'
import { AGGREGATES } from '../sql/aggregate.ts'
import { aggregatedColumns, readableRelationships } from './readable.ts'
import type { Types } from './types.ts'

/** `users_select_column`. */
export function selectColumnType(types: Types, table: ReadableTable): GraphQLEnumType {
  const names = table.select.columns.map(({ name }) => name)
  return types.enumeration(`${table.tracked.name}_select_column`, names)
}

/** `users_bool_exp`; without permission to read the table there is nothing to compare in it. */
export function boolExpType(types: Types, table: RoleTable): GraphQLInputObjectType {
  const { name } = table.tracked
  return types.input(`${name}_bool_exp`, () => {
    const self = boolExpType(types, table)
    const fields: GraphQLInputFieldConfigMap = {
      _and: listOf(self),
      _not: { type: self },
      _or: listOf(self),
    }
    if (!isReadable(table)) return fields
    for (const column of table.select.columns) {
      fields[column.name] = { type: comparisonType(types, column.type) }
    }
    for (const { name: key, relationship, target } of readableRelationships(types.role, table)) {
      fields[key] = { type: boolExpType(types, target) }
      if (relationship.kind === 'array' && target.select.aggregations) {
        fields[`${key}_aggregate`] = { type: aggregateBoolExpType(types, target) }
      }
    }
    return fields
  })
}

/** `users_order_by`. */
export function orderByType(types: Types, table: ReadableTable): GraphQLInputObjectType {
  const { name } = table.tracked
  return types.input(`${name}_order_by`, () => {
    const fields: GraphQLInputFieldConfigMap = {}
    for (const column of table.select.columns) fields[column.name] = direction(types)
    for (const { name: key, relationship, target } of readableRelationships(types.role, table)) {
      if (relationship.kind === 'object') fields[key] = { type: orderByType(types, target) }
      else if (target.select.aggregations) {
        fields[`${key}_aggregate`] = { type: aggregateOrderByType(types, target) }
      }
    }
    return fields
  })
}

export function listOf(type: GraphQLInputType & GraphQLNullableType): GraphQLInputFieldConfig {
  return { type: new GraphQLList(new GraphQLNonNull(type)) }
}

/** `Int_comparison_exp` and so on. */
function comparisonType(types: Types, type: string): GraphQLInputObjectType {
  const scalar = types.scalar(type)
  return types.input(`${scalar.name}_comparison_exp`, () => {
    const fields: GraphQLInputFieldConfigMap = { _is_null: { type: GraphQLBoolean } }
    for (const name of operatorsOf(type)) {
      const operand = OPERATORS[name]?.operand
      const single = operand === 'text' || operand === 'texts' ? GraphQLString : scalar
      fields[name] = operand === 'values' || operand === 'texts' ? listOf(single) : { type: single }
    }
    return fields
  })
}

function aggregateBoolExpType(types: Types, table: ReadableTable): GraphQLInputObjectType {
  const prefix = `${table.tracked.name}_aggregate_bool_exp`
  return types.input(prefix, () => ({
    count: {
      type: types.input(`${prefix}_count`, () => ({
        arguments: listOf(selectColumnType(types, table)),
        distinct: { type: GraphQLBoolean },
        filter: { type: boolExpType(types, table) },
        predicate: { type: new GraphQLNonNull(comparisonType(types, 'int4')) },
      })),
    },
  }))
}

function aggregateOrderByType(types: Types, table: ReadableTable): GraphQLInputObjectType {
  const { name } = table.tracked
  return types.input(`${name}_aggregate_order_by`, () => {
    const fields: GraphQLInputFieldConfigMap = { count: direction(types) }
    for (const aggregate of AGGREGATES) {
      const columns = aggregatedColumns(table, aggregate)
      if (columns.length === 0) continue
      const type = types.input(`${name}_${aggregate}_order_by`, () =>
        Object.fromEntries(columns.map((column) => [column.name, direction(types)])),
      )
      fields[aggregate] = { type }
    }
    return fields
  })
}

const DIRECTIONS = [
  'asc',
  'asc_nulls_first',
  'asc_nulls_last',
  'desc',
  'desc_nulls_first',
  'desc_nulls_last',
] as const

function direction(types: Types): GraphQLInputFieldConfig {
  return { type: types.enumeration('order_by', DIRECTIONS) }
}
