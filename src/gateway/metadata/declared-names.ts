import type { DeclaredDependencies } from '../options.ts'
import type { ActionFields } from './actions.ts'
import type { Source, Table, TableId } from './metadata-model.ts'
import { nativeQueryId } from './native-queries.ts'
import type { RemoteSchemas } from './remote-schemas.ts'

export interface KnownSources {
  readonly sources: ReadonlyMap<string, Source>
  readonly tables: ReadonlyMap<TableId, Table>
}

export interface KnownServices {
  readonly actions: ActionFields
  readonly remotes: RemoteSchemas
}

/**
 * What the configuration names and neither Hasura nor the database knows, each a sentence: it has no effect, or
 * the cautious one.
 */
export function unknownNames(
  { functions, views, nativeQueries, actions, remoteSchemas }: DeclaredDependencies,
  { sources, tables }: KnownSources,
  services: KnownServices,
): readonly string[] {
  const cautions: string[] = []
  const check = (kind: string, name: string, isKnown: boolean): void => {
    if (!isKnown) cautions.push(`the configuration names the ${kind} ${name}, which is not known`)
  }
  const hasCatalog = (source: string): boolean => sources.get(source)?.catalog !== undefined
  const isRelation = (source: string, name: string): boolean =>
    sources.get(source)?.catalog?.relations.has(full(name)) === true ||
    tables.has(`${source}:${full(name)}`)
  for (const { source, name } of functions) {
    const catalog = sources.get(source)?.catalog
    if (catalog !== undefined) check('function', name, catalog.functions.has(full(name)))
  }
  for (const { source, name } of views) {
    if (hasCatalog(source)) check('table or view', name, isRelation(source, name))
  }
  for (const { source, name } of nativeQueries) {
    check('native query', name, tables.has(nativeQueryId(source, name)))
  }
  const known = [...services.actions.queries, ...services.actions.mutations].map(([name]) => name)
  for (const { name } of actions) check('action', name, known.includes(name))
  for (const { name } of remoteSchemas) {
    check('remote schema', name, services.remotes.byName.has(name))
  }
  for (const { source, reads = [] } of [...functions, ...views, ...nativeQueries, ...actions]) {
    if (!hasCatalog(source)) continue
    for (const relation of reads) check('table', relation, isRelation(source, relation))
  }
  return [...new Set(cautions)]
}

/** Only Postgres has catalogs. */
function full(name: string): string {
  return name.includes('.') ? name : `public.${name}`
}
