import type { z } from 'zod'
import { ANY_WRITE } from '../cache/epochs.ts'
import { mayAskSession } from './catalog-session.ts'
import {
  explicitRelationshipSchema,
  logicalModelSchema,
  namedNativeQuery,
  nativeQuerySchema,
  readEach,
  selectPermissionSchema,
  type sourceSchema,
} from './export-schema.ts'
import {
  type NativeQuery,
  type Source,
  type Table,
  type TableField,
  type TableId,
  tableId,
} from './metadata-model.ts'
import type { Tag } from './plan.ts'
import { rowLimits } from './row-limits.ts'
import { setRelationship } from './table-fields.ts'

/** As if it were a schema of the database: no real one has a name that a tag would mistake for it. */
const SCHEMA = 'native query'

export function nativeQueryId(source: string, rootField: string): TableId {
  return tableId(source, { schema: SCHEMA, name: rootField })
}

export interface NamedQuery {
  readonly rootField: string
  readonly table: Table
}

/** What a native query reads, as far as the configuration says. */
export interface DeclaredQuery {
  readonly tags: readonly Tag[]
  readonly readsSession: boolean
}

/** `declared` tells what the configuration says of one by its root field. */
export function readNativeQueries(
  { native_queries: queries, logical_models: models }: z.output<typeof sourceSchema>,
  source: Source,
  declared: (rootField: string) => DeclaredQuery | undefined,
): readonly NamedQuery[] {
  const read = readEach(nativeQuerySchema, queries).items
  return readEach(namedNativeQuery, queries).items.map(({ root_field_name: rootField }) => {
    const name = { schema: SCHEMA, name: rootField }
    const query = read.find((one) => one.root_field_name === rootField)
    const said = declared(rootField)
    const { fields, selectFilters, rowLimits, isOpaque } = readShape(query, models, source)
    const table: Table = {
      id: tableId(source.name, name),
      source: source.name,
      name,
      fields,
      selectFilters,
      rowLimits,
      isOpaque,
      rowKey: undefined,
      types: undefined,
      query: {
        reads: said?.tags ?? [ANY_WRITE],
        readsSession: readsSession(query, source, said),
      },
    }
    return { rootField, table }
  })
}

/**
 * SQL can ask for the session that Hasura sets, or for the user of the connection; and so can what it names. Of
 * which, without a catalog, only the configuration can tell.
 */
function readsSession(
  query: z.output<typeof nativeQuerySchema> | undefined,
  { catalog }: Source,
  declared: DeclaredQuery | undefined,
): NativeQuery['readsSession'] {
  if (query === undefined || /session|current_user|current_role/i.test(query.code)) return true
  if (catalog === undefined) return /setting/i.test(query.code) || declared?.readsSession !== false
  return mayAskSession(query.code, catalog.session) || declared?.readsSession === true
}

function readShape(
  query: z.output<typeof nativeQuerySchema> | undefined,
  models: unknown,
  source: Source,
): Pick<Table, 'fields' | 'selectFilters' | 'rowLimits' | 'isOpaque'> {
  const model = readEach(logicalModelSchema, models).items.find(
    ({ name }) => name === query?.returns,
  )
  const permissions = readEach(selectPermissionSchema, model?.select_permissions)
  const filters = permissions.items.map(
    ({ role, permission }) => [role, permission.filter] as const,
  )
  const fields = new Map<string, TableField>()
  const objects = readEach(explicitRelationshipSchema, query?.object_relationships)
  const arrays = readEach(explicitRelationshipSchema, query?.array_relationships)
  for (const [{ items }, isList] of [
    [objects, false],
    [arrays, true],
  ] as const) {
    for (const { name, using } of items) {
      const { remote_table: table, remote_native_query: other } = using
      const target = table ?? (other === undefined ? undefined : { schema: SCHEMA, name: other })
      setRelationship(fields, name, target && tableId(source.name, target), isList)
    }
  }
  const lists = [permissions, objects, arrays]
  const isRead = lists.every(({ unreadableCount }) => unreadableCount === 0)
  // A model within a model has permissions of its own.
  const isFlat = model?.fields.every((field) => !JSON.stringify(field).includes('logical_model'))
  return {
    fields,
    selectFilters: new Map<string, unknown>(filters),
    rowLimits: rowLimits(permissions.items),
    isOpaque: !isRead || isFlat !== true,
  }
}
