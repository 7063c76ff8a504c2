import type { ObjectName } from './export-schema.ts'
import type { PlainType, Source, TableTypes } from './metadata-model.ts'
import { type KeyedTable, readCustomNames } from './table-key.ts'

/** By `pg_type.typname`. */
const PLAIN_TYPES: ReadonlyMap<string, PlainType> = new Map<string, PlainType>([
  ['int4', 'Int'],
  ['bool', 'Boolean'],
  ['text', 'String'],
  ['varchar', 'String'],
  ['uuid', 'uuid'],
])

interface TypedTable extends KeyedTable {
  readonly table: ObjectName
  readonly configuration?:
    | (KeyedTable['configuration'] & { readonly custom_name?: string | null | undefined })
    | null
    | undefined
}

/** `undefined` for a table of which no catalog tells, or whose types are renamed. */
export function readTableTypes(table: TypedTable, source: Source): TableTypes | undefined {
  const { schema, name } = table.table
  const relation = source.catalog?.relations.get(`${schema}.${name}`)
  const customNames = readCustomNames(table.configuration)
  if (relation === undefined || customNames === undefined) return undefined
  if (source.typeNaming === 'customised') return undefined
  // A text that refers to an enum table has the type of that enum.
  const referring = new Set(relation.foreignKeys.flatMap((key) => key.columns))
  const columns = new Map<string, PlainType>()
  const renamed = [...customNames.values()].flat()
  for (const [column, typeName] of relation.columns) {
    const type = PLAIN_TYPES.get(typeName)
    const names = customNames.get(column) ?? [column]
    const [field = column, ...others] = names
    const isTaken = renamed.filter((one) => one === field).length > (field === column ? 0 : 1)
    if (type === undefined || others.length > 0 || isTaken) continue
    if (type === 'String' && referring.has(column)) continue
    columns.set(field, type)
  }
  return { row: rowType(table, source), columns }
}

function rowType(
  { table: { schema, name }, configuration }: TypedTable,
  { typeNaming, defaultSchema }: Source,
): string | undefined {
  if (typeNaming !== 'hasura-default') return undefined
  const isBare = schema === defaultSchema
  return configuration?.custom_name ?? (isBare ? name : `${schema.replaceAll('.', '_')}_${name}`)
}
