import { type BoolExp, type Operand, parsePermission, TRUE, toOperand } from './bool-exp.ts'
import type { Column } from './catalog.ts'
import { fromJavaScript } from './json.ts'
import type { BoolExpMetadata, TableMetadata } from './metadata.ts'
import type { Model, Relationship, TrackedFunction, TrackedTable } from './model.ts'

export const ADMIN = 'admin'

/** The database as one role sees it. */
export interface RoleModel {
  readonly role: string
  /** By `schema.name`; every tracked table, with what the role may do to it. */
  readonly tables: ReadonlyMap<string, RoleTable>
  readonly functions: readonly TrackedFunction[]
}

export interface RoleTable {
  readonly tracked: TrackedTable
  readonly select: SelectRule | undefined
  readonly insert: InsertRule | undefined
  readonly update: UpdateRule | undefined
  readonly delete: { readonly filter: BoolExp } | undefined
}

export interface SelectRule {
  readonly columns: readonly Column[]
  readonly filter: BoolExp
  readonly limit: number | undefined
  readonly aggregations: boolean
}

export interface InsertRule {
  /** The columns a client may give; presets are not among them. */
  readonly columns: readonly Column[]
  readonly check: BoolExp
  readonly presets: ReadonlyMap<string, Operand>
}

export interface UpdateRule extends InsertRule {
  readonly filter: BoolExp
}

export function roleModel(model: Model, role: string): RoleModel {
  const tables = [...model.tables.values()].map((tracked): [string, RoleTable] => [
    tracked.key,
    role === ADMIN ? adminTable(tracked) : roleTable(tracked, role, model),
  ])
  return { role, tables: new Map(tables), functions: model.functions }
}

/** The table a relationship leads to, when the role may read it. */
export function readableTarget(
  role: RoleModel,
  relationship: Relationship,
): ReadableTable | undefined {
  const target = role.tables.get(relationship.target)
  return target !== undefined && isReadable(target) ? target : undefined
}

export type ReadableTable = RoleTable & { readonly select: SelectRule }

export function isReadable(table: RoleTable): table is ReadableTable {
  return table.select !== undefined
}

function adminTable(tracked: TrackedTable): RoleTable {
  const columns = [...tracked.catalog.columns.values()]
  // A view has no primary key here and is taken to be read-only, as Hasura does for this kind.
  const writable = tracked.catalog.primaryKey.length > 0
  const write = { columns, check: TRUE, presets: new Map<string, Operand>(), filter: TRUE }
  return {
    tracked,
    select: { columns, filter: TRUE, limit: undefined, aggregations: true },
    insert: writable ? write : undefined,
    update: writable ? write : undefined,
    delete: writable ? { filter: TRUE } : undefined,
  }
}

function roleTable(tracked: TrackedTable, role: string, model: Model): RoleTable {
  const { metadata } = tracked
  const parse = (exp: BoolExpMetadata | null | undefined) =>
    exp === null || exp === undefined ? TRUE : parsePermission(exp, tracked, model)
  const select = find(metadata.select_permissions, role)
  const insert = find(metadata.insert_permissions, role)
  const update = find(metadata.update_permissions, role)
  const remove = find(metadata.delete_permissions, role)
  return {
    tracked,
    select: select && {
      columns: columnsOf(tracked, select.columns, {}),
      filter: parse(select.filter),
      limit: select.limit,
      aggregations: select.allow_aggregations ?? false,
    },
    insert: insert && {
      columns: columnsOf(tracked, insert.columns ?? '*', insert.set ?? {}),
      check: parse(insert.check),
      presets: presetsOf(insert.set ?? {}),
    },
    update: update && {
      columns: columnsOf(tracked, update.columns ?? [], update.set ?? {}),
      check: parse(update.check),
      presets: presetsOf(update.set ?? {}),
      filter: parse(update.filter),
    },
    delete: remove && { filter: parse(remove.filter) },
  }
}

function find<Permission>(
  permissions: readonly { role: string; permission: Permission }[] | undefined,
  role: string,
): Permission | undefined {
  return permissions?.find((entry) => entry.role === role)?.permission
}

type Columns = NonNullable<
  NonNullable<TableMetadata['insert_permissions']>[number]['permission']['columns']
>

/** In the table's own order, as Hasura lists them. */
function columnsOf(
  { catalog }: TrackedTable,
  names: Columns,
  presets: Readonly<Record<string, unknown>>,
): readonly Column[] {
  return [...catalog.columns.values()].filter(
    ({ name }) => (names === '*' || names.includes(name)) && !Object.hasOwn(presets, name),
  )
}

function presetsOf(presets: Readonly<Record<string, unknown>>): ReadonlyMap<string, Operand> {
  return new Map(
    Object.entries(presets).map(([column, value]) => [column, toOperand(fromJavaScript(value))]),
  )
}
