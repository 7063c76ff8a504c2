import {
  type GraphQLArgumentConfig,
  GraphQLBoolean,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  GraphQLFloat,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLScalarType,
  GraphQLString,
} from 'graphql'
import { isTrue } from '../bool-exp.ts'
import type { Column } from '../catalog.ts'
import type { Relationship } from '../model.ts'
import { isJsonType } from '../operators.ts'
import type { ReadableTable } from '../permissions.ts'
import { AGGREGATES } from '../sql/aggregate.ts'
import { boolExpType, orderByType, selectColumnType } from './filters.ts'
import { aggregatedColumns, readableRelationships } from './readable.ts'
import type { OutputFields, Types } from './types.ts'

type FieldConfig = GraphQLFieldConfig<unknown, unknown>

/** `users`: the columns and relationships that the role may read. */
export function rowType(types: Types, table: ReadableTable): GraphQLObjectType {
  return types.object(table.tracked.name, () => {
    const fields: OutputFields = {}
    for (const column of table.select.columns) fields[column.name] = columnField(types, column)
    for (const { name, target, relationship } of readableRelationships(types.role, table)) {
      Object.assign(fields, relationshipFields(types, name, target, relationship))
    }
    return fields
  })
}

export function listType(type: GraphQLObjectType): FieldConfig['type'] {
  return new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)))
}

export function listArguments(types: Types, table: ReadableTable): GraphQLFieldConfigArgumentMap {
  return {
    distinct_on: optionalList(selectColumnType(types, table)),
    limit: { type: GraphQLInt },
    offset: { type: GraphQLInt },
    order_by: optionalList(orderByType(types, table)),
    where: { type: boolExpType(types, table) },
  }
}

/** `users_aggregate`. */
export function aggregateType(types: Types, table: ReadableTable): GraphQLObjectType {
  const { name } = table.tracked
  return types.object(`${name}_aggregate`, () => ({
    aggregate: { type: aggregateFieldsType(types, table) },
    nodes: { type: listType(rowType(types, table)) },
  }))
}

function columnField(types: Types, { type, nullable }: Column): FieldConfig {
  const scalar = types.scalar(type)
  return {
    type: nullable ? scalar : new GraphQLNonNull(scalar),
    ...(isJsonType(type) ? { args: { path: { type: GraphQLString } } } : {}),
  }
}

function relationshipFields(
  types: Types,
  name: string,
  target: ReadableTable,
  { kind, nullable }: Relationship,
): OutputFields {
  const row = rowType(types, target)
  if (kind === 'object') {
    // A filter may hide the row that the foreign key promises.
    const promised = !nullable && isTrue(target.select.filter)
    return { [name]: { type: promised ? new GraphQLNonNull(row) : row } }
  }
  const args = listArguments(types, target)
  const list: OutputFields = { [name]: { type: listType(row), args } }
  if (!target.select.aggregations) return list
  const aggregate = new GraphQLNonNull(aggregateType(types, target))
  return { ...list, [`${name}_aggregate`]: { type: aggregate, args } }
}

function aggregateFieldsType(types: Types, table: ReadableTable): GraphQLObjectType {
  const { name } = table.tracked
  return types.object(`${name}_aggregate_fields`, () => {
    const fields: OutputFields = {
      count: {
        type: new GraphQLNonNull(GraphQLInt),
        args: {
          columns: optionalList(selectColumnType(types, table)),
          distinct: { type: GraphQLBoolean },
        },
      },
    }
    for (const aggregate of AGGREGATES) {
      const columns = aggregatedColumns(table, aggregate)
      if (columns.length === 0) continue
      const type = types.object(`${name}_${aggregate}_fields`, () =>
        Object.fromEntries(
          columns.map((column) => [column.name, { type: resultType(types, aggregate, column) }]),
        ),
      )
      fields[aggregate] = { type }
    }
    return fields
  })
}

function resultType(types: Types, aggregate: string, { type }: Column): GraphQLScalarType {
  return ['max', 'min', 'sum'].includes(aggregate) ? types.scalar(type) : GraphQLFloat
}

function optionalList(type: GraphQLArgumentConfig['type']): GraphQLArgumentConfig {
  return { type: new GraphQLList(new GraphQLNonNull(type)) }
}
