import type { Catalog } from './catalog.ts'
import {
  computedFieldSchema,
  type Items,
  type ObjectName,
  readEach,
  relationshipSchema,
  remoteRelationshipSchema,
  toRemoteSchema,
  toSourceRelationship,
} from './export-schema.ts'
import {
  type FunctionCall,
  type Source,
  type TableField,
  type TableId,
  tableId,
} from './metadata-model.ts'
import { camelCase } from './naming.ts'

export interface FieldLists {
  readonly table: ObjectName
  readonly object_relationships?: unknown
  readonly array_relationships?: unknown
  readonly remote_relationships?: unknown
  readonly computed_fields?: unknown
}

export interface ReadFields {
  readonly fields: ReadonlyMap<string, TableField>
  readonly unreadableCount: number
  /** Relationships that lead to a table which could not be found out. */
  readonly unresolved: readonly string[]
}

/** The fields of a table that lead out of its rows. */
export function readTableFields(
  lists: FieldLists,
  source: Source,
  callOf: (name: ObjectName, hasSessionArgument: boolean) => FunctionCall,
): ReadFields {
  const fields = new Map<string, TableField>()
  const unresolved: string[] = []
  const objects = readEach(relationshipSchema, lists.object_relationships)
  const arrays = readEach(relationshipSchema, lists.array_relationships)
  const computed = readEach(computedFieldSchema, lists.computed_fields)

  for (const [{ items }, isList] of [
    [objects, false],
    [arrays, true],
  ] as const) {
    for (const { name, using } of items) {
      const target = relationshipTarget(using, lists.table, source)
      if (target === undefined) unresolved.push(name)
      setRelationship(fields, name, target, isList)
    }
  }
  const unreadableRemotes = readRemoteRelationships(fields, lists.remote_relationships)
  for (const { name, definition } of computed.items) {
    const table = definition.return_table ?? undefined
    setBothWays(fields, name, {
      kind: 'computed',
      call: callOf(definition.function, typeof definition.session_argument === 'string'),
      target:
        table === undefined
          ? returnedTable(definition.function, source)
          : tableId(source.name, table),
    })
  }
  return {
    fields,
    unreadableCount: countUnreadable([objects, arrays, computed]) + unreadableRemotes,
    unresolved,
  }
}

/** Tells how many cannot be read. */
export function readRemoteRelationships(fields: Map<string, TableField>, value: unknown): number {
  const { items, unreadableCount } = readEach(remoteRelationshipSchema, value)
  for (const { name, definition } of items) {
    const local = toSourceRelationship.safeParse(definition)
    const isTaken = fields.has(name)
    if (local.success) {
      const { source, table, relationship_type: type } = local.data.to_source
      // Of two types with relationships of one name either may be meant.
      const target = isTaken ? undefined : tableId(source, table)
      setRelationship(fields, name, target, isTaken || type === 'array')
    } else {
      // What is no relationship to a source leads to a remote schema, in one of several forms.
      const remote = toRemoteSchema.safeParse(definition)
      const schema = isTaken ? undefined : remote.data?.remote_schema
      setBothWays(fields, name, { kind: 'remote-schema', schema })
    }
  }
  return unreadableCount
}

/** The table whose rows a function returns, if it is one and known. */
export function returnedTable(name: ObjectName, source: Source): TableId | undefined {
  const returns = source.catalog?.functions.get(`${name.schema}.${name.name}`)?.returns
  return returns === undefined ? undefined : `${source.name}:${returns}`
}

type Using = ReturnType<typeof relationshipSchema.parse>['using']

function relationshipTarget(using: Using, table: ObjectName, source: Source): TableId | undefined {
  const { foreign_key_constraint_on: key, manual_configuration: manual } = using
  if (manual !== undefined) return tableId(source.name, manual.remote_table)
  if (key === undefined) return undefined
  if (!Array.isArray(key)) return tableId(source.name, key.table)
  return referredTable(key, table, source.catalog, source.name)
}

/** The table that the foreign key on `columns` refers to: metadata names the columns alone. */
function referredTable(
  columns: readonly string[],
  { schema, name }: ObjectName,
  catalog: Catalog | undefined,
  sourceName: string,
): TableId | undefined {
  const keys = catalog?.relations.get(`${schema}.${name}`)?.foreignKeys ?? []
  const wanted = [...columns].sort().join('\n')
  const targets = keys
    .filter((key) => [...key.columns].sort().join('\n') === wanted)
    .map(({ target }) => target)
  const [target, ...others] = new Set(targets)
  return target === undefined || others.length > 0 ? undefined : `${sourceName}:${target}`
}

export function setRelationship(
  fields: Map<string, TableField>,
  name: string,
  target: TableId | undefined,
  isList: boolean,
): void {
  setBothWays(fields, name, { kind: 'relationship', target, shape: 'rows', isList })
  const aggregate: TableField = { kind: 'relationship', target, shape: 'aggregate', isList: true }
  for (const field of [`${name}_aggregate`, `${name}Aggregate`, `${camelCase(name)}Aggregate`]) {
    if (!fields.has(field)) fields.set(field, aggregate)
  }
}

/** Under its own name and the one that the naming convention graphql-default makes of it. */
function setBothWays(fields: Map<string, TableField>, name: string, field: TableField): void {
  fields.set(name, field)
  const camelName = camelCase(name)
  if (!fields.has(camelName)) fields.set(camelName, field)
}

function countUnreadable(lists: readonly Items<unknown>[]): number {
  return lists.reduce((sum, { unreadableCount }) => sum + unreadableCount, 0)
}
