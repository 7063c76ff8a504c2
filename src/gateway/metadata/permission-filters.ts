import { z } from 'zod'
import { objectName } from './export-schema.ts'
import {
  type FunctionCall,
  type MetadataModel,
  type Table,
  type TableId,
  tableId,
} from './metadata-model.ts'

/** Follows no row filters and sees all tables. */
export const ADMIN = 'admin'

/**
 * The filters of which any may decide what a role sees of a table; `undefined` when it may not select from it.
 * An inherited role has those of its parents, unless it has one of its own.
 */
export function selectFilters(
  model: MetadataModel,
  table: Table,
  role: string,
): readonly unknown[] | undefined {
  const filters: unknown[] = []
  const roles = new Set([role])
  // A Set iterates over what is added meanwhile.
  for (const one of roles) {
    if (table.selectFilters.has(one)) filters.push(table.selectFilters.get(one))
    else for (const parent of model.inheritedRoles.get(one) ?? []) roles.add(parent)
  }
  return filters.length === 0 ? undefined : filters
}

const SESSION_VARIABLE = /^x-hasura-/i
const USER_ID_SHORTHAND = 'req_user_id'
/** Part of every key by itself. */
const ROLE_VARIABLE = 'x-hasura-role'

/** The session variables that a filter names, wherever: as Hasura's `getDepHeadersFromVal`, and in lists too. */
export function sessionVariablesIn(filter: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  for (const text of stringsIn(filter)) {
    const name = text.toLowerCase()
    if (name === USER_ID_SHORTHAND) names.add('x-hasura-user-id')
    else if (SESSION_VARIABLE.test(name) && name !== ROLE_VARIABLE) names.add(name)
  }
  return names
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

export interface FilterVisitor {
  /** A table whose rows decide; `undefined` for one that is not known. */
  readonly reach: (table: TableId | undefined) => void
  readonly compute: (call: FunctionCall) => void
}

const exists = z.object({ _table: objectName, _where: z.unknown() })

/**
 * Tells the visitor what a filter looks at beside the row itself. Keys that lead nowhere are columns or
 * operators, and are searched too.
 */
export function visitFilter(
  model: MetadataModel,
  filter: unknown,
  table: Table,
  visitor: FilterVisitor,
): void {
  if (typeof filter !== 'object' || filter === null) return
  for (const [key, value] of Object.entries(filter)) {
    if (key === '_exists') visitExists(model, value, table, visitor)
    else {
      const target = follow(model, key, table, visitor)
      if (target !== undefined) visitFilter(model, value, target, visitor)
    }
  }
}

function visitExists(
  model: MetadataModel,
  value: unknown,
  { source }: Table,
  visitor: FilterVisitor,
): void {
  const read = exists.safeParse(value)
  const id = read.success ? tableId(source, read.data._table) : undefined
  visitor.reach(id)
  const target = id === undefined ? undefined : model.tables.get(id)
  if (read.success && target !== undefined) visitFilter(model, read.data._where, target, visitor)
}

/** The table that the value under `key` speaks of; `undefined` when it cannot be told. */
function follow(
  model: MetadataModel,
  key: string,
  table: Table,
  visitor: FilterVisitor,
): Table | undefined {
  const field = table.fields.get(key)
  if (field === undefined) return table
  if (field.kind === 'remote-schema') {
    visitor.reach(undefined)
    return undefined
  }
  if (field.kind === 'computed') {
    visitor.compute(field.call)
    if (field.target === undefined) return table
  }
  visitor.reach(field.target)
  return field.target === undefined ? undefined : model.tables.get(field.target)
}
