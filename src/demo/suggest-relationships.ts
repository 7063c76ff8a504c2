import type { Catalog, ForeignKey } from './catalog.ts'
import { type DemoMetadata, type QualifiedName, tableKey } from './metadata.ts'
import { buildModel, type Relationship, type TrackedTable } from './model.ts'

/** One entry of the answer to `pg_suggest_relationships`. */
export interface SuggestedRelationship {
  readonly type: 'object' | 'array'
  readonly from: RelationshipEnd
  readonly to: RelationshipEnd
}

export interface RelationshipEnd {
  readonly table: QualifiedName
  readonly columns: readonly string[]
  /** On the side that has the foreign key. */
  readonly constraint_name?: string
}

export interface SuggestOptions {
  /** Leave out what metadata already tracks. */
  readonly omitTracked: boolean
  /** Only relationships of these tables; all tracked ones when absent. */
  readonly tables?: readonly QualifiedName[]
}

/** Both directions of every foreign key between tracked tables. */
export function suggestRelationships(
  catalog: Catalog,
  metadata: DemoMetadata,
  options: SuggestOptions,
): readonly SuggestedRelationship[] {
  const model = buildModel(metadata, catalog)
  const wanted = options.tables?.map(tableKey) ?? [...model.tables.keys()]
  return catalog.foreignKeys
    .filter(({ from, to }) => model.tables.has(tableKey(from)) && model.tables.has(tableKey(to)))
    .flatMap(bothWays)
    .filter((suggestion) => {
      const table = model.tables.get(tableKey(suggestion.from.table))
      if (table === undefined || !wanted.includes(table.key)) return false
      return !options.omitTracked || !isTracked(table, suggestion)
    })
}

function bothWays(key: ForeignKey): readonly SuggestedRelationship[] {
  const referring = {
    table: key.from,
    columns: key.columns.map(({ from }) => from),
    constraint_name: key.name,
  }
  const referred = { table: key.to, columns: key.columns.map(({ to }) => to) }
  return [
    { type: 'object', from: referring, to: referred },
    { type: 'array', from: referred, to: referring },
  ]
}

function isTracked(table: TrackedTable, { type, from, to }: SuggestedRelationship): boolean {
  const leads = ({ kind, target, columns }: Relationship) =>
    kind === type &&
    target === tableKey(to.table) &&
    columns.length === from.columns.length &&
    columns.every(({ local, remote }) => to.columns[from.columns.indexOf(local)] === remote)
  return [...table.relationships.values()].some(leads)
}
