import { parseJson } from '../../src/gateway/graphql/lossless-json.ts'
import type { JsonObject } from '../../src/gateway/graphql/operation.ts'
import { parseCatalog } from '../../src/gateway/metadata/catalog.ts'
import { buildModel, parseExport } from '../../src/gateway/metadata/hasura-metadata.ts'
import type { MetadataModel } from '../../src/gateway/metadata/metadata-model.ts'
import { MetadataPlanner } from '../../src/gateway/metadata/metadata-planner.ts'
import type { Plan } from '../../src/gateway/metadata/plan.ts'
import { type DeclaredDependencies, NOTHING_DECLARED } from '../../src/gateway/options.ts'
import { catalogText, type TestCatalog } from './catalog-text.ts'
import { operationOf } from './prepare.ts'

/** A Hasura with one Postgres source, unless `sources` are given. */
export interface TestUpstream {
  readonly tables?: readonly object[]
  readonly functions?: readonly object[]
  /** Further members of the source. */
  readonly source?: object
  /** Further members of the metadata. */
  readonly metadata?: object
  readonly declared?: Partial<DeclaredDependencies>
  /** `undefined` for a database that does not answer. */
  readonly catalog?: TestCatalog | undefined
}

export function exportOf({ tables = [], functions = [], source, metadata }: TestUpstream): object {
  const sources = [{ name: 'default', kind: 'postgres', tables, functions, ...source }]
  return { resource_version: 1, metadata: { version: 3, sources, ...metadata } }
}

export function modelOf(upstream: TestUpstream): MetadataModel {
  const catalogs = upstream.catalog ? [parseCatalog(catalogText(upstream.catalog))] : []
  return buildModel(
    parseExport(exportOf(upstream)),
    new Map(catalogs.map((catalog) => ['default', catalog])),
    { declared: { ...NOTHING_DECLARED, ...upstream.declared } },
  )
}

export interface Asked {
  readonly role?: string
  readonly variables?: object
}

/** Plans operations on such a Hasura, each by the same planner. */
export function planOn(upstream: TestUpstream): (query: string, asked?: Asked) => Plan {
  const planner = new MetadataPlanner(modelOf(upstream))
  return (query, { role = 'user', variables } = {}) =>
    planner.plan(operationOf(query), role, variables && jsonObject(variables))
}

export function jsonObject(value: object): JsonObject {
  const { value: parsed } = parseJson(Buffer.from(JSON.stringify(value)), 100)
  if (!(parsed instanceof Map)) throw new Error('variables are an object')
  return parsed
}

/** A table of `public`, with the filters of roles that may select from it. */
export function table(
  name: string,
  selectFilters: Readonly<Record<string, object>> = {},
  more: object = {},
): object {
  return {
    table: { name, schema: 'public' },
    select_permissions: Object.entries(selectFilters).map(([role, filter]) => ({
      role,
      permission: { columns: '*', filter },
    })),
    ...more,
  }
}

/** Relationships by explicit column mappings, which name their table. */
export function relationships(targets: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(targets).map(([name, target]) => ({
    name,
    using: {
      manual_configuration: {
        remote_table: { schema: 'public', name: target },
        column_mapping: { id: 'id' },
        insertion_order: null,
      },
    },
  }))
}

export function tag(name: string): string {
  return `table:default:public.${name}`
}

/** What a write to these tables changes when no more is known of it. */
export function written(...names: readonly string[]): readonly string[] {
  return [...names.map((name) => `rows:default:public.${name}`), ...names.map(tag)].sort()
}
