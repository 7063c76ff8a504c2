import type { TrackedFunction } from './model.ts'
import {
  type InsertRule,
  isReadable,
  type ReadableTable,
  type RoleModel,
  type RoleTable,
  type UpdateRule,
} from './permissions.ts'

/** What a root field does, under the names of Hasura's default naming convention. */
export type RootField = QueryField | MutationField

export type QueryField =
  | { readonly kind: 'select' | 'by_pk' | 'aggregate'; readonly table: ReadableTable }
  | {
      readonly kind: 'function' | 'function_aggregate'
      readonly table: ReadableTable
      readonly function: TrackedFunction
    }

export type MutationField =
  | { readonly kind: 'insert'; readonly table: InsertableTable }
  | { readonly kind: 'insert_one'; readonly table: InsertableTable & ReadableTable }
  | { readonly kind: 'update' | 'update_many'; readonly table: UpdatableTable }
  | { readonly kind: 'update_by_pk'; readonly table: UpdatableTable & ReadableTable }
  | { readonly kind: 'delete'; readonly table: DeletableTable }
  | { readonly kind: 'delete_by_pk'; readonly table: DeletableTable & ReadableTable }

export type InsertableTable = RoleTable & { readonly insert: InsertRule }
export type UpdatableTable = RoleTable & { readonly update: UpdateRule }
export type DeletableTable = RoleTable & { readonly delete: NonNullable<RoleTable['delete']> }

export interface RootFields {
  readonly query: ReadonlyMap<string, QueryField>
  readonly mutation: ReadonlyMap<string, MutationField>
}

export function rootFields(role: RoleModel): RootFields {
  const tables = [...role.tables.values()]
  const readable = tables.filter(isReadable)
  const functions = role.functions.flatMap((entry) => {
    const table = readable.find(({ tracked }) => tracked.key === entry.returns)
    return table === undefined ? [] : functionFields(entry, table)
  })
  return {
    query: new Map([...readable.flatMap(tableFields), ...functions]),
    mutation: new Map(tables.flatMap(mutationFields)),
  }
}

type Named<Field> = readonly [name: string, field: Field]

function tableFields(table: ReadableTable): readonly Named<QueryField>[] {
  const { name } = table.tracked
  return [
    [name, { kind: 'select', table }],
    ...when<QueryField>(table.select.aggregations, `${name}_aggregate`, {
      kind: 'aggregate',
      table,
    }),
    ...when<QueryField>(hasReadableKey(table), `${name}_by_pk`, { kind: 'by_pk', table }),
  ]
}

function functionFields(
  entry: TrackedFunction,
  table: ReadableTable,
): readonly Named<QueryField>[] {
  const { name } = entry
  return [
    [name, { kind: 'function', table, function: entry }],
    ...when<QueryField>(table.select.aggregations, `${name}_aggregate`, {
      kind: 'function_aggregate',
      table,
      function: entry,
    }),
  ]
}

function mutationFields(table: RoleTable): readonly Named<MutationField>[] {
  const { name } = table.tracked
  const fields: Named<MutationField>[] = []
  if (isInsertable(table)) {
    fields.push([`insert_${name}`, { kind: 'insert', table }])
    if (isReadable(table)) fields.push([`insert_${name}_one`, { kind: 'insert_one', table }])
  }
  if (isUpdatable(table)) {
    fields.push([`update_${name}`, { kind: 'update', table }])
    fields.push([`update_${name}_many`, { kind: 'update_many', table }])
    if (hasReadableKey(table))
      fields.push([`update_${name}_by_pk`, { kind: 'update_by_pk', table }])
  }
  if (isDeletable(table)) {
    fields.push([`delete_${name}`, { kind: 'delete', table }])
    if (hasReadableKey(table))
      fields.push([`delete_${name}_by_pk`, { kind: 'delete_by_pk', table }])
  }
  return fields
}

function when<Field>(offered: boolean, name: string, field: Field): readonly Named<Field>[] {
  return offered ? [[name, field]] : []
}

export function isInsertable<T extends RoleTable>(table: T): table is T & InsertableTable {
  return table.insert !== undefined
}

function isUpdatable<T extends RoleTable>(table: T): table is T & UpdatableTable {
  return table.update !== undefined && table.update.columns.length > 0
}

function isDeletable<T extends RoleTable>(table: T): table is T & DeletableTable {
  return table.delete !== undefined
}

/** A row can be named by its key only by those who may read the whole key. */
function hasReadableKey<T extends RoleTable>(table: T): table is T & ReadableTable {
  const { primaryKey } = table.tracked.catalog
  const readable = table.select?.columns.map(({ name }) => name) ?? []
  return primaryKey.length > 0 && primaryKey.every((column) => readable.includes(column))
}
