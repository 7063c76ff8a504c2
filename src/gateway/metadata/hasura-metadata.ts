import type { z } from 'zod'
import { runToEnd, type Slices } from '../../shared/slices.ts'
import { type DeclaredDependencies, NOTHING_DECLARED } from '../options.ts'
import { readActions } from './actions.ts'
import type { Catalog } from './catalog.ts'
import { unknownNames } from './declared-names.ts'
import { exportSchema, inheritedRoleSchema, readEach, sourceSchema } from './export-schema.ts'
import type { MetadataModel } from './metadata-model.ts'
import { ModelBuilder } from './model-builder.ts'
import type { NamingConvention } from './naming.ts'
import { readRemoteSchemas } from './remote-schemas.ts'
import { readRequestRules } from './request-rules.ts'

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

export interface ModelOptions {
  /** Those that Hasura may follow where a source does not say; both unless given. */
  readonly conventions?: readonly NamingConvention[]
  readonly declared?: DeclaredDependencies
}

/**
 * The model of an export. Nothing in it makes this fail: what is not understood is left out where that makes
 * it unknown, else its table is marked as opaque. A thousand tables take some 100 ms: see `buildModelSlices`.
 */
export function buildModel(
  metadata: MetadataExport,
  catalogs: ReadonlyMap<string, Catalog>,
  options: ModelOptions = {},
): MetadataModel {
  return runToEnd(buildModelSlices(metadata, catalogs, options))
}

/** The same, with a pause offered after each table. */
export function* buildModelSlices(
  { metadata, resource_version: resourceVersion }: MetadataExport,
  catalogs: ReadonlyMap<string, Catalog>,
  { conventions = BOTH_CONVENTIONS, declared = NOTHING_DECLARED }: ModelOptions,
): Slices<MetadataModel> {
  const hasRemoteSchemas = !isEmptyList(metadata.remote_schemas)
  // A name of the other convention could also be a remote schema's.
  const builder = new ModelBuilder(hasRemoteSchemas ? ['hasura-default'] : conventions, declared)
  const { cautions, queryFields, mutationFields } = builder
  const { items, unreadableCount } = readEach(sourceSchema, metadata.sources)
  for (const source of items) yield* builder.addSource(source, catalogs.get(source.name))
  if (unreadableCount > 0) cautions.push(`${unreadableCount} sources cannot be read`)
  const remotes = readRemoteSchemas(metadata.remote_schemas, declared.remoteSchemas, builder.reads)
  for (const [name, schema] of [...remotes.rootFields, ...remotes.namespaces]) {
    queryFields.add([name], { kind: 'remote-schema', schema })
  }
  const actions = readActions(metadata, declared.actions, builder)
  for (const [name, field] of actions.queries) queryFields.add([name], field)
  for (const [name, field] of actions.mutations) mutationFields.add([name], field)
  const inherited = readEach(inheritedRoleSchema, metadata.inherited_roles).items
  cautions.push(...unknownNames(declared, builder, { actions, remotes }))
  if (hasRemoteSchemas) {
    cautions.push(
      'fields of remote schemas are cached on request only: what changes them is unknown',
    )
  }
  return {
    resourceVersion,
    sources: builder.sources,
    tables: builder.tables,
    queryFields: queryFields.fields,
    mutationFields: mutationFields.fields,
    remoteSchemas: remotes.byName,
    inheritedRoles: new Map(inherited.map((role) => [role.role_name, role.role_set])),
    unknownFields: unknownFields(hasRemoteSchemas, actions.unreadableCount),
    requestRules: readRequestRules(metadata, cautions),
    cautions,
  }
}

function unknownFields(
  hasRemoteSchemas: boolean,
  unreadableActions: number,
): MetadataModel['unknownFields'] {
  if (unreadableActions > 0) return 'action'
  return hasRemoteSchemas ? 'remote-schema' : undefined
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
