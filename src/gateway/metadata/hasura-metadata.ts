import type { z } from 'zod'
import type { Catalog } from './catalog.ts'
import {
  customizationSchema,
  exportSchema,
  inheritedRoleSchema,
  namedTable,
  readEach,
  routedConfiguration,
  selectPermissionSchema,
  sourceSchema,
  tableSchema,
} from './export-schema.ts'
import {
  type MetadataModel,
  type Source,
  type Table,
  type TableId,
  tableId,
} from './metadata-model.ts'
import type { NamingConvention, SourceNaming } from './naming.ts'
import { actionFields, RootFieldIndex } from './root-fields.ts'
import { readTableFields } from './table-fields.ts'

/** What `export_metadata` (version 2 of the request) answers, of version 3 of the metadata; else it throws. */
export function parseExport(answer: unknown): MetadataExport {
  return exportSchema.parse(answer)
}

export type MetadataExport = z.output<typeof exportSchema>

/** A database that the gateway can ask for its catalog, and the request that does. */
export interface CatalogSource {
  readonly name: string
  readonly requestType: string
}

/** By kind of source. */
const RUN_SQL: ReadonlyMap<string, string> = new Map([
  ['postgres', 'run_sql'],
  ['pg', 'run_sql'],
  ['citus', 'citus_run_sql'],
  ['cockroach', 'cockroach_run_sql'],
])

export function catalogSources({ metadata }: MetadataExport): readonly CatalogSource[] {
  return readEach(sourceSchema, metadata.sources).items.flatMap(({ name, kind }) => {
    const requestType = RUN_SQL.get(kind)
    return requestType === undefined ? [] : [{ name, requestType }]
  })
}

const BOTH_CONVENTIONS: readonly NamingConvention[] = ['hasura-default', 'graphql-default']

/**
 * The model of an export. Nothing in it makes this fail: what is not understood is left out where that makes
 * it unknown, else its table is marked as opaque. `conventions` are those that Hasura may follow where a source
 * does not say.
 */
export function buildModel(
  { metadata, resource_version: resourceVersion }: MetadataExport,
  catalogs: ReadonlyMap<string, Catalog>,
  conventions: readonly NamingConvention[] = BOTH_CONVENTIONS,
): MetadataModel {
  const hasRemoteSchemas = !isEmptyList(metadata.remote_schemas)
  // A name of the other convention could also be a remote schema's.
  const builder = new ModelBuilder(hasRemoteSchemas ? ['hasura-default'] : conventions)
  if (hasRemoteSchemas) builder.cautions.push('fields of remote schemas are never cached')
  const { items, unreadableCount } = readEach(sourceSchema, metadata.sources)
  for (const source of items) builder.addSource(source, catalogs.get(source.name))
  if (unreadableCount > 0) builder.cautions.push(`${unreadableCount} sources cannot be read`)
  const actions = actionFields(metadata.actions)
  for (const [name, field] of actions.queries) builder.queryFields.add([name], field)
  for (const [name, field] of actions.mutations) builder.mutationFields.add([name], field)
  const inherited = readEach(inheritedRoleSchema, metadata.inherited_roles).items
  return {
    resourceVersion,
    sources: builder.sources,
    tables: builder.tables,
    queryFields: builder.queryFields.fields,
    mutationFields: builder.mutationFields.fields,
    inheritedRoles: new Map(inherited.map((role) => [role.role_name, role.role_set])),
    unknownFields: unknownFields(hasRemoteSchemas, actions.unreadableCount),
    cautions: builder.cautions,
  }
}

function unknownFields(
  hasRemoteSchemas: boolean,
  unreadableActions: number,
): MetadataModel['unknownFields'] {
  if (hasRemoteSchemas) return 'remote-schema'
  return unreadableActions > 0 ? 'action' : undefined
}

class ModelBuilder {
  readonly sources = new Map<string, Source>()
  readonly tables = new Map<TableId, Table>()
  readonly queryFields = new RootFieldIndex()
  readonly mutationFields = new RootFieldIndex()
  readonly cautions: string[] = []
  readonly #conventions: readonly NamingConvention[]

  constructor(conventions: readonly NamingConvention[]) {
    this.#conventions = conventions
  }

  addSource(source: z.output<typeof sourceSchema>, catalog: Catalog | undefined): void {
    const { name, kind } = source
    const isRouted = routedConfiguration.safeParse(source.configuration).success
    const known = { name, catalog, isRouted }
    this.sources.set(name, known)
    if (catalog === undefined) {
      this.cautions.push(`the catalog of source ${name} (${kind}) is not known`)
    }
    const customization = customizationSchema.safeParse(source.customization)
    if (!customization.success) {
      this.cautions.push(`the customization of source ${name} cannot be read`)
    }
    const tables = (source.tables ?? []).map((table) => this.#addTable(table, known))
    // Under names that cannot be told, a source has no root fields that could be known.
    if (!customization.success) return
    const naming = this.#namingOf(customization.data, kind)
    const namespace = customization.data?.root_fields?.namespace ?? ''
    const queries = namespace === '' ? this.queryFields : new RootFieldIndex()
    const mutations = namespace === '' ? this.mutationFields : new RootFieldIndex()
    for (const table of tables) {
      if (table === undefined) continue
      queries.addTable(table, 'query', naming)
      mutations.addTable(table, 'mutation', naming)
    }
    queries.addFunctions(source, known, naming, mutations)
    queries.addQueries(source, naming)
    if (namespace === '') return
    this.queryFields.add([namespace], { kind: 'namespace', fields: queries.fields })
    this.mutationFields.add([namespace], { kind: 'namespace', fields: mutations.fields })
  }

  /** Its metadata, when it can be read well enough to tell its root fields. */
  #addTable(value: unknown, source: Source): (z.output<typeof tableSchema> & WithId) | undefined {
    const named = namedTable.safeParse(value)
    if (!named.success) {
      this.cautions.push(`a table of source ${source.name} cannot be read`)
      return undefined
    }
    const name = named.data.table
    const id = tableId(source.name, name)
    const read = tableSchema.safeParse(value)
    const lists = read.success ? read.data : { table: name }
    const { fields, unreadableCount, unresolved } = readTableFields(lists, source)
    const permissions = readEach(
      selectPermissionSchema,
      read.success ? read.data.select_permissions : undefined,
    )
    const filters = permissions.items.map(
      ({ role, permission }) => [role, permission.filter] as const,
    )
    const selectFilters = new Map<string, unknown>(filters)
    const isAmbiguous = selectFilters.size < filters.length
    const unread = unreadableCount + permissions.unreadableCount
    const isOpaque = !read.success || unread > 0 || isAmbiguous
    this.tables.set(id, { id, source: source.name, name, fields, selectFilters, isOpaque })
    if (isOpaque) this.cautions.push(`something of table ${id} cannot be read`)
    // Without a catalog none is known, which was said of the source.
    for (const field of source.catalog === undefined ? [] : unresolved) {
      this.cautions.push(`where the relationship ${field} of table ${id} leads is not known`)
    }
    return read.success ? { ...read.data, id } : undefined
  }

  #namingOf(customization: z.output<typeof customizationSchema>, kind: string): SourceNaming {
    const convention = customization?.naming_convention ?? undefined
    return {
      conventions: convention === undefined ? this.#conventions : [convention],
      prefix: customization?.root_fields?.prefix ?? '',
      suffix: customization?.root_fields?.suffix ?? '',
      defaultSchema: kind === 'mssql' ? 'dbo' : 'public',
    }
  }
}

interface WithId {
  readonly id: TableId
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
