import { z } from 'zod'
import type { ObjectName } from './export-schema.ts'
import type { Source } from './metadata-model.ts'
import { type RowKey, readRowKey } from './row-key.ts'

export interface KeyedTable {
  readonly table: ObjectName
  readonly configuration?:
    | { readonly column_config?: unknown; readonly custom_column_names?: unknown }
    | null
    | undefined
  readonly update_permissions?: unknown
}

/** `undefined` when the key is not known, or its values could be written in several ways. */
export function readTableKey(
  { table, configuration, update_permissions: updates }: KeyedTable,
  { catalog }: Source,
): RowKey | undefined {
  const relation = catalog?.relations.get(`${table.schema}.${table.name}`)
  if (relation?.kind !== 'table' || relation.primaryKey.length === 0) return undefined
  const customNames = readCustomNames(configuration)
  const presets = readPresets(updates)
  if (customNames === undefined || presets === undefined) return undefined
  return readRowKey({ primaryKey: relation.primaryKey, customNames, presets })
}

const columnConfig = z.record(z.string(), z.object({ custom_name: z.string().nullish() })).nullish()
const columnNames = z.record(z.string(), z.string()).nullish()

/** By column, in the two ways that metadata has had for them. */
export function readCustomNames(
  configuration: KeyedTable['configuration'],
): ReadonlyMap<string, readonly string[]> | undefined {
  const config = columnConfig.safeParse(configuration?.column_config)
  const names = columnNames.safeParse(configuration?.custom_column_names)
  if (!config.success || !names.success) return undefined
  const custom = new Map<string, string[]>()
  for (const [column, { custom_name: name }] of Object.entries(config.data ?? {})) {
    if (typeof name === 'string') custom.set(column, [name])
  }
  for (const [column, name] of Object.entries(names.data ?? {})) {
    custom.set(column, [...(custom.get(column) ?? []), name])
  }
  return custom
}

const updatePermissions = z
  .array(z.object({ permission: z.object({ set: z.record(z.string(), z.unknown()).nullish() }) }))
  .nullish()

/** Columns that an update sets by itself, for some role. */
function readPresets(updates: unknown): ReadonlySet<string> | undefined {
  const read = updatePermissions.safeParse(updates)
  if (!read.success) return undefined
  return new Set((read.data ?? []).flatMap(({ permission }) => Object.keys(permission.set ?? {})))
}
