import {
  type GraphQLFieldConfigArgumentMap,
  type GraphQLInputFieldConfigMap,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLObjectType,
  GraphQLString,
} from 'graphql'
import type { Column } from '../catalog.ts'
import { isNumericType } from '../operators.ts'
import { isReadable, type RoleTable } from '../permissions.ts'
import {
  type InsertableTable,
  isInsertable,
  type MutationField,
  type UpdatableTable,
} from '../root-fields.ts'
import { boolExpType, listOf } from './filters.ts'
import { listType, rowType } from './outputs.ts'
import type { OutputFields, Types } from './types.ts'

/** The root field of a mutation. */
export function mutationConfig(types: Types, root: MutationField): OutputFields[string] {
  const { table } = root
  switch (root.kind) {
    case 'insert':
      return {
        type: responseType(types, table),
        args: insertArguments(types, root.table, 'objects'),
      }
    case 'insert_one':
      return {
        type: rowType(types, root.table),
        args: insertArguments(types, root.table, 'object'),
      }
    case 'update':
      return {
        type: responseType(types, table),
        args: { ...updateOperators(types, root.table), where: whereArgument(types, table) },
      }
    case 'update_many':
      return {
        type: new GraphQLList(responseType(types, table)),
        args: { updates: required(listOf(updatesType(types, root.table)).type) },
      }
    case 'update_by_pk': {
      const key = types.input(`${table.tracked.name}_pk_columns_input`, () =>
        keyFields(types, table),
      )
      const args = { ...updateOperators(types, root.table), pk_columns: required(key) }
      return { type: rowType(types, root.table), args }
    }
    case 'delete':
      return { type: responseType(types, table), args: { where: whereArgument(types, table) } }
    case 'delete_by_pk':
      return { type: rowType(types, root.table), args: keyFields(types, table) }
  }
}

/** The primary key, as arguments or as an input object. */
export function keyFields(
  types: Types,
  { tracked: { catalog } }: RoleTable,
): Record<string, { type: GraphQLInputType }> {
  const columns = catalog.primaryKey.flatMap((name) => catalog.columns.get(name) ?? [])
  return Object.fromEntries(columns.map(({ name, type }) => [name, required(types.scalar(type))]))
}

function required(type: GraphQLInputType): { type: GraphQLInputType } {
  return { type: type instanceof GraphQLNonNull ? type : new GraphQLNonNull(type) }
}

/** `users_mutation_response`. */
function responseType(types: Types, table: RoleTable): GraphQLObjectType {
  return types.object(`${table.tracked.name}_mutation_response`, () => ({
    affected_rows: { type: new GraphQLNonNull(GraphQLInt) },
    ...(isReadable(table) ? { returning: { type: listType(rowType(types, table)) } } : {}),
  }))
}

function whereArgument(types: Types, table: RoleTable): { type: GraphQLInputType } {
  return required(boolExpType(types, table))
}

function insertArguments(
  types: Types,
  table: InsertableTable,
  name: 'object' | 'objects',
): GraphQLFieldConfigArgumentMap {
  const row = insertInput(types, table)
  const rows = required(name === 'object' ? row : listOf(row).type)
  return { [name]: rows, ...onConflict(types, table) }
}

/** `users_insert_input`, with what may be nested in it. */
function insertInput(types: Types, table: InsertableTable): GraphQLInputObjectType {
  return types.input(`${table.tracked.name}_insert_input`, () => {
    const fields = columnFields(types, table.insert.columns)
    for (const [name, { kind, target }] of table.tracked.relationships) {
      const nested = types.role.tables.get(target)
      if (nested === undefined || !isInsertable(nested)) continue
      fields[name] = { type: nestedInput(types, nested, kind) }
    }
    return fields
  })
}

function nestedInput(
  types: Types,
  table: InsertableTable,
  kind: 'object' | 'array',
): GraphQLInputObjectType {
  const infix = kind === 'object' ? 'obj' : 'arr'
  return types.input(`${table.tracked.name}_${infix}_rel_insert_input`, () => {
    const row = insertInput(types, table)
    const data = required(kind === 'object' ? row : listOf(row).type)
    return { data, ...onConflict(types, table) }
  })
}

function onConflict(types: Types, table: InsertableTable): GraphQLInputFieldConfigMap {
  const { name, catalog } = table.tracked
  if (catalog.uniqueConstraints.length === 0) return {}
  const columns = table.update?.columns.map((column) => column.name) ?? []
  // An enum needs a value; Hasura writes this one where no column may be updated.
  const values = columns.length > 0 ? columns : ['_PLACEHOLDER']
  const type = types.input(`${name}_on_conflict`, () => ({
    constraint: required(types.enumeration(`${name}_constraint`, catalog.uniqueConstraints)),
    update_columns: {
      ...required(listOf(types.enumeration(`${name}_update_column`, values)).type),
      defaultValue: [],
    },
    where: { type: boolExpType(types, table) },
  }))
  return { on_conflict: { type } }
}

function updatesType(types: Types, table: UpdatableTable): GraphQLInputObjectType {
  return types.input(`${table.tracked.name}_updates`, () => ({
    ...updateOperators(types, table),
    where: whereArgument(types, table),
  }))
}

/** `_set`, `_inc` and the operators of jsonb, each where some column of the table has it. */
function updateOperators(
  types: Types,
  table: UpdatableTable,
): Record<string, { type: GraphQLInputType }> {
  const { name } = table.tracked
  const { columns } = table.update
  const numeric = columns.filter(({ type }) => isNumericType(type))
  const json = columns.filter(({ type }) => type === 'jsonb')
  const path = new GraphQLList(new GraphQLNonNull(GraphQLString))
  const operators: readonly (readonly [string, readonly Column[], GraphQLInputType?])[] = [
    ['_append', json],
    ['_delete_at_path', json, path],
    ['_delete_elem', json, GraphQLInt],
    ['_delete_key', json, GraphQLString],
    ['_inc', numeric],
    ['_prepend', json],
    ['_set', columns],
  ]
  const offered = operators.filter(([, allowed]) => allowed.length > 0)
  return Object.fromEntries(
    offered.map(([operator, allowed, type]) => [
      operator,
      { type: types.input(`${name}${operator}_input`, () => columnFields(types, allowed, type)) },
    ]),
  )
}

function columnFields(
  types: Types,
  columns: readonly Column[],
  type?: GraphQLInputType,
): GraphQLInputFieldConfigMap {
  return Object.fromEntries(
    columns.map((column) => [column.name, { type: type ?? types.scalar(column.type) }]),
  )
}
